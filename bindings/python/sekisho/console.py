"""Consoles: RFB between a viewer and a guest as the relay carries it, driven by hand, and the messages of both sides to
feed it with."""
from __future__ import annotations

import struct
from datetime import datetime
from typing import Callable, Sequence

from sekisho._core.console import (Cause, Console, CopySeen, Filters, KeySeen, PaintSeen, Passed, PointerSeen, SizeSeen,
                                   UpdateSeen, causes, encodings_not_decoded, on_allow_list, rewrite_encodings)
from sekisho._core.screens import ScreenStopped
from sekisho.errors import ConsoleError

__all__ = ["Cause", "Console", "CopySeen", "Filters", "HELLO", "KeySeen", "PaintSeen", "Passed", "PointerSeen",
           "ScreenStopped", "SizeSeen", "UpdateSeen", "causes", "client_cut_text", "encodings_not_decoded",
           "guest_opening", "guest_says", "key_event", "on_allow_list", "open_console", "pointer_event",
           "qemu_key_event", "raw_update", "rewrite_encodings", "server_cut_text", "set_encodings", "update_request",
           "viewer_says"]

#: What both sides say first.
HELLO = b"RFB 003.008\n"
_BGRX = bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])


def set_encodings(encodings: Sequence[int]) -> bytes:
    """Viewer: the encodings it knows, the best first."""
    return struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings)


def update_request(width: int, height: int, *, x: int = 0, y: int = 0, incremental: bool = False) -> bytes:
    """Viewer: wants a part of the screen."""
    return struct.pack(">BBHHHH", 3, incremental, x, y, width, height)


def key_event(down: bool, symbol: int) -> bytes:
    """Viewer: a key by its X11 symbol."""
    return struct.pack(">BBxxI", 4, down, symbol)


def qemu_key_event(down: bool, symbol: int, scan_code: int) -> bytes:
    """Viewer: a key with its scan code, which a guest with a Japanese keyboard needs."""
    return struct.pack(">BBHII", 255, 0, down, symbol, scan_code)


def pointer_event(x: int, y: int, buttons: int = 0) -> bytes:
    """Viewer: the pointer moves, with these buttons down."""
    return struct.pack(">BBHH", 5, buttons, x, y)


def client_cut_text(text: bytes) -> bytes:
    """Viewer: its clipboard, which never passes."""
    return struct.pack(">BxxxI", 6, len(text)) + text


def server_cut_text(text: bytes) -> bytes:
    """Guest: its clipboard, which never passes."""
    return struct.pack(">BxxxI", 3, len(text)) + text


def raw_update(x: int, y: int, width: int, height: int, pixels: bytes) -> bytes:
    """Guest: one picture of one raw rectangle; four bytes a pixel: B, G, R and one that counts for nothing."""
    return struct.pack(">BxHHHHHi", 0, 1, x, y, width, height, 0) + pixels


def guest_opening(width: int, height: int, name: bytes = b"QEMU") -> bytes:
    """Guest: everything it says until its screen is there, with no security."""
    return HELLO + b"\x01\x01" + bytes(4) + struct.pack(">HH", width, height) + _BGRX + \
        struct.pack(">I", len(name)) + name


def open_console(console: Console, width: int, height: int, *, now: datetime) -> None:
    """Plays both peers of the opening; afterwards the console is open and nothing waits for either."""
    said = guest_opening(width, height)
    console.from_guest(said, now=now)
    console.from_viewer(HELLO + b"\x01", now=now)
    console.from_viewer(b"\x01", now=now)
    if console.state != "open":
        raise RuntimeError(f"the console did not open: {console.state} {console.why}")
    console.to_viewer()
    console.to_guest()


def viewer_says(console: Console, data: bytes, *, now: datetime) -> bytes:
    """Hands in everything that the viewer says, piece by piece as there is room; what the guest gets of it. ConsoleError
    console.waits: keys came too fast, and the rest would have to wait."""
    return _carry(data, lambda piece: console.from_viewer(piece, now=now), console.to_guest, console)


def guest_says(console: Console, data: bytes, *, now: datetime) -> bytes:
    """Hands in everything that the guest says, piece by piece as there is room; what the viewer gets of it."""
    return _carry(data, lambda piece: console.from_guest(piece, now=now), console.to_viewer, console)


def _carry(data: bytes, hand_in: Callable[[bytes], int], take: Callable[[], bytes], console: Console) -> bytes:
    passed = b""
    while data and console.state != "ended":
        taken = hand_in(data)
        if taken == 0:
            raise ConsoleError("console.waits", f"{len(data)} bytes were not taken")
        data = data[taken:]
        passed += take()
    return passed + take()
