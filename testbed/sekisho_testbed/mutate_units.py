"""For `./dev mutate`: which unit test notices that a check is switched off.

Every program runs once with nothing switched off and tells which of its tests ask which switch (mutants.py): no other test can
notice that switch. Of those, the one that noticed last time comes first, then the quickest. A test counts that fails twice with the
switch off and passes in between with nothing switched off: a busy machine may fail one once.
"""
from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from typing import Any

# The tests of the switch itself notice by definition.
NOT_THESE = "-Enforce.*:EnforcementPoints.*"
EVENT = re.compile(r"\[ +(RUN|SWITCH|OK|FAILED|SKIPPED) +\] (\S.*)$")
LEAST_S, LONGEST_S = 30, 300   # of a processor: what a run may use that takes 20 times less than that by itself
WAITS_S = 120                  # for a run that waits and uses no processor


@dataclasses.dataclass(frozen=True)
class Run:
    """`failed`: the first test that did not pass, "" if all did; `how`: "" for a failed test, else how the program ended."""
    failed: str = ""
    how: str = ""
    asked: dict[str, list[str]] = dataclasses.field(default_factory=dict)  # switch -> tests
    ms: dict[str, int] = dataclasses.field(default_factory=dict)           # test -> what it takes


def read(said: str, code: int | None) -> Run:
    """What a program of GoogleTest said, switches among it, and how it ended (None: it was ended by us)."""
    asked: dict[str, list[str]] = {}
    ms: dict[str, int] = {}
    now = failed = ""
    for line in said.splitlines():
        if not (event := EVENT.search(line)):
            continue
        what, rest = event[1], event[2].strip()
        name = re.split(r",? ", rest)[0]
        if what == "RUN":
            now = name
        elif what == "SWITCH":
            if now and now not in asked.setdefault(rest, []):
                asked[rest].append(now)
        elif what == "FAILED":
            failed = failed or name
        if what in ("OK", "FAILED", "SKIPPED"):
            now = "" if now == name else now
            if took := re.search(r"\((\d+) ms\)", rest):
                ms[name] = int(took[1])
    how = "" if code == 0 or (code == 1 and failed) else "does not end" if code in (None, -signal.SIGXCPU) else f"stops with {code}"
    return Run("" if code == 0 else failed if failed and not how else now or failed or "before its first test", how, asked, ms)


def run(argv: Sequence[str], *, off: str = "", asked: bool = False, cpu_s: int = LONGEST_S, waits_s: int = WAITS_S,
        cwd: pathlib.Path | None = None) -> Run:
    """One run in a temporary folder of its own. A limit is of the processor's time, so that a machine that is busy or stands still
    ends nobody; only a program that uses none is ended by the clock, which is asked once a second for the same reason."""
    with tempfile.TemporaryDirectory(prefix="sekisho-mutate-", ignore_cleanup_errors=True) as folder:
        said = pathlib.Path(folder) / "said"
        env = {k: v for k, v in os.environ.items() if not k.startswith("SEKISHO_SWITCH")}
        env |= {"TMPDIR": folder, "TEST_TMPDIR": folder} | ({"SEKISHO_SWITCHED_OFF": off} if off else {})
        env |= {"SEKISHO_SWITCHES_ASKED": str(said)} if asked else {}
        with open(said, "ab") as out:  # both append: the switches' lines stand among the tests'
            # If we are ended, nothing of ours goes on.
            child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "prlimit", f"--cpu={cpu_s}:{cpu_s + 5}", *argv], env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=out, start_new_session=True)
        code: int | None = None
        for _ in range(waits_s + cpu_s):
            try:
                code = child.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                continue
        end_group(child.pid)
        child.wait()
        return read(said.read_text(errors="replace"), -signal.SIGXCPU if code == -signal.SIGKILL else code)


def end_group(pid: int) -> None:
    """Ends what a run has left in its own group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def only(tests: Sequence[str]) -> list[str]:
    return ["--gtest_fail_fast", "--gtest_filter=" + ":".join(tests)]


def digest(files: Sequence[pathlib.Path]) -> str:
    out = hashlib.sha256()
    for file in sorted(files):
        out.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return out.hexdigest()


def text_digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


class Kept:
    """A JSON file that is whole at any time: a run that is cut goes on from it."""

    def __init__(self, file: pathlib.Path) -> None:
        self.file = file
        self.rows: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        self.lock = threading.Lock()

    def put(self, key: str, value: Any) -> None:
        with self.lock:
            self.rows[key] = value
            self.file.parent.mkdir(parents=True, exist_ok=True)
            beside = self.file.with_suffix(".part")
            beside.write_text(json.dumps(self.rows, indent=0, ensure_ascii=False))
            beside.replace(self.file)


@dataclasses.dataclass
class Program:
    """A test program of the copy and what it told with nothing switched off."""
    name: str
    file: pathlib.Path
    key: str
    asked: dict[str, list[str]]
    ms: dict[str, int]
    broken: list[str]  # tests that fail with nothing switched off: they show nothing


def known(name: str, file: pathlib.Path, beside: str, kept: Kept) -> Program:
    """`beside`: digest of the libraries and plugins that it loads."""
    key = beside + digest([file])
    row = kept.rows.get(name, {})
    if row.get("key") != key:
        broken: list[str] = []
        for attempt in range(6):  # until what is left passes
            told = run([str(file), f"--gtest_filter={NOT_THESE}" + "".join(f":{test}" for test in broken)], asked=True, cwd=file.parents[1])
            if not told.failed:
                break
            if attempt == 5 or run([str(file), *only([told.failed])], cwd=file.parents[1]).failed:
                broken.append(told.failed)  # else it failed once, on a busy machine
        row = {"key": key, "asked": told.asked, "ms": told.ms, "broken": broken}
        kept.put(name, row)
    return Program(name, file, key, row["asked"], row["ms"], row["broken"])


def noticed(program: Program, test: str, off: str) -> str:
    """How the test says, each time anew, that the switch is off; "" if it does not."""
    cpu = limit(program, [test])
    first = run([str(program.file), *only([test])], off=off, cpu_s=cpu, cwd=program.file.parents[1])
    if not first.failed or run([str(program.file), *only([test])], cwd=program.file.parents[1]).failed:
        return ""
    return f" ({first.how})" if first.how else " "


def limit(program: Program, tests: Sequence[str]) -> int:
    return min(LONGEST_S, max(LEAST_S, sum(program.ms.get(t, 1000) for t in tests) * 20 // 1000))


def who_notices(off: str, programs: Sequence[Program], last: str) -> str:
    """The test that notices, "" if none does. `last`: who noticed before."""
    asking = [(p, t) for p in programs for t in p.asked.get(off, []) if t not in p.broken]
    asking.sort(key=lambda each: (each[1] != last, each[0].ms.get(each[1], 0)))
    at, size = 0, 1
    while at < len(asking):
        chunk, at = asking[at:at + size], at + size
        size = min(2 * size, 64) if at > 2 else 1
        for program in dict.fromkeys(id(p) for p, _ in chunk):
            here = [(p, t) for p, t in chunk if id(p) == program]
            tests = [t for _, t in here]
            while tests:
                told = run([str(here[0][0].file), *only(tests)], off=off, cpu_s=limit(here[0][0], tests), cwd=here[0][0].file.parents[1])
                if not told.failed or told.failed not in tests:
                    break
                if how := noticed(here[0][0], told.failed, off):
                    return (told.failed + how).strip()
                tests.remove(told.failed)  # it fails now and then: it shows nothing
    return ""
