"""Exact bytes said to the gate, and what was heard: the words for it that every lab knows."""
from __future__ import annotations

import dataclasses
import pathlib
import re

from . import cast
from .programs.forms import Fields


@dataclasses.dataclass
class Identity:
    """Files of one client certificate; None stands for no certificate."""
    certificate: pathlib.Path
    key: pathlib.Path


@dataclasses.dataclass
class Talk:
    """One connection: what is said at once, and how many answers are waited for (0: until the gate closes)."""
    name: str
    say: list[bytes]
    answers: int = 0
    source: str | None = None
    identity: Identity | None = None
    pause_s: float = 0
    tls: bool = True                # False: the bytes go out as they are
    offer: list[str] | None = None  # ALPN


@dataclasses.dataclass
class Heard:
    name: str
    heard: bytes
    closed: bool
    ms: float
    error: str
    agreed: str = ""  # ALPN
    ready: bool = False  # the handshake came to its end

    @property
    def answers(self) -> list[bytes]:
        """Each HTTP answer with head and body."""
        return [part for part in re.split(rb"(?=HTTP/1\.1 \d{3} )", self.heard) if part.startswith(b"HTTP/1.1 ")]

    @property
    def status(self) -> int:
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", self.heard)
        return int(found.group(1)) if found else 0

    @property
    def code(self) -> str:
        """The refusal's code in the text that the person reads: "[R04 certificate.expired]"."""
        found = re.search(rb"\[(?:R\d\d )?([a-z_]+\.[a-z_]+)\]", self.heard)
        return found.group(1).decode() if found else ""


def request(method: str, path: str, fields: Fields, body: bytes, host: str = cast.GATE_NAME) -> bytes:
    rows = [("Host", host), *fields, *([("Content-Length", str(len(body)))] if method == "POST" else [])]
    return f"{method} {path} HTTP/1.1\r\n".encode() + "".join(f"{n}: {v}\r\n" for n, v in rows).encode("latin-1") + b"\r\n" + body


def answer_of(heard: bytes) -> tuple[int, Fields, bytes]:
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    return (int(words[1]) if len(words) > 1 else 0), [(n, v.strip()) for n, _, v in (line.partition(":") for line in lines)], body


class Capture:
    """What passed at one place while it was looked at; whole once the look is over."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    @property
    def packets(self) -> int:
        return len(self.chunks)

    @property
    def payload(self) -> bytes:
        return b"\0".join(self.chunks)

    def peek(self, words: bytes) -> bool:
        """Whether it holds the bytes, while it still runs."""
        return self.contains(words)

    def contains(self, words: bytes) -> bool:
        return words in self.payload


#: Where each host's further addresses begin: no two hosts may ever have had the same one.
FURTHER = {"hama-pc": (100, 205), "mori-pc": (206, 253), "client": (20, 253)}


def further(host: str, base: str, count: int, first: int = 0) -> list[str]:
    """`count` further addresses of a host of the network of `base`, from its `first` on."""
    begin, end = FURTHER[host]
    assert begin + first + count - 1 <= end, f"{host} has no {count} further addresses"
    return [f"{base.rsplit('.', 1)[0]}.{begin + first + n}" for n in range(count)]
