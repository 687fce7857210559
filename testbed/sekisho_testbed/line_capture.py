"""What passed on the carrier's line: packets told apart as IKE, ESP and clear text."""
from __future__ import annotations

import contextlib
import pathlib


class LinePacket:
    """An IPv4 packet of the line."""

    def __init__(self, frame: bytes) -> None:
        ip = frame[14:]
        head = (ip[0] & 15) * 4
        self.raw, self.protocol = ip, ip[9]
        self.source, self.destination = (".".join(str(b) for b in ip[at:at + 4]) for at in (12, 16))
        self.ports = (int.from_bytes(ip[head:head + 2], "big"), int.from_bytes(ip[head + 2:head + 4], "big"))
        self.payload = ip[head + 8:] if self.protocol == 17 else ip[head:]

    @property
    def kind(self) -> str:
        """ike, ike_encrypted, esp, keepalive, or clear: whatever else it is."""
        if self.protocol != 17 or not set(self.ports) & {500, 4500}:
            return "clear"
        ike = self.payload
        if 4500 in self.ports:
            if self.payload == b"\xff":
                return "keepalive"
            if self.payload[:4] != bytes(4):
                return "esp"
            ike = self.payload[4:]
        # Next payload 46: everything after the header is encrypted (RFC 7296, 3.14); 53 a fragment of that (RFC 7383).
        return "ike_encrypted" if len(ike) >= 28 and ike[16] in (46, 53) else "ike"


class LineCapture:
    def __init__(self, path: pathlib.Path, ends: frozenset[str]) -> None:
        """`ends`: the addresses of the ping that is the last packet."""
        self.path, self.ends = path, ends
        self.packets: list[LinePacket] = []

    def read(self) -> bool:
        from scapy.utils import RawPcapReader

        if not self.path.exists():
            return False
        with contextlib.suppress(EOFError):
            self.packets = [LinePacket(frame) for frame, _ in RawPcapReader(str(self.path)) if frame[12:14] == b"\x08\x00"]
        return True

    def ended(self) -> bool:
        """The last packet is the lab's own, which pushes the others into the file; it does not count."""
        if not self.read() or not any(self._own(packet) for packet in self.packets):
            return False
        self.packets = [packet for packet in self.packets if not self._own(packet)]
        return True

    def _own(self, packet: LinePacket) -> bool:
        return packet.protocol == 1 and {packet.source, packet.destination} == self.ends

    def count(self, kind: str) -> int:
        return sum(packet.kind == kind for packet in self.packets)

    def of(self, prefix: str) -> list[LinePacket]:
        """Packets whose outer address begins so: of a site's inside, or of the entrance, there should be none."""
        return [p for p in self.packets if p.source.startswith(prefix) or p.destination.startswith(prefix)]

    def holds(self, words: bytes) -> bool:
        return any(words in packet.raw for packet in self.packets)
