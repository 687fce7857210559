"""A viewer of screens without a browser: RFB 3.8 (RFC 6143) over a WebSocket of the gate's pages (RFC 6455), or over plain
bytes to a guest, which is how a story shows what the gate stops.

It says what it is told to say, byte by byte, writes down every message that comes, and keeps the picture (Raw, 32 bit), so that
a story can read it. Bytes go in by hand: viewer_wire.py carries them with sockets and a thread, simulated_consoles.py in virtual time.
"""
from __future__ import annotations

import abc
import base64
import hashlib
import os
import pathlib
import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

#: Pseudo-encodings that a viewer may ask for: extended clipboard, xvp, audio, file transfer (consoles.md §1.4).
EXTENDED_CLIPBOARD, XVP, AUDIO = 0xC0A1E5CE, -309, -259
NAMES = {0: "picture", 1: "colours", 2: "bell", 3: "clipboard", 150: "continuous", 248: "fence", 250: "xvp", 255: "sound"}
Taking = Generator[None, None, bytes]  # waits at each yield until more has come


class Gone(ConnectionError):
    """The other side has closed."""


def masked(kind: int, data: bytes) -> bytes:
    """One frame of a client (RFC 6455 §5.2)."""
    mask = os.urandom(4)
    size = bytes([128 | len(data)]) if len(data) < 126 else \
        bytes([254]) + struct.pack(">H", len(data)) if len(data) < 65536 else bytes([255]) + struct.pack(">Q", len(data))
    return bytes([128 | kind]) + size + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(data))


class Opening:
    """Of a WebSocket (RFC 6455 §4.1): what is said, and what the answer means once `answer` is there."""

    def __init__(self, host: str, path: str, protocols: list[str], origin: str, user_agent: str) -> None:
        self.key = base64.b64encode(os.urandom(16)).decode()
        head = (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {self.key}\r\nSec-WebSocket-Protocol: {', '.join(protocols)}\r\n")
        self.request = (head + (f"Origin: {origin}\r\n" if origin else "") + "\r\n").encode()
        self.rest = b""
        self.answer: bytes | None = None
        self.refused = ""  # the whole answer when it was not 101

    def feed(self, data: bytes) -> None:
        self.rest += data
        head, end, body = self.rest.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"HTTP/1.1 101"):
            accept = base64.b64encode(hashlib.sha1((self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
            assert b"sec-websocket-accept: " + accept.lower() in head.lower(), head
            self.answer, self.rest = head, body
            return
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        if len(body) >= length:
            self.answer, self.refused = head, (head + b"\n" + body).decode(errors="replace")


class Frames:
    """What a server's frames hold. Errors: Gone, with code and reason of its close frame."""

    def __init__(self) -> None:
        self.rest = b""

    def take(self) -> Iterator[tuple[str, bytes]]:
        """Of every whole frame in `rest`: ("data", what), ("ping", what has to be answered)."""
        while len(self.rest) >= 2:
            kind, length, at = self.rest[0] & 15, self.rest[1] & 127, 2
            if length > 125:
                at = 4 if length == 126 else 10
                length = int.from_bytes(self.rest[2:at], "big") if len(self.rest) >= at else 0
            if len(self.rest) < at + length:
                return
            body, self.rest = self.rest[at:at + length], self.rest[at + length:]
            if kind == 8:
                raise Gone(f"{int.from_bytes(body[:2], 'big')} {body[2:].decode(errors='replace')}")
            if kind == 9:
                yield "ping", body
            elif kind in (0, 2):
                yield "data", body


class Viewer(abc.ABC):
    """From the greeting on. `encodings`: what it asks for beside Raw."""

    def __init__(self, *, encodings: list[int] | None = None, name: str = "viewer") -> None:
        self.name = name
        self.heard: list[tuple[str, bytes]] = []  # every message but pictures: (what, its bytes)
        self.width = self.height = self.updates = 0
        self.pixels = bytearray()
        self.ended = ""
        self.opened = False  # the handshake is behind it
        self._rest = b""
        self._life = self._live([0, *(encodings or [])])
        next(self._life)

    # --- how its bytes go and its time passes -------------------------------------------------------------------------------
    @abc.abstractmethod
    def _write(self, data: bytes) -> None: ...

    @abc.abstractmethod
    def _pause(self, seconds: float) -> None: ...

    @abc.abstractmethod
    def _wait(self, check: Callable[[], object], within: float, what: str) -> Any: ...

    @abc.abstractmethod
    def close(self) -> None: ...

    def _feed(self, data: bytes) -> None:
        """What has come. AssertionError, ValueError: nothing that this viewer understands."""
        self._rest += data
        next(self._life)

    # --- what a person does -----------------------------------------------------------------------------------------------
    def say(self, message: bytes) -> "Viewer":
        """Exact bytes to the other side, in one WebSocket message."""
        self._write(message)
        return self

    def say_in_fragments(self, message: bytes) -> "Viewer":
        """The same, each byte a message of its own."""
        for byte in message:
            self._write(bytes([byte]))
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
                self._pause(pause / 2)
        return self

    def picture(self, file: pathlib.Path) -> pathlib.Path:
        """What it shows now, as PNG."""
        self.seen()
        return self._save(file)

    def seen(self) -> None:
        self._wait(lambda: self.updates > 0, 20, f"{self.name} shows a picture")

    def _save(self, file: pathlib.Path) -> pathlib.Path:
        from PIL import Image

        Image.frombytes("RGB", (self.width, self.height), bytes(self.pixels), "raw", "BGRX").save(file)
        return file

    def count(self, what: str) -> int:
        return sum(1 for kind, _ in self.heard if kind == what)

    @property
    def live(self) -> bool:
        return not self.ended

    def wait_end(self, within: float) -> str:
        """Why it was closed."""
        return str(self._wait(lambda: self.ended, within, f"{self.name} is closed"))

    # --- the protocol -------------------------------------------------------------------------------------------------------
    def _take(self, count: int) -> Taking:
        while len(self._rest) < count:
            yield
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def _live(self, encodings: list[int]) -> Generator[None, None, None]:
        yield from self._open(encodings)
        self.opened = True
        while True:
            kind = yield from self._take(1)
            yield from self._message(kind[0])

    def _open(self, encodings: list[int]) -> Generator[None, None, None]:
        greeting = yield from self._take(12)
        assert greeting == b"RFB 003.008\n", greeting
        self._write(b"RFB 003.008\n")
        count = (yield from self._take(1))[0]
        if count == 0:  # RFC 6143 §7.1.2: the reason follows
            reason = yield from self._take(int.from_bytes((yield from self._take(4)), "big"))
            raise AssertionError(reason.decode(errors="replace"))
        kinds = yield from self._take(count)
        assert 1 in kinds, f"security types {list(kinds)}"
        self._write(b"\x01")
        result = yield from self._take(4)
        assert result == b"\0\0\0\0", result
        self._write(b"\x01")  # shared
        self.width, self.height = struct.unpack(">HH", (yield from self._take(4)))
        yield from self._take(16)
        yield from self._take(int.from_bytes((yield from self._take(4)), "big"))
        self.pixels = bytearray(self.width * self.height * 4)
        self._write(b"\0\0\0\0" + struct.pack(">BBBBHHHBBB", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0) + b"\0\0\0")
        self.set_encodings(encodings + [-223])
        self._ask(whole=True)

    def set_encodings(self, encodings: list[int]) -> None:
        self.say(struct.pack(">BBH", 2, 0, len(encodings)) + b"".join(struct.pack(">I", e & 0xFFFFFFFF) for e in encodings))

    def _ask(self, *, whole: bool) -> None:
        self._write(struct.pack(">BBHHHH", 3, 0 if whole else 1, 0, 0, self.width, self.height))

    def _message(self, kind: int) -> Generator[None, None, None]:
        if kind == 0:
            yield from self._update()
            self._ask(whole=False)
            return
        if kind == 1:
            body = yield from self._take(5)
            body += yield from self._take(6 * int.from_bytes(body[3:], "big"))
        elif kind in (2, 150):
            body = b""
        elif kind == 3:
            body = yield from self._take(7)
            body += yield from self._take(abs(int.from_bytes(body[3:], "big", signed=True)))
        elif kind == 248:
            body = yield from self._take(8)
            body += yield from self._take(body[7])
        elif kind == 250:
            body = yield from self._take(3)
        elif kind == 255:
            body = yield from self._take(3)
            if body[1:] == b"\0\2":
                size = yield from self._take(4)
                body += size + (yield from self._take(int.from_bytes(size, "big")))
        else:
            raise ValueError(f"an unknown message {kind}")
        self.heard.append((NAMES[kind], bytes([kind]) + body))

    def _update(self) -> Generator[None, None, None]:
        for _ in range(int.from_bytes((yield from self._take(3))[1:], "big")):
            x, y, w, h, encoding = struct.unpack(">HHHHi", (yield from self._take(12)))
            if encoding == -224:
                break
            if encoding == -223:
                self.width, self.height = w, h
                self.pixels = bytearray(w * h * 4)
                self._ask(whole=True)
            elif encoding == 0:
                rows = yield from self._take(w * h * 4)
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


def cut_text(text: bytes) -> bytes:
    """ClientCutText or ServerCutText, plain: types differ."""
    return b"\0\0\0" + struct.pack(">i", len(text)) + text


def provide(text: bytes) -> bytes:
    """The body of an extended clipboard's "provide" of text."""
    return struct.pack(">I", 1 << 28 | 1) + zlib.compress(struct.pack(">I", len(text) + 1) + text + b"\0")


def extended(body: bytes) -> bytes:
    """In its message, behind the type: the length is negative."""
    return b"\0\0\0" + struct.pack(">i", -len(body)) + body

