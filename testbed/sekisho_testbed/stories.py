"""What pytest knows of the stories, kept: results that `./dev rules` reads, the index of all evidence, `--sit`."""
from __future__ import annotations

import json
import os
import pathlib
import re
import select
import shutil
import time
from typing import Any

from . import labs
from .report import STYLE, mark, table, text

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVIDENCE = pathlib.Path(os.environ.get("SEKISHO_EVIDENCE") or ROOT / "evidence" / "scenarios")  # below ROOT
RESULT = {"passed": "成功 passed", "failed": "失敗 failed", "skipped": "対象外 skipped"}


def folder_of(lab: str, nodeid: str) -> pathlib.Path:
    """evidence/scenarios/<lab>/<journey>/<story>"""
    path, _, name = nodeid.partition("::")
    clean = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_")[:120]
    return EVIDENCE / lab / (pathlib.PurePath(path).parent.name or "scenarios") / clean


def below_root(folder: pathlib.Path) -> str:
    return str(folder.relative_to(ROOT))


def merge(file: pathlib.Path, rules: list[dict[str, Any]], stories: list[dict[str, Any]]) -> dict[str, Any]:
    """Adds this run's results to those of earlier runs: a story's newest result counts."""
    before = json.loads(file.read_text()) if file.exists() else {}
    kept = {(r["rule"], r["must"], r["scenario"], r["lab"]): r for r in [*before.get("results", []), *rules]}
    told = {(s["scenario"], s["lab"]): s for s in [*before.get("stories", []), *stories]}
    document = {"written_at": now(), "results": sorted(kept.values(), key=lambda r: (r["rule"], r["must"], r["scenario"], r["lab"])),
                "stories": sorted(told.values(), key=lambda s: (s["scenario"], s["lab"]))}
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}")  # two labs may end together
    part.write_text(json.dumps(document, indent=1, ensure_ascii=False))
    part.rename(file)
    return document


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def short(nodeid: str) -> str:
    return nodeid.removeprefix("scenarios/")


def write_index(document: dict[str, Any], known: dict[str, set[str]], page: pathlib.Path = EVIDENCE / "index.html") -> pathlib.Path:
    """evidence/scenarios/index.html: every story with its result in each lab, and which lab cannot tell it and why.
    `known`: the collected stories and their needs (empty when only a part was collected)."""
    rows, by = [], {(s["scenario"], s["lab"]): s for s in document["stories"]}
    for scenario in sorted({s["scenario"] for s in document["stories"]}):
        cells = []
        for lab in labs.LABS:
            found = by.get((scenario, lab))
            if found is None:
                cells.append('<span class="soft">-</span>')
                continue
            shown = mark(found["result"], RESULT[found["result"]])
            if found.get("evidence") and (ROOT / found["evidence"] / "index.html").is_file():
                inside = pathlib.PurePath(found["evidence"]).relative_to(EVIDENCE.relative_to(ROOT))
                shown = f'<a href="{text(inside)}/index.html" aria-label="{text(scenario)}, {lab}: {found["result"]}">{shown}</a>'
            why = f'<br><span class="soft">{text(found["reason"])}</span>' if found.get("reason") else ""
            cells.append(f'{shown} <span class="soft">{found.get("took_s", 0):.1f} s</span>{why}')
        rows.append([f"<code>{text(short(scenario))}</code>", *cells])
    counted = labs.coverage(known)
    said = ""
    if known:
        said = (f'<p>{counted["stories"]} stories; {counted["two"]} ({percent(counted["two"], counted["stories"])}) can be told unchanged in '
                f'two labs, {counted["all"]} ({percent(counted["all"], counted["stories"])}) in all three.</p>')
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Sekisho: scenarios</title><style>{STYLE.read_text()}</style></head>\n<body><header><div class=\"wide\"><p>関所 証跡 Sekisho evidence"
        f'</p></div></header><main class="wide"><h1>シナリオ Scenarios</h1><p>{document["written_at"]}</p>{said}'
        + table("シナリオとラボ Scenarios and labs", ["シナリオ Scenario", *labs.LABS], rows) + "</main></body></html>\n")
    return page


def percent(part: Any, whole: Any) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def clear(folder: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def sit(words: str, go_on: pathlib.Path) -> None:
    """Prints `words` and waits: for Enter where there is a terminal, or until the file `go_on` appears."""
    go_on.parent.mkdir(parents=True, exist_ok=True)
    go_on.unlink(missing_ok=True)
    try:
        terminal = open("/dev/tty", buffering=1)  # pytest keeps stdin for itself
    except OSError:
        terminal = None
    print(f"{words}\nto go on: {'Enter, or ' if terminal else ''}touch {go_on}", flush=True)
    while not go_on.exists():
        ready = select.select([terminal] if terminal else [], [], [], 0.2)[0]
        if ready:
            terminal.readline()  # type: ignore[union-attr]
            break
    go_on.unlink(missing_ok=True)
    if terminal:
        terminal.close()
