"""RDP of labs with packets: port 3389 of a server that repeats what it hears (programs/listen.py)."""
from __future__ import annotations

import contextlib
import socket

from .netlab import Host
from .people import Rdp


class TcpRdp(Rdp):
    """A TCP connection to port 3389 of a server that repeats what it hears."""

    def __init__(self, host: Host, address: str) -> None:
        self.line: socket.socket | None = None
        with contextlib.suppress(OSError):
            self.line = host.connect(address, 3389, 1)
        self.opened = self.line is not None and bool(self.hear())  # its greeting

    def hear(self) -> bytes:
        if self.line is None:
            return b""
        try:
            self.line.settimeout(0.5)
            return self.line.recv(4096)
        except OSError:
            return b""

    def answered(self) -> bool:
        if self.line is None:
            return False
        try:
            self.line.sendall(b"mouse\n")
        except OSError:
            return False
        return b"mouse" in self.hear()

    def close(self) -> None:
        if self.line is not None:
            self.line.close()


def by_udp(host: Host, address: str) -> bool:
    """Whether an answer came to a word over UDP."""
    code = ("import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(1); "
            "s.sendto(b'mouse',(sys.argv[1],3389)); s.recv(99)")
    return host.run("/usr/bin/python3", "-c", code, address, check=False).returncode == 0
