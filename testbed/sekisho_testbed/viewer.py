"""A viewer of screens without a browser: RFB 3.8 (RFC 6143) over a WebSocket of the gate's pages (RFC 6455), or over a plain
socket to a guest, which is how a story shows what the gate stops.

It says what it is told to say, byte by byte, writes down every message that comes, and keeps the picture (Raw, 32 bit), so that
a story can read it. One thread a viewer, ended by close().
"""
from __future__ import annotations

import base64
import functools
import hashlib
import os
import pathlib
import select
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable
from typing import Any

from .netlab import wait_until

#: Pseudo-encodings that a viewer may ask for: extended clipboard, xvp, audio, file transfer (consoles.md §1.4).
EXTENDED_CLIPBOARD, XVP, AUDIO = 0xC0A1E5CE, -309, -259
NAMES = {0: "picture", 1: "colours", 2: "bell", 3: "clipboard", 150: "continuous", 248: "fence", 250: "xvp", 255: "sound"}


class Gone(ConnectionError):
    """The other side has closed."""


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
        key = base64.b64encode(os.urandom(16)).decode()
        head = (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {', '.join(protocols)}\r\n")
        self.sock.sendall((head + (f"Origin: {origin}\r\n" if origin else "") + "\r\n").encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.rest += super().read()
        answer, _, self.rest = self.rest.partition(b"\r\n\r\n")
        self.refused = ""
        if not answer.startswith(b"HTTP/1.1 101"):
            length = next((int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
            while len(self.rest) < length:
                self.rest += super().read()
            self.refused = (answer + b"\n" + self.rest).decode(errors="replace")
            self.sock.close()
            return
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        assert b"sec-websocket-accept: " + accept.lower() in answer.lower(), answer

    def _take(self, count: int) -> bytes:
        while len(self.rest) < count:
            self.rest += super().read()
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def read(self) -> bytes:
        while True:
            first, second = self._take(2)
            length = second & 127
            if length > 125:
                length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
            body = self._take(length)
            if first & 15 == 8:
                code = int.from_bytes(body[:2], "big")
                self.why = f"{code} {body[2:].decode(errors='replace')}"
                raise Gone(self.why)
            if first & 15 == 9:
                self._frame(10, body)
            elif first & 15 in (0, 2):
                return body

    def write(self, data: bytes) -> None:
        self._frame(2, data)

    def _frame(self, kind: int, data: bytes) -> None:
        mask = os.urandom(4)
        size = bytes([128 | len(data)]) if len(data) < 126 else \
            bytes([254]) + struct.pack(">H", len(data)) if len(data) < 65536 else bytes([255]) + struct.pack(">Q", len(data))
        masked = bytes(b ^ mask[i & 3] for i, b in enumerate(data))
        self.sock.sendall(bytes([128 | kind]) + size + mask + masked)


class Viewer:
    """From the greeting on. `encodings`: what it asks for beside Raw."""

    def __init__(self, wire: Plain, *, encodings: list[int] | None = None, name: str = "viewer") -> None:
        self.wire, self.name = wire, name
        self.heard: list[tuple[str, bytes]] = []  # every message but pictures: (what, its bytes)
        self.width = self.height = self.updates = 0
        self.pixels = bytearray()
        self.ended = ""
        self._lock = threading.Lock()
        self._rest = b""
        self._open([0, *(encodings or [])])
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    # --- what a person does -----------------------------------------------------------------------------------------------
    def say(self, message: bytes) -> "Viewer":
        """Exact bytes to the other side, in one WebSocket message."""
        with self._lock:
            self.wire.write(message)
        return self

    def say_in_fragments(self, message: bytes) -> "Viewer":
        """The same, each byte a message of its own."""
        with self._lock:  # what the reader asks for in between would stand in the middle of it
            for byte in message:
                self.wire.write(bytes([byte]))
        return self

    def type(self, text: str, pause: float = 0.06) -> "Viewer":
        """Keys by what is printed on them; a person types no faster (consoles.md §1.5)."""
        for letter in text:
            symbol = {"\n": 0xFF0D, "\b": 0xFF08}.get(letter, ord(letter))
            shifted = letter.isupper() or letter in '~!@#$%^&*()_+{}|:"<>?'
            keys = [0xFFE1, symbol] if shifted else [symbol]
            for down, order in ((1, keys), (0, keys[::-1])):
                for key in order:
                    self.say(struct.pack(">BBHI", 4, down, 0, key))
                threading.Event().wait(pause / 2)
        return self

    def picture(self, file: pathlib.Path) -> pathlib.Path:
        """What it shows now, as PNG."""
        from PIL import Image

        wait_until(lambda: self.updates > 0, 20, f"{self.name} shows a picture", on_fail=lambda: self.ended)
        with self._lock:
            Image.frombytes("RGB", (self.width, self.height), bytes(self.pixels), "raw", "BGRX").save(file)
        return file

    def count(self, what: str) -> int:
        return sum(1 for kind, _ in self.heard if kind == what)

    @property
    def live(self) -> bool:
        return not self.ended

    def wait_end(self, within: float) -> str:
        """Why it was closed."""
        return str(wait_until(lambda: self.ended, within, f"{self.name} is closed"))

    def close(self) -> None:
        self.wire.close()
        self._reader.join(5)

    # --- the protocol -------------------------------------------------------------------------------------------------------
    def _take(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._rest += self.wire.read()
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def _open(self, encodings: list[int]) -> None:
        assert self._take(12) == b"RFB 003.008\n"
        self.wire.write(b"RFB 003.008\n")
        count = self._take(1)[0]
        if count == 0:  # RFC 6143 §7.1.2: the reason follows
            raise AssertionError(self._take(int.from_bytes(self._take(4), "big")).decode(errors="replace"))
        kinds = self._take(count)
        assert 1 in kinds, f"security types {list(kinds)}"
        self.wire.write(b"\x01")
        assert self._take(4) == b"\0\0\0\0"
        self.wire.write(b"\x01")  # shared
        self.width, self.height = struct.unpack(">HH", self._take(4))
        self._take(16)
        self._take(int.from_bytes(self._take(4), "big"))
        self.pixels = bytearray(self.width * self.height * 4)
        self.wire.write(b"\0\0\0\0" + struct.pack(">BBBBHHHBBB", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0) + b"\0\0\0")
        self.set_encodings(encodings + [-223])
        self._ask(whole=True)

    def set_encodings(self, encodings: list[int]) -> None:
        self.say(struct.pack(">BBH", 2, 0, len(encodings)) + b"".join(struct.pack(">I", e & 0xFFFFFFFF) for e in encodings))

    def _ask(self, *, whole: bool) -> None:
        with self._lock:
            self.wire.write(struct.pack(">BBHHHH", 3, 0 if whole else 1, 0, 0, self.width, self.height))

    def _listen(self) -> None:
        try:
            while True:
                self._message(self._take(1)[0])
        except (OSError, AssertionError, ValueError) as end:
            self.ended = self.wire.why or str(end) or type(end).__name__

    def _message(self, kind: int) -> None:
        if kind == 0:
            self._update()
            self._ask(whole=False)
            return
        if kind == 1:
            head = self._take(5)
            body = head + self._take(6 * int.from_bytes(head[3:], "big"))
        elif kind in (2, 150):
            body = b""
        elif kind == 3:
            head = self._take(7)
            body = head + self._take(abs(int.from_bytes(head[3:], "big", signed=True)))
        elif kind == 248:
            head = self._take(8)
            body = head + self._take(head[7])
        elif kind == 250:
            body = self._take(3)
        elif kind == 255:
            body = self._take(3)
            if body[1:] == b"\0\2":
                size = self._take(4)
                body += size + self._take(int.from_bytes(size, "big"))
        else:
            raise ValueError(f"an unknown message {kind}")
        self.heard.append((NAMES[kind], bytes([kind]) + body))

    def _update(self) -> None:
        for _ in range(int.from_bytes(self._take(3)[1:], "big")):
            x, y, w, h, encoding = struct.unpack(">HHHHi", self._take(12))
            if encoding == -224:
                break
            if encoding == -223:
                with self._lock:
                    self.width, self.height = w, h
                    self.pixels = bytearray(w * h * 4)
                self._ask(whole=True)
            elif encoding == 0:
                rows = self._take(w * h * 4)
                with self._lock:
                    for row in range(h):
                        at = ((y + row) * self.width + x) * 4
                        self.pixels[at:at + w * 4] = rows[row * w * 4:(row + 1) * w * 4]
            elif encoding == EXTENDED_CLIPBOARD - (1 << 32):
                raise ValueError("clipboard as a picture")
            else:
                self.heard.append((f"encoding {encoding}", b""))
                if encoding not in (-258, -257, -259, -309, -313, -316):
                    raise ValueError(f"encoding {encoding}, which nobody asked for")
        self.updates += 1


def trusting(ca: pathlib.Path) -> ssl.SSLContext:
    """Verifies the page's certificate against the lab's CA."""
    return ssl.create_default_context(cafile=str(ca))


def cut_text(text: bytes) -> bytes:
    """ClientCutText or ServerCutText, plain: types differ."""
    return b"\0\0\0" + struct.pack(">i", len(text)) + text


def provide(text: bytes) -> bytes:
    """The body of an extended clipboard's "provide" of text."""
    return struct.pack(">I", 1 << 28 | 1) + zlib.compress(struct.pack(">I", len(text) + 1) + text + b"\0")


def extended(body: bytes) -> bytes:
    """In its message, behind the type: the length is negative."""
    return b"\0\0\0" + struct.pack(">i", -len(body)) + body

