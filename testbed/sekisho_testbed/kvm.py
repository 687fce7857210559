"""Whether KVM is real here, and what a guest's processor is then called by libvirt and by the gate's driver."""
from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile

#: For a Linux guest's command line: on a machine that is busy an emulated timer comes late, which the kernel must not take for a
#: broken one; and a guest that has panicked must not stand there until somebody's patience ends.
STEADY = "no_timer_check panic=-1"
CACHE = pathlib.Path(__file__).resolve().parents[2] / "build" / "images"


def works(within: float = 3) -> bool:
    """Whether an instruction of a guest really runs: an openable /dev/kvm says nothing on nested machines."""
    if not os.access("/dev/kvm", os.W_OK):
        return False
    known = CACHE / f"kvm-{pathlib.Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    CACHE.mkdir(parents=True, exist_ok=True)
    if not known.exists():  # it does not change while the machine is up, and "no" costs the whole time limit
        for old in CACHE.glob("kvm-*"):
            old.unlink()
        known.write_text("yes" if instruction_runs(within) else "no")
    return known.read_text() == "yes"


def instruction_runs(within: float) -> bool:
    # mov al,42; out 0xf4,al; hlt; jmp -3: the debug port ends QEMU with (42 << 1) | 1
    sector = bytes.fromhex("b02ae6f4f4ebfd").ljust(510, b"\0") + b"\x55\xaa"
    with tempfile.NamedTemporaryFile() as disk:
        disk.write(sector)
        disk.flush()
        argv = ["qemu-system-x86_64", "-machine", "pc,accel=kvm", "-m", "16", "-display", "none", "-nodefaults", "-no-reboot", "-boot", "a",
                "-drive", f"file={disk.name},format=raw,if=floppy,readonly=on", "-device", "isa-debug-exit,iobase=0xf4,iosize=1"]
        try:
            return subprocess.run(argv, capture_output=True, timeout=within).returncode == 85
        except subprocess.TimeoutExpired:
            return False


def accelerations() -> list[str]:
    """What guests can run under here, the best first; the driver's words."""
    return ["kvm", "tcg"] if works() else ["tcg"]


def domain_type(acceleration: str) -> str:
    """libvirt's word."""
    return "kvm" if acceleration == "kvm" else "qemu"
