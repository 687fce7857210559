"""A plugin of pytest for `./dev mutate`: tells chosen stories again and again, each time with another switch off.

`-p sekisho_testbed.mutate_plugin`, and in the environment SEKISHO_SWITCHES_PLAN, a file of [[switch, [story, …]], …], and
SEKISHO_SWITCHES_SAID, the file that hears what happens in the words of GoogleTest. For the switch "" every story is told once with
nothing switched off. For another its stories are told until one goes red; that one is told again with nothing switched off, and counts
only if it is green then: what a red story leaves behind must not colour the next. If it is not, the process ends, and the caller starts
another. Each story has a world of its own, so that one process can serve many switches.
"""
from __future__ import annotations

import json
import os
import pathlib
import time

import pytest
from _pytest.runner import runtestprotocol


def say(words: str) -> None:
    with open(os.environ["SEKISHO_SWITCHES_SAID"], "a") as said:
        said.write(f"\n{words}\n")


def tell(item: pytest.Item, off: str) -> bool:
    """Whether the story passes."""
    say(f"[ RUN      ] {item.nodeid}")
    os.environ["SEKISHO_SWITCHED_OFF"] = off
    begun = time.monotonic()
    item._initrequest()  # type: ignore[attr-defined]  # its fixtures anew
    # Whatever follows is of this session: the lab stays, the story's own fixtures end with it.
    reports = runtestprotocol(item, nextitem=item.session, log=False)  # type: ignore[arg-type]
    green = all(report.passed for report in reports)
    say(f"[ {'      OK' if green else ' FAILED '} ] {item.nodeid} ({round((time.monotonic() - begun) * 1000)} ms)")
    return green


@pytest.hookimpl(tryfirst=True)  # type: ignore[misc]  # Debian's pytest gives it no type
def pytest_runtestloop(session: pytest.Session) -> bool:
    if session.testsfailed:
        raise session.Interrupted("a file of stories cannot be read")
    items = {item.nodeid: item for item in session.items if not item.get_closest_marker("skip")}
    for off, names in json.loads(pathlib.Path(os.environ["SEKISHO_SWITCHES_PLAN"]).read_text()):
        say(f"[ PLACE ] {off}")
        for item in [items[name] for name in names if name in items] if off else list(items.values()):
            if tell(item, off) or not off:
                continue
            clean = tell(item, "")
            say(f"[ {'SEEN' if clean else 'COLOURED'} ] {item.nodeid}")
            if not clean:
                return True
            break
        say(f"[ DONE ] {off}")
    return True
