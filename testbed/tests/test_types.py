"""`mypy --strict` finds nothing in the testbed's package and its tests: what a story calls is what there is."""
from __future__ import annotations

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def mypy(*argv: str, cache: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mypy", "--config-file", str(HERE.parent / "mypy.ini"), *argv], cwd=HERE.parent,
                          env={**os.environ, "MYPY_CACHE_DIR": str(cache)}, capture_output=True, text=True)


def test_mypy_strict_finds_nothing(tmp_path: pathlib.Path) -> None:
    done = mypy("-p", "sekisho_testbed", cache=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = mypy("tests", cache=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # A wrong call of the package would be found: what is imported from it has its types.
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from sekisho_testbed.netlab import wait_until\nnumber: int = wait_until(lambda: 'text', 1, 'nothing')\n")
    found = mypy(str(wrong), cache=tmp_path)
    assert found.returncode == 1 and "wrong.py:2: error" in found.stdout, found.stdout + found.stderr
