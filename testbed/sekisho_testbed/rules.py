"""`./dev rules`: rule -> where it is enforced -> scenarios must-pass and must-fail -> last result.

The points come from the program `sekisho-rules` (the built code's own table), the scenarios from their marks, the results
from the newest run. A rule without both kinds of scenario is an error unless `scenarios/not_built_yet.json` lists it with
its reason; that list may only shrink. `--html` writes the page for auditors (rules_page.py).
"""
from __future__ import annotations

import argparse
import ast
import json
import pathlib
import re
import subprocess
import sys
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = [f"R{n:02d}" for n in range(1, 23)]
WAITING = "scenarios/not_built_yet.json"


def marks(root: pathlib.Path = ROOT) -> list[dict[str, str]]:
    """Every rule mark of every story with the story's first sentence, read from the source (no import, no collection)."""
    found = []
    for path in sorted((root / "scenarios").rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            story = (ast.get_docstring(node) or node.name.removeprefix("test_").replace("_", " ")).split("\n\n")[0]
            for mark in node.decorator_list:
                match = re.fullmatch(r"pytest\.mark\.rule\('(R\d\d)', must='(pass|fail)'\)", ast.unparse(mark))
                if match:
                    found.append({"rule": match.group(1), "must": match.group(2), "story": " ".join(story.split()),
                                  "scenario": f"{path.relative_to(root)}::{node.name}"})
    return found


def points(build: pathlib.Path) -> list[dict[str, Any]]:
    """{rule, name, where, why?} of every enforcement point of the built code."""
    found: list[dict[str, Any]] = json.loads(subprocess.run([str(build / "bin" / "sekisho-rules")], capture_output=True,
                                                            text=True, check=True).stdout)["points"]
    return found


def results(build: pathlib.Path) -> list[dict[str, Any]]:
    """Newest result of every story in every lab, as scenarios/conftest.py wrote them down."""
    file = build / "rule_results.json"
    return list(json.loads(file.read_text())["results"]) if file.exists() else []


def runs_of(mark: dict[str, str], rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Lab -> its results of this mark; a story with parameters has several."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["scenario"].split("[")[0].removeprefix("scenarios/") == mark["scenario"].removeprefix("scenarios/") \
                and row["rule"] == mark["rule"] and row["must"] == mark["must"]:
            found.setdefault(row["lab"], []).append(row)
    return found


def table(build: pathlib.Path) -> dict[str, Any]:
    known, done, every = points(build), results(build), marks()
    rows = []
    for rule in RULES:
        row: dict[str, Any] = {"rule": rule,
                               "code": [f"{p['name']} ({p['where']})" for p in known if p["rule"] == rule],
                               "must_pass": [], "must_fail": []}
        for mark in (m for m in every if m["rule"] == rule):
            # A lab that cannot give what the story needs says nothing about the rule; a story that no lab of the last runs
            # could tell is not in the table.
            every_lab = runs_of(mark, done)
            fit = {lab: found for lab, found in every_lab.items() if not all(r.get("unfit") for r in found)}
            if every_lab and not fit:
                continue
            runs = {lab: found for lab, found in fit.items() if any(r["result"] != "skipped" for r in found)}
            for lab, found in (runs or {"namespaces": []}).items():
                passed = bool(found) and all(r["result"] == "passed" for r in found)
                row[f"must_{mark['must']}"].append({"scenario": mark["scenario"], "lab": lab,
                                                   "result": "passed" if passed else "failed"})
        rows.append(row)
    return {"rules": rows}


def waiting(text: str | None = None) -> dict[str, dict[str, str]]:
    """Rules that are not built yet, each with its reason in Japanese and English."""
    return dict(json.loads((ROOT / WAITING).read_text() if text is None else text))


def texts() -> dict[str, Any]:
    """Rule -> {title: {ja, en}, ja, en}: the mission's own words."""
    return dict(json.loads((ROOT / "scenarios" / "rules.json").read_text()))


def ever_waiting() -> list[set[str]]:
    """The rules that each committed version of the list named; empty where there is no history to ask."""
    log = subprocess.run(["git", "log", "--format=%H", "--", WAITING], cwd=ROOT, capture_output=True, text=True)
    versions = []
    for commit in log.stdout.split() if log.returncode == 0 else []:
        shown = subprocess.run(["git", "show", f"{commit}:{WAITING}"], cwd=ROOT, capture_output=True, text=True)
        if shown.returncode == 0:
            versions.append(set(json.loads(shown.stdout)))
    return versions


def list_problems(pending: dict[str, dict[str, str]], earlier: list[set[str]]) -> list[str]:
    out = [f"{rule} was taken off {WAITING} before: the list may only shrink"
           for rule in sorted(pending) if any(rule not in version for version in earlier)]
    out += [f"{WAITING}: {rule} is no rule" for rule in sorted(pending) if rule not in RULES]
    out += [f"{WAITING}: {rule} has no reason in both languages" for rule, why in sorted(pending.items())
            if not (isinstance(why, dict) and why.get("ja") and why.get("en"))]
    return out


def problems(rows: list[dict[str, Any]], pending: dict[str, dict[str, str]]) -> list[str]:
    out = []
    for row in rows:
        both = row["must_pass"] and row["must_fail"]
        if row["rule"] in pending:
            shown = row["must_pass"] + row["must_fail"]
            if both and row["code"] and all(s["result"] == "passed" for s in shown):
                out.append(f"{row['rule']} is shown by both kinds of scenario: take it off {WAITING}")
            continue
        if not row["code"]:
            out.append(f"{row['rule']} is enforced nowhere")
        if not both:
            out.append(f"{row['rule']} lacks a must-{'fail' if row['must_pass'] else 'pass'} scenario")
        out += [f"{row['rule']}: {s['scenario']} did not pass in {s['lab']}" for kind in ("must_pass", "must_fail")
                for s in row[kind] if s["result"] != "passed"]
    return out


def show(rows: list[dict[str, Any]], pending: dict[str, dict[str, str]]) -> None:
    words = texts()
    for row in rows:
        print(f"{row['rule']}  {words[row['rule']]['title']['en']} ({words[row['rule']]['title']['ja']})")
        if row["rule"] in pending:
            print(f"      not built yet: {pending[row['rule']]['en']}")
            continue
        print(f"      {len(row['code'])} enforcement points")
        for kind in ("must_pass", "must_fail"):
            for s in row[kind]:
                print(f"      {kind.replace('_', '-'):10} {s['result']:7} {s['lab']:11} {s['scenario']}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev rules")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--html", type=pathlib.Path, metavar="FILE|FOLDER",
                        help="the page for auditors; into a folder with the evidence that it points to")
    args = parser.parse_args()
    build = args.build.resolve()
    document, pending = table(build), waiting()
    found = list_problems(pending, ever_waiting()) + problems(document["rules"], pending)
    if args.html:
        from . import rules_page
        print(rules_page.write(args.html, build, document["rules"], pending, found))
    if args.json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        show(document["rules"], pending)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
