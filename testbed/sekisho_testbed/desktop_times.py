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
BOOT_S = 300    # an emulated machine boots beside whatever else this one does


class LoginScreens:
    """While it is entered, when each desktop first showed its login: UUID -> the gate's time."""

    def __init__(self, world: "NamespacesWorld") -> None:
        self.world, self.seen = world, dict[str, datetime.datetime]()
        self.file = world.folder / "login-screen.png"
        self.ended = threading.Event()
        self.watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> "LoginScreens":
        self.watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.watcher.join()

    def wait(self) -> None:
        """Until one has."""
        wait_until(lambda: self.seen, BOOT_S, "a desktop shows its login", alive=self.watcher.is_alive,
                   on_fail=lambda: f"machines {self.world.house.hypervisor.desktops()}; read last: {ocr.read(self.file) if self.file.exists() else ''}")

    def _watch(self) -> None:
        import libvirt

        hypervisor, file = self.world.house.hypervisor, self.file
        read: dict[str, bytes] = {}  # what each machine showed when it was read last; reading costs what the machine needs to start
        while not self.ended.wait(0.2):
            for machine in hypervisor.desktops():
                if machine in self.seen:
                    continue
                at = self.world.now()  # of the picture; to read it takes longer than to take it
                with contextlib.suppress(libvirt.libvirtError, OSError):  # it has just gone, or has no picture yet
                    shown = hypervisor.picture(machine, file).read_bytes()
                    if shown != read.get(machine) and ocr.shows(file, LOGIN):
                        self.seen[machine] = at
                    read[machine] = shown


def measure(world: "NamespacesWorld", who: str, *, acceleration: str, warm: bool) -> float:
    """Seconds. The gate is started anew for it; the person logs in and hangs up."""
    world.consoles.acceleration, world.consoles.spare = acceleration, int(warm)
    hypervisor = world.house.hypervisor
    old = set(hypervisor.desktops())  # a spare one of the gate before, which the next one does not know
    world.restart()
    world.wait(lambda: not old & set(hypervisor.desktops()), 10, "no desktop of the gate before is left")
    with LoginScreens(world) as screens:
        if warm:
            screens.wait()
            world.pause(LOOK_S)
        world.advance(CODE_S)
        before = set(screens.seen)
        vpn = world.pass_gate(who)
        agent = world.pc(who).agent
        agent.start()  # a desktop may take longer than a silent PC is let be
        number = world.session_of(who)["number"]
        granted = instant(world.entry(event="session.granted", session=number)["at"])
        ready = instant(world.entry(event="desktop.ready", session=number, within=BOOT_S)["at"])
        screens.wait()
        assert len(screens.seen) == 1 and bool(before) == warm, f"{'warm' if warm else 'cold'}: {before}, then {screens.seen}"
        shown = next(iter(screens.seen.values()))
    agent.stop()
    vpn.hang_up()
    world.wait_no_session(who)
    world.wait(lambda: warm or not hypervisor.desktops(), 10, "his desktop is gone")
    return (max(ready, shown) - granted).total_seconds()


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def all_of_them(world: "NamespacesWorld", who: str = "mori") -> dict[str, float]:
    """"cold TCG" -> seconds, and so on; with KVM where it works."""
    return {f"{'warm' if warm else 'cold'} {acceleration.upper()}": measure(world, who, acceleration=acceleration, warm=warm)
            for acceleration in world.house.hypervisor.accelerations for warm in (False, True)}
