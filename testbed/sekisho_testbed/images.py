"""Guest images from Debian packages, built when they are first needed and kept by a hash of all that goes into them.

Needs root (mmdebstrap, chroot) and the packages of testbed/packages_libvirt.txt. What is made: the kernel as an unpacked ELF
file, an initramfs, and one read-only root a role. testbed/images/README.md says why.
"""
from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Sequence

RECIPES = pathlib.Path(__file__).resolve().parents[1] / "images"
TOOLS = ("unshare", "mmdebstrap", "mkfs.erofs", "busybox", "modprobe", "depmod", "cpio", "apt-get", "dpkg-deb")
KERNEL = "linux-image-amd64"
FOLDERS = ("desk",)  # recipes of images that are no Debian root


@dataclasses.dataclass(frozen=True)
class Image:
    kernel: pathlib.Path
    initramfs: pathlib.Path
    root: pathlib.Path


def tool(name: str) -> str:
    """Where a program is; "" where it is not."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or ""


def lacks(tools: Sequence[str]) -> str | None:
    """The first that is not installed, as a reason; or None."""
    return next((f"{name} is not installed" for name in tools if not tool(name)), None)


def probe() -> str | None:
    """Why images cannot be built here, or None."""
    return lacks(TOOLS)


def words(file: pathlib.Path) -> list[str]:
    return [word for line in file.read_text().splitlines() for word in line.split("#")[0].split()]


def run(*argv: str, cwd: pathlib.Path | None = None, input: bytes | None = None) -> bytes:
    env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin", LC_ALL="C.UTF-8")
    done = subprocess.run(argv, cwd=cwd, input=input, capture_output=True, env=env)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv[:4])}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def kernel_package() -> str:
    """The package behind Debian's generic kernel, e.g. linux-image-6.1.0-35-amd64."""
    found = re.search(r"Depends: (linux-image-\S+)", run("apt-cache", "depends", KERNEL).decode())
    if found is None:
        raise RuntimeError(f"apt knows no {KERNEL}")
    return found.group(1)


def key(packages: list[str], recipe: pathlib.Path, role: str = "") -> str:
    """Changes with every file of the recipe, the builder, and every version of a package that is named. `recipe`: a folder below
    that of all recipes, or that one itself: then what lies in the other folders of recipes does not count, nor what the other roles
    are made of."""
    wanted = hashlib.sha256()
    others = [RECIPES / name for name in FOLDERS if RECIPES / name != recipe]
    for file in sorted(p for p in recipe.rglob("*") if p.is_file() and p.name != "README.md"):
        if any(file.is_relative_to(other) for other in others) or (file.suffix == ".packages" and file.stem != role):
            continue
        if file.suffix == ".modules" and file.parent == RECIPES and file.stem not in (role, "initramfs"):
            continue
        wanted.update(str(file.relative_to(RECIPES)).encode() + b"\0" + file.read_bytes() + b"\0")
    wanted.update(pathlib.Path(__file__).read_bytes())
    shown = run("apt-cache", "show", "--no-all-versions", kernel_package(), *packages).decode()
    wanted.update("\n".join(re.findall(r"^(?:Package|Version): .*$", shown, re.M)).encode())
    return wanted.hexdigest()[:16]


def unpacked(bz_image: bytes) -> bytes:
    """The ELF file inside a bzImage (Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length)."""
    offset, length = struct.unpack_from("<II", bz_image, 0x248)
    begin = ((bz_image[0x1F1] or 4) + 1) * 512 + offset
    payload = bz_image[begin:begin + length]
    if payload.startswith(b"\xfd7zXZ\0"):
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload.startswith(b"\x1f\x8b"):
        elf = zlib.decompressobj(31).decompress(payload)
    else:
        raise RuntimeError(f"kernel packed in an unknown way: {payload[:6].hex()}")
    if not elf.startswith(b"\x7fELF"):
        raise RuntimeError("no ELF file in the kernel")
    return elf


def modules(tree: pathlib.Path, version: str, names: list[str]) -> list[pathlib.Path]:
    """Files of the modules and of all that they need, in the order in which they can be loaded."""
    found: list[pathlib.Path] = []
    for name in names:
        shown = subprocess.run(["/sbin/modprobe", "-d", str(tree), "-S", version, "--show-depends", name], capture_output=True, text=True)
        for line in shown.stdout.splitlines():
            path = pathlib.Path(line.split()[1]) if line.startswith("insmod ") else None
            if path is not None and path not in found:
                found.append(path)
    return found


def make_kernel(work: pathlib.Path) -> tuple[pathlib.Path, str]:
    """Unpacks the kernel's package below `work`; the tree and the kernel's version."""
    package = kernel_package()
    run("apt-get", "-q", "download", package, cwd=work)
    tree = work / "kernel"
    run("dpkg-deb", "-x", str(next(work.glob(f"{package}_*.deb"))), str(tree))
    version = package.removeprefix("linux-image-")
    run("depmod", "-b", str(tree), version)
    return tree, version


def make_initramfs(work: pathlib.Path, tree: pathlib.Path, version: str) -> bytes:
    top = work / "initramfs"
    for name in ("bin", "dev", "proc", "sys", "ro", "rw", "new", "mod"):
        (top / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", top / "bin/busybox")
    files = modules(tree, version, words(RECIPES / "initramfs.modules"))
    for file in files:
        shutil.copy(file, top / "mod")
    (top / "mod/list").write_text("\n".join(file.name for file in files) + "\n")
    shutil.copy(RECIPES / "initramfs-init", top / "init")
    (top / "init").chmod(0o755)
    names = "\n".join(str(p.relative_to(top)) for p in sorted(top.rglob("*"))).encode()
    return zlib_gzip(run("cpio", "-o", "-H", "newc", "--quiet", cwd=top, input=names))


def zlib_gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def make_root(role: str, work: pathlib.Path, tree: pathlib.Path, version: str) -> pathlib.Path:
    root = work / "root"
    sources = [str(p) for p in (pathlib.Path("/etc/apt/sources.list.d/debian.sources"), pathlib.Path("/etc/apt/sources.list")) if p.exists()][:1]
    # In a mount namespace of its own: whatever happens, nothing stays mounted below a folder that is removed afterwards.
    run("unshare", "--mount", "--propagation", "private", "mmdebstrap", "--variant=minbase", "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--include=" + ",".join(words(RECIPES / f"{role}.packages")), "bookworm", str(root), *sources)
    home = root / "lib/modules" / version
    home.mkdir(parents=True)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(tree / "lib/modules" / version / name, home)
    for file in modules(tree, version, words(RECIPES / f"{role}.modules")):
        kept = root / file.relative_to(tree)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, kept)
    run("depmod", "-b", str(root), version)
    shutil.copytree(RECIPES / "seed", root, dirs_exist_ok=True)
    for cache in ("var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(root / cache, ignore_errors=True)
    image = work / "root.erofs"
    run("mkfs.erofs", "-zlz4", "--quiet", str(image), str(root))
    return image


def image(role: str, cache: pathlib.Path) -> Image:
    """The image of the role, from the cache or built now (some minutes, network to Debian's archive)."""
    def make(work: pathlib.Path, done: pathlib.Path) -> None:
        tree, version = make_kernel(work)
        (done / "vmlinux").write_bytes(unpacked((tree / f"boot/vmlinuz-{version}").read_bytes()))
        (done / "initramfs.gz").write_bytes(make_initramfs(work, tree, version))
        make_root(role, work, tree, version).rename(done / "root.erofs")

    folder = kept(cache, f"{role}-{key(words(RECIPES / f'{role}.packages'), RECIPES, role)}", make)
    return Image(folder / "vmlinux", folder / "initramfs.gz", folder / "root.erofs")


def kept(cache: pathlib.Path, name: str, make: Callable[[pathlib.Path, pathlib.Path], None]) -> pathlib.Path:
    """The folder of that name in the cache; `make(work, done)` fills it when it is not there."""
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs do not build the same image twice
        if not folder.exists():
            for left in cache.glob("building-*"):  # of a run that was killed: the lock is ours
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as part:
                work = pathlib.Path(part)
                work.chmod(0o755)
                done = work / "done"
                done.mkdir()
                make(work, done)
                done.rename(folder)
    return folder
