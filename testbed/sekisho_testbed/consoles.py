"""Desktops and consoles of one side of a gate, as stories see them: pages, screens, machines, recordings. `world.consoles`.

The verbs are the same in every lab; namespaces_consoles.py has them over sockets, libvirt and processes, simulated_consoles.py
over bytes in memory, machines in memory and virtual time.
"""
from __future__ import annotations

import abc
import contextlib
import dataclasses
import http.client
import io
import json
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast as typed

from . import cast, cast_closed
from .viewer import Opening, Viewer

if TYPE_CHECKING:
    import socket

    from .world import World

USER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"


@dataclasses.dataclass(frozen=True)
class Side:
    """What differs between the two paths, which have no zone, page, network, hypervisor or user of the system in common (R01)."""
    zone: str
    desktop_page: str
    console_page: str
    network: str
    desktop: str
    seat: dict[str, str]
    person: str                            # whose pages are meant where nobody is named
    hyperd: str                            # users (UIDS)
    relay: str
    machines: dict[str, dict[str, str]]    # servers with a screen: manager and UUID
    managers: str = ""                     # before the names of its managers and pools: they differ over all zones


INTERNET = Side("internet_business", cast.DESKTOP_PAGE, cast.CONSOLE_PAGE, "10.40.0.0/24", "vdi-01",
                {"mac": "52:54:00:40:00:11", "address": cast.address(cast.DESKTOPS["vdi-01"])}, "mori", "hyperd", "relay", cast.MACHINES)
CLOSED = Side("my_number", cast_closed.DESKTOP_PAGE, cast_closed.CONSOLE_PAGE, "10.41.0.0/24", "vdi-11",
              {"mac": "52:54:00:41:00:11", "address": cast_closed.address(cast_closed.DESKTOPS["vdi-11"])}, "sato", "closed-hyperd",
              "closed-relay", cast_closed.MACHINES, "number-")


@dataclasses.dataclass
class Answer:
    status: int
    body: Any  # JSON, or bytes

    @property
    def code(self) -> str:
        """The refusal's code; "" of an answer that is none."""
        return str(self.body["refusal"]["code"]) if isinstance(self.body, dict) and "refusal" in self.body else ""

    @property
    def ok(self) -> bool:
        return self.status == 200 and not self.code


class _Heard:
    """Bytes where the standard library's reader of answers wants a socket."""

    def __init__(self, heard: bytes) -> None:
        self.heard = heard

    def makefile(self, _: str) -> io.BytesIO:
        return io.BytesIO(self.heard)


def answer_in(heard: bytes) -> Answer:
    answer = http.client.HTTPResponse(typed("socket.socket", _Heard(heard)))
    answer.begin()
    data = answer.read()
    return Answer(answer.status, json.loads(data) if answer.headers.get_content_type() == "application/json" else data)


class ScreenWire(abc.ABC):
    """A WebSocket that was opened, or `refused`: then that is the whole answer."""
    refused: str

    @abc.abstractmethod
    def viewer(self, *, encodings: list[int] | None = None, name: str = "viewer") -> Viewer:
        """Reads it from here on. AssertionError when it greets with a refusal."""


class Door(abc.ABC):
    """Somebody at a host before one of the gate's pages: how his bytes get there. OSError where nothing answers."""

    @abc.abstractmethod
    def begin(self, address: str, said: bytes) -> Callable[[], bytes]:
        """Says it on a connection of its own; what is given back waits for the whole answer."""

    @abc.abstractmethod
    def answers(self, address: str, within: float) -> bool: ...

    @abc.abstractmethod
    def socket(self, address: str, path: str, protocols: list[str], origin: str) -> ScreenWire: ...

    @abc.abstractmethod
    def wait(self, check: Callable[[], object], within: float, what: str) -> Any: ...


class PageClient:
    """Each question on a connection of its own."""

    def __init__(self, door: Door, address: str, opened: list[Viewer] | None = None) -> None:
        """`opened`: every screen is added to it."""
        self.door, self.address = door, address
        self.opened = [] if opened is None else opened
        self.origin = f"https://{address}"

    def answers(self, within: float = 1) -> bool:
        return self.door.answers(self.address, within)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, origin: str | None = None,
            host: str | None = None) -> Answer:
        """`origin`: another than the page's own; `host`: another name for the gate."""
        return self.asking(method, path, body, origin=origin, host=host)()

    def asking(self, method: str, path: str, body: dict[str, Any] | None = None, *, origin: str | None = None,
               host: str | None = None) -> Callable[[], Answer]:
        """The same, not waited for yet."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {host or self.address}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n"
        sent = b""
        if method == "POST":
            sent = json.dumps(body or {}).encode()
            head += f"Origin: {self.origin if origin is None else origin}\r\nContent-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        answer = self.door.begin(self.address, head.encode() + b"\r\n" + sent)
        return lambda: answer_in(answer())

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Answer:
        return self.ask("POST", path, body)

    def ticket(self, path: str) -> dict[str, str]:
        """Waits while the gate says that it is not ready yet."""
        answer = self.door.wait(lambda: (a := self.post(path)).ok and a or (None if a.status == 503 or a.code == "desktop.not_ready" else a),
                                120, f"a ticket of {path}")
        assert answer.ok, answer
        return dict(answer.body)

    def screen(self, ticket: dict[str, str], *, origin: str | None = None, encodings: list[int] | None = None) -> Viewer:
        """Opens the screen that the ticket is for. AssertionError with the answer when it is refused."""
        wire = self.socket(ticket, origin=origin)
        assert not wire.refused, wire.refused
        viewer = wire.viewer(encodings=encodings, name=f"screen at {self.address}")
        self.opened.append(viewer)
        return viewer

    def socket(self, ticket: dict[str, str], *, origin: str | None = None) -> ScreenWire:
        return self.door.socket(self.address, ticket["websocket"], self._words(ticket), self.origin if origin is None else origin)

    def opening(self, ticket: dict[str, str]) -> Callable[[], Answer]:
        """A screen that is not waited for yet, and of which no more than a refusal will be looked at."""
        said = Opening(self.address, ticket["websocket"], self._words(ticket), self.origin, USER_AGENT).request
        answer = self.door.begin(self.address, said)
        return lambda: answer_in(answer())

    @staticmethod
    def _words(ticket: dict[str, str]) -> list[str]:
        return [f"sekisho.ticket.{ticket['ticket']}", "binary"]


class DesktopPage(PageClient):
    def view(self) -> dict[str, Any]:
        answer = self.get("/api/desktop")
        assert answer.ok, answer
        return dict(answer.body)

    def ready(self, within: float = 120) -> dict[str, Any]:
        """Its desktop, once it stands."""
        def stands() -> dict[str, Any] | None:
            answer = self.get("/api/desktop")
            if answer.status == 503:  # the gate's own trouble passes
                return None
            assert answer.ok, answer
            view = dict(answer.body)
            assert view["desktop"]["state"] != "failed", view
            return view if view["desktop"]["state"] == "ready" else None

        found: dict[str, Any] = self.door.wait(stands, within, "the desktop is ready")
        return found

    def open(self, **more: Any) -> Viewer:
        return self.screen(self.ticket("/api/desktop/ticket"), **more)

    def end(self) -> None:
        assert self.post("/api/session/end").ok


class ConsolePage(PageClient):
    def login(self, person: str, password: str) -> Answer:
        return self.post("/api/console/login", {"person": person, "password": password})

    def servers(self) -> dict[str, dict[str, Any]]:
        answer = self.get("/api/console/servers")
        assert answer.ok, answer
        return {row["id"]: row for row in answer.body["servers"]}

    def open(self, server: str, **more: Any) -> Viewer:
        return self.screen(self.ticket(f"/api/console/servers/{server}/ticket"), **more)


class SmallDisk(abc.ABC):
    """The disk of the recordings, which a story can fill."""

    @abc.abstractmethod
    def fill(self) -> None: ...

    @abc.abstractmethod
    def free(self) -> None: ...


class Consoles(abc.ABC):
    recordings: pathlib.Path  # the folder

    def __init__(self, world: "World", model: str, side: Side) -> None:
        """`model`: of the desktops that the gate makes; "host": those that stand in the registry."""
        self.world, self.model, self.side = world, model, side
        self.viewers: list[Viewer] = []  # every one that was opened
        self.spare = 0  # how many desktops are made ahead from the next configuration on

    def configuration(self) -> dict[str, Any]:
        """The path's own keys ("path"), the zone's hypervisor ("zone"), and what holds for every screen of the site ("consoles")."""
        side = self.side
        pages = {name: {"listen": at, "origin": f"https://{at}", **self._page(name)}
                 for name, at in (("desktop", side.desktop_page), ("console", side.console_page))}
        desks = f"{side.managers}desks"
        zone: dict[str, Any] = {"zone": side.zone, **self._zone(),
                                "managers": [{"name": f"{side.managers}servers", "role": "consoles", **self._manager("consoles")}]}
        if self.model != "host":
            zone["network"] = side.network
            zone["managers"].append({"name": desks, "role": "desktops", **self._manager("desktops")})
            # A seat with an owner is never prepared ahead: with spare ones it is anybody's who may have the desktop.
            whose: dict[str, Any] = ({"desktops": [side.desktop], "seats": [side.seat]} if self.spare
                                     else {"seats": [{"desktop": side.desktop, **side.seat}]})
            zone["pools"] = [{"name": desks, "manager": desks, "model": self.model, "account": self._account(),
                              "spare": self.spare, "start_s": 5, **whose}]
        return {"path": {"pages": {**pages, "recordings": str(self.recordings)}}, "zone": zone,
                "consoles": {"watermark": True, "recorded": True, "keys": "masked", "screens_per_session": 4}}

    def _page(self, name: str) -> dict[str, Any]:
        """What a page's configuration has besides."""
        return {}

    def _zone(self) -> dict[str, Any]:
        return {}

    def _manager(self, role: str) -> dict[str, Any]:
        return {}

    @abc.abstractmethod
    def _account(self) -> str:
        """The model's local account; "" where it has none."""

    # --- people ---------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def desktop_page(self, who: str = "") -> DesktopPage:
        """From his PC, through the tunnel."""

    @abc.abstractmethod
    def console_page(self, at: str = "") -> ConsolePage:
        """From a host that has the address of a desktop."""

    def at_consoles(self, who: str = "") -> ConsolePage:
        """Inside, his desktop stands, and he has logged in at the console page."""
        who = who or self.side.person
        self.desktop_page(who).ready()
        page = self.console_page(self.world.people[who]["desktop"])
        done = page.login(who, self.world.people[who]["password"])
        assert done.ok, done
        return page

    # --- machines -------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def direct(self, server: str, **more: Any) -> Viewer:
        """A viewer at the machine itself, with nothing of the gate between: what the gate has to stop."""

    @abc.abstractmethod
    def beside(self, desktop: str, port: int) -> Viewer:
        """A viewer at this desktop's address with nothing of the gate between: what the gate has to stop."""

    @abc.abstractmethod
    def restart(self, server: str) -> None:
        """A server machine as it was at first."""

    @abc.abstractmethod
    def with_device(self, server: str, device: str) -> contextlib.AbstractContextManager[None]:
        """Meanwhile the server's machine is defined with this device more, in libvirt's words; started anew before and after."""

    @abc.abstractmethod
    def desktops(self) -> list[str]:
        """UUIDs of the machines that brokers made, as the hypervisor knows them."""

    @abc.abstractmethod
    def switch_off(self, desktop: str) -> None:
        """The machine with this UUID, which a broker has made, loses its power."""

    @abc.abstractmethod
    def halted_hyperd(self) -> contextlib.AbstractContextManager[None]:
        """Meanwhile the hyperd of this zone answers nothing; whatever it was asked it answers afterwards."""

    def pictures(self, folder: pathlib.Path) -> list[tuple[str, pathlib.Path]]:
        """What each screen showed last, and what became of it: evidence."""
        return [(f"{viewer.name}: {viewer.ended or 'open'}; heard: {', '.join(kind for kind, _ in viewer.heard[-8:]) or 'pictures alone'}",
                 viewer.picture(folder / f"{self.side.managers}screen-{n}.png"))
                for n, viewer in enumerate(self.viewers) if viewer.updates > 0]

    # --- recordings -------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def rows(self, session: str = "") -> list[dict[str, Any]]:
        """What each recording in the folder says of itself: file, recording, session, person, target, begin."""

    def files(self, session: str = "") -> list[pathlib.Path]:
        """Recordings, the oldest first; of one session."""
        return [self.recordings / row["file"] for row in sorted(self.rows(session), key=lambda row: str(row.get("begin", "")))]

    @abc.abstractmethod
    def verify(self, file: pathlib.Path) -> dict[str, Any]:
        """One file held against the journal; a finding is an answer, not a failure."""

    @abc.abstractmethod
    def first_and_last(self, file: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
        """What a closed recording shows a second after its beginning and at its end, as PNG."""

    @abc.abstractmethod
    def small_disk(self) -> contextlib.AbstractContextManager[SmallDisk]:
        """Meanwhile the recordings go to a small disk; whoever is inside may have to come anew."""

    @abc.abstractmethod
    def kill_relay(self) -> None:
        """The relay of this path dies at once: nothing is said or written any more."""

    @abc.abstractmethod
    def relay_back(self, within: float = 20) -> None:
        """It has been started again."""
