"""A program that is there and answers nothing."""
from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import time
from collections.abc import Iterator

STANDS_WITHIN_S = 10


def stands(pid: int) -> bool:
    """Every thread of it is stopped (proc(5): state T)."""
    try:
        states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    except OSError:  # a thread has ended meanwhile
        return False
    return set(states) == {"T"}


@contextlib.contextmanager
def halted(pid: int) -> Iterator[None]:
    """SIGSTOP is on its way for a while: until its last thread stands, a program goes on and may still answer."""
    os.kill(pid, signal.SIGSTOP)
    try:
        end = time.monotonic() + STANDS_WITHIN_S
        while not stands(pid):
            assert time.monotonic() < end, f"process {pid} does not stop"
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
