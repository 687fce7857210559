"""A capture of a story's own, of one card of one host."""
from __future__ import annotations

import pathlib

from .talks import Capture


class Wire(Capture):
    """A capture in a file of tcpdump's."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__()
        self.path = path

    def read(self) -> None:
        from scapy.utils import RawPcapReader

        self.chunks = [packet for packet, _ in RawPcapReader(str(self.path))]

    def peek(self, words: bytes) -> bool:
        return words in self.path.read_bytes()

    def udp(self, port: int) -> int:
        """Packets from or to a UDP port (Ethernet, IPv4)."""
        count = 0
        for chunk in self.chunks:
            if chunk[12:14] == b"\x08\x00" and chunk[23] == 17:
                at = 14 + (chunk[14] & 15) * 4
                count += port in (int.from_bytes(chunk[at:at + 2], "big"), int.from_bytes(chunk[at + 2:at + 4], "big"))
        return count
