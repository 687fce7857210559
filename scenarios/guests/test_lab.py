"""The lab itself: up in time, gone in time, and nothing left behind when the run is killed."""
from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from sekisho_testbed import labs
from sekisho_testbed.guests import GuestsHouse
from sekisho_testbed.netlab import programs_that_name, wait_until

pytestmark = pytest.mark.needs("guests")

UP_S, DOWN_S = 60, 1.0

RAISE = """
import pathlib, sys, time
from sekisho_testbed import guests
folder, build, cold = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3] == "cold"
begun = time.monotonic()
with guests.GuestsHouse(folder, build, cold=cold) as house:
    print("up", time.monotonic() - begun, house.booted_s, flush=True)
    sys.stdin.readline()
    begun = time.monotonic()
print("down", time.monotonic() - begun, flush=True)
"""


class Beside:
    """Another lab, guests and all, raised by a run of its own beside this one."""

    def __init__(self, lab: labs.Lab, folder: pathlib.Path, how: str) -> None:
        assert isinstance(lab, GuestsHouse)
        self.folder = folder / f"beside-{how}"
        self.run = subprocess.Popen([sys.executable, "-c", RAISE, str(self.folder), str(lab.build), how], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)

    def said(self, word: str) -> list[float]:
        assert self.run.stdout is not None
        said, *numbers = self.run.stdout.readline().split() or ["nothing"]
        assert said == word, f"the other run said {said!r}, not {word!r}"
        return [float(number) for number in numbers]

    def remains(self) -> list[str]:
        """Of this lab: programs and mounts."""
        return programs_that_name(self.folder) + [
            f"mount {line.split()[1]}" for line in pathlib.Path("/proc/self/mounts").read_text().splitlines() if str(self.folder) in line]

    def gone(self, within: float) -> None:
        """A promise, so it is not stretched where guests are emulated."""
        begun = time.monotonic()
        wait_until(lambda: not self.remains(), within, "nothing of the lab is left", on_fail=lambda: "\n".join(self.remains()))
        assert time.monotonic() - begun <= within


@pytest.fixture
def beside(lab: labs.Lab, request: pytest.FixtureRequest) -> Iterator[Beside]:
    how = request.node.callspec.params["how"] if hasattr(request.node, "callspec") else "saved"
    with labs.folder_of_its_own() as folder:  # pytest's own are too long for the names of sockets
        other = Beside(lab, folder, how)
        yield other
        if other.run.poll() is None:
            other.run.kill()
        other.run.wait()
        assert other.run.stdin is not None and other.run.stdout is not None
        other.run.stdin.close()
        other.run.stdout.close()


@pytest.mark.parametrize("how", ["cold", "saved"])
def test_the_lab_is_up_and_gone_in_time(beside: Beside, how: str) -> None:
    """Sixty seconds at most from nothing to a guest that takes programs, cold or from its saved state; a second at its end."""
    took, guest = beside.said("up")
    assert beside.run.stdin is not None
    beside.run.stdin.write("\n")
    beside.run.stdin.flush()
    down, = beside.said("down")
    print(f"{how}: up in {took:.1f} s, of that the guest {guest:.1f} s; down in {down:.2f} s")
    beside.gone(0.5)
    assert took <= UP_S, f"up in {took:.1f} s, of that the guest {guest:.1f} s"
    assert down <= DOWN_S, f"down in {down:.2f} s"


def test_nothing_is_left_when_the_run_is_killed(beside: Beside) -> None:
    """SIGKILL; a second later there is none of it."""
    beside.said("up")
    assert any("qemu-system" in words for words in beside.remains()) and any("libvirtd" in words for words in beside.remains())
    beside.run.send_signal(signal.SIGKILL)
    begun = time.monotonic()
    beside.run.wait()
    beside.gone(DOWN_S - (time.monotonic() - begun))
