"""Packets that must not leave the tunnel (T-42), made with scapy. Each carries its own mark in the IP header's id, and in its
payload, so that a capture behind the front tells which came through.
"""
from __future__ import annotations

import struct

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_RR
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Packet, Raw

MARK = 0x5A00


def marked(number: int) -> bytes:
    return b"sekisho-mark-%02x-" % number


def hostile(own: str, neighbour: str, gate: str, entrance: int, inside: dict[str, str], public: str) -> dict[str, bytes]:
    """Kind -> bytes. `inside`: desktop, server, mail; `entrance`: the one port of `gate` that this person may use."""
    kinds: dict[str, bytes] = {}

    def add(kind: str, packet: Packet | bytes) -> None:
        number = len(kinds) + 1
        if isinstance(packet, Packet):
            if packet.haslayer(IP):
                packet[IP].id = MARK + number
            packet = bytes(packet / Raw(marked(number)))
        kinds[kind] = packet

    def syn(src: str = own, dst: str = gate, port: int = entrance, source_port: int = 40_000) -> Packet:
        return IP(src=src, dst=dst) / TCP(sport=source_port, dport=port, flags="S")

    for what, address in {"a neighbour": neighbour, "the gate": gate, "a desktop": inside["desktop"], "loopback": "127.0.0.1",
                          "no address": "0.0.0.0", "broadcast": "255.255.255.255", "multicast": "224.0.0.5",
                          "the next address": own.rsplit(".", 1)[0] + f".{int(own.rsplit('.', 1)[1]) + 1}",
                          "the Internet": "8.8.8.8"}.items():
        add(f"source of {what}", syn(src=address))
    add("land: source and target the gate", syn(src=gate, source_port=entrance))
    for what, address, port in (("a neighbour", neighbour, 445), ("the gate's ssh", gate, 22), ("the gate's http", gate, 80),
                                ("port 0", gate, 0), ("the gate's public address", public, 443), ("a desktop's screen", inside["desktop"], 5900),
                                ("a server's RDP", inside["server"], 3389), ("the mail server", inside["mail"], 25),
                                ("itself", own, entrance), ("loopback", "127.0.0.1", entrance), ("no address", "0.0.0.0", entrance),
                                ("broadcast", "255.255.255.255", entrance), ("the network's broadcast", own.rsplit(".", 1)[0] + ".255", entrance),
                                ("multicast", "224.0.0.1", entrance), ("link local", "169.254.169.254", 80), ("the Internet", "8.8.8.8", 53)):
        add(f"to {what}", syn(dst=address, port=port))
    add("from port 0", syn(source_port=0))
    add("UDP to the entrance", IP(src=own, dst=gate) / UDP(sport=40_000, dport=entrance))
    add("UDP to a name server", IP(src=own, dst=inside["server"]) / UDP(sport=40_000, dport=53))
    add("echo request to the gate", IP(src=own, dst=gate) / ICMP())
    add("echo request to a desktop", IP(src=own, dst=inside["desktop"]) / ICMP())
    add("redirect", IP(src=own, dst=gate) / ICMP(type=5, code=1, gw=own))
    add("too big, of the entrance's stream", IP(src=own, dst=gate) / ICMP(type=3, code=4, nexthopmtu=68) /
        IP(src=gate, dst=own) / TCP(sport=entrance, dport=40_000))
    for what, number in (("IGMP", 2), ("GRE", 47), ("ESP", 50), ("AH", 51), ("OSPF", 89), ("VRRP", 112), ("SCTP", 132), ("protocol 255", 255)):
        add(what, IP(src=own, dst=gate, proto=number))
    add("a packet in a packet", IP(src=own, dst=gate) / IP(src=own, dst=inside["desktop"]) / TCP(dport=5900, flags="S"))
    add("IPv6 in IPv4", IP(src=own, dst=gate, proto=41) / IPv6(src="fe80::1", dst="ff02::1"))
    add("first fragment", IP(src=own, dst=gate, flags="MF") / TCP(sport=40_000, dport=entrance, flags="S"))
    add("later fragment", IP(src=own, dst=gate, frag=3, proto=6))
    add("fragment within the TCP header", IP(src=own, dst=gate, frag=1, proto=6))
    add("last fragment at 64 KiB", IP(src=own, dst=gate, frag=8189, proto=6))
    add("loose source route", IP(src=own, dst=gate, options=[IPOption_LSRR(routers=[inside["desktop"]])]) / TCP(dport=entrance, flags="S"))
    add("record route", IP(src=own, dst=gate, options=[IPOption_RR(routers=["0.0.0.0"] * 3)]) / TCP(dport=entrance, flags="S"))
    add("no life left", IP(src=own, dst=gate, ttl=0) / TCP(dport=entrance, flags="S"))
    add("wrong IP checksum", IP(src=own, dst=gate, chksum=0x1234) / TCP(sport=40_000, dport=entrance, flags="S"))
    add("wrong TCP checksum", IP(src=own, dst=gate) / TCP(sport=40_000, dport=entrance, flags="S", chksum=0x1234))
    add("reserved flag", IP(src=own, dst=gate, flags="evil") / TCP(sport=40_000, dport=entrance, flags="S"))
    add("TCP header longer than the packet", IP(src=own, dst=gate) / TCP(sport=40_000, dport=entrance, flags="S", dataofs=15))
    add("TCP header of 16 bytes", IP(src=own, dst=gate) / TCP(sport=40_000, dport=entrance, flags="S", dataofs=4))
    add("half a TCP header", IP(src=own, dst=gate, proto=6) / Raw(struct.pack("!HHI", 40_000, entrance, 1)[:2]))

    def bent(kind: str, change: dict[int, int], cut: int | None = None) -> None:
        """A good packet with bytes of its IP header changed and the checksum made right again."""
        number = len(kinds) + 1
        packet = bytearray(bytes(IP(src=own, dst=gate, id=MARK + number) / TCP(sport=40_000, dport=entrance, flags="S") / Raw(marked(number))))
        for at, value in change.items():
            packet[at] = value
        packet[10:12] = b"\0\0"
        total = sum(struct.unpack("!10H", bytes(packet[:20])))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        packet[10:12] = struct.pack("!H", total ^ 0xFFFF)
        kinds[kind] = bytes(packet[:cut] if cut else packet)

    bent("header of four words", {0: 0x44})
    bent("header longer than the packet", {0: 0x4F}, cut=44)
    bent("total length below the header", {2: 0, 3: 12})
    bent("total length below the packet", {2: 0, 3: 40})
    bent("total length above the packet", {2: 4, 3: 0})
    bent("twelve bytes", {}, cut=12)
    add("IPv6 to all nodes", IPv6(src="fe80::1", dst="ff02::1") / ICMPv6EchoRequest())
    add("IPv6 to the gate", IPv6(src="fd00::2", dst="fd00::1") / TCP(sport=40_000, dport=entrance, flags="S"))
    return kinds


def number_of(kinds: dict[str, bytes], kind: str) -> int:
    return list(kinds).index(kind) + 1


def seen(kinds: dict[str, bytes], captured: list[bytes]) -> list[str]:
    """Which of them are in a capture of a device whose packets have no link header."""
    out = []
    for number, kind in enumerate(kinds, start=1):
        for packet in captured:
            same_id = len(packet) >= 6 and packet[0] >> 4 == 4 and packet[4:6] == struct.pack("!H", MARK + number)
            if same_id or marked(number) in packet:
                out.append(kind)
                break
    return out
