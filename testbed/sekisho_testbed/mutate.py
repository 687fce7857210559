"""`./dev mutate`: switches off each enforcement point in turn and shows which unit test and which story notice.

A copy of the tree (build/mutation/tree) gets a switch at every check of a point (`mutants.py` knows the shapes, and the mark
for a check that does not name its code). Then, for each place with that place alone switched off, those unit tests run that ask the
switch (`mutate_units.py`), and those stories of the simulated lab (`mutate_stories.py`). A place that no unit test notices has
survived: that is an error, and so is a point without a switch. Places that no story notices are told with the reason.

What was judged is kept in build/mutation/kept: a run that is cut goes on, and what has not changed is not judged twice.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

from sekisho_testbed import mutants, mutate_stories, mutate_units

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "mutation" / "tree"
BUILD = TREE / "build" / "dev"  # as deep as the real one, so that ccache knows the units that are the same
KEPT = ROOT / "build" / "mutation" / "kept"
ROW = re.compile(r'\{"(R\d\d)", "([a-z]+\.[a-z_]+)", (k\w+)\}')
# The room whose tests use another one, whole.
USED_BY = {"core/admission": ["core/gate"], "core/registry": ["core/gate", "core/admission"]}
# Why the simulated lab never gets to a place: what stands there is in no process of this lab.
NOT_SIMULATED = {
    "core/netd": "the lab has no kernel: nftables are asked in the namespaces lab",
    "plugins/console_drivers/libvirt": "the lab's machines stand in memory: libvirt is asked in the namespaces lab",
}


@dataclasses.dataclass
class Place:
    point: str       # R04/login.expired
    where: str       # file or folder, below ROOT
    kind: str        # enforce, check, word, rule
    off: str         # value of SEKISHO_SWITCHED_OFF
    seen_by: str = ""                                           # a unit test
    asked_by: list[str] = dataclasses.field(default_factory=list)  # unit tests that get there
    story: str = ""
    no_story: str = ""                                          # why none

    @property
    def survives(self) -> str:
        if self.seen_by:
            return ""
        return f"{len(self.asked_by)} tests get there: {', '.join(self.asked_by[:3])}" if self.asked_by else "no test gets there"


def points() -> dict[str, str]:
    """R04/login.expired -> where it is enforced, from the built-in table's source."""
    source = (ROOT / "core/admission/enforcement_points.cpp").read_text()
    folders = dict(re.findall(r'string_view (k\w+) = "([^"]+)"', source))
    return {f"{rule}/{name}": folders[where] for rule, name, where in ROW.findall(source)}


def tracked(folder: str = "") -> list[str]:
    """What git knows, and what it would know: a new test counts before it is committed."""
    out = subprocess.run(["git", "ls-files", "-zco", "--exclude-standard", "--", folder or "."], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in out.stdout.split("\0") if name]


def holds(where: str, name: str) -> bool:
    """Whether the file belongs to the place of a point: a folder, or a file and those that share its subject
    (posture.cpp, posture_envelope.cpp, …)."""
    return name == where or name.startswith(where + "/") or (where.endswith(".cpp") and name.startswith(where[:-4] + "_"))


def make_tree() -> list[Place]:
    """Writes the copy (only what changed, so that ninja has little to do) and lists its switches."""
    table, found, names = points(), [], tracked()
    before = mutate_units.Kept(KEPT / "tree.json")
    for name in set(before.rows.get("names", [])) - set(names):
        (TREE / name).unlink(missing_ok=True)
    before.put("names", names)
    for name in names:
        source = ROOT / name
        if not source.is_file():
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


def tests() -> dict[str, list[tuple[str, pathlib.Path]]]:
    """Unit tests of the copy that are written with GoogleTest, built or not: folder that declares them -> names and programs."""
    document = json.loads(subprocess.run(["ctest", "--test-dir", str(BUILD), "-L", "unit", "--show-only=json-v1"], capture_output=True,
                                         text=True, check=True).stdout)
    return declared(document, TREE, BUILD)


def declared(document: dict[str, Any], tree: pathlib.Path, build: pathlib.Path) -> dict[str, list[tuple[str, pathlib.Path]]]:
    graph, out = document["backtraceGraph"], dict[str, list[tuple[str, pathlib.Path]]]()
    for test in document["tests"]:
        node: dict[str, int] | None = graph["nodes"][test["backtrace"]]
        folder, functions = "", set()
        while node is not None:  # from the innermost call outwards
            file = pathlib.Path(graph["files"][node["file"]])
            functions.add(file.name)
            folder = str(file.parent.relative_to(tree)) if file.name == "CMakeLists.txt" else folder
            node = graph["nodes"][node["parent"]] if "parent" in node else None
        # admission_mutation_test switches points off by itself.
        if "SekishoTargets.cmake" in functions and test["name"] != "admission_mutation_test":
            out.setdefault(folder, []).append((test["name"], build / "tests" / test["name"]))
    return out


def tests_of(where: str, known: dict[str, list[tuple[str, pathlib.Path]]]) -> list[tuple[str, pathlib.Path]]:
    """Those of the file's folder, or of the nearest one above that has any, and of the rooms that use it."""
    folder = pathlib.PurePosixPath(where).parent
    while str(folder) not in known and len(folder.parts) > 1:
        folder = folder.parent
    return [test for owner in (str(folder), *USED_BY.get(str(folder), [])) for test in known.get(owner, [])]


def build(want: set[str]) -> None:
    subprocess.run(["cmake", "--build", "--preset", "dev", "-t", *sorted(want)], cwd=TREE, check=True)  # ccache as its presets say


def loaded() -> list[pathlib.Path]:
    """What test programs and Python load."""
    return [*BUILD.glob("lib/libsekisho*.so"), *BUILD.glob("plugins/*.so"), *BUILD.glob("python/sekisho/*.so")]


def by_units(places: list[Place], known: dict[str, list[tuple[str, pathlib.Path]]], jobs: int) -> list[str]:
    """Judges each place by the unit tests; also the tests that fail with nothing switched off."""
    wanted = {place.off: tests_of(place.where, known) for place in places}
    beside = mutate_units.digest([f for f in loaded() if "python" not in f.parts])
    asked, judged = mutate_units.Kept(KEPT / "units_asked.json"), mutate_units.Kept(KEPT / "units.json")
    programs = {name: mutate_units.known(name, file, beside, asked)
                for name, file in sorted({test for found in wanted.values() for test in found})}

    def judge(place: Place) -> Place:
        mine = [programs[name] for name, _ in wanted[place.off]]
        key, row = mutate_units.text_digest([p.key for p in mine]), judged.rows.get(place.off, {})
        place.asked_by = [t for p in mine for t in p.asked.get(place.off, [])]
        place.seen_by = row["seen_by"] if row.get("key") == key else ""
        if not place.seen_by:  # who survived is judged again
            place.seen_by = mutate_units.who_notices(place.off, mine, row.get("seen_by", "").split(" ")[0])
            judged.put(place.off, {"key": key, "seen_by": place.seen_by or row.get("seen_by", "")})
        return place

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for n, place in enumerate(pool.map(judge, places), 1):
            print(f"[{n}/{len(places)}] {place.off}: {place.seen_by or 'NOBODY, ' + place.survives}", flush=True)
    return [f"{name}: {test}" for name, program in programs.items() for test in program.broken]


def by_stories(places: list[Place], jobs: int) -> list[str]:
    """Judges each place by the stories; also the stories that fail with nothing switched off."""
    shared = [name for name in tracked("scenarios") + tracked("testbed/sekisho_testbed")
              if not pathlib.Path(name).name.startswith(("test_", "mutants", "mutate.", "mutate_stories", "mutate_units"))]
    key = mutate_units.digest([*loaded(), *(TREE / name for name in shared)])
    stories = mutate_stories.Stories(TREE, key, KEPT)
    stories.learn()
    by, n = {place.off: place for place in places}, 0

    def told(off: str, story: str) -> None:
        nonlocal n
        n, place = n + 1, by[off]
        place.story = story
        if not story:
            place.no_story = next((why for folder, why in NOT_SIMULATED.items() if place.where.startswith(folder + "/")), "")
            asking = stories.of(off, "")
            place.no_story = place.no_story or (f"{len(asking)} stories get there, none goes red" if asking else "no story gets there")
        print(f"[{n}/{len(places)}] {off}: {story or place.no_story}", flush=True)

    stories.judge(list(by), told, jobs)
    if n < len(by):
        raise SystemExit("not every place was told: see above")
    return stories.broken


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev mutate")
    parser.add_argument("points", nargs="*", help="only points whose name holds one of these, e.g. R04 or posture.silent")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write what was found")
    parser.add_argument("--list", action="store_true", help="only say where the switches are")
    parser.add_argument("--units", action="store_true", help="ask the unit tests alone, no story")
    parser.add_argument("--jobs", type=int, default=2, help="places at a time")
    args = parser.parse_args()
    places = make_tree()
    if args.points:
        places = [p for p in places if any(text in p.off for text in args.points)]
    without = sorted(p for p in points() if not args.points and p not in {x.point for x in places})
    if args.list:
        for place in sorted(places, key=lambda p: p.point):
            print(f"{place.point:34} {place.kind:9} ({place.off.partition('@')[2]})")
        for point in without:
            print(f"{point:34} no switch ({points()[point]})")
        print(f"{len(places)} switches; {len(without)} points have none")
        return 0
    begun = time.monotonic()
    subprocess.run(["cmake", "--preset", "dev"], cwd=TREE, stdout=subprocess.DEVNULL, check=True)
    known = tests()
    build({name for place in places for name, _ in tests_of(place.where, known)} | {"sekisho_plugins"}
          | (set() if args.units else {"sekisho_python"}))
    built = time.monotonic()
    broken = by_units(places, known, args.jobs)
    units_s = time.monotonic() - built
    broken_stories = [] if args.units else by_stories(places, args.jobs)
    stories_s = time.monotonic() - built - units_s
    print(f"\n{'point':34} {'switched off':12} noticed by")
    for place in sorted(places, key=lambda p: p.point):
        print(f"{place.point:34} {place.kind:12} {place.seen_by or 'NOBODY, ' + place.survives}  ({place.off.partition('@')[2]})")
        if not args.units:
            print(f"{'':47} {place.story or '- ' + place.no_story}")
    for point in without:
        print(f"{point:34} {'no switch':12} ({points()[point]})")
    missed = [p for p in places if not p.seen_by]
    silent = [p for p in places if not p.story and not args.units]
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({
            "mutants": len(places), "survivors": sorted(p.off for p in missed), "without_switch": without,
            "noticed_by": {p.off: p.seen_by for p in places if p.seen_by},
            "scenarios": {p.off: p.story for p in places if p.story},
            "without_scenario": {p.off: p.no_story for p in silent}}, indent=1))
    if broken or broken_stories:
        print("fails with nothing switched off, so it was left out:", ", ".join([*broken, *broken_stories]), file=sys.stderr)
    print(f"\nbuilt in {built - begun:.0f} s; unit tests {units_s:.0f} s, stories {stories_s:.0f} s")
    print(f"{len(places) - len(missed)} of {len(places)} switches noticed by a unit test"
          + ("" if args.units else f", {len(places) - len(silent)} by a story of the simulated lab") + f"; {len(without)} points have no switch")
    return 1 if missed or broken or broken_stories or without else 0


if __name__ == "__main__":
    sys.exit(main())
