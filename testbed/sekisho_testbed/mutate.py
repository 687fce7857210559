"""`./dev mutate`: switches off each enforcement point in turn and shows which unit test notices.

A copy of the tree (build/mutation/tree) gets a switch at every check of a point (`mutants.py` knows the shapes, and the mark
for a check that does not name its code). Then the unit tests of the room that holds the check run once per place, with
that place alone switched off. A place that nobody notices is an error, and so is a point without a switch.
"""
from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from sekisho_testbed import mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "mutation" / "tree"
BUILD = TREE / "build" / "dev"  # as deep as the real one, so that ccache knows the units that are the same
ROW = re.compile(r'\{"(R\d\d)", "([a-z]+\.[a-z_]+)", (k\w+)\}')
# The tests of the switch itself notice by definition.
NOT_THESE = ["--gtest_filter=-Enforce.*:EnforcementPoints.*", "--gtest_brief=1"]
NEIGHBOURS = {"admission": ["gate"], "registry": ["gate"]}


@dataclasses.dataclass
class Place:
    point: str       # R04/login.expired
    where: str       # file or folder, below ROOT
    kind: str        # enforce, check, word, rule
    off: str         # value of SEKISHO_SWITCHED_OFF
    seen_by: str = ""


def points() -> dict[str, str]:
    """R04/login.expired -> where it is enforced, from the built-in table's source."""
    source = (ROOT / "core/admission/enforcement_points.cpp").read_text()
    folders = dict(re.findall(r'string_view (k\w+) = "([^"]+)"', source))
    return {f"{rule}/{name}": folders[where] for rule, name, where in ROW.findall(source)}


def tracked(folder: str = "") -> list[str]:
    out = subprocess.run(["git", "ls-files", "-z", "--", folder or "."], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in out.stdout.split("\0") if name]


def holds(where: str, name: str) -> bool:
    """Whether the file belongs to the place of a point: a folder, or a file and those that share its subject
    (posture.cpp, posture_envelope.cpp, …)."""
    return name == where or name.startswith(where + "/") or (where.endswith(".cpp") and name.startswith(where[:-4] + "_"))


def make_tree() -> list[Place]:
    """Writes the copy (only what changed, so that ninja has little to do) and lists its switches."""
    table, found = points(), []
    for name in tracked():
        source = ROOT / name
        if name.startswith("scenarios/") or not source.is_file():
            continue
        content = source.read_bytes()
        if re.fullmatch(r"(core|plugins)/.*\.cpp", name) and not name.endswith("_test.cpp"):
            text = content.decode()
            here = {p: [f'"{p.split("/")[1]}"'] + ([f'No::{p.split(".")[1]}'] if where.startswith("plugins/") else [])
                    for p, where in table.items() if holds(where, name)}
            if "refusals" in name:
                here = {}
            text, switches = mutants.with_switches(text, name, here, table)
            content = text.encode()
            found += [Place(p, name, kind, off) for p, kind, off in switches]
        copy = TREE / name
        if not copy.exists() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            copy.chmod(source.stat().st_mode & 0o777)
    return found


def tests() -> dict[str, str]:
    """Unit tests of the copy: name -> program, built or not (ctest tells no command of what is not built yet)."""
    text = subprocess.run(["ctest", "--test-dir", str(BUILD), "-L", "unit", "--show-only=json-v1"], capture_output=True,
                          text=True, check=True).stdout
    return {t["name"]: t["command"][0] if "command" in t else str(BUILD / "tests" / t["name"]) for t in json.loads(text)["tests"]}


def tests_of(where: str, known: list[str]) -> list[str]:
    """Names of the tests that stand for a file: those of its room (and the room that uses it) or of its plugin."""
    parts = where.split("/")
    owners = [parts[1], *NEIGHBOURS.get(parts[1], [])] if parts[0] == "core" else [parts[2]]
    return [t for owner in owners for t in known
            if (t.startswith(owner + "_")) and t not in ("admission_mutation_test",)]


def first_failure(program: str, off: str | None, limit_s: int = 120) -> str:
    """Name of the first test that fails, "" if none does. A crash or a hang fails the whole program."""
    env = {k: v for k, v in os.environ.items() if k != "SEKISHO_SWITCHED_OFF"} | ({"SEKISHO_SWITCHED_OFF": off} if off else {})
    try:
        run = subprocess.run([program, *NOT_THESE], env=env, cwd=BUILD, capture_output=True, text=True, errors="replace",
                             timeout=limit_s)
    except subprocess.TimeoutExpired:
        return f"{pathlib.Path(program).name} (does not end)"
    if run.returncode == 0:
        return ""
    named = re.search(r"^\[  FAILED  \] (\S+?)(?:,| \()", run.stdout, re.M)
    return named.group(1) if named else f"{pathlib.Path(program).name} (stops with {run.returncode})"


def build(want: set[str]) -> None:
    subprocess.run(["cmake", "--build", "--preset", "dev", "-t", *sorted(want)], cwd=TREE, check=True)  # ccache as its presets say


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev mutate")
    parser.add_argument("points", nargs="*", help="only points whose name holds one of these, e.g. R04 or posture.silent")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write what was found")
    parser.add_argument("--list", action="store_true", help="only say where the switches are")
    args = parser.parse_args()
    places = make_tree()
    if args.points:
        places = [p for p in places if any(text in p.off for text in args.points)]
    without = sorted(p for p in points() if not args.points and p not in {x.point for x in places})
    if not args.list:
        subprocess.run(["cmake", "--preset", "dev"], cwd=TREE, stdout=subprocess.DEVNULL, check=True)
        known = tests()
        wanted = {place.off: tests_of(place.where, list(known)) for place in places}  # an `off` names its file
        build({name for names in wanted.values() for name in names})
        # What fails with nothing switched off shows nothing; twice, because a busy machine may fail it once.
        broken = {t: seen for t in sorted({t for names in wanted.values() for t in names})
                  if first_failure(known[t], None) and (seen := first_failure(known[t], None))}
        begun = time.monotonic()
        for n, place in enumerate(places, 1):
            for name in (t for t in wanted[place.off] if t not in broken):
                place.seen_by = first_failure(known[name], place.off)
                if place.seen_by:
                    break
            print(f"[{n}/{len(places)}] {place.off}: {place.seen_by or 'NOBODY'}", flush=True)
        print(f"\n{len(places)} switches in {time.monotonic() - begun:.0f} s\n")
    print(f"{'point':34} {'switched off':9} {'noticed by'}")
    for place in sorted(places, key=lambda p: p.point):
        seen = "" if args.list else place.seen_by or "NOBODY"
        print(f"{place.point:34} {place.kind:9} {seen}  ({place.off.partition('@')[2]})")
    for point in without:
        print(f"{point:34} {'no switch':9} ({points()[point]})")
    if args.list:
        print(f"{len(places)} switches; {len(without)} points have none")
        return 0
    missed = [p for p in places if not p.seen_by]
    if args.json:
        args.json.write_text(json.dumps({
            "mutants": len(places), "survivors": sorted(p.off for p in missed), "without_switch": without,
            "noticed_by": {p.off: p.seen_by for p in places if p.seen_by}}, indent=1))
    if broken:
        print("fails with nothing switched off, so it was left out:", ", ".join(sorted(broken.values())), file=sys.stderr)
    print(f"{len(places) - len(missed)} of {len(places)} switches noticed; {len(without)} points have no switch")
    return 1 if missed or broken or without else 0


if __name__ == "__main__":
    sys.exit(main())
