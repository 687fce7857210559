"""A program that is halted stands and answers nothing; afterwards it goes on."""
from __future__ import annotations

import select
import subprocess

import pytest

from sekisho_testbed.halted import halted, stands


def test_it_stands_while_it_is_halted_and_loses_nothing() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as program:
        assert program.stdin is not None and program.stdout is not None
        assert not stands(program.pid)
        with halted(program.pid):
            assert stands(program.pid)
            program.stdin.write(b"?")
            assert not select.select([program.stdout], [], [], 0)[0]
        assert program.stdout.read(1) == b"?"
        assert not stands(program.pid)
        program.stdin.close()


def test_it_may_end_meanwhile() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as program:
        with halted(program.pid):
            program.kill()
            program.wait()


def test_what_is_not_there_is_said() -> None:
    with subprocess.Popen(["true"]) as program:
        program.wait()
    with pytest.raises(ProcessLookupError), halted(program.pid):
        pass
