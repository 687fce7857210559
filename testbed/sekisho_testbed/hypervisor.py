"""The lab's hypervisor: a libvirtd of its own with server machines that type back what is typed, and models of desktops.

Servers are 16-bit guests that boot in half a second and cost nothing while nobody types; their screens stand at no port and no
file, as in production (consoles.md §2.1). The desktop model `login` is a Debian kernel with a login of its own on its screen; the
model `plain` is a 16-bit guest too, for stories to which a login says nothing. Emulated: a guest's instruction may cost a
hundred of ours, so nothing here is larger than it must be.
"""
from __future__ import annotations

import contextlib
import importlib.util
import pathlib
from collections.abc import Iterator
from typing import Any

from . import cast, desk_image, kvm
from .images import lacks
from .libvirtd import LabLibvirtd

COLUMNS, ROWS = 80, 25
CACHE = kvm.CACHE
TOOLS = ("libvirtd", "qemu-system-x86_64", "qemu-img")


def missing() -> str | None:
    """Why this machine cannot hold the hypervisor, or None."""
    if reason := lacks(TOOLS) or desk_image.probe():
        return reason
    return None if importlib.util.find_spec("libvirt") else "python3-libvirt is not installed"


def boot_sector(row: int, column: int, cursor: bool = True) -> bytes:
    """Text mode, the picture from sectors 2 to 9, cursor to its place; then every key that is typed is shown, for ever."""
    hidden = "" if cursor else "b401b90020cd10"  # int 10h: no scan line of it is drawn
    code = bytes.fromhex(
        "31c08ed88ec08ed0bc007c"              # segments 0, stack below 7c00
        "b80300cd10" + hidden +               # 80 x 25 text
        "bb0080b80802b90200b600cd13"          # int 13h: 8 sectors of the drive to 0000:8000
        "b800b88ec0be008031ffb9d007fcf3a5"    # 2,000 cells to b800:0000
        f"b40230ffba{column:02x}{row:02x}cd10"  # cursor
        "b400cd16b40e30ffcd10ebf4")           # wait for a key, show it, again
    return code.ljust(510, b"\0") + b"\x55\xaa"


def text_disk(lines: list[str], row: int, column: int, colour: int = 0x07, *, cursor: bool = True) -> bytes:
    """A disk of 1 MiB that shows the lines and types from (row, column) on. `colour`: a VGA attribute; without `cursor` nothing
    blinks, and a screen that nobody types at stands still."""
    cells = bytearray()
    for y in range(ROWS):
        for letter in (lines[y] if y < len(lines) else "").ljust(COLUMNS)[:COLUMNS]:
            cells += bytes([ord(letter), colour])
    return (boot_sector(row, column, cursor) + bytes(cells)).ljust(1 << 20, b"\0")


def login_disk(name: str, *, cursor: bool = True) -> bytes:
    return text_disk(["", f"{name}  server of the lab", "", f"{name} login:"], 3, len(name) + 8, cursor=cursor)


#: What servers show: name -> UUID in the registry. Their cards are not plugged in: a namespace host of that name stands on the wire.
MACHINES = {name: row["machine"] for name, row in cast.MACHINES.items()}


def server_xml(name: str, uuid: str, disk: pathlib.Path, domain_type: str, device: str = "") -> str:
    return (f"<domain type='{domain_type}'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>16</memory>"
            "<os><type arch='x86_64' machine='pc'>hvm</type></os><cpu mode='maximum'/><on_crash>destroy</on_crash><devices>"
            f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/>"
            "<readonly/></disk><graphics type='vnc' sharePolicy='ignore'><listen type='none'/></graphics><video><model type='vga'/>"
            f"</video><memballoon model='none'/>{device}</devices></domain>")


class Hypervisor:
    def __init__(self, libvirtd: LabLibvirtd, folder: pathlib.Path, machines: dict[str, str] = MACHINES, bridge: str = "br-vdi") -> None:
        """`machines`: its servers; `bridge`: of the desktops' segment."""
        self.libvirtd, self.bridge = libvirtd, bridge
        self.images = folder
        self.images.mkdir()
        self.desk = desk_image.desk_image(CACHE)
        self.accelerations = kvm.accelerations()
        for name, uuid in machines.items():
            disk = self.images / f"{name}.raw"
            disk.write_bytes(login_disk(name))
            self.connection.defineXML(server_xml(name, uuid, disk, kvm.domain_type(self.accelerations[0]))).create()
        plain = self.images / "plain.raw"
        plain.write_bytes(text_disk(["", "desktop of the lab", "", "desktop login:"], 3, 15, 0x17))
        plain.chmod(0o444)

    @property
    def connection(self) -> Any:
        return self.libvirtd.connection

    @property
    def uri(self) -> str:
        return self.libvirtd.uri

    # --- for the gate's configuration -------------------------------------------------------------------------------------------
    def pool(self, name: str) -> pathlib.Path:
        """A storage pool for the overlays of one gate; empty at first."""
        folder = self.images / name
        folder.mkdir()
        self.connection.storagePoolCreateXML(f"<pool type='dir'><name>{name}</name><target><path>{folder}</path></target></pool>", 0)
        return folder

    def models(self, pool: str, acceleration: str = "") -> list[dict[str, Any]]:
        """`acceleration`: kvm or tcg; the best that works here if none is named."""
        same = {"pool": pool, "bridge": self.bridge, "acceleration": acceleration or self.accelerations[0], "base_format": "raw", "processors": 1}
        return [
            {"name": "plain", "base": str(self.images / "plain.raw"), "memory_mib": 16, "disk_mib": 1, **same},
            {"name": "login", "base": str(self.desk.base), "memory_mib": 128, "disk_mib": desk_image.DISK_MIB,
             "kernel": str(self.desk.kernel), "initrd": str(self.desk.initramfs),
             "cmdline": f"console=tty1 quiet loglevel=3 {kvm.STEADY} sk.name=desktop", "account": desk_image.ACCOUNT, **same},
        ]

    def manager(self, role: str, pool: str = "", acceleration: str = "") -> dict[str, Any]:
        """Configuration of the libvirt driver."""
        config: dict[str, Any] = {"uri": self.uri, "role": role}
        if role == "desktops":
            config["models"] = self.models(pool, acceleration)
        return {"plugin": "libvirt", "critical": True, "config": config}

    # --- for stories ----------------------------------------------------------------------------------------------------------
    def picture(self, uuid: str, file: pathlib.Path) -> pathlib.Path:
        """The machine's screen as QEMU itself draws it, without a viewer."""
        stream = self.connection.newStream(0)
        self.connection.lookupByUUIDString(uuid).screenshot(stream, 0, 0)
        with open(file, "wb") as out:
            stream.recvAll(lambda _, data, to: to.write(data), out)
        stream.finish()
        return file

    def restart(self, uuid: str, disk: bytes | None = None) -> None:
        """A server machine as it was at first, or with another disk."""
        machine = self.connection.lookupByUUIDString(uuid)
        if machine.isActive():
            machine.destroy()
        if disk is not None:
            (self.images / f"{machine.name()}.raw").write_bytes(disk)
        machine.create()

    @contextlib.contextmanager
    def with_device(self, name: str, device: str) -> Iterator[None]:
        """A server machine that is defined with one device more, and started anew before and after."""
        uuid, disk = cast.MACHINES[name]["machine"], self.images / f"{name}.raw"
        try:
            self.connection.defineXML(server_xml(name, uuid, disk, kvm.domain_type(self.accelerations[0]), device))
            self.restart(uuid)
            yield
        finally:
            self.connection.defineXML(server_xml(name, uuid, disk, kvm.domain_type(self.accelerations[0])))
            self.restart(uuid)

    def desktops(self) -> list[str]:
        """UUIDs of the machines that brokers made."""
        return [m.UUIDString() for m in self.connection.listAllDomains() if m.name().startswith("sekisho-")]
