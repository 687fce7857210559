"""T-41, T-42: hostile packets through a live tunnel, hostile frames on its connection."""
from __future__ import annotations

import struct

import pytest
from scapy.layers.inet import IP, TCP

from sekisho_testbed import cast
from sekisho_testbed.attack import Thief, get, with_cookie
from sekisho_testbed.hostile_packets import MARK, hostile, number_of, seen
from sekisho_testbed.people import Login
from sekisho_testbed.talks import Capture, Heard, Talk
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("real_tls")


def behind_the_front(world: World, vpn: Login, kinds: dict[str, bytes]) -> tuple[list[str], bool]:
    """Which kinds came out of the front, and whether the good packet behind them did."""
    good = bytes(IP(src=vpn.address, dst=cast.GATE_INNER, id=MARK + 0xFF) / TCP(sport=40_777, dport=cast.ENTRANCE_PORT, flags="S"))
    with world.capture("gate", "sekisho0") as wire:
        vpn.send([*kinds.values(), good])
        world.wait(lambda: wire.peek(struct.pack("!H", MARK + 0xFF)), 10, "the good packet behind them has come through")
    return seen(kinds, wire.chunks), any(p[4:6] == struct.pack("!H", MARK + 0xFF) for p in wire.chunks)


def all_kinds(vpn: Login, neighbour: str) -> dict[str, bytes]:
    inside = {"desktop": cast.address(cast.DESKTOPS["vdi-01"]), "server": cast.address(cast.SERVERS["web-01"]),
              "mail": cast.address(cast.POST)}
    return hostile(vpn.address, neighbour, cast.GATE_INNER, cast.ENTRANCE_PORT, inside, cast.GATE_PUBLIC)


@pytest.mark.rule("R11", must="fail")
def test_no_hostile_packet_leaves_the_front(world: World) -> None:
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    kinds = all_kinds(mori, tani.address)
    assert len(kinds) >= 25
    passed, good = behind_the_front(world, mori, kinds)
    assert good and not passed, passed
    refused = world.entry(event="session.packets_refused", person="mori")
    assert refused["session"] == world.session_of("mori")["number"]
    mori.hang_up()
    ended = world.entry(event="session.ended", person="mori")
    # IPv6 and what is no IP packet never become a packet of the session; all others are counted one by one.
    assert ended["detail"]["refused_packets"] >= len(kinds) - 4, ended
    tani.hang_up()


@pytest.mark.rule("R11", must="fail")
def test_the_same_packets_without_the_filter_come_through(open_world: World) -> None:
    """The check can fail: a front that lets every packet with the right source pass."""
    mori = open_world.pass_gate("mori")
    kinds = all_kinds(mori, "10.202.0.200")
    passed, good = behind_the_front(open_world, mori, kinds)
    assert good and len(passed) >= 10, passed
    assert not [kind for kind in passed if kind.startswith("source of ")], "the source stays pinned even there"
    assert number_of(kinds, passed[0]) > 0
    mori.hang_up()


# --- frames -------------------------------------------------------------------------------------------------------------

LCP, IPCP, IPV4, IPV6 = 0xC021, 0x8021, 0x0021, 0x0057


def frame(protocol: int, payload: bytes) -> bytes:
    ppp = struct.pack("!H", protocol) + payload
    return struct.pack("!HHH", len(ppp) + 6, 0x5050, len(ppp)) + ppp


def packet(code: int, number: int, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("!BBH", code, number, len(body) + 4 if length is None else length) + body


REQUEST = packet(1, 1, bytes.fromhex("0506a1b2c3d4"))


def good_packet(address: str) -> bytes:
    """What a session may send from its first day on: to the posture page."""
    return bytes(IP(src=address, dst=cast.GATE_INNER, id=MARK + 1) / TCP(sport=40_001, dport=cast.POSTURE_PORT, flags="S"))


def came_out(wire: Capture) -> bool:
    return any(p[4:6] == struct.pack("!H", MARK + 1) for p in wire.chunks)


CLOSES = {
    "no magic": b"\x00\x0e\x41\x44\x00\x08" + b"\xc0\x21" + b"\0" * 6,
    "total 0": b"\x00\x00\x50\x50\x00\x00", "total 5": b"\x00\x05\x50\x50\x00\x05", "no content": b"\x00\x06\x50\x50\x00\x00",
    "total 65535": b"\xff\xff\x50\x50\xff\xf9" + b"\xc0\x21" * 100,
    "total above the MRU": struct.pack("!HHH", 1354 + 17, 0x5050, 1354 + 11) + b"\0" * 1365,
    "inner length above": b"\x00\x0e\x50\x50\x00\x09" + b"\xc0\x21" + b"\0" * 6,
    "inner length below": b"\x00\x0e\x50\x50\x00\x07" + b"\xc0\x21" + b"\0" * 6,
    "inner length 65535": b"\x00\x0e\x50\x50\xff\xff" + b"\xc0\x21" + b"\0" * 6,
    "little-endian": b"\x0e\x00\x50\x50\x08\x00" + b"\xc0\x21" + b"\0" * 6,
    "header alone in PPP": b"\x00\x08\x50\x50\x00\x02\xff\x03",
    "half a protocol": b"\x00\x07\x50\x50\x00\x01\xc0",
    "HTTP again": get("/remote/login"), "TLS in the tunnel": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    "Terminate-Request": frame(LCP, packet(5, 1)),
    "requests without end": b"".join(frame(LCP, packet(1, n, bytes([0x99, 4, 0, n]))) for n in range(40)),
    "naks without end": b"".join(frame(LCP, packet(3, n, b"\x01\x04\x05\xdc")) for n in range(200)) + frame(LCP, packet(5, 1)),
    "rejects LCP itself": frame(LCP, REQUEST) + frame(LCP, packet(7, 1, bytes([1, 0, 0, 4]))),
}
STAYS = {
    "IPv6 before LCP": frame(IPV6, b"\x60" + b"\0" * 39),
    "IPCP before LCP": frame(IPCP, packet(1, 1, b"\x03\x06\0\0\0\0")), "unknown protocol": frame(0x80FD, packet(1, 1)),
    "length above the packet": frame(LCP, packet(1, 1, b"", length=400)), "length 3": frame(LCP, packet(1, 1, b"", length=3)),
    "length 0": frame(LCP, packet(1, 1, b"", length=0)), "no packet": frame(LCP, b""), "one byte": frame(LCP, b"\x01"),
    "option of length 0": frame(LCP, packet(1, 1, b"\x01\x00\x05\xdc")), "option of length 1": frame(LCP, packet(1, 1, b"\x01\x01")),
    "option above the packet": frame(LCP, packet(1, 1, b"\x01\xff\x05\xdc")), "Ack of nothing": frame(LCP, packet(2, 77, b"\x01\x04\x05\xdc")),
    "echo before LCP is open": frame(LCP, packet(9, 1, b"\0\0\0\0")), "unknown code": frame(LCP, packet(200, 1)),
}


def opened(thief: Thief, cookie: str, frames: dict[str, bytes], limit_s: float) -> dict[str, Heard]:
    request = get("/remote/sslvpn-tunnel", with_cookie(cookie))
    return thief.world.talk(thief.host, [Talk(name, [request + data], identity=thief.identity) for name, data in frames.items()],
                            limit_s=limit_s)


def test_hostile_frames_close_their_connection_or_are_ignored(world: World) -> None:
    """On a session of his own a thief sends 34 kinds of broken frames; no packet comes out, and the gate works on."""
    life = world.front_life()
    thief = Thief(world)
    cookie = thief.cookie()
    early = frame(IPV4, good_packet(world.session_of("mori")["address"]))
    with world.capture("gate", "sekisho0") as wire:
        closes = opened(thief, cookie, CLOSES, 8)
        stays = opened(thief, cookie, {**STAYS, "an IP packet before LCP": early,
                                       "an IP packet after half of LCP": frame(LCP, REQUEST) + early}, 0.15)
    assert not (wrong := [name for name, answer in closes.items() if not answer.closed]), wrong
    assert not (wrong := [name for name, answer in stays.items() if answer.closed]), wrong
    assert not came_out(wire), "a packet came out before PPP was open"
    assert all(b"HTTP/1.1 200" not in answer.heard for answer in {**closes, **stays}.values())
    bounded = closes["requests without end"].heard.count(bytes.fromhex("c02104"))
    assert bounded <= 11, f"{bounded} Configure-Rejects"
    assert world.front_life() == life
    vpn = world.pc("mori").resume(cookie)  # the same session still carries a good client
    vpn.up()
    with world.capture("gate", "sekisho0") as wire:
        vpn.send([good_packet(vpn.address)])
        world.wait(lambda: wire.peek(struct.pack("!H", MARK + 1)), 5, "the same packet through an open tunnel")
    assert came_out(wire)
    vpn.hang_up()


def test_frames_without_a_grant_get_http_and_nothing_else(world: World) -> None:
    thief = Thief(world)
    for name, fields in (("no cookie", ""), ("a made-up cookie", with_cookie("A" * 43))):
        data = frame(LCP, REQUEST) + frame(IPV4, good_packet("10.202.0.10"))
        row = Talk(name, [get("/remote/sslvpn-tunnel", fields) + data], identity=thief.identity)
        with world.capture("gate", "sekisho0") as wire:
            heard = world.talk(thief.host, [row])[name]
        assert heard.status == 403 and heard.closed and b"PP" not in heard.heard[:6], heard
        assert len(heard.answers) <= 2 and heard.heard.count(b"\x50\x50\x00") == 0
        assert not came_out(wire)
