"""A scan through a tunnel of the simulated lab: every packet really passes client, TLS, front and filter; what stands behind the
front is the map of the cast, and the kernel's rules are those that netd was told last."""
from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import cast
from .simulated_login import octets, ones_complement, syn

if TYPE_CHECKING:
    from .simulated import SimulatedWorld
    from .simulated_login import SimulatedLogin

AT_ONCE = 256  # packets between two looks behind the front
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp"}


def listeners() -> set[tuple[str, int]]:
    """Who answers at TCP inside, were there nothing in between."""
    doors = {(cast.GATE_INNER, cast.ENTRANCE_PORT), (cast.GATE_INNER, cast.POSTURE_PORT), (cast.address(cast.POST), 25)}
    doors |= {(cast.address(plug), port) for plug in cast.SERVERS.values() for port in cast.SERVER_PORTS}
    return doors | {(cast.address(plug), 5900) for plug in cast.DESKTOPS.values()}


def datagram(source: str, to: str, port: int) -> bytes:
    udp = (40_001).to_bytes(2, "big") + port.to_bytes(2, "big") + (16).to_bytes(2, "big") + bytes(2) + b"sekisho?"
    return ip(source, to, 17, udp)


def echo(source: str, to: str) -> bytes:
    body = b"\x08\0\0\0" + random.randrange(1, 65535).to_bytes(2, "big") + b"\0\1"
    return ip(source, to, 1, body[:2] + ones_complement(body).to_bytes(2, "big") + body[4:])


def ip(source: str, to: str, protocol: int, payload: bytes) -> bytes:
    head = b"\x45\0" + (20 + len(payload)).to_bytes(2, "big") + b"\0\1\x40\0\x40" + bytes([protocol]) + b"\0\0" + octets(source) + octets(to)
    return head[:10] + ones_complement(head).to_bytes(2, "big") + head[12:] + payload


def probes(own: str, hosts: list[str], neighbour: str | None) -> Iterator[bytes]:
    few = sorted({*cast.SERVER_PORTS, cast.ENTRANCE_PORT, cast.POSTURE_PORT, 25})
    for address in hosts:
        every = address in (cast.GATE_INNER, cast.address(cast.SERVERS["web-01"]))
        for port in range(1, 65536) if every else few:
            yield syn(own, address, port)
    for address in hosts:
        yield echo(own, address)
        yield from (datagram(own, address, port) for port in (53, 123, 500, 5353))
        for forged in (neighbour or "10.202.0.200", cast.address(cast.DESKTOPS["vdi-01"]), cast.GATE_INNER, "127.0.0.1"):
            yield from (syn(forged, address, port) for port in few)


def scan(world: "SimulatedWorld", login: "SimulatedLogin", neighbour: str | None) -> set[tuple[str, str, int]]:
    inside = [cast.address(plug) for plug in cast.INSIDE.values()]
    hosts = [cast.GATE_INNER, *inside, *(s.address(1) for s in cast.SEGMENTS if s.name != "inet"), *([neighbour] if neighbour else [])]
    own, doors = login.address, listeners()
    found: set[tuple[str, str, int]] = set()
    waiting: list[bytes] = []

    def look() -> None:
        with world.capture("gate", "sekisho0") as behind:
            login.send(waiting)
        waiting.clear()
        for packet in behind.chunks:
            source, to = (".".join(str(b) for b in packet[at:at + 4]) for at in (12, 16))
            kind, port = PROTOCOLS.get(packet[9], ""), int.from_bytes(packet[22:24], "big")
            there = {"tcp": (to, port) in doors, "udp": port == 5353 and to in [cast.address(p) for p in cast.SERVERS.values()],
                     "icmp": to in hosts and to != neighbour}.get(kind, False)
            if there and world.kernel_lets(source, to, 0 if kind == "icmp" else port):
                found.add((kind if source == own else "forged", to, 0 if kind == "icmp" else port))

    for packet in probes(own, hosts, neighbour):
        waiting.append(packet)
        if len(waiting) == AT_ONCE:
            look()
    look()
    return found
