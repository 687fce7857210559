"""Saved states of booted guests: a guest is back in about a second. Also what is said to a guest through its agent.

A state fits one definition, one image, one emulator; whatever differs makes another one. A state is saved before the guest has
mounted anything of its lab (QEMU does not save a guest that has), so one state serves every lab of this tree.
"""
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

from . import netlab
from .netlab import LabError, wait_until


def answers(domain: Any, serial: pathlib.Path, within: float = 180) -> None:
    """Waits until the guest's agent does."""
    import libvirt
    import libvirt_qemu

    def ping() -> bool:
        with contextlib.suppress(libvirt.libvirtError):
            libvirt_qemu.qemuAgentCommand(domain, '{"execute":"guest-ping"}', 5, 0)
            return True
        return False

    wait_until(ping, within, f"the guest agent of {domain.name()} answers", every=0.1,
               on_fail=lambda: serial.read_text(errors="replace")[-3000:] if serial.exists() else "no serial line",
               alive=lambda: bool(domain.isActive()))


def execute(domain: Any, *argv: str, within: float = 30) -> str:
    """Runs a program in the guest through its agent; what it said."""
    import base64

    import libvirt
    import libvirt_qemu

    def say(what: str, **arguments: Any) -> dict[str, Any]:
        order = json.dumps({"execute": what, "arguments": arguments})

        def said() -> str:
            try:
                return str(libvirt_qemu.qemuAgentCommand(domain, order, int(20 * netlab.patience), 0))
            except libvirt.libvirtError as error:
                # An order that was sent and not answered may have been obeyed: it is not given twice.
                if error.get_error_code() != libvirt.VIR_ERR_AGENT_UNRESPONSIVE or "respond to command" in str(error):
                    raise
                return ""

        answer: dict[str, Any] = json.loads(wait_until(said, 30, f"the agent of {domain.name()} takes an order", every=0.2,
                                                       alive=lambda: bool(domain.isActive())))["return"]
        return answer

    pid = say("guest-exec", path=argv[0], arg=list(argv[1:]), **{"capture-output": True})["pid"]
    seen: dict[str, Any] = wait_until(lambda: found if (found := say("guest-exec-status", pid=pid))["exited"] else None, within,
                                      f"{argv[0]} in {domain.name()} has ended", every=0.05)
    said = "".join(base64.b64decode(seen.get(part, "")).decode(errors="replace") for part in ("out-data", "err-data"))
    if seen.get("exitcode") != 0:
        raise LabError(f"{domain.name()}: {' '.join(argv)[:200]} ended {seen.get('exitcode')}: {said[-2000:]}")
    return said


class States:
    """The states of one tree. `home`: the lab's folder, below which everything lies that differs from lab to lab."""

    def __init__(self, cache: pathlib.Path, home: pathlib.Path, connection: Any) -> None:
        self.cache, self.home, self.connection = cache, home, connection
        cache.mkdir(parents=True, exist_ok=True)

    def key(self, definition: str) -> str:
        """Of a domain's XML, in which the image's path stands for its content."""
        told = hashlib.sha256(definition.replace(str(self.home), "@").encode())
        told.update(f"{self.connection.getVersion()} {self.connection.getLibVersion()}".encode())
        if "type='kvm'" in definition:  # the guest has seen this processor
            with open("/proc/cpuinfo") as known:
                told.update("".join(sorted({line for line in known if line.startswith(("model name", "flags"))})).encode())
        return told.hexdigest()[:16]

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        with open(self.cache / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def restore(self, name: str, definition: str) -> Any:
        """The running domain, or None when there is no state that fits."""
        import libvirt

        state = self.cache / f"{name}-{self.key(definition)}.state"
        with self._held():
            if not state.exists():
                return None
            # Not the definition itself: it has no addresses of devices yet, and they must be the same.
            was = state.with_suffix(".home").read_text()
            try:
                described = self.connection.saveImageGetXMLDesc(str(state), 0).replace(was, str(self.home))
                self.connection.restoreFlags(str(state), described, 0)
            except libvirt.libvirtError as error:
                print(f"{name}: its saved state is of no use ({error}); it boots", flush=True)
                state.unlink()
                return None
        return self.connection.lookupByName(name)

    def save(self, domain: Any, definition: str) -> None:
        """Keeps the running guest as it is now, in the place of older states of its name; it does not run any more."""
        name = domain.name()
        state = self.cache / f"{name}-{self.key(definition)}.state"
        part = self.cache / f"{name}-{time.monotonic_ns()}.part"
        domain.save(str(part))
        with self._held():
            for old in (*self.cache.glob(f"{name}-*.state"), *self.cache.glob(f"{name}-*.home")):
                old.unlink()
            state.with_suffix(".home").write_text(str(self.home))
            part.rename(state)
