"""Programs that give way to others on the same processors."""
from __future__ import annotations

import contextlib
import pathlib


def give_way(leader: int, nice: int) -> None:
    """`leader`: a process that began a session of its own (`start_new_session`); all of its session gives way.

    Such a session is a group of its own to Linux's scheduler (sched(7), autogroup): its programs' niceness counts among themselves
    only, and the group has as much of the processors as any other. A kernel without autogroups has no such file, and there niceness counts.
    """
    with contextlib.suppress(OSError):
        pathlib.Path(f"/proc/{leader}/autogroup").write_text(str(nice))
