"""A front in this process for an access path written in Python: TLS with the environment's client certificates, one connection of
the path each, a link to the gatekeeper. For tests only: `sekisho-front` runs no Python, and no program of the product loads any.
Packets are not carried."""
from __future__ import annotations

import datetime
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from .gate_here import bindings
from .hosted import Body, Hall, Link

HANDSHAKE_S = 10
NOT_NOW = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class PythonFront(Body):
    """`sekisho-front --path NAME`; for its connections a front as sekisho.lines.AnyFront says."""

    def __init__(self, hall: Hall, name: str, path: Any, node: str, tls: dict[str, str], wall: Callable[[], datetime.datetime]) -> None:
        super().__init__(hall)
        if path.test_only is not True:
            raise ValueError("an access path written in Python is for tests")
        self.name, self.path, self.node, self.wall = name, path, node, wall
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(tls["certificate_file"], tls["key_file"])
        self.context.load_verify_locations(tls["client_ca_file"])
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.pushes: list[object] = []
        self.broke: list[Exception] = []  # what the path raised, one for each connection that it ended
        self.waiting: dict[int, Callable[[Any], None]] = {}
        self.links: dict[str, Link] = {}
        self.listeners: list[socket.socket] = []
        self.connections: list[Connection] = []
        self.asked = 0
        hall.ticks.append(self._tick)

    # --- the supervisor -------------------------------------------------------------------------------------------------------
    def on_listener(self, address: str, listener: socket.socket) -> None:
        listener.setblocking(False)
        self.listeners.append(listener)
        self.hall.watch(listener, lambda: self._accept(listener))

    def on_link(self, name: str, end: socket.socket) -> None:
        if name in self.links:
            self.links[name].close()
        self.links[name] = Link(self.hall, end, ("front", self.name), (name, ""), self.node, heard=self._heard)

    def gone(self) -> None:
        for listener in self.listeners:
            self.hall.unwatch(listener)
            listener.close()
        for connection in list(self.connections):
            connection.close()
        for link in self.links.values():
            link.close()
        self.listeners.clear()
        self.links.clear()
        self.waiting.clear()

    # --- the gatekeeper -------------------------------------------------------------------------------------------------------
    @property
    def now(self) -> datetime.datetime:
        return self.wall()

    def request(self, body: Any, done: Callable[[Any], None]) -> None:
        """With the gatekeeper away nobody answers, and the path's own deadline comes."""
        self.asked += 1
        self.waiting[self.asked] = done
        self._say(bindings().seam.Request(self.asked, body))

    def tell(self, notice: Any) -> None:
        self._say(bindings().seam.Notice(notice))

    def _say(self, message: Any) -> None:
        if "sekishod" in self.links:
            self.links["sekishod"].send(message)

    def _heard(self, message: Any) -> None:
        kind = type(message).__name__
        if kind == "Reply":
            self.waiting.pop(message.number, lambda body: None)(message.body)
        elif kind == "Push":
            self.pushes.append(message.body)
        self._work()

    # --- connections ------------------------------------------------------------------------------------------------------------
    def _accept(self, listener: socket.socket) -> None:
        plain, address = listener.accept()
        self.connections.append(Connection(self, plain, address))

    def _work(self) -> None:
        pushes, self.pushes[:] = list(self.pushes), []
        for connection in list(self.connections):
            connection.go_on(pushes)

    def _tick(self) -> None:
        self._work()


class Connection:
    """One stranger: the handshake, then the path."""

    def __init__(self, front: PythonFront, plain: socket.socket, address: tuple[str, int]) -> None:
        self.front, self.address = front, address
        plain.setblocking(False)
        self.tls = front.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self.begun = time.monotonic()
        self.run: Any = None  # sekisho.lines.PathRun, once the handshake is done
        self.out = bytearray()
        self.over = False
        front.hall.watch(self.tls, self._readable)

    def go_on(self, pushes: list[object]) -> None:
        """What has become due, what was asked and said meanwhile."""
        if self.run is None:
            if time.monotonic() - self.begun > HANDSHAKE_S:
                self.close()
            return
        for push in pushes:
            self.run.on_push(push)
        self.run.on_deadline()
        self.run.work()
        self._flush()

    def close(self) -> None:
        if self in self.front.connections:
            self.front.connections.remove(self)
            self.front.hall.unwatch(self.tls)
            self.tls.close()
            if self.run is not None:
                self.run.gone()
                if self.run.broke is not None:
                    self.front.broke.append(self.run.broke)

    def _readable(self) -> None:
        try:
            if self.run is None:
                self.tls.do_handshake()
                self.run = self._opened()
            while data := self.tls.recv(16384):
                self.run.on_bytes(data)
                self.go_on([])
        except NOT_NOW:
            return
        except (OSError, ValueError):  # ValueError: closed meanwhile
            pass
        self.close()

    def _opened(self) -> Any:
        sekisho = bindings()
        certificate, cipher = self.tls.getpeercert(binary_form=True), self.tls.cipher()
        arrival = sekisho.Arrival(path=self.front.name, peer_address=self.address[0], peer_port=self.address[1], language="ja",
                                  tls_version=self.tls.version() or "", tls_cipher=cipher[0] if cipher else "",
                                  certificate_chain=[certificate] if certificate else [])
        return sekisho.lines.PathRun(self.front, self.front.path, arrival, wrote=self.out.extend, closed=self._hang_up)

    def _hang_up(self, why: str) -> None:
        self.over = True

    def _flush(self) -> None:
        try:
            while self.out:
                del self.out[:self.tls.send(self.out)]
            if self.over:
                self.tls.unwrap()
        except NOT_NOW:
            if self.out:
                return
        except OSError:
            self.over = True
        if self.over:
            self.close()
