"""What passed on each segment of the lab: one capture per wire for the whole house, cut to a story's time at its end."""
from __future__ import annotations

import functools
import pathlib
import struct

from .netlab import NetLab, Program, wait_until

HEAD, RECORD = 24, 16       # bytes of a pcap file's header and of each packet's
LARGEST = 64 * 1024 * 1024  # of one story's cut: a flood's first packets tell enough


def next_record(data: bytes, at: int) -> int:
    """Where the record at `at` ends; 0 when it is not whole yet."""
    if at + RECORD > len(data):
        return 0
    end = at + RECORD + int(struct.unpack_from("<I", data, at + 8)[0])
    return end if end <= len(data) else 0


def begun(file: pathlib.Path) -> bool:
    """Its header is there."""
    return file.exists() and file.stat().st_size >= HEAD


class Wires:
    """`start()` once, `mark()` when a story begins, `cut()` when it ends; without `start()` nothing is captured."""

    def __init__(self, lab: NetLab, folder: pathlib.Path) -> None:
        self.lab, self.folder = lab, folder
        self.programs: dict[str, Program] = {}
        self.begun: dict[str, int] = {}
        self.running = False

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.running = True
        self.add(list(self.lab.segments))

    def add(self, names: list[str]) -> None:
        """Further segments, once the others are captured."""
        if not self.running:
            return
        gate = self.lab.hosts["gate"]  # whatever is written about it; the bridges are the lab's own
        for name in names:
            file = self.folder / f"{name}.pcap"
            self.programs[name] = self.lab.start_outside(gate, f"wire-{name}", "tcpdump", "-i", f"br-{name}", "-n", "-U",
                                                         "--immediate-mode", "-s", "0", "-Z", "root", "-w", str(file))
        for name in names:
            self.programs[name].wait_text("listening on", 10)
            file = self.folder / f"{name}.pcap"
            wait_until(functools.partial(begun, file), 5, f"capture of {name}")

    def _end(self, name: str, begin: int) -> int:
        """The end of the last whole record, counted from a record's beginning."""
        file = self.folder / f"{name}.pcap"
        with open(file, "rb") as capture:
            capture.seek(begin)
            data = capture.read()
        at = 0
        while end := next_record(data, at):
            at = end
        return begin + at

    def mark(self) -> None:
        for name in self.programs:
            self.begun[name] = self._end(name, self.begun.get(name, HEAD))

    def cut(self, into: pathlib.Path) -> dict[str, int]:
        """Writes <segment>.pcap of what passed since mark(); segment -> packets. A wire on which nothing passed has no file."""
        counts: dict[str, int] = {}
        for name in self.programs:
            with open(self.folder / f"{name}.pcap", "rb") as capture:
                head = capture.read(HEAD)
                capture.seek(self.begun.get(name, HEAD))
                data = capture.read(LARGEST)
            at = count = 0
            while end := next_record(data, at):
                at, count = end, count + 1
            if count:
                into.mkdir(parents=True, exist_ok=True)
                (into / f"{name}.pcap").write_bytes(head + data[:at])
            counts[name] = count
        return counts
