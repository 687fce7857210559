"""`./dev test`: everything that must hold, in the order in which a failure is cheapest to read.

Ends with the line `N passed, N failed` over all steps' tests.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"


class Run:
    def __init__(self) -> None:
        self.passed, self.failed, self.steps = 0, 0, []  # type: int, int, list[tuple[str, str, float]]

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
        self.steps.append((name, "skipped" if skipped else "ok" if code == 0 else "FAILED", time.monotonic() - begun))
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
    parser.add_argument("--only", choices=["units", "asan", "tsan", "scenarios"], action="append",
                        help="one part alone; may be given again")
    args = parser.parse_args()
    run = Run()
    want = lambda part: not args.only or part in args.only  # noqa: E731
    jobs = str(os.cpu_count() or 2)

    def preset(name: str) -> bool:
        return run.step(f"configure {name}", ["cmake", "--preset", name]) and \
            run.step(f"build {name}", ["cmake", "--build", "--preset", name])

    if want("units") or want("scenarios"):
        built = preset("dev")
        if built and want("units"):
            run.step("unit tests", ["ctest", "--preset", "dev", "-j", jobs], "ctest")
            run.step("format", ["bash", "-c", "git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 --dry-run -Werror"])
        if built and want("scenarios"):
            run.step("scenarios", [PYTHON, "-m", "pytest", "-c", "scenarios/pytest.ini", "--build", "build/dev", "scenarios"],
                     "pytest")
            run.step("a guest", [PYTHON, "-m", "pytest", "-c", "scenarios/pytest.ini", "--build", "build/dev",
                                 "scenarios/guests/test_guests.py", "--lab", "libvirt"], "pytest")
            run.step("rules", [PYTHON, "-m", "sekisho_testbed.rules", "--build", "build/dev", "--html",
                               "build/dev/rules-page"])
    for name in ("asan", "tsan"):
        if want(name) and preset(name):
            run.step(f"unit tests under {name}", [*fixed_addresses(), "ctest", "--preset", name, "-j", jobs], "ctest")

    print("\n=== summary")
    for name, state, seconds in run.steps:
        print(f"{state:7} {seconds:7.1f} s  {name}")
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
