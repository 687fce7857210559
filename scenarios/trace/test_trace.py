"""Issue of the process design: seen by strace during a whole login, tunnel and end."""
from __future__ import annotations

import pathlib
import re
import signal
import subprocess

import pytest

from sekisho_testbed.namespaces import NamespacesWorld

pytestmark = pytest.mark.needs("processes")

FORBIDDEN_IN_FRONT = {"open", "openat", "openat2", "creat", "socket", "connect", "bind", "execve", "execveat", "ptrace",
                      "init_module", "mount"}


def calls(path: pathlib.Path) -> list[tuple[str, str]]:
    found = []
    for line in path.read_text(errors="replace").splitlines():
        match = re.match(r"(?:\d+ +)?([a-z0-9_]+)\((.*)", line)
        if match:
            found.append((match.group(1), match.group(2)))
    return found


def inet_listeners(pid: int) -> list[str]:
    """Listening TCP sockets that the process holds, as local addresses in the kernel's hex form."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", str(fd.readlink()))
        except OSError:
            continue
        if match:
            inodes.add(match.group(1))
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[9] in inodes and (words[3] == "0A" or table.startswith("udp")):
                found.append(words[1])
    return found


def test_each_process_does_only_what_it_may(world: NamespacesWorld) -> None:
    pids = world.gatehouse.pids()
    traces: dict[str, tuple[subprocess.Popen[bytes], pathlib.Path]] = {}
    for name, pid in pids.items():
        if name in ("sekisho",):
            continue
        out = world.folder / f"{name}.strace"
        # strace runs outside the lab's pid namespace, where these pids are known.
        traces[name] = (subprocess.Popen(["strace", "-f", "-qq", "-s", "64", "-o", str(out), "-p", str(pid)],
                                         stderr=subprocess.DEVNULL), out)
    world.wait(lambda: all(pathlib.Path(f"/proc/{pids[n]}/status").read_text().find("TracerPid:\t0\n") < 0 for n in traces),
               10, "strace has attached to every process")
    vpn = world.pass_gate("mori")
    assert world.pc("mori").reaches(*world.entrance)
    vpn.hang_up()
    world.wait_no_session("mori")
    for tracer, _ in traces.values():
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
    seen = {name: calls(out) for name, (_, out) in traces.items()}
    assert all(len(found) > 5 for found in seen.values()), {n: len(f) for n, f in seen.items()}

    for front in ("front", "posture-front"):
        wrong = [f"{name}({rest[:80]}" for name, rest in seen[front] if name in FORBIDDEN_IN_FRONT]
        assert not wrong, f"{front}: {wrong[:10]}"
    daemon = next(n for n in seen if n.endswith("sekishod"))
    assert not [c for c in seen[daemon] if c[0] == "bind" and "AF_INET" in c[1]], daemon
    assert inet_listeners(pids[daemon]) == []
    assert inet_listeners(pids["front"]), "the check can fail: the front does hold a listener"

    # The kernel's network is changed through netlink sockets and TUN ioctls: netd alone does either.
    for name, found in seen.items():
        netlink = [c for c in found if c[0] in ("sendmsg", "sendto", "socket") and "NETLINK" in c[1]]
        tun = [c for c in found if c[0] == "ioctl" and "TUN" in c[1]]
        if name == "sekisho-netd":
            assert netlink, "the check can fail: netd does speak netlink"
        else:
            assert not netlink and not tun, f"{name}: {(netlink + tun)[:5]}"
