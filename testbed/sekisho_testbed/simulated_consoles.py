"""Desktops and consoles of the simulated lab: the production's relay and hyperd in this process, machines in memory.

    page or viewer ══ TLS ══ RelayEngine ══ gate ══ HyperEngine ─▶ Manager (machines.py)
                                └── recordings into the story's folder
"""
from __future__ import annotations

import contextlib
import datetime
import pathlib
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from . import cast, cast_closed, machines
from .consoles import ConsolePage, Consoles, DesktopPage, Side, SmallDisk
from .gate_here import bindings
from .guest_screen import HEIGHT, WIDTH, GuestScreen
from .machines import DesktopManager, Manager
from .simulated_viewer import PlainWire, SimulatedDoor, SimulatedViewer
from .simulated_wire import TlsLine
from .viewer import Viewer

if TYPE_CHECKING:
    from .simulated import SimulatedWorld


def address_of(host: str) -> str:
    """A desktop's or server's, on either side."""
    return cast_closed.address(cast_closed.DESKTOPS[host]) if host in cast_closed.DESKTOPS else cast.inside(host)


class SimulatedGuest(GuestScreen):
    """In the place of a desktop of the registry; the relay dials it."""

    def __init__(self, world: "SimulatedWorld", at: tuple[str, int]) -> None:
        super().__init__()
        self.world, self.at = world, at
        self.lines: list[machines.ScreenLine] = []
        world.guests[at] = self
        world.carried.append(self)

    def dialled(self) -> socket.socket:
        line = machines.ScreenLine(lambda line, what, message: self._hear(line.talk, what, message), (WIDTH, HEIGHT))
        self.lines.append(line)
        return line.far

    def say(self, message: bytes, *, fragments: bool = False) -> None:
        talk = self.talks[-1]
        for part in ([bytes([byte]) for byte in message] if fragments else [message]):
            talk.write(part)

    def work(self) -> bool:
        return any([line.work() for line in self.lines])

    def close(self) -> None:
        self.world.guests.pop(self.at, None)
        self.world.carried.remove(self)
        for line in self.lines:
            line.close()


class Page:
    """One of a relay's pages, for a line."""

    def __init__(self, relay: Any, place: str) -> None:
        self.relay, self.place = relay, place

    def connect(self, address: str, port: int) -> Any:
        return self.relay.connect(self.place, address)


class SimulatedConsoles(Consoles):
    def __init__(self, world: "SimulatedWorld", model: str, side: Side, path: str, tls: tuple[pathlib.Path, pathlib.Path],
                 reaches: Callable[[str, str], tuple[str, Callable[[], bool]]]) -> None:
        """`path`: whose relay it is. `reaches(who, address)`: the source address of his terminal there, and
        whether his packets get there (now); OSError."""
        super().__init__(world, model, side)
        self.here, self.path, self.tls, self.reaches = world, path, tls, reaches
        self.recordings = world.folder / f"{side.managers}recordings"
        self.servers, self.desks = Manager(world.now), DesktopManager(world.now)
        for server, row in side.machines.items():
            self.servers.add(row["machine"], machines.server(server))
        self.relay: Any = None
        self.relay_lives = False
        self.hyper: Any = None

    def _account(self) -> str:
        return DesktopManager.ACCOUNT if self.model == "login" else ""

    # --- life -----------------------------------------------------------------------------------------------------------------
    def start(self, gate: Any, zones: list[str], hear: Callable[[Any], None], seed: int) -> Any:
        """hyperd, and the relay of the path, which carries the bare entrance's messages for the world as well."""
        self._make_hyperd(gate)
        return self.start_relay(gate, zones, hear, seed)

    def _make_hyperd(self, gate: Any) -> None:
        managers = [(f"{self.side.managers}servers", "consoles", self.servers)]
        if self.model != "host":
            managers.append((f"{self.side.managers}desks", "desktops", self.desks))
        self.hyper = gate.hyper_engine(self.side.zone, managers)

    def start_relay(self, gate: Any, zones: list[str], hear: Callable[[Any], None], seed: int) -> Any:
        sekisho = bindings()
        certificate, key = (file.read_text() for file in self.tls)
        built = self.here.house.build / "portal/dist"
        pages = [sekisho.gate.RelayPage(place, f"https://{at}", str(built / place) if (built / place / "index.html").exists() else "")
                 for place, at in (("desktop", self.side.desktop_page), ("console", self.side.console_page))]
        self.relay_lives = True
        self.relay = gate.relay_engine(self.path, zones=zones, pages=pages, certificate_pem=certificate, key_pem=key,
                                       recordings=str(self.recordings), dial=self.here.dialled, hear=hear, seed=seed)
        self.hyper.attach(self.relay)
        return self.relay

    def stop(self) -> None:
        for engine in (self.hyper, self.relay):
            if engine is not None:
                engine.close()

    def close(self) -> None:
        for viewer in self.viewers:
            viewer.close()
        self.servers.close()
        self.desks.close()

    def log(self) -> list[str]:
        return [*self.relay.log, *self.hyper.log] if self.relay is not None and self.hyper is not None else []

    def work(self) -> bool:
        return any([self.servers.work(), self.desks.work()])

    # --- people ---------------------------------------------------------------------------------------------------------------
    def _line(self, place: str, address: str, source: str, passes: Callable[[], bool]) -> TlsLine:
        return TlsLine(Page(self.relay, place), source, self.here.next_port(), self.here.house.contexts.get(None),
                       name=address.rsplit(":", 1)[0], passes=passes)

    def desktop_page(self, who: str = "") -> DesktopPage:
        who = who or self.side.person

        def connect(address: str) -> TlsLine:
            return self._line("desktop", address, *self.reaches(who, address))

        return DesktopPage(SimulatedDoor(self.here, connect), self.side.desktop_page, self.viewers)

    def console_page(self, at: str = "") -> ConsolePage:
        source = address_of(at or self.side.desktop)
        return ConsolePage(SimulatedDoor(self.here, lambda address: self._line("console", address, source, lambda: True)), self.side.console_page,
                           self.viewers)

    # --- machines -------------------------------------------------------------------------------------------------------------
    def direct(self, server: str, **more: Any) -> Viewer:
        wire = PlainWire(self.servers.screen(self.side.machines[server]["machine"], within=1))
        viewer = SimulatedViewer(self.here, wire, name=f"{server} itself", **more)
        self.viewers.append(viewer)
        return viewer

    def beside(self, desktop: str, port: int) -> Viewer:
        answers = self.here.dialled(address_of(desktop), port)
        assert answers is not None, f"nothing answers at {desktop}:{port}"
        viewer = SimulatedViewer(self.here, PlainWire(answers), name="a viewer without the gate")
        self.viewers.append(viewer)
        return viewer

    def restart(self, server: str) -> None:
        self.servers.held[self.side.machines[server]["machine"]].machine.boot()
        self.here.run(until=self.here.now())

    @contextlib.contextmanager
    def with_device(self, server: str, device: str) -> Iterator[None]:
        machine = self.servers.held[self.side.machines[server]["machine"]].machine
        machine.device = device
        self.restart(server)
        try:
            yield
        finally:
            machine.device = ""
            self.restart(server)

    def desktops(self) -> list[str]:
        self.here.run(until=self.here.now())
        return [uuid for uuid, held in self.desks.held.items() if held.machine.running]

    def switch_off(self, desktop: str) -> None:
        import sekisho.kinds

        machine = self.desks.held[desktop].machine
        machine.running = False
        machine.end_screens()
        self.hyper.saw(f"{self.side.managers}desks", sekisho.kinds.MachineEvent(desktop, "stopped"))
        self.here.run(until=self.here.now())

    @contextlib.contextmanager
    def halted_hyperd(self) -> Iterator[None]:
        """In its place somebody who writes down what he is asked."""
        seam, asked = bindings().seam, []  # type: Any, list[Any]
        self.hyper.close()
        with self.here.at_gate() as gate:
            stand_in = gate.attach("hyperd", self.side.zone, asked.append)
        yield
        self.here.run(until=self.here.now())
        for each in asked:
            if isinstance(each, seam.HyperAsk):
                manager = self.desks if each.manager.endswith("desks") else self.servers
                machines = [seam.HyperMachine(uuid, held.machine.name, "running", True) for uuid, held in manager.held.items()]
                listed = isinstance(each.verb, seam.HyperList)
                stand_in.send(seam.HyperAnswer(each.number, each.zone, seam.HyperMachines(machines) if listed else seam.HyperDone()))
        self.here.run(until=self.here.now())
        stand_in.close()
        with self.here.at_gate() as gate:
            self._make_hyperd(gate)
        if self.relay_lives:
            self.hyper.attach(self.relay)

    # --- recordings -------------------------------------------------------------------------------------------------------------
    def rows(self, session: str = "") -> list[dict[str, Any]]:
        import sekisho.recording

        out = []
        for file in sorted(self.recordings.glob("*.skr")):
            held = sekisho.recording.read_contents(file)
            if not session or held.header.session == session:
                out.append({"file": file.name, "recording": held.header.id, "session": held.header.session, "person": held.header.person,
                            "target": held.header.target, "begin": cast.instant(held.begin), "complete": held.complete})
        return out

    def verify(self, file: pathlib.Path) -> dict[str, Any]:
        """Held against the journal of this gate."""
        import sekisho.recording

        held = sekisho.recording.read_contents(file) if file.exists() else None
        with self.here.at_gate() as gate:
            entries = [stored.entry for stored in gate.entries(limit=100_000)]
        assert held is not None, f"{file} is not there"
        found = sekisho.recording.verify_recording(file, sekisho.recording.notes_of(held.header.id, entries))
        return {"ok": found.ok, "closed": found.closed, "chunks": found.chunks, "unproved_bytes": found.unproved_bytes,
                "proved_until": cast.instant(found.proved_until),
                "findings": [{"what": one.what, "chunk": one.chunk, "offset": one.offset} for one in found.findings]}

    def first_and_last(self, file: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
        import sekisho.recording

        held, player = sekisho.recording.read_contents(file), sekisho.recording.Player(file)
        return (self._frame(player, file, held.begin + datetime.timedelta(seconds=1), "first"), self._frame(player, file, held.end, "last"))

    @staticmethod
    def _frame(player: Any, file: pathlib.Path, at: datetime.datetime, name: str) -> pathlib.Path:
        from PIL import Image

        player.seek(at)
        shown, out = player.picture, file.with_suffix(f".{name}.png")
        Image.frombytes("RGB", (shown.width, shown.height), shown.rgb).save(out)
        return out

    @contextlib.contextmanager
    def small_disk(self) -> Iterator["MemoryDisk"]:
        yield MemoryDisk(self)

    def kill_relay(self) -> None:
        self.relay.kill()
        self.relay_lives = False
        self.here.run(until=self.here.now())

    def relay_back(self, within: float = 20) -> None:
        self.here.start_relay(self)


class MemoryDisk(SmallDisk):
    def __init__(self, consoles: SimulatedConsoles) -> None:
        self.consoles = consoles

    def fill(self) -> None:
        self.consoles.relay.disk_has_room = False

    def free(self) -> None:
        self.consoles.relay.disk_has_room = True


__all__ = ["SimulatedConsoles", "SimulatedGuest", "address_of"]
