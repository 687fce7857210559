"""Desktops and consoles of one side of a gate in the namespaces lab: configuration, pages as a program sees them, recordings."""
from __future__ import annotations

import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
from typing import TYPE_CHECKING, Any

from . import cast, cast_closed
from .gatehouse import UIDS
from .hypervisor import Hypervisor
from .netlab import Host, wait_until
from .people import ConsoleDesk
from .viewer import Plain, Viewer, WebSocket, trusting

if TYPE_CHECKING:
    from .namespaces import NamespacesWorld

USER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
OPEN_S = 20  # a screen's opening asks gatekeeper, hyperd and disk, beside emulated guests


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


class PageClient:
    """Somebody on a host who speaks to one of the gate's pages; each question on a connection of its own."""

    def __init__(self, host: Host, address: str, ca: pathlib.Path, opened: list[Viewer] | None = None) -> None:
        """`opened`: every screen is added to it."""
        self.host, self.address, self.ca = host, address, ca
        self.opened = [] if opened is None else opened
        self.origin = f"https://{address}"

    def connect(self, within: float = 10) -> ssl.SSLSocket:
        """Throws OSError where nothing answers."""
        name, port = self.address.rsplit(":", 1)
        sock = self.host.connect(name, int(port), within)
        sock.settimeout(60)
        return trusting(self.ca).wrap_socket(sock, server_hostname=name)

    def answers(self, within: float = 1) -> bool:
        try:
            self.connect(within).close()
        except OSError:
            return False
        return True

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, origin: str | None = None,
            host: str | None = None) -> Answer:
        """`origin`: another than the page's own; `host`: another name for the gate."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {host or self.address}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n"
        sent = b""
        if method == "POST":
            sent = json.dumps(body or {}).encode()
            head += f"Origin: {self.origin if origin is None else origin}\r\nContent-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        with self.connect() as sock:
            sock.sendall(head.encode() + b"\r\n" + sent)
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            data = answer.read()
        is_json = answer.headers.get_content_type() == "application/json"
        return Answer(answer.status, json.loads(data) if is_json else data)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Answer:
        return self.ask("POST", path, body)

    def ticket(self, path: str) -> dict[str, str]:
        """Waits while the gate says that it is not ready yet."""
        answer = wait_until(lambda: (a := self.post(path)).ok and a or (None if a.status == 503 or a.code == "desktop.not_ready" else a),
                            120, f"a ticket of {path}", every=0.3)
        assert answer.ok, answer
        return dict(answer.body)

    def screen(self, ticket: dict[str, str], *, origin: str | None = None, encodings: list[int] | None = None) -> Viewer:
        """Opens the screen that the ticket is for. AssertionError with the answer when it is refused."""
        wire = self.socket(ticket, origin=origin)
        assert not wire.refused, wire.refused
        viewer = Viewer(wire, encodings=encodings, name=f"screen at {self.address}")
        self.opened.append(viewer)
        return viewer

    def socket(self, ticket: dict[str, str], *, origin: str | None = None) -> WebSocket:
        return WebSocket(self.connect(OPEN_S), self.address, ticket["websocket"], [f"sekisho.ticket.{ticket['ticket']}", "binary"],
                         self.origin if origin is None else origin, USER_AGENT)


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

        found: dict[str, Any] = wait_until(stands, within, "the desktop is ready", every=0.3)
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


class Desk(ConsoleDesk):
    def __init__(self, page: ConsolePage) -> None:
        self.page = page

    @staticmethod
    def code(answer: Answer) -> str:
        assert answer.code or answer.ok, answer
        return answer.code

    def login(self, who: str, password: str) -> str:
        return self.code(self.page.login(who, password))

    def servers(self) -> tuple[str, list[str]]:
        answer = self.page.get("/api/console/servers")
        return self.code(answer), [str(row["id"]) for row in answer.body["servers"]] if answer.ok else []

    def ticket(self, server: str) -> str:
        return self.code(self.page.post(f"/api/console/servers/{server}/ticket"))

    def opens(self, ticket: str) -> bool:
        return not self.page.socket({"ticket": ticket, "websocket": "/ws/console"}).refused


class Consoles:
    def __init__(self, world: "NamespacesWorld", model: str, hypervisor: Hypervisor, tls: tuple[pathlib.Path, pathlib.Path],
                 side: Side = INTERNET) -> None:
        self.world, self.model, self.hypervisor, self.tls, self.side = world, model, hypervisor, tls, side
        self.viewers: list[Viewer] = []  # every one that was opened
        self.acceleration, self.spare = "", 0  # how desktops are made from the next configuration on, and how many ahead
        self.recordings = world.folder / f"{side.managers}recordings"
        shutil.rmtree(self.recordings, ignore_errors=True)
        self.recordings.mkdir(parents=True)
        os.chown(self.recordings, UIDS[side.relay], UIDS[side.relay])
        self.recordings.chmod(0o700)
        # Desktops that are machines: one seat, at the address of a host of the lab, which is where their browser runs here.
        self.pool = f"{side.managers}overlays-{world.folder.name}"
        if model != "host":
            hypervisor.pool(self.pool)

    def configuration(self) -> dict[str, Any]:
        """The path's own keys ("path"), the zone's hypervisor ("zone"), and what holds for every screen of the site ("consoles")."""
        side, hypervisor, files = self.side, self.hypervisor, self.world.house.build / "portal/dist"
        tls = {"certificate_file": str(self.tls[0]), "key_file": str(self.tls[1])}
        pages = {name: {"listen": at, "origin": f"https://{at}", "files": str(files / name), "tls": tls}
                 for name, at in (("desktop", side.desktop_page), ("console", side.console_page))}
        desks = f"{side.managers}desks"
        zone: dict[str, Any] = {
            "zone": side.zone, "uid": UIDS[side.hyperd],
            "managers": [{"name": f"{side.managers}servers", "role": "consoles", "plugin": hypervisor.manager("consoles")}],
        }
        if self.model != "host":
            zone["network"] = side.network
            zone["managers"].append({"name": desks, "role": "desktops", "plugin": hypervisor.manager("desktops", self.pool, self.acceleration)})
            model = next(m for m in hypervisor.models(self.pool) if m["name"] == self.model)
            # A seat with an owner is never prepared ahead: with spare ones it is anybody's who may have the desktop.
            whose: dict[str, Any] = ({"desktops": [side.desktop], "seats": [side.seat]} if self.spare
                                     else {"seats": [{"desktop": side.desktop, **side.seat}]})
            zone["pools"] = [{
                "name": desks, "manager": desks, "model": self.model, "account": model.get("account", ""),
                "spare": self.spare, "start_s": 5, **whose,
            }]
        return {"path": {"pages": {**pages, "recordings": str(self.recordings)}}, "zone": zone,
                "consoles": {"watermark": True, "recorded": True, "keys": "masked", "screens_per_session": 4}}

    # --- people ---------------------------------------------------------------------------------------------------------------
    def desktop_page(self, who: str = "") -> DesktopPage:
        """From his PC, through the tunnel."""
        house = self.world.house
        return DesktopPage(house.lab.hosts[self.world.people[who or self.side.person]["pc"]], self.side.desktop_page,
                           house.web_ca.certificate, self.viewers)

    def console_page(self, at: str = "") -> ConsolePage:
        """From a host that has the address of a desktop."""
        house = self.world.house
        return ConsolePage(house.lab.hosts[at or self.side.desktop], self.side.console_page, house.web_ca.certificate, self.viewers)

    def at_consoles(self, who: str = "") -> ConsolePage:
        """Inside, his desktop stands, and he has logged in at the console page."""
        who = who or self.side.person
        self.desktop_page(who).ready()
        page = self.console_page(self.world.people[who]["desktop"])
        done = page.login(who, self.world.people[who]["password"])
        assert done.ok, done
        return page

    def direct(self, server: str, **more: Any) -> Viewer:
        """A viewer at the machine itself, with nothing of the gate between: what the gate has to stop."""
        machine = self.hypervisor.connection.lookupByUUIDString(self.side.machines[server]["machine"])
        here, there = socket.socketpair()
        with there:
            machine.openGraphics(0, there.fileno(), 1)  # VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH
        viewer = Viewer(Plain(here), name=f"{server} itself", **more)
        self.viewers.append(viewer)
        return viewer

    def pictures(self, folder: pathlib.Path) -> list[tuple[str, pathlib.Path]]:
        """What each screen showed last, and what became of it: evidence."""
        return [(f"{viewer.name}: {viewer.ended or 'open'}; heard: {', '.join(kind for kind, _ in viewer.heard[-8:]) or 'pictures alone'}",
                 viewer.picture(folder / f"{self.side.managers}screen-{n}.png"))
                for n, viewer in enumerate(self.viewers) if viewer.updates > 0]

    # --- recordings -------------------------------------------------------------------------------------------------------------
    def files(self, session: str = "") -> list[pathlib.Path]:
        """Recordings, the oldest first; of one session."""
        rows = self.world.ctl("recording", "list", "--dir", str(self.recordings), *(["--session", session] if session else []))["recordings"]
        return [self.recordings / row["file"] for row in sorted(rows, key=lambda row: str(row.get("begin", "")))]

    def rows(self) -> list[dict[str, Any]]:
        return list(self.world.ctl("recording", "list", "--dir", str(self.recordings))["recordings"])

    def verify(self, file: pathlib.Path) -> dict[str, Any]:
        """What sekishoctl says of one file; a finding is an answer, not a failure."""
        done = self.world.gatehouse.ctl_raw("recording", "verify", str(file))
        assert done.returncode in (0, 1) and done.stdout, done.stdout + done.stderr
        row: dict[str, Any] = json.loads(done.stdout)["recordings"][0]
        return row

    def film(self, file: pathlib.Path) -> pathlib.Path:
        """The auditor takes it out as a film."""
        out = self.world.folder / f"{file.stem}.webm"
        done = self.world.gatehouse.ctl_raw("recording", "export", str(file), "--out", str(out), "--by", "kato", "--reason", "story",
                                            within=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return out
