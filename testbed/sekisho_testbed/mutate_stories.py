"""For `./dev mutate`: which story of the simulated lab goes red when a check is switched off.

One run with nothing switched off tells which stories pass and which switches each asks (mutants.py); no other story can go red. Then
each place is switched off for the stories that ask it, those with its rule's mark first, until one goes red (mutate_plugin.py).
"""
from __future__ import annotations

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

from . import mutate_units, rules
from .mutate_units import Kept

EVENT = re.compile(r"\[ +(PLACE|DONE|SEEN|COLOURED|RUN|OK|FAILED|SWITCH) +\] ?(.*)$")
LEAST_S, WAITS_S = 20, 600  # of a processor, for a story that takes 20 times less; and of a clock that is asked twice a second
PLACES = 12                  # for one process of pytest, whose start costs about as much as a few stories
TICK = os.sysconf("SC_CLK_TCK")


class Teller:
    """One process of pytest in the copied tree, and what it says while it lives."""

    def __init__(self, tree: pathlib.Path, lab: str, number: int, plan: Sequence[tuple[str, Sequence[str]]], *, asked: bool = False,
                 ms: dict[str, int] | None = None) -> None:
        """`ms`: what the stories take by themselves; without it they may take as long as they like."""
        self.ms = ms
        folder = tree / "build" / f"told-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        self.said, self.hung = folder / "said", False
        self.said.write_text("")
        (folder / "plan").write_text(json.dumps(plan))
        env = {k: v for k, v in os.environ.items() if not k.startswith("SEKISHO_SWITCH")} | {
            "PYTHONPATH": str(tree / "testbed"), "PYTHONDONTWRITEBYTECODE": "1", "SEKISHO_EVIDENCE": str(folder / "evidence"),
            "SEKISHO_SWITCHES_PLAN": str(folder / "plan"), "SEKISHO_SWITCHES_SAID": str(self.said)}
        env |= {"SEKISHO_SWITCHES_ASKED": str(self.said)} if asked else {}
        with open(folder / "log", "w") as log:
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "pytest", "-c", "scenarios/pytest.ini", "--build", "build/dev", "scenarios", "--lab", lab,
                 "-p", "sekisho_testbed.mutate_plugin", "--tb=no"], cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)

    def used(self) -> float:
        """Seconds of a processor, of the process and of what it waited for."""
        try:
            row = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return 0
        return sum(int(n) for n in row[11:15]) / TICK

    def events(self) -> Iterator[tuple[str, str]]:
        heard, since, waits, limit = 0, 0.0, 0, float("inf")
        try:
            while True:
                ended = self.child.poll() is not None
                whole, newline, _ = self.said.read_text(errors="replace")[heard:].rpartition("\n")
                heard += len(whole + newline)
                for event in filter(None, map(EVENT.search, whole.splitlines())):
                    if event[1] == "RUN":
                        since, waits = self.used(), 0
                        limit = float("inf") if self.ms is None else max(LEAST_S, self.ms.get(event[2].strip(), 0) * 20 / 1000)
                    yield event[1], event[2].strip()
                if ended:
                    return
                waits += 1
                if self.used() - since > limit or waits > 2 * WAITS_S:
                    self.hung = True
                    mutate_units.end_group(self.child.pid)
                try:
                    self.child.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            mutate_units.end_group(self.child.pid)
            self.child.wait()

    @property
    def end(self) -> str:
        return "does not end" if self.hung else f"stops with {self.child.returncode}"


def marked() -> dict[str, set[str]]:
    """Story -> rules of its marks."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    for mark in rules.marks():
        found[mark["scenario"].removeprefix("scenarios/")].add(mark["rule"])
    return found


def plain(story: str) -> str:
    return story.removeprefix("scenarios/").split("[")[0]


class Stories:
    """`key`: digest of what all stories use. A verdict holds as long as that and the file of its story are the same."""

    def __init__(self, tree: pathlib.Path, key: str, folder: pathlib.Path, lab: str = "simulated") -> None:
        self.tree, self.key, self.lab, self.marks = tree, key, lab, marked()
        self.files = {str(file.relative_to(tree / "scenarios")): mutate_units.digest([file])
                      for file in sorted((tree / "scenarios").rglob("test_*.py"))}
        self.kept = Kept(folder / f"stories_{lab}.json")
        self.asked: dict[str, list[str]] = {}
        self.ms: dict[str, int] = {}
        self.broken: list[str] = []

    def learn(self) -> None:
        """Tells every story with nothing switched off, unless that was done for this build and these stories."""
        row, key = self.kept.rows.get("", {}), mutate_units.text_digest([self.key, *(f"{name} {of}" for name, of in self.files.items())])
        if row.get("key") != key:
            teller, now = Teller(self.tree, self.lab, 0, [("", [])], asked=True), ""
            asked: dict[str, list[str]] = {}
            ms: dict[str, int] = {}
            broken: list[str] = []
            for what, words in teller.events():
                if what == "RUN":
                    now = words
                elif what == "SWITCH" and now and now not in asked.setdefault(words, []):
                    asked[words].append(now)
                elif what in ("OK", "FAILED"):
                    broken += [now] if what == "FAILED" else []
                    ms[now], now = int(words.rpartition("(")[2].split()[0]), ""
            if not ms or now:
                raise SystemExit(f"the stories of the {self.lab} lab cannot be told: {self.tree}/build/told-0/log ({now or teller.end})")
            row = {"key": key, "asked": asked, "ms": ms, "broken": broken}
            self.kept.put("", row)
        self.asked, self.ms, self.broken = row["asked"], row["ms"], row["broken"]

    def key_of(self, story: str) -> str:
        return self.key + self.files.get(plain(story).partition("::")[0], "")

    def of(self, off: str, last: str) -> list[str]:
        """The stories that can go red, in the order in which they are told."""
        rule = off.split("/")[0]
        fit = [story for story in self.asked.get(off, []) if story not in self.broken]
        return sorted(fit, key=lambda s: (s != last, rule not in self.marks.get(plain(s), set()), self.ms.get(s, 0)))

    def judge(self, places: Sequence[str], told: Callable[[str, str], None], jobs: int = 2) -> None:
        """Calls told(place, story or "") for each place; what is known for this build and these stories is not told again, unless nobody
        noticed."""
        todo: list[str] = []
        for off in places:
            row = self.kept.rows.get(off, {})
            if (story := row.get("story", "")) and row["key"] == self.key_of(story):
                told(off, story)
            elif not self.of(off, ""):
                told(off, "")
            else:
                todo.append(off)
        todo.sort(key=lambda off: bool(self.kept.rows.get(off, {}).get("story")))  # first what nothing is known of: a run may be cut
        lock = threading.Lock()

        def keep(off: str, story: str) -> None:
            with lock:
                self.kept.put(off, {"key": self.key_of(story), "story": story})
                told(off, story)

        def worker(number: int) -> None:  # a few places at a time: what one takes long for keeps nobody else waiting
            while True:
                with lock:
                    mine, todo[:] = todo[:PLACES], todo[PLACES:]
                if not mine:
                    return
                self._work(number, mine, keep)

        workers = [threading.Thread(target=worker, args=(n + 1,)) for n in range(jobs)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()

    def _work(self, number: int, places: Sequence[str], keep: Callable[[str, str], None]) -> None:
        todo = {off: self.of(off, self.kept.rows.get(off, {}).get("story", "").split(" ")[0]) for off in places}
        ended: set[tuple[str, str]] = set()
        while todo:
            teller, off, now = Teller(self.tree, self.lab, number, list(todo.items()), ms=self.ms), "", ""
            seen = ""
            for what, words in teller.events():
                if what == "PLACE":
                    off, seen = words, ""
                elif what == "RUN":
                    now = words
                elif what == "OK":
                    now = ""
                elif what == "SEEN":
                    seen = words
                elif what == "COLOURED":
                    now = words
                elif what == "DONE":
                    keep(off, seen)
                    del todo[off]
                    off = now = ""
            if off and now:  # the process ended within this story, or with it; that counts when it does so as a new process's first
                if (off, now) in ended:
                    keep(off, now if teller.child.returncode in (0, 1) else f"{now} ({teller.end})")
                    del todo[off]
                else:
                    ended.add((off, now))
                    todo[off] = todo[off][todo[off].index(now):]
            elif todo and not off:
                raise SystemExit(f"pytest {teller.end}: {self.tree}/build/told-{number}/log")
