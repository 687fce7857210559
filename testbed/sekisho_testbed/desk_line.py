"""The desktop's own way to the console page, for a browser beside it: the machine would need a minute to start one.

The machine that the broker made gets the address of its seat, as the house's DHCP would give it by its card, and carries the
browser's connections to the console page. So what the gate sees comes from the desktop itself. The host of that address, which
stands for the desktop in stories without a machine, is unplugged meanwhile.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import cast, states
from .browser import Browser
from .netlab import Outside

if TYPE_CHECKING:
    from .namespaces import NamespacesHouse

BESIDE = "10.40.0.250"  # the browser's end of the line in the desktops' segment
SHELL = "/bin/busybox"


def carry(page: str, prefix: int, address: str) -> str:
    """For the machine's shell. Its card has no address until then."""
    name, port = page.rsplit(":", 1)
    return (f"ip addr replace {address}/{prefix} dev eth0; ip link set eth0 up; "
            f"nc -ll -p {port} -e nc {name} {port} </dev/null >/dev/null 2>&1 &")


@contextlib.contextmanager
def browser(house: "NamespacesHouse", name: str, machine: str) -> Iterator[Browser]:
    """A browser, entered, whose connections to the console page are made by the machine of that UUID, at the address of `name`."""
    lab, plug = house.lab, cast.DESKTOPS[name]
    segment, address = lab.segments[plug.segment], cast.address(plug)
    port = cast.CONSOLE_PAGE.rsplit(":", 1)[1]
    lab.hosts[name].run("ip", "link", "set", "eth0", "down")
    lab.batch([f"addr add {BESIDE}/{segment.prefix} dev br-{segment.name}"])
    try:
        house.gate.run("ip", "neigh", "flush", "dev", segment.name)
        states.execute(house.hypervisor.connection.lookupByUUIDString(machine), SHELL, "sh", "-c",
                       carry(cast.CONSOLE_PAGE, segment.prefix, address))
        with Browser(Outside(lab, f"beside-{name}", {}), None, house.web_ca.certificate,
                     instead={cast.CONSOLE_PAGE: f"{address}:{port}"}) as entered:
            yield entered
    finally:
        lab.batch([f"addr del {BESIDE}/{segment.prefix} dev br-{segment.name}"])
        lab.hosts[name].run("ip", "link", "set", "eth0", "up")
        house.gate.run("ip", "neigh", "flush", "dev", segment.name)


__all__ = ["browser", "carry"]
