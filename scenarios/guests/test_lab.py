"""The lab itself: up in time, gone in time, and nothing left behind when the run is killed."""
from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import time

import pytest

from sekisho_testbed import labs
from sekisho_testbed.guests import GuestsHouse
from sekisho_testbed.netlab import wait_until

pytestmark = pytest.mark.needs("guests")

RAISE = """
import pathlib, sys, time
from sekisho_testbed import guests
with guests.raise_lab(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])) as house:
    print("up", house.lab.pid, flush=True)
    time.sleep(600)
"""


def below(folder: pathlib.Path) -> list[str]:
    """Command lines of the programs that have to do with this lab's folder, but for the run itself."""
    found = []
    for each in pathlib.Path("/proc").iterdir():
        try:
            words = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace") if each.name.isdigit() else ""
        except OSError:
            continue
        if str(folder) in words and "sekisho_testbed" not in words:
            found.append(words[:160])
    return found


def test_nothing_is_left_when_the_run_is_killed(lab: labs.Lab, tmp_path: pathlib.Path) -> None:
    """Another lab beside this one, guests and all; its run is killed with SIGKILL; a second later there is none of it."""
    assert isinstance(lab, GuestsHouse)
    folder = tmp_path / "lab"
    run = subprocess.Popen([sys.executable, "-c", RAISE, str(folder), str(lab.build)], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None and run.stdout.readline().startswith("up")
    assert any("qemu-system" in words for words in below(folder)) and any("libvirtd" in words for words in below(folder))
    run.send_signal(signal.SIGKILL)
    begun = time.monotonic()
    run.wait()
    wait_until(lambda: not below(folder), 5, "nothing of the lab is left", on_fail=lambda: "\n".join(below(folder)))
    assert time.monotonic() - begun <= 1
    run.stdout.close()
