"""`./dev test`: everything that must hold, in the order in which a failure is cheapest to read.

Ends with the line `N passed, N failed` over all steps' tests.
"""
from __future__ import annotations

import argparse
import atexit
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from sekisho_testbed.niceness import give_way

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"


class Behind:
    """A step that runs behind the others, at the lowest priority; its output comes when its turn does."""

    def __init__(self, argv: list[str]) -> None:
        self.argv, self.said, self.begun = argv, tempfile.TemporaryFile(), time.monotonic()
        self.process = subprocess.Popen(["nice", "-n", "19", *argv], cwd=ROOT, stdout=self.said, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        give_way(self.process.pid, 19)
        atexit.register(self.end)

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)

    def wait(self) -> tuple[str, int, float]:
        code = self.process.wait()
        self.said.seek(0)
        return self.said.read().decode(errors="replace"), code, time.monotonic() - self.begun


def what_failed(text: str, most: int = 12) -> list[str]:
    """The lines of a failed step that say why and then name what failed: whoever keeps no more than a record's end has these.

    Why as googletest, pytest and the sanitizers say it, names as ctest and pytest list them; without any, the last lines."""
    named: list[str] = []
    said: list[str] = []
    after, listing = 0, False
    for line in text.splitlines():
        listing = line.startswith("The following tests FAILED") or (listing and line.strip() != "")
        if (listing and " - " in line) or re.match(r"(FAILED|ERROR) \S+::", line):
            named.append(line.strip())
            continue
        if re.search(r": Failure$|^(\d+: )?E  +\S|ERROR: \w*Sanitizer|WARNING: ThreadSanitizer|Assertion .* failed", line):
            after = 3
        if after > 0 and line.strip():
            said.append(line.rstrip())
            after -= 1
    found = said[:most] + named[:most]
    return [line[:200] for line in found or text.splitlines()[-most:]]


class Run:
    def __init__(self) -> None:
        self.passed, self.failed, self.steps = 0, 0, []  # type: int, int, list[tuple[str, str, float]]
        self.evidence: list[tuple[str, list[str]]] = []

    def close(self, name: str, good: bool, seconds: float, text: str, good_word: str = "ok") -> None:
        self.steps.append((name, good_word if good else "FAILED", seconds))
        if not good:
            self.evidence.append((name, what_failed(text)))

    def summary(self) -> list[str]:
        out = ["=== summary", *(f"{state:7} {seconds:7.1f} s  {name}" for name, state, seconds in self.steps)]
        for name, lines in self.evidence:
            out += [f"--- {name} failed:", *lines]
        return [*out, f"{self.passed} passed, {self.failed} failed"]

    def turn_of(self, name: str, behind: Behind) -> bool:
        """The end of what has been running behind; it is one test."""
        print(f"\n=== {name}: {' '.join(behind.argv)}", flush=True)
        text, code, seconds = behind.wait()
        print(text, end="", flush=True)
        self.passed, self.failed = (self.passed + 1, self.failed) if code == 0 else (self.passed, self.failed + 1)
        self.close(name, code == 0, seconds, text)
        return code == 0

    def step(self, name: str, argv: list[str], counts: str | None = None) -> bool:
        """`counts` is how the step's own closing line counts: "ctest" or "pytest"; None: the step itself is one test."""
        print(f"\n=== {name}: {' '.join(argv)}", flush=True)
        begun = time.monotonic()
        process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   errors="replace")
        lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            print(line, end="", flush=True)
        code = process.wait()
        text = "".join(lines)
        passed, failed = 0, 0
        if counts == "ctest" and (m := re.search(r"(\d+) tests failed out of (\d+)", text)):
            failed, passed = int(m.group(1)), int(m.group(2)) - int(m.group(1))
        elif counts == "pytest":
            for number, what in re.findall(r"(\d+) (passed|failed|error)", text.strip().splitlines()[-1] if text.strip() else ""):
                passed, failed = (passed + int(number), failed) if what == "passed" else (passed, failed + int(number))
        skipped = counts == "pytest" and code == 0 and passed == 0 and "skipped" in text
        if skipped:
            print(f"{name}: every story was skipped; its reason:", flush=True)
            subprocess.run([*argv, "-rs", "--tb=no", "-q", "--maxfail=1"], cwd=ROOT)
        if not skipped and (passed + failed == 0 or (code != 0 and failed == 0)):
            passed, failed = (passed + 1, failed) if code == 0 else (passed, failed + 1)
        self.passed += passed
        self.failed += failed
        self.close(name, code == 0, time.monotonic() - begun, text, "skipped" if skipped else "ok")
        return code == 0


def fixed_addresses() -> list[str]:
    """What stands before a sanitized program: GCC 12's TSan loses its shadow where a kernel scatters mappings over more
    than 28 bits; there, and where it is allowed, addresses are fixed."""
    try:
        bits = int(pathlib.Path("/proc/sys/vm/mmap_rnd_bits").read_text())
    except OSError:
        bits = 0
    fixed = ["setarch", "-R"]
    return fixed if bits > 28 and subprocess.run([*fixed, "true"], capture_output=True).returncode == 0 else []


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev test")
    parser.add_argument("--only", choices=["units", "sim", "asan", "tsan", "scenarios"], action="append",
                        help="one part alone; may be given again")
    args = parser.parse_args()
    run = Run()
    only: list[str] | None = args.only

    def want(part: str) -> bool:
        return not only or part in only

    jobs = str(os.cpu_count() or 2)

    def preset(name: str) -> bool:
        return run.step(f"configure {name}", ["cmake", "--preset", name]) and \
            run.step(f"build {name}", ["cmake", "--build", "--preset", name])

    # Stories wait for clients most of their time; the builds under sanitizers take what they leave.
    behind: Behind | None = None
    if want("units") or want("sim") or want("scenarios"):
        built = preset("dev")
        if built and want("units"):
            run.step("unit tests", ["ctest", "--preset", "dev", "-j", jobs], "ctest")
        sanitized = [f"cmake --preset {name} && cmake --build --preset {name}{targets}" for name, targets in
                     (("asan", ""), ("tsan", "" if args.only else " --target threads_tests")) if want(name)]
        if built and sanitized:
            behind = Behind(["bash", "-c", " && ".join(sanitized)])
        if built and want("units"):
            run.step("format", ["bash", "-c", "git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 --dry-run -Werror"])
        if built and want("sim"):
            run.step("200 simulated weeks", ["build/dev/bin/sekisho-sim", "--seeds", "200"])
        if built and want("scenarios"):
            run.step("scenarios", [PYTHON, "-m", "pytest", "-c", "scenarios/pytest.ini", "--build", "build/dev", "scenarios"],
                     "pytest")
            run.step("simulated", [PYTHON, "-m", "pytest", "-c", "scenarios/pytest.ini", "--build", "build/dev", "scenarios", "--lab",
                                   "simulated"], "pytest")
            run.step("a guest", [PYTHON, "-m", "pytest", "-c", "scenarios/pytest.ini", "--build", "build/dev",
                                 "scenarios/guests/test_guests.py", "--lab", "libvirt"], "pytest")
            run.step("labs", [PYTHON, "-m", "sekisho_testbed.lab_table", "--build", "build/dev"])
            run.step("rules", [PYTHON, "-m", "sekisho_testbed.rules", "--build", "build/dev", "--html",
                               "build/dev/rules-page"])
    ready = run.turn_of("build asan, tsan", behind) if behind else False
    for name in ("asan", "tsan"):
        if want(name) and (ready if behind else preset(name)):
            # Where there is one thread there is nothing to race with: those run under tsan when it is asked for alone.
            few = ["-L", "threads"] if name == "tsan" and not args.only else []
            run.step(f"unit tests under {name}", [*fixed_addresses(), "ctest", "--preset", name, "-j", jobs, *few], "ctest")

    print("", *run.summary(), sep="\n")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
