"""`./dev labs`: every story, the labs that can tell it and what happened there last; why it is not for a lab.

Fails when fewer than 80 % of the stories can be told unchanged in two labs, or fewer than 60 % in all three.
"""
from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

from . import labs, stories

LEAST_TWO, LEAST_ALL = 0.80, 0.60  # of all stories
SHORT = {"passed": "ok", "failed": "FAILED", "skipped": "skipped", "": "not run"}


def collected() -> dict[str, set[str]]:
    """Every story and its needs."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "needs.json"
        done = subprocess.run([sys.executable, "-m", "pytest", "-c", "scenarios/pytest.ini", "scenarios", "--collect-only", "-q",
                               "--list-needs", str(file)], cwd=stories.ROOT, capture_output=True, text=True)
        if not file.exists():
            raise SystemExit(done.stdout + done.stderr)
        return {name: set(needs) for name, needs in json.loads(file.read_text()).items()}


def results(file: pathlib.Path) -> dict[tuple[str, str], str]:
    """(story, lab) -> passed when each of its cases did at their last run; "" when one has never run."""
    out: dict[tuple[str, str], str] = {}
    for row in json.loads(file.read_text())["stories"] if file.exists() else []:
        key = (row["scenario"].split("[")[0], row["lab"])
        rank = ["passed", "skipped", "failed"]
        out[key] = max(out.get(key, "passed"), row["result"], key=rank.index)
    return out


def measured(known: dict[str, set[str]], told: dict[tuple[str, str], str]) -> dict[str, Any]:
    """The counts of labs.coverage(), and those of stories that have passed there at their last run."""
    counted = labs.coverage(known)
    passed = {name: [lab for lab in labs.LABS if told.get((name, lab)) == "passed"] for name in known}
    counted["passed_two"] = sum(len(found) >= 2 for found in passed.values())
    counted["passed_all"] = sum(len(found) == len(labs.LABS) for found in passed.values())
    return counted


def said(counted: dict[str, Any]) -> str:
    whole = counted["stories"]
    return (f"{whole} stories; {counted['two']} ({stories.percent(counted['two'], whole)}) can be told unchanged in two labs, "
            f"{counted['all']} ({stories.percent(counted['all'], whole)}) in all three; at their last run {counted['passed_two']} "
            f"({stories.percent(counted['passed_two'], whole)}) passed in two, {counted['passed_all']} "
            f"({stories.percent(counted['passed_all'], whole)}) in all three")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev labs")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/dev"))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also as JSON")
    args = parser.parse_args()
    known = collected()
    told = results((stories.ROOT / args.build).resolve() / "rule_results.json")
    counted = measured(known, told)
    for name in sorted(known):
        cells = [f"{lab}: {SHORT[told.get((name, lab), '')]}" for lab in counted["labs_of"][name]]
        print(f"{name}\n    {', '.join(cells)}")
        for lab in labs.LABS:
            if why := labs.not_for(lab, known[name]):
                print(f"    not {lab}: {why}")
    print(said(counted))
    if args.json:
        rows = {name: {"labs": counted["labs_of"][name], "last": {lab: told.get((name, lab), "") for lab in labs.LABS},
                       "why_not": {lab: why for lab in labs.LABS if (why := labs.not_for(lab, known[name]))}} for name in sorted(known)}
        args.json.write_text(json.dumps({**{k: v for k, v in counted.items() if k != "labs_of"}, "rows": rows}, indent=1, ensure_ascii=False))
    enough = counted["two"] >= LEAST_TWO * counted["stories"] and counted["all"] >= LEAST_ALL * counted["stories"]
    if not enough:
        print(f"too few: {LEAST_TWO:.0%} in two labs and {LEAST_ALL:.0%} in all three are wanted")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
