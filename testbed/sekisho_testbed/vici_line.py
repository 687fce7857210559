"""A site's charon in a guest, with the guest's own kernel doing ESP; it is spoken to over the guest's management cable.

The lab's side of its VICI socket is a file of the story's folder, as any charon's; a line of ssh carries it to the guest, where
the socket lies outside every shared folder: a socket's file on a share would be another kernel's.
"""
from __future__ import annotations

import pathlib

from .charons import KERNEL_ESP, Charon
from .netlab import Host, Program

THERE = "/srv/charon.vici"


class GuestCharon(Charon):
    """`config`: of the ssh that reaches the guest. Its card on the carrier's line is the first."""

    def __init__(self, host: Host, config: pathlib.Path, folder: pathlib.Path) -> None:
        super().__init__(host, folder, interfaces="eth0", plugins=KERNEL_ESP, vici=THERE, tries=4)
        self.ssh = config
        self.line: Program | None = None

    def make_way(self) -> None:
        self.host.run("rm", "-f", THERE)
        if self.line is not None:
            self.line.stop()
        super().make_way()
        self.line = self.host.lab.start_outside(self.host, "wire-vici", "ssh", "-F", str(self.ssh), "-S", "none", "-N", "-v",
                                                "-L", f"{self.socket}:{THERE}", self.host.name)
        self.line.wait_text("Local forwarding listening", 30)

    def close(self) -> None:
        super().close()
        if self.line is not None:
            self.line.stop()
