"""HTTP answers in a stream of bytes. Beside the programs that run on a PC; needs nothing else."""
from __future__ import annotations


def complete(heard: bytes) -> int:
    """How many whole HTTP answers `heard` begins with."""
    count = 0
    while True:
        head, found, rest = heard.partition(b"\r\n\r\n")
        if not found:
            return count
        size = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        if len(rest) < size:
            return count
        count, heard = count + 1, rest[size:]
