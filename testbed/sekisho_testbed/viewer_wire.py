"""A viewer's wires outside of virtual time: sockets, plain or TLS, the gate's WebSocket over them, and a viewer with a thread that
listens to one, ended by close()."""
from __future__ import annotations

import functools
import pathlib
import select
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from .netlab import wait_until
from .viewer import Frames, Gone, Opening, Viewer, masked


class OneAtATime:
    """A TLS connection on which one thread reads while another writes: OpenSSL lets one thread at a time into a connection."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self.sock, self.timeout = sock, sock.gettimeout()
        self._lock = threading.Lock()
        sock.setblocking(False)

    def _patiently(self, call: Callable[[], Any]) -> Any:
        while True:
            with self._lock:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    reads, writes = [self.sock], []
                except ssl.SSLWantWriteError:
                    reads, writes = [], [self.sock]
            if not any(select.select(reads, writes, [], self.timeout)):
                raise TimeoutError(f"nothing for {self.timeout} s")

    def recv(self, size: int) -> bytes:
        return bytes(self._patiently(lambda: self.sock.recv(size)))

    def sendall(self, data: bytes) -> None:
        while data:
            data = data[self._patiently(functools.partial(self.sock.send, data)):]

    def shutdown(self, how: int) -> None:
        self.sock.shutdown(how)

    def close(self) -> None:
        self.sock.close()


class Plain:
    """Bytes of a socket as they are."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock: OneAtATime | socket.socket = OneAtATime(sock) if isinstance(sock, ssl.SSLSocket) else sock
        self.why = ""  # what was said at the end

    def read(self) -> bytes:
        data = self.sock.recv(65536)
        if not data:
            raise Gone("the end")
        return data

    def write(self, data: bytes) -> None:
        self.sock.sendall(data)

    def close(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


class WebSocket(Plain):
    """The client's side; `refused` holds the answer when it was not 101."""

    def __init__(self, sock: socket.socket, host: str, path: str, protocols: list[str], origin: str,
                 user_agent: str) -> None:
        super().__init__(sock)
        opening, self.frames = Opening(host, path, protocols, origin, user_agent), Frames()
        self.sock.sendall(opening.request)
        while opening.answer is None:
            opening.feed(super().read())
        self.refused = opening.refused
        if self.refused:
            self.sock.close()
        self.frames.rest = opening.rest

    def read(self) -> bytes:
        while True:
            try:
                for kind, body in self.frames.take():
                    if kind == "data":
                        return body
                    self.sock.sendall(masked(10, body))
            except Gone as end:
                self.why = str(end)
                raise
            self.frames.rest += super().read()

    def write(self, data: bytes) -> None:
        self.sock.sendall(masked(2, data))


class ThreadViewer(Viewer):
    """One thread a viewer, ended by close()."""

    def __init__(self, wire: Plain, *, encodings: list[int] | None = None, name: str = "viewer") -> None:
        self.wire = wire
        self._lock = threading.RLock()
        super().__init__(encodings=encodings, name=name)
        while not self.opened:
            self._feed(self.wire.read())
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _write(self, data: bytes) -> None:
        with self._lock:
            self.wire.write(data)

    def say_in_fragments(self, message: bytes) -> "Viewer":
        with self._lock:  # what the reader asks for in between would stand in the middle of it
            return super().say_in_fragments(message)

    def picture(self, file: pathlib.Path) -> pathlib.Path:
        self.seen()
        with self._lock:
            return self._save(file)

    def _pause(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def _wait(self, check: Callable[[], object], within: float, what: str) -> Any:
        return wait_until(check, within, what, on_fail=lambda: self.ended)

    def _listen(self) -> None:
        try:
            while True:
                data = self.wire.read()
                with self._lock:
                    self._feed(data)
        except (OSError, AssertionError, ValueError) as end:
            self.ended = self.wire.why or str(end) or type(end).__name__

    def close(self) -> None:
        self.wire.close()
        self._reader.join(5)


def trusting(ca: pathlib.Path) -> ssl.SSLContext:
    """Verifies the page's certificate against the lab's CA."""
    return ssl.create_default_context(cafile=str(ca))
