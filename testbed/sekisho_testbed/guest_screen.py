"""A guest's screen that says whatever a story wants, and writes down whatever reaches it: RFB 3.8, server's side.

What it hears is what came through the gate.
"""
from __future__ import annotations

import abc
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .netlab import Host
from .rfb_guest import GuestTalk

if TYPE_CHECKING:
    from .world import World

WIDTH, HEIGHT = 320, 200


class GuestScreen(abc.ABC):
    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.talks: list[GuestTalk] = []  # of every viewer that came as far as the picture; the newest is the last
        self.painted: set[int] = set()

    @property
    def asked(self) -> list[int]:
        """Encodings, of the newest viewer."""
        return self.talks[-1].asked if self.talks else []

    @abc.abstractmethod
    def say(self, message: bytes, *, fragments: bool = False) -> None:
        """To the newest viewer."""

    @abc.abstractmethod
    def close(self) -> None: ...

    def count(self, what: str) -> int:
        return sum(1 for kind, _ in self.heard if kind == what)

    def _hear(self, talk: GuestTalk, what: str, message: bytes) -> None:
        if talk not in self.talks:
            self.talks.append(talk)
        if what == "request" and id(talk) not in self.painted:
            self.painted.add(id(talk))
            talk.paint(0, 0, WIDTH, HEIGHT, b"\x30\x60\x90\0" * (WIDTH * HEIGHT))
        self.heard.append((what, message))


class ListeningGuest(GuestScreen):
    """On a host of the lab; one thread a connection."""

    def __init__(self, host: Host, port: int) -> None:
        super().__init__()
        self.connections: list[socket.socket] = []
        self._whole = threading.Lock()  # a message is sent whole
        self._listener = host.listen(port)
        threading.Thread(target=self._accept, daemon=True).start()

    def say(self, message: bytes, *, fragments: bool = False) -> None:
        with self._whole:
            for part in ([bytes([byte]) for byte in message] if fragments else [message]):
                self.connections[-1].sendall(part)

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
        def write(data: bytes) -> None:
            with self._whole:
                connection.sendall(data)

        talk = GuestTalk(write, (WIDTH, HEIGHT), self._hear)
        counted = False
        while data := connection.recv(65536):
            talk.feed(data)
            if talk.opened and not counted:
                counted = True
                self.connections.append(connection)


@contextlib.contextmanager
def in_place_of(world: "World", desktop: str, port: int) -> Iterator[GuestScreen]:
    """The desktop is a screen that says and hears anything; the gate finds it at its address, as the registry says."""
    registry = world.export()
    next(d for d in registry["desktops"] if d["id"] == desktop)["port"] = port
    world.replace(registry)
    screen = world.guest_screen(desktop, port)
    try:
        yield screen
    finally:
        screen.close()
