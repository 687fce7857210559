"""A hermetic lab: one first process, and everything below it.

The lab is a set of namespaces (net, mount, pid, ipc, uts) held by one process. Hosts are nested network namespaces,
segments are bridges. Ending the first process removes hosts, bridges, mounts and every program at once; it is ended by
the kernel when the test run dies, however it dies.
"""
from __future__ import annotations

import ctypes
import dataclasses
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Found = TypeVar("Found")


class LabError(RuntimeError):
    """The machinery failed, not the thing under test."""


@dataclasses.dataclass(frozen=True)
class Segment:
    name: str       # at most 10 characters: becomes a bridge name
    network: str    # "198.18.0.0/24"

    def address(self, last: int) -> str:
        return self.network.rsplit(".", 1)[0] + f".{last}"

    @property
    def prefix(self) -> int:
        return int(self.network.split("/")[1])


@dataclasses.dataclass(frozen=True)
class Plug:
    """One network card of a host."""
    segment: str
    last: int                 # last octet of its address
    mac: str | None = None


Made = TypeVar("Made")


class Program:
    """A process on a host, with its output in a file of the lab's folder."""

    def __init__(self, host: "Host", name: str, argv: Sequence[str], process: subprocess.Popen[bytes],
                 log: pathlib.Path) -> None:
        self.host, self.name, self.argv, self.process, self.log = host, name, list(argv), process, log

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait_text(self, wanted: str, within: float) -> str:
        """Waits for `wanted` in the output; names what it waited for when it does not come."""
        return wait_until(lambda: self.text() if wanted in self.text() else None, within,
                          f"{self.name} on {self.host.name} says {wanted!r}",
                          on_fail=lambda: self.text()[-3000:], alive=lambda: self.running or wanted in self.text())

    def wait_end(self, within: float) -> int:
        within *= patience
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"waited {within} s for the end of {self.name}; its output:\n{self.text()[-3000:]}")

    @property
    def pid(self) -> int:
        """The program's own process as this side sees it: entering the lab's pid namespace made it a child of nsenter."""
        entered = self.process.pid
        return wait_until(lambda: next(iter(children(entered)), 0 if self.running else entered), 5,
                          f"{self.name} on {self.host.name} has started")

    def signal(self, number: int) -> None:
        if self.running:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass

    def stop(self, within: float = 5) -> int:
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            return self.process.wait(5)


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


#: How much longer than on a machine of its own a wait may take here: an emulated guest is several times slower. Promises of
#: the rules (World.limit) are not stretched.
patience = 1.0
#: Told of every wait that ended: what was waited for, how long (s), and whether it came. The evidence of a story listens.
watchers: list[Callable[[str, float, bool], None]] = []


def wait_until(check: Callable[[], Found | None], within: float, what: str, *, every: float = 0.02,
               on_fail: Callable[[], str] | None = None, alive: Callable[[], bool] | None = None) -> Found:
    """Polls `check` until it gives something true; an AssertionError names `what` was waited for."""
    within *= patience
    begun = time.monotonic()
    deadline = begun + within
    while True:
        found = check()
        if found:
            for watcher in watchers:
                watcher(what, time.monotonic() - begun, True)
            return found
        dead = alive is not None and not alive()
        if dead or time.monotonic() > deadline:
            for watcher in watchers:
                watcher(what, time.monotonic() - begun, False)
            tail = "\n" + on_fail() if on_fail else ""
            why = "it ended" if dead else f"{within} s passed"
            raise AssertionError(f"waited for: {what}; {why}{tail}")
        # Waiting for other processes needs a pause; select keeps it interruptible and off the busy loop.
        select.select([], [], [], every)


class Host:
    patience = 1.0  #: how much longer than on a machine of its own its programs may take

    def __init__(self, lab: "NetLab", name: str, addresses: dict[str, str]) -> None:
        self.lab, self.name, self.addresses = lab, name, addresses
        self.folder = lab.folder / "hosts" / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def argv(self, argv: Sequence[str]) -> list[str]:
        return self.lab.enter(["ip", "netns", "exec", self.name, *argv])

    def run(self, *argv: str, within: float = 20, check: bool = True, input: str | None = None,
            env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(self.argv(argv), capture_output=True, text=True, timeout=within, input=input,
                              env=dict(os.environ, **(env or {})), errors="replace")
        if check and done.returncode != 0:
            raise LabError(f"{self.name}: {' '.join(argv)} ended {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}")
        return done

    def card(self, segment: str) -> str:
        """The name of its card on that segment; a guest's are numbered."""
        shown = self.run("ip", "-o", "-4", "addr", "show", "to", f"{self.addresses[segment]}/32").stdout.split()
        if len(shown) < 2:
            raise LabError(f"{self.name} has no card on {segment}")
        return shown[1]

    def start(self, name: str, *argv: str, env: Mapping[str, str] | None = None,
              stdin: int | None = subprocess.DEVNULL) -> Program:
        return self._start(name, argv, self.argv(argv), env, stdin)

    def connect(self, address: str, port: int, within: float = 5) -> socket.socket:
        """A TCP connection from this host that this process holds."""
        return self._there(lambda: socket.create_connection((address, port), within))

    def listen(self, port: int) -> socket.socket:
        """A listening TCP socket on this host that this process holds."""
        return self._there(lambda: socket.create_server(("0.0.0.0", port)))

    def ip(self, lines: Sequence[str]) -> None:
        """Many `ip` commands in one process."""
        self.run("ip", "-batch", "-", input="\n".join(lines) + "\n")

    def established(self, port: int) -> int:
        """TCP connections to this port of the host that stand."""
        rows = self._there(lambda: pathlib.Path("/proc/thread-self/net/tcp").read_text()).splitlines()[1:]
        return sum(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "01" for row in rows)

    def _there(self, make: Callable[[], Made]) -> Made:
        """A thread goes into the host's network and makes the socket (or looks) there."""
        made: list[Made | BaseException] = []

        def go() -> None:
            try:
                with open(f"/proc/{self.lab.pid}/root/run/netns/{self.name}") as network:
                    if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), 0x40000000) != 0:  # CLONE_NEWNET
                        raise LabError(f"setns: {os.strerror(ctypes.get_errno())}")
                made.append(make())
            except BaseException as error:
                made.append(error)

        visitor = threading.Thread(target=go)
        visitor.start()
        visitor.join()
        if isinstance(made[0], BaseException):
            raise made[0]
        return made[0]

    def _start(self, name: str, argv: Sequence[str], entered: list[str], env: Mapping[str, str] | None,
               stdin: int | None) -> Program:
        log = self.folder / f"{name}.log"
        count = 1
        while log.exists():  # a later story's program of the same name starts a log of its own
            count += 1
            log = self.folder / f"{name}.{count}.log"
        with open(log, "xb") as out:
            process = subprocess.Popen(entered, stdin=stdin, stdout=out, stderr=subprocess.STDOUT,
                                       env=dict(os.environ, **(env or {})), start_new_session=True)
        program = Program(self, name, argv, process, log)
        self.lab.programs.append(program)
        return program


class Outside(Host):
    """The lab itself, where its bridges are."""

    def argv(self, argv: Sequence[str]) -> list[str]:
        return self.lab.enter(argv)


def programs_that_name(folder: pathlib.Path) -> list[str]:
    """Command lines of this machine's programs that have to do with a lab's folder, but for the run itself."""
    found = []
    for each in pathlib.Path("/proc").iterdir():
        try:
            words = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace") if each.name.isdigit() else ""
        except OSError:
            continue
        if str(folder) in words and "sekisho_testbed" not in words:
            found.append(words[:160])
    return found


class NetLab:
    """`with NetLab(folder) as lab:`; everything is gone at the end of the block, or with this process."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.programs: list[Program] = []
        self.hosts: dict[str, Host] = {}
        self.segments: dict[str, Segment] = {}
        self.first: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def __enter__(self) -> "NetLab":
        self.folder.mkdir(parents=True, exist_ok=True)
        # The kernel ends the first process with us (pdeathsig), and everything below it with the first (kill-child).
        # It stays a shell that waits: as the first process it must bury what others leave (libvirt waits for a machine's end 40 s).
        script = ("trap exit TERM; mount --make-rprivate /; mount -t tmpfs tmpfs /run; mkdir -p /run/netns /run/lock; "
                  "ip link set lo up; echo up; sleep infinity & wait")
        self.first = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork",
             "--kill-child", "--mount-proc", "bash", "-euc", script],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)
        assert self.first.stdout is not None
        if self.first.stdout.readline() != b"up\n":
            raise LabError("the lab's first process did not start (root and namespaces are needed)")
        children = pathlib.Path(f"/proc/{self.first.pid}/task/{self.first.pid}/children").read_text().split()
        self.pid = int(children[0])
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.first is None:
            return
        # It is the lab's first process that ends, and everything with it; its parent buries it. Left to whoever would adopt it, it may
        # stand there dead for a second or two.
        os.kill(self.pid, signal.SIGTERM)
        try:
            self.first.wait(10)
        except subprocess.TimeoutExpired:
            self.first.kill()
            self.first.wait()
        for program in self.programs:
            try:
                program.process.wait(2)
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()
        assert self.first.stdout is not None
        self.first.stdout.close()
        self.first = None
        wait_until(lambda: not self.remains(), 5, "the lab's processes are gone")

    def enter(self, argv: Sequence[str]) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "-p", "-u", "-i", f"--wd={os.getcwd()}", *argv]

    def run(self, *argv: str) -> str:
        done = subprocess.run(self.enter(argv), capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise LabError(f"{' '.join(argv)}: {done.stderr}")
        return done.stdout

    def start_outside(self, host: Host, name: str, *argv: str) -> Program:
        """A program of the lab itself, outside every host (where the bridges are); its log lies with `host`'s."""
        return host._start(name, argv, self.enter(argv), None, subprocess.DEVNULL)

    def batch(self, lines: Sequence[str], host: str | None = None) -> None:
        """Many `ip` commands in one process."""
        argv = ["ip", *(["-n", host] if host else []), "-batch", "-"]
        done = subprocess.run(self.enter(argv), input="\n".join(lines), capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise LabError(f"ip -batch: {done.stderr}")

    def take_away(self, host: Host, lines: Sequence[str]) -> None:
        """The same for what was added before; what has gone by itself meanwhile (with its device) is passed over."""
        if lines:
            host.run("ip", "-force", "-batch", "-", input="\n".join(lines) + "\n", check=False)

    def add_segment(self, segment: Segment) -> None:
        self.segments[segment.name] = segment
        self.batch([f"link add br-{segment.name} type bridge stp_state 0 forward_delay 0",
                    f"link set br-{segment.name} up"])

    def add_host(self, name: str, plugs: Sequence[Plug], gateway: str | None = None) -> Host:
        self.run("ip", "netns", "add", name)
        addresses: dict[str, str] = {}
        outer: list[str] = []
        inner = ["link set lo up"]
        for number, plug in enumerate(plugs):
            segment = self.segments[plug.segment]
            card = plug.segment if len(plugs) > 1 else "eth0"
            peer = f"v{len(self.hosts)}x{number}"
            mac = f" address {plug.mac}" if plug.mac else ""
            outer += [f"link add {peer} type veth peer name {card} netns {name}",
                      f"link set {peer} master br-{plug.segment} up"]
            addresses[plug.segment] = segment.address(plug.last)
            inner += [f"link set {card}{mac} up", f"addr add {segment.address(plug.last)}/{segment.prefix} dev {card}"]
        if gateway:
            inner.append(f"route add default via {gateway}")
        self.batch(outer)
        self.batch(inner, host=name)
        host = Host(self, name, addresses)
        self.hosts[name] = host
        return host

    def plug_in(self, host: Host, plugs: Sequence[Plug]) -> None:
        """Further cards of a host that stands already, each named after its segment."""
        outer, inner = [], []
        for plug in plugs:
            segment, peer = self.segments[plug.segment], f"w{list(self.hosts).index(host.name)}-{plug.segment}"
            outer += [f"link add {peer} type veth peer name {plug.segment} netns {host.name}",
                      f"link set {peer} master br-{plug.segment} up"]
            inner += [f"link set {plug.segment} up", f"addr add {segment.address(plug.last)}/{segment.prefix} dev {plug.segment}"]
            host.addresses[plug.segment] = segment.address(plug.last)
        self.batch(outer)
        self.batch(inner, host=host.name)

    def remains(self) -> list[str]:
        """What of this lab is still there; empty after close()."""
        return [] if not pathlib.Path(f"/proc/{self.pid}").exists() else [f"process {self.pid}"]


def probe() -> str | None:
    """Why this machine cannot hold a lab, or None."""
    if os.geteuid() != 0:
        return "root is needed for network namespaces"
    for tool in ("unshare", "nsenter", "setpriv", "ip", "nft"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if not os.path.exists("/dev/net/tun"):
        return "/dev/net/tun is missing"
    return None
