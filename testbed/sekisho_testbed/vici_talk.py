"""What is said to a charon over its VICI socket, by whoever operates it in the lab. Written anew, not the gate's own codec:
so that the gate's words are heard by somebody else's ears too.

Messages are dicts: text or bytes, lists of them, and dicts. Source: strongSwan's "VICI" README, protocol version 1.
"""
from __future__ import annotations

import pathlib
import socket
import struct
from collections.abc import Sequence
from typing import Any, Union

Message = dict[str, Union[str, bytes, Sequence[Union[str, bytes]], "Message"]]

REQUEST, RESPONSE, UNKNOWN, REGISTER, UNREGISTER, CONFIRM, NO_EVENT, EVENT = range(8)
SECTION, END, VALUE, LIST, ITEM, LIST_END = range(1, 7)


class ViciError(RuntimeError):
    """Charon says no, with its own words, or is not there any more."""


def _name(text: str) -> bytes:
    held = text.encode()
    return bytes([len(held)]) + held


def _value(held: str | bytes) -> bytes:
    held = held.encode() if isinstance(held, str) else held
    return struct.pack(">H", len(held)) + held


def encode(message: Message) -> bytes:
    out = b""
    for key, held in message.items():
        if isinstance(held, dict):
            out += bytes([SECTION]) + _name(key) + encode(held) + bytes([END])
        elif isinstance(held, (str, bytes)):
            out += bytes([VALUE]) + _name(key) + _value(held)
        else:
            items = b"".join(bytes([ITEM]) + _value(item) for item in held)
            out += bytes([LIST]) + _name(key) + items + bytes([LIST_END])
    return out


def decode(data: bytes) -> dict[str, Any]:
    """Values stay bytes when they are not UTF-8 (certificates)."""
    stack: list[dict[str, Any]] = [{}]
    items: list[Any] | None = None
    at = 0

    def name() -> str:
        nonlocal at
        size = data[at]
        at += 1 + size
        return data[at - size:at].decode()

    def value() -> str | bytes:
        nonlocal at
        size = int(struct.unpack_from(">H", data, at)[0])
        at += 2 + size
        held = data[at - size:at]
        try:
            return held.decode()
        except UnicodeDecodeError:
            return held

    while at < len(data):
        kind = data[at]
        at += 1
        if kind == SECTION:
            inner: dict[str, Any] = {}
            stack[-1][name()] = inner
            stack.append(inner)
        elif kind == END:
            stack.pop()
        elif kind == VALUE:
            key = name()
            stack[-1][key] = value()
        elif kind == LIST:
            items = []
            stack[-1][name()] = items
        elif kind == ITEM:
            assert items is not None
            items.append(value())
        elif kind == LIST_END:
            items = None
        else:
            raise ViciError(f"charon sent an element of kind {kind}")
    return stack[0]


class Vici:
    """`with Vici(socket) as charon: charon.ask("version")`; every wait is bounded."""

    def __init__(self, path: pathlib.Path, within: float = 15) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(within)
        self.socket.connect(str(path))

    def __enter__(self) -> "Vici":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _send(self, kind: int, name: str, message: Message | None = None) -> None:
        body = bytes([kind]) + _name(name) + encode(message or {})
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def _take(self, size: int) -> bytes:
        held = b""
        while len(held) < size:
            more = self.socket.recv(size - len(held))
            if not more:
                raise ViciError("charon has closed its socket")
            held += more
        return held

    def _hear(self) -> tuple[int, bytes]:
        body = self._take(struct.unpack(">I", self._take(4))[0])
        return body[0], body[1:]

    def ask(self, command: str, message: Message | None = None) -> dict[str, Any]:
        """The answer; throws ViciError with charon's words when it is a no."""
        self._send(REQUEST, command, message)
        kind, body = self._hear()
        while kind == EVENT:
            kind, body = self._hear()
        if kind != RESPONSE:
            raise ViciError(f"charon does not know {command}")
        answer = decode(body)
        if answer.get("success", "yes") != "yes":
            raise ViciError(f"{command}: {answer.get('errmsg', 'no')}")
        return answer

    def listed(self, command: str, event: str, message: Message | None = None) -> list[dict[str, Any]]:
        """What a command tells in events: list-sas with "list-sa", list-conns with "list-conn"."""
        self._send(REGISTER, event)
        if self._hear()[0] != CONFIRM:
            raise ViciError(f"charon has no event {event}")
        self._send(REQUEST, command, message)
        rows = []
        while True:
            kind, body = self._hear()
            if kind != EVENT:
                break
            size = body[0]
            rows.append(decode(body[1 + size:]))
        self._send(UNREGISTER, event)
        while self._hear()[0] == EVENT:
            pass
        return rows

    def tunnels(self) -> dict[str, dict[str, Any]]:
        """IKE associations by the name of their connection."""
        return {name: held for row in self.listed("list-sas", "list-sa") for name, held in row.items()}

    def connections(self) -> list[str]:
        return [name for row in self.listed("list-conns", "list-conn") for name in row]
