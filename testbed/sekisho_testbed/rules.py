"""`./dev rules`: rule -> where it is enforced -> scenarios must-pass and must-fail -> last result.

The points come from the program `sekisho-rules` (the built code's own table), the scenarios from their marks, the results
from the newest run. A rule without both kinds of scenario is an error unless `scenarios/not_built_yet.json` lists it.
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


def marks() -> list[dict[str, str]]:
    """Every rule mark of every story, read from the source (no import, no collection)."""
    found = []
    for path in sorted((ROOT / "scenarios").rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                text = ast.unparse(mark)
                match = re.fullmatch(r"pytest\.mark\.rule\('(R\d\d)', must='(pass|fail)'\)", text)
                if match:
                    found.append({"rule": match.group(1), "must": match.group(2),
                                  "scenario": f"{path.relative_to(ROOT)}::{node.name}"})
    return found


def table(build: pathlib.Path) -> dict[str, Any]:
    points = json.loads(subprocess.run([str(build / "bin" / "sekisho-rules")], capture_output=True, text=True,
                                       check=True).stdout)["points"]
    results_file = build / "rule_results.json"
    results = json.loads(results_file.read_text())["results"] if results_file.exists() else []
    rows = []
    for rule in RULES:
        row: dict[str, Any] = {"rule": rule,
                               "code": [f"{p['name']} ({p['where']})" for p in points if p["rule"] == rule],
                               "must_pass": [], "must_fail": []}
        for mark in (m for m in marks() if m["rule"] == rule):
            runs: dict[str, list[str]] = {}
            for result in results:
                name = result["scenario"].split("[")[0]
                if name.endswith(mark["scenario"].removeprefix("scenarios/")) and result["rule"] == rule \
                        and result["must"] == mark["must"]:
                    runs.setdefault(result["lab"], []).append(result["result"])
            for lab, outcomes in (runs or {"namespaces": []}).items():
                passed = bool(outcomes) and all(o == "passed" for o in outcomes)
                row[f"must_{mark['must']}"].append({"scenario": mark["scenario"], "lab": lab,
                                                   "result": "passed" if passed else "failed"})
        rows.append(row)
    return {"rules": rows}


def waiting() -> dict[str, str]:
    """Rules that are not built yet, each with its reason. The list may only shrink."""
    return dict(json.loads((ROOT / "scenarios" / "not_built_yet.json").read_text()))


def problems(rows: list[dict[str, Any]]) -> list[str]:
    out, pending = [], waiting()
    for row in rows:
        both = row["must_pass"] and row["must_fail"]
        if row["rule"] in pending:
            shown = row["must_pass"] + row["must_fail"]
            if both and row["code"] and all(s["result"] == "passed" for s in shown):
                out.append(f"{row['rule']} is shown by both kinds of scenario: take it off scenarios/not_built_yet.json")
            continue
        if not row["code"]:
            out.append(f"{row['rule']} is enforced nowhere")
        if not both:
            out.append(f"{row['rule']} lacks a must-{'fail' if row['must_pass'] else 'pass'} scenario")
        out += [f"{row['rule']}: {s['scenario']} did not pass" for kind in ("must_pass", "must_fail")
                for s in row[kind] if s["result"] != "passed"]
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev rules")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    document = table(args.build.resolve())
    if args.json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        pending = waiting()
        for row in document["rules"]:
            if row["rule"] in pending:
                print(f"{row['rule']}  not built yet: {pending[row['rule']]}")
                continue
            print(f"{row['rule']}  {len(row['code'])} enforcement points")
            for kind in ("must_pass", "must_fail"):
                for s in row[kind]:
                    print(f"      {kind.replace('_', '-'):10} {s['result']:7} {s['lab']:11} {s['scenario']}")
    found = problems(document["rules"])
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
