"""Desktops and consoles of the namespaces lab: pages over sockets from its hosts, libvirt's machines, sekishoctl's recordings."""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from . import cast, cast_closed
from .consoles import INTERNET, USER_AGENT, ConsolePage, Consoles, DesktopPage, Door, ScreenWire, Side, SmallDisk
from .gatehouse import UIDS
from .halted import halted
from .hypervisor import Hypervisor
from .netlab import Host, NetLab, wait_until
from .programs.answers import complete
from .viewer import Viewer
from .viewer_wire import Plain, ThreadViewer, WebSocket, trusting

if TYPE_CHECKING:
    from .namespaces import NamespacesWorld

OPEN_S = 20  # a screen's opening asks gatekeeper, hyperd and disk, beside emulated guests


class SocketWire(ScreenWire):
    def __init__(self, wire: WebSocket) -> None:
        self.wire, self.refused = wire, wire.refused

    def viewer(self, *, encodings: list[int] | None = None, name: str = "viewer") -> Viewer:
        return ThreadViewer(self.wire, encodings=encodings, name=name)


class HostDoor(Door):
    def __init__(self, host: Host, ca: pathlib.Path) -> None:
        self.host, self.ca = host, ca

    def connect(self, address: str, within: float = 10) -> ssl.SSLSocket:
        name, port = address.rsplit(":", 1)
        sock = self.host.connect(name, int(port), within)
        sock.settimeout(60)
        return trusting(self.ca).wrap_socket(sock, server_hostname=name)

    def begin(self, address: str, said: bytes) -> Callable[[], bytes]:
        sock = self.connect(address)
        sock.sendall(said)

        def answer() -> bytes:
            heard = b""
            with sock:
                while not complete(heard) and (data := sock.recv(65536)):
                    heard += data
            return heard

        return answer

    def answers(self, address: str, within: float) -> bool:
        try:
            self.connect(address, within).close()
        except OSError:
            return False
        return True

    def socket(self, address: str, path: str, protocols: list[str], origin: str) -> SocketWire:
        return SocketWire(WebSocket(self.connect(address, OPEN_S), address, path, protocols, origin, USER_AGENT))

    def wait(self, check: Callable[[], object], within: float, what: str) -> Any:
        return wait_until(check, within, what, every=0.3)


def refused_at(host: Host, address: str, port: int) -> str:
    """What a viewer program there is told instead of a screen; "" when it is shown one."""
    try:
        ThreadViewer(Plain(host.connect(address, port))).close()
    except AssertionError as refusal:
        return str(refusal)
    return ""


class NamespacesConsoles(Consoles):
    def __init__(self, world: "NamespacesWorld", model: str, hypervisor: Hypervisor, tls: tuple[pathlib.Path, pathlib.Path],
                 side: Side = INTERNET) -> None:
        super().__init__(world, model, side)
        self.lab_world, self.hypervisor, self.tls = world, hypervisor, tls
        self.acceleration = ""  # how desktops are made from the next configuration on
        self.recordings = world.folder / f"{side.managers}recordings"
        shutil.rmtree(self.recordings, ignore_errors=True)
        self.recordings.mkdir(parents=True)
        os.chown(self.recordings, UIDS[side.relay], UIDS[side.relay])
        self.recordings.chmod(0o700)
        # Desktops that are machines: one seat, at the address of a host of the lab, which is where their browser runs here.
        self.pool = f"{side.managers}overlays-{world.folder.name}"
        if model != "host":
            hypervisor.pool(self.pool)

    def _page(self, name: str) -> dict[str, Any]:
        tls = {"certificate_file": str(self.tls[0]), "key_file": str(self.tls[1])}
        return {"files": str(self.lab_world.house.build / "portal/dist" / name), "tls": tls}

    def _zone(self) -> dict[str, Any]:
        return {"uid": UIDS[self.side.hyperd]}

    def _manager(self, role: str) -> dict[str, Any]:
        return {"plugin": self.hypervisor.manager(role, self.pool if role == "desktops" else "", self.acceleration)}

    def _account(self) -> str:
        model = next(m for m in self.hypervisor.models(self.pool) if m["name"] == self.model)
        return str(model.get("account", ""))

    # --- people ---------------------------------------------------------------------------------------------------------------
    def _door(self, host: str) -> HostDoor:
        house = self.lab_world.house
        return HostDoor(house.lab.hosts[host], house.web_ca.certificate)

    def desktop_page(self, who: str = "") -> DesktopPage:
        return DesktopPage(self._door(self.world.people[who or self.side.person]["pc"]), self.side.desktop_page, self.viewers)

    def console_page(self, at: str = "") -> ConsolePage:
        return ConsolePage(self._door(at or self.side.desktop), self.side.console_page, self.viewers)

    # --- machines -------------------------------------------------------------------------------------------------------------
    def direct(self, server: str, **more: Any) -> Viewer:
        machine = self.hypervisor.connection.lookupByUUIDString(self.side.machines[server]["machine"])
        here, there = socket.socketpair()
        with there:
            machine.openGraphics(0, there.fileno(), 1)  # VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH
        viewer = ThreadViewer(Plain(here), name=f"{server} itself", **more)
        self.viewers.append(viewer)
        return viewer

    def beside(self, desktop: str, port: int) -> Viewer:
        desktops = {**cast.DESKTOPS, **cast_closed.DESKTOPS}
        address = next(s for s in [*cast.SEGMENTS, *cast_closed.SEGMENTS] if s.name == desktops[desktop].segment).address(desktops[desktop].last)
        other = next(name for name, plug in desktops.items() if plug.segment == desktops[desktop].segment and name != desktop)
        wire = Plain(self.lab_world.house.lab.hosts[other].connect(address, port))
        viewer = ThreadViewer(wire, name="a viewer without the gate")
        self.viewers.append(viewer)
        return viewer

    def restart(self, server: str) -> None:
        self.hypervisor.restart(self.side.machines[server]["machine"])

    def with_device(self, server: str, device: str) -> contextlib.AbstractContextManager[None]:
        return self.hypervisor.with_device(server, device)

    def desktops(self) -> list[str]:
        return self.hypervisor.desktops()

    def switch_off(self, desktop: str) -> None:
        self.hypervisor.connection.lookupByUUIDString(desktop).destroy()

    @contextlib.contextmanager
    def halted_hyperd(self) -> Iterator[None]:
        hyperd = self.lab_world.gatehouse.pids()["sekisho-hyperd"]
        with halted(hyperd):
            yield

    # --- recordings -------------------------------------------------------------------------------------------------------------
    def rows(self, session: str = "") -> list[dict[str, Any]]:
        return list(self.lab_world.ctl("recording", "list", "--dir", str(self.recordings),
                                       *(["--session", session] if session else []))["recordings"])

    def verify(self, file: pathlib.Path) -> dict[str, Any]:
        """What sekishoctl says of it."""
        done = self.lab_world.gatehouse.ctl_raw("recording", "verify", str(file))
        assert done.returncode in (0, 1) and done.stdout, done.stdout + done.stderr
        row: dict[str, Any] = json.loads(done.stdout)["recordings"][0]
        return row

    def film(self, file: pathlib.Path) -> pathlib.Path:
        """The auditor takes it out as a film."""
        out = self.world.folder / f"{file.stem}.webm"
        done = self.lab_world.gatehouse.ctl_raw("recording", "export", str(file), "--out", str(out), "--by", "kato", "--reason", "story",
                                                within=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return out

    def first_and_last(self, file: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
        film = self.film(file)
        # The very first frame is what stood there before the server had sent anything.
        return frame(film, "first", "-ss", "1"), frame(film, "last", "-sseof", "-1")

    @contextlib.contextmanager
    def small_disk(self) -> Iterator["TmpfsDisk"]:
        world, lab, user = self.lab_world, self.lab_world.house.lab, UIDS[self.side.relay]
        world.gatehouse.stop()
        lab.run("mount", "-t", "tmpfs", "-o", f"size=3m,uid={user},gid={user},mode=700", "tmpfs", str(self.recordings))
        try:
            world.restart()
            yield TmpfsDisk(lab, self.recordings)
        finally:
            world.gatehouse.stop()
            lab.run("umount", "-l", str(self.recordings))

    def kill_relay(self) -> None:
        for event in ("supervise.child_ended", "gate.link_lost", "hyperd.link_lost"):
            self.world.allow_event(event, "the relay is killed")
        os.kill(self.lab_world.gatehouse.pids()["sekisho-relay"], signal.SIGKILL)

    def relay_back(self, within: float = 20) -> None:
        self.world.wait(self.lab_world.gatehouse.serves, within, "the relay is back")


class TmpfsDisk(SmallDisk):
    def __init__(self, lab: NetLab, folder: pathlib.Path) -> None:
        self.lab, self.folder = lab, folder

    def fill(self) -> None:
        self.lab.run("sh", "-c", f"head -c 8M /dev/zero >{self.folder}/filler || true")

    def free(self) -> None:
        self.lab.run("rm", f"{self.folder}/filler")


def frame(film: pathlib.Path, name: str, *where: str) -> pathlib.Path:
    out = film.with_suffix(f".{name}.png")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *where, "-i", str(film), "-update", "1", *([] if "-sseof" in where else ["-frames:v", "1"]),
                    str(out)], check=True, timeout=120)
    return out
