"""A guest's side of RFB 3.8 (RFC 6143), bytes by hand: what a screen of the labs says and hears on one connection.

guest_screen.py puts it behind sockets and says whatever a story wants; machines.py draws text with it.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Generator

CLIENT = {0: "format", 2: "encodings", 3: "request", 4: "key", 5: "pointer", 6: "clipboard", 150: "continuous", 248: "fence",
          250: "xvp", 251: "resize", 255: "sound or scan code"}
PIXELS = struct.pack(">BBBBHHHBBB", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0) + b"\0\0\0"


class GuestTalk:
    """`hear`: every message of the viewer, (what, its bytes), once it is whole. Pictures are what paint() says, Raw."""

    def __init__(self, write: Callable[[bytes], None], size: tuple[int, int], hear: Callable[["GuestTalk", str, bytes], None],
                 name: str = "guest") -> None:
        self.write, self.size, self.hear, self.name = write, size, hear, name
        self.asked: list[int] = []  # encodings
        self.opened = False
        self._rest = b""
        self._life = self._live()
        next(self._life)

    def feed(self, data: bytes) -> None:
        self._rest += data
        next(self._life)

    def paint(self, x: int, y: int, width: int, height: int, pixels: bytes) -> None:
        self.write(struct.pack(">BBHHHHHi", 0, 0, 1, x, y, width, height, 0) + pixels)

    def _take(self, count: int) -> Generator[None, None, bytes]:
        while len(self._rest) < count:
            yield
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def _live(self) -> Generator[None, None, None]:
        self.write(b"RFB 003.008\n")
        yield from self._take(12)
        self.write(b"\1\1")
        yield from self._take(1)
        self.write(b"\0\0\0\0")
        yield from self._take(1)
        self.write(struct.pack(">HH", *self.size) + PIXELS + struct.pack(">I", len(self.name)) + self.name.encode())
        self.opened = True
        while True:
            kind = (yield from self._take(1))[0]
            body = yield from self._body(kind)
            if kind == 2:
                self.asked = [int.from_bytes(body[at:at + 4], "big") for at in range(3, len(body), 4)]
            self.hear(self, CLIENT.get(kind, f"type {kind}"), bytes([kind]) + body)

    def _body(self, kind: int) -> Generator[None, None, bytes]:
        fixed = {0: 19, 3: 9, 4: 7, 5: 5, 150: 9, 250: 3}
        if kind in fixed:
            return (yield from self._take(fixed[kind]))
        if kind == 2:
            body = yield from self._take(3)
            return body + (yield from self._take(4 * int.from_bytes(body[1:], "big")))
        if kind == 6:
            body = yield from self._take(7)
            return body + (yield from self._take(abs(int.from_bytes(body[3:], "big", signed=True))))
        if kind == 248:
            body = yield from self._take(8)
            return body + (yield from self._take(body[7]))
        if kind == 255:
            body = yield from self._take(1)
            return body + (yield from self._take(10 if body == b"\0" else 2))
        body, self._rest = self._rest, b""  # its length is unknown: what follows is kept as it is
        return body
