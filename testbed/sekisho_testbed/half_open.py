"""A stranger on the carrier's line who begins IKE again and again and never goes on: half-open associations."""
from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Callable, Sequence

from .netlab import Host, wait_until

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

    def most(self, look: Callable[[], int]) -> int:
        """The largest number that `look` gives until all is sent and heard."""
        seen = [look()]

        def over() -> bool:
            seen.append(look())
            return not self.program.running

        wait_until(over, self.seconds + 30, "the flood is over", every=0.05, on_fail=self.program.text)
        return max(seen)

    def end(self) -> dict[str, int]:
        """{"sent", "answers", "cookies"}: an answer that asks for a cookie holds nothing at the gate."""
        assert self.program.wait_end(self.seconds + 30) == 0, self.program.text()
        found: dict[str, int] = json.loads(self.program.text())
        return found
