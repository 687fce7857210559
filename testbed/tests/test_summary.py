"""The end of `./dev test` names what failed and why, whichever program said it: a record may keep no more than that."""
from __future__ import annotations

import sys

from sekisho_testbed.all_tests import Run, what_failed

CTEST = """\
1: [ RUN      ] Door.Opens
1: /tree/core/door_test.cpp:12: Failure
1: Value of: open
1:   Actual: false
1: Expected: true
1: [  FAILED  ] Door.Opens (3 ms)

50% tests passed, 1 tests failed out of 2

The following tests FAILED:
\t 88 - door_test (Failed)
Errors while running CTest
"""

PYTEST = """\
    def test_door():
>       assert 1 == 2, "it stays shut"
E       AssertionError: it stays shut
E       assert 1 == 2

scenarios/test_door.py:4: AssertionError
=========== short test summary info ===========
FAILED scenarios/test_door.py::test_door - AssertionError: it stays shut
1 failed in 0.1s
"""


def test_ctest() -> None:
    told = what_failed(CTEST)
    assert told[0].endswith("door_test.cpp:12: Failure")
    assert told[-1] == "88 - door_test (Failed)"
    assert not any("Errors while" in line for line in told)


def test_pytest() -> None:
    told = what_failed(PYTEST)
    assert told[0] == "E       AssertionError: it stays shut"
    assert told[-1].startswith("FAILED scenarios/test_door.py::test_door")


def test_a_program_that_lists_nothing_is_told_by_its_last_lines() -> None:
    assert what_failed("\n".join(str(n) for n in range(100)), most=3) == ["97", "98", "99"]


def test_a_long_list_is_cut() -> None:
    assert len(what_failed(CTEST * 40)) <= 24


def test_the_summary_ends_with_it() -> None:
    run = Run()
    assert run.step("good", ["true"])
    assert not run.step("bad", [sys.executable, "-c", f"print({CTEST!r}); raise SystemExit(8)"], "ctest")
    *_, header, why, _, _, name, count = run.summary()
    assert header == "--- bad failed:"
    assert why.endswith(": Failure")
    assert name == "88 - door_test (Failed)"
    assert count == "2 passed, 1 failed"
    assert not any("good failed" in line for line in run.summary())
