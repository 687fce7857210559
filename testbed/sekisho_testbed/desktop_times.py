"""How long a person waits for his desktop: from the grant in the journal to a login screen that he can use.

Cold: nothing is prepared. Warm: a spare machine stands ready and only gets its account. The screen is read as QEMU itself draws
it, from beside, so that neither a browser nor the way to the PC counts; usable it is once the gate has called the desktop ready
as well, because only then the person is shown an account.
"""
from __future__ import annotations

import contextlib
import datetime
import threading
from typing import TYPE_CHECKING

from . import ocr
from .netlab import wait_until

if TYPE_CHECKING:
    from .namespaces import NamespacesWorld

LOGIN = "desktop login:"
CODE_S = 61    # a person is mailed one code a minute
LOOK_S = 2.5   # the broker looks at a booting machine every second, and then counts it as a spare one
BOOT_S = 120


class LoginScreens:
    """While it is entered, when each desktop first showed its login: UUID -> the gate's time."""

    def __init__(self, world: "NamespacesWorld") -> None:
        self.world, self.seen = world, dict[str, datetime.datetime]()
        self.ended = threading.Event()
        self.watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> "LoginScreens":
        self.watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.watcher.join()

    def _watch(self) -> None:
        import libvirt

        hypervisor, file = self.world.house.hypervisor, self.world.folder / "login-screen.png"
        while not self.ended.wait(0.05):
            for machine in hypervisor.desktops():
                if machine in self.seen:
                    continue
                at = self.world.now()  # of the picture; to read it takes longer than to take it
                with contextlib.suppress(libvirt.libvirtError, OSError):  # it has just gone, or has no picture yet
                    if ocr.shows(hypervisor.picture(machine, file), LOGIN):
                        self.seen[machine] = at


def measure(world: "NamespacesWorld", who: str, *, acceleration: str, warm: bool) -> float:
    """Seconds. The gate is started anew for it; the person logs in and hangs up."""
    world.consoles.acceleration, world.consoles.spare = acceleration, int(warm)
    world.restart()
    with LoginScreens(world) as screens:
        if warm:
            wait_until(lambda: screens.seen, BOOT_S, "a spare desktop shows its login")
            world.pause(LOOK_S)
        world.advance(CODE_S)
        before = set(screens.seen)
        vpn = world.pass_gate(who)
        number = world.session_of(who)["number"]
        granted = instant(world.entry(event="session.granted", session=number)["at"])
        ready = instant(world.entry(event="desktop.ready", session=number, within=BOOT_S)["at"])
        wait_until(lambda: screens.seen, BOOT_S, "the desktop shows its login")
        assert len(screens.seen) == 1 and bool(before) == warm, f"{'warm' if warm else 'cold'}: {before}, then {screens.seen}"
        shown = next(iter(screens.seen.values()))
    vpn.hang_up()
    world.wait_no_session(who)
    world.wait(lambda: warm or not world.house.hypervisor.desktops(), 10, "his desktop is gone")
    return (max(ready, shown) - granted).total_seconds()


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def all_of_them(world: "NamespacesWorld", who: str = "mori") -> dict[str, float]:
    """"cold TCG" -> seconds, and so on; with KVM where it works."""
    return {f"{'warm' if warm else 'cold'} {acceleration.upper()}": measure(world, who, acceleration=acceleration, warm=warm)
            for acceleration in world.house.hypervisor.accelerations for warm in (False, True)}
