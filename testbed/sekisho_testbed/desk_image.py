"""The desktop that the broker starts in the labs: Debian's kernel, busybox, QEMU's guest agent, and a read-only base image.

Nothing of it needs a root of Debian's: kernel, modules and agent come from their packages, the rest is busybox. It has a login of
its own on its screen; the account `maint` gets its password for one session from the agent. Recipe: testbed/images/desk/.
"""
from __future__ import annotations

import dataclasses
import pathlib
import re
import shutil

from . import images

RECIPE = images.RECIPES / "desk"
ACCOUNT = "maint"
DISK_MIB = 16
TOOLS = ("busybox", "modprobe", "depmod", "cpio", "apt-get", "dpkg-deb", "mkfs.ext4", "ldd", "qemu-ga")


@dataclasses.dataclass(frozen=True)
class DeskImage:
    kernel: pathlib.Path
    initramfs: pathlib.Path
    base: pathlib.Path  # raw ext4, never written to


def probe() -> str | None:
    """Why the image cannot be built here, or None."""
    return images.lacks(TOOLS)


def desk_image(cache: pathlib.Path) -> DeskImage:
    """From the cache or built now (some seconds, network to Debian's archive for the kernel)."""
    folder = images.kept(cache, f"desk-{images.key(['busybox-static', 'qemu-guest-agent'], RECIPE)}", make)
    return DeskImage(folder / "vmlinux", folder / "initramfs.gz", folder / "base.raw")


def make(work: pathlib.Path, done: pathlib.Path) -> None:
    tree, version = images.make_kernel(work)
    (done / "vmlinux").write_bytes(images.unpacked((tree / f"boot/vmlinuz-{version}").read_bytes()))
    (done / "initramfs.gz").write_bytes(initramfs(work, tree, version))
    home = work / "home"
    (home / ACCOUNT).mkdir(parents=True)
    (home / ACCOUNT / "base").write_text("from the base image\n")
    images.run("chown", "-R", "1000:1000", str(home / ACCOUNT))
    base = done / "base.raw"
    images.run("mkfs.ext4", "-q", "-d", str(home), "-O", "^metadata_csum,^has_journal", str(base), f"{DISK_MIB}M")
    base.chmod(0o444)


def initramfs(work: pathlib.Path, tree: pathlib.Path, version: str) -> bytes:
    top = work / "desk"
    for name in ("bin", "dev", "proc", "sys", "home", "mod", "usr/sbin", "lib64"):
        (top / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", top / "bin/busybox")
    shutil.copytree(RECIPE / "etc", top / "etc")
    (top / "etc/shadow").chmod(0o600)
    shutil.copy(RECIPE / "init", top / "init")
    shutil.copy(RECIPE / "sbin/chpasswd", top / "usr/sbin/chpasswd")
    for program in ("init", "usr/sbin/chpasswd"):
        (top / program).chmod(0o755)
    files = images.modules(tree, version, images.words(RECIPE / "desk.modules"))
    for file in files:
        shutil.copy(file, top / "mod")
    (top / "mod/list").write_text("\n".join(file.name for file in files) + "\n")
    agent = images.tool("qemu-ga")
    shutil.copy(agent, top / "usr/sbin/qemu-ga")
    for library in re.findall(r"(/\S+) \(0x", images.run("ldd", agent).decode()):
        target = top / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    names = "\n".join(str(p.relative_to(top)) for p in sorted(top.rglob("*"))).encode()
    return images.zlib_gzip(images.run("cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0", cwd=top, input=names))
