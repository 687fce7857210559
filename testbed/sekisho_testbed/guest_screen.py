"""A guest's screen that says whatever a story wants, and writes down whatever reaches it: RFB 3.8, server's side.

It listens on a host of the lab; one thread a connection. What it hears is what came through the gate.
"""
from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .netlab import Host

if TYPE_CHECKING:
    from .namespaces import NamespacesWorld

WIDTH, HEIGHT = 320, 200
CLIENT = {0: "format", 2: "encodings", 3: "request", 4: "key", 5: "pointer", 6: "clipboard", 150: "continuous", 248: "fence",
          250: "xvp", 251: "resize", 255: "sound or scan code"}


class GuestScreen:
    def __init__(self, host: Host, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.asked: list[int] = []  # encodings, of the newest connection
        self.connections: list[socket.socket] = []
        self._whole = threading.Lock()  # a message is sent whole
        self._listener = host.listen(port)
        threading.Thread(target=self._accept, daemon=True).start()

    def say(self, message: bytes, *, fragments: bool = False) -> None:
        """To the newest viewer."""
        with self._whole:
            for part in ([bytes([byte]) for byte in message] if fragments else [message]):
                self.connections[-1].sendall(part)

    def count(self, what: str) -> int:
        return sum(1 for kind, _ in self.heard if kind == what)

    def close(self) -> None:
        for each in [self._listener, *self.connections]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._talk(connection)
        except OSError:
            pass

    def _talk(self, connection: socket.socket) -> None:
        rest = b""

        def take(count: int) -> bytes:
            nonlocal rest
            while len(rest) < count:
                data = connection.recv(65536)
                if not data:
                    raise ConnectionError
                rest += data
            taken, rest = rest[:count], rest[count:]
            return taken

        connection.sendall(b"RFB 003.008\n")
        take(12)
        connection.sendall(b"\1\1")
        take(1)
        connection.sendall(b"\0\0\0\0")
        take(1)
        connection.sendall(struct.pack(">HH", WIDTH, HEIGHT) + struct.pack(">BBBBHHHBBB", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0) +
                           b"\0\0\0" + struct.pack(">I", 5) + b"guest")
        self.connections.append(connection)
        painted = False
        while True:
            kind = take(1)[0]
            if kind == 0:
                body = take(19)
            elif kind == 2:
                body = take(3)
                body += take(4 * int.from_bytes(body[1:], "big"))
                self.asked = [int.from_bytes(body[at:at + 4], "big") for at in range(3, len(body), 4)]
            elif kind == 3:
                body = take(9)
                if not painted:
                    with self._whole:
                        connection.sendall(struct.pack(">BBHHHHHi", 0, 0, 1, 0, 0, WIDTH, HEIGHT, 0) + b"\x30\x60\x90\0" * (WIDTH * HEIGHT))
                    painted = True
            elif kind in (4, 5):
                body = take(7 if kind == 4 else 5)
            elif kind == 6:
                body = take(7)
                body += take(abs(int.from_bytes(body[3:], "big", signed=True)))
            elif kind == 150:
                body = take(9)
            elif kind == 248:
                body = take(8)
                body += take(body[7])
            elif kind == 250:
                body = take(3)
            elif kind == 255:
                body = take(1)
                body += take(10 if body == b"\0" else 2)
            else:  # its length is unknown: what follows is kept as it is
                body = rest
                rest = b""
            self.heard.append((CLIENT.get(kind, f"type {kind}"), bytes([kind]) + body))


@contextlib.contextmanager
def in_place_of(world: "NamespacesWorld", desktop: str, port: int) -> Iterator[GuestScreen]:
    """The desktop is a screen that says and hears anything; the gate finds it at its address, as the registry says."""
    registry = world.export()
    next(d for d in registry["desktops"] if d["id"] == desktop)["port"] = port
    world.replace(registry)
    screen = GuestScreen(world.house.lab.hosts[desktop], port)
    try:
        yield screen
    finally:
        screen.close()
