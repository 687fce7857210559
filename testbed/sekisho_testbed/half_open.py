"""A stranger on the carrier's line who begins IKE again and again and never goes on: half-open associations."""
from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Sequence

from .netlab import Host

SEND = pathlib.Path(__file__).parent / "programs" / "half_open.py"


class Flood:
    """Sends the first message of an association `count` times within the time, each under a new number and from the host's further
    addresses in turn."""

    def __init__(self, host: Host, gate: str, first: bytes, *, count: int, addresses: Sequence[str], seconds: float) -> None:
        job = json.dumps({"gate": gate, "first": first.hex(), "count": count, "addresses": list(addresses), "seconds": seconds})
        self.program = host.start("half-open", "/usr/bin/python3", str(SEND), stdin=subprocess.PIPE)
        stdin = self.program.process.stdin
        assert stdin is not None
        stdin.write(job.encode())
        stdin.close()
        self.seconds = seconds

    def end(self) -> dict[str, int]:
        """{"sent", "answers", "cookies"}: an answer that asks for a cookie holds nothing at the gate."""
        assert self.program.wait_end(self.seconds + 30) == 0, self.program.text()
        found: dict[str, int] = json.loads(self.program.text())
        return found
