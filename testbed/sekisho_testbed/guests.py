"""The libvirt lab: the namespaces lab in which some hosts are QEMU guests on the same bridges: a contractor's PC, and on the closed
network a lent terminal and the device of its site, whose kernel does ESP itself.

A libvirtd of the lab's own runs below the lab's first process and is gone with it, guests included. A guest sees the lab's
folder and the built tree at the same paths as its host does, so that every program and file is named alike; its programs are
started over a cable of their own (`mgmt`), on which no story looks.
"""
from __future__ import annotations

import dataclasses
import importlib.util
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from . import images, kvm, netlab, states
from .browser import Browser
from .charons import Charon
from .form_page import FormPage
from .labs import NotHere
from .gate_programs import unbuilt
from .namespaces import NamespacesHouse
from .netlab import Host, LabError, NetLab, Outside, Plug, Program, probe, wait_until
from .people import Page
from .talks import Identity
from .vici_line import GuestCharon

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANAGEMENT = "10.99.0"
EMULATED = 5.0              # how much longer waits may take where KVM does not work
CACHE = kvm.CACHE
#: TCP ports of a scan where the PC is emulated: each packet costs it a millisecond of TLS.
EMULATED_PORTS = "1-4096"
TOOLS = ("qemu-system-x86_64", "libvirtd", "ssh", "ssh-keygen")


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a guest is. `modules` are loaded before its state is saved: under emulation a module takes half a second."""
    role: str       # of its image
    memory_mib: int
    modules: tuple[str, ...]


PC = Kind("pc", 400, ("ppp_async",))
SITE = Kind("site", 160, ("xfrm_user", "esp4", "gcm", "ghash_generic", "ctr", "seqiv", "echainiv", "drbg"))
#: The others stay namespaces: a guest costs seconds and memory.
GUESTS = {"mori-pc": PC, "sato-pc": PC, "sato-device": SITE}


def missing() -> str | None:
    """Why this machine cannot hold the lab, or None."""
    if reason := probe() or images.probe():
        return reason
    for tool in TOOLS:
        if shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
            return f"{tool} is not installed (testbed/packages_libvirt.txt)"
    return None if importlib.util.find_spec("libvirt") else "python3-libvirt is not installed (testbed/packages.txt)"


def raise_lab(folder: pathlib.Path, build: pathlib.Path) -> "GuestsHouse":
    if reason := missing():
        raise NotHere(reason)
    if lacking := unbuilt(build):
        raise NotHere(f"not built yet: {', '.join(lacking)}")
    return GuestsHouse(folder, build)


class GuestProgram(Program):
    """A program on a guest. What runs here is its line to it; signals go to the program itself."""

    def __init__(self, host: "GuestHost", name: str, argv: Sequence[str], process: subprocess.Popen[bytes], log: pathlib.Path,
                 pid_file: str) -> None:
        super().__init__(host, name, argv, process, log)
        self.pid_file = pid_file

    def signal(self, number: int) -> None:
        if self.running:
            self.host.run("sh", "-c", f'kill -{int(number)} "$(cat {shlex.quote(self.pid_file)})"', check=False)


class GuestHost(Host):
    """A host of the lab that is a guest: the same verbs, over its management cable."""

    def __init__(self, lab: NetLab, name: str, addresses: dict[str, str], config: pathlib.Path) -> None:
        super().__init__(lab, name, addresses)
        self.config, self.count = config, 0
        self.patience = netlab.patience

    def argv(self, argv: Sequence[str]) -> list[str]:
        return self.lab.enter(["ssh", "-F", str(self.config), self.name, shlex.join(argv)])

    def run(self, *argv: str, within: float = 20, check: bool = True, input: str | None = None,
            env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        words = [*(["env", *(f"{k}={v}" for k, v in env.items())] if env else []), *argv]
        done = subprocess.run(self.argv(words), capture_output=True, text=True, timeout=within * netlab.patience, errors="replace",
                              input=input or "", env=None)
        if check and done.returncode != 0:
            raise LabError(f"{self.name}: {' '.join(argv)} ended {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}")
        return done

    def connect(self, address: str, port: int, within: float = 5) -> socket.socket:
        """The line to the guest carries the connection, which the guest makes."""
        if self.run("timeout", f"{within + 0.5 * (self.patience - 1):g}", "bash", "-c", 'exec 3<>"/dev/tcp/$0/$1"', address, str(port), check=False,
                    within=within + 20).returncode != 0:
            raise OSError(f"{address}:{port} does not answer {self.name}")
        here, there = socket.socketpair()
        with there:
            subprocess.Popen(self.lab.enter(["ssh", "-F", str(self.config), "-W", f"{address}:{port}", self.name]), stdin=there.fileno(), stdout=there.fileno(),
                             stderr=subprocess.DEVNULL, start_new_session=True)
        return here

    def proxy(self, port: int) -> str:
        """What a browser beside the guest uses so that its connections are the guest's; lives as long as the lab."""
        program = self.lab.start_outside(self, "wire-proxy", "ssh", "-F", str(self.config), "-S", "none", "-N", "-v", "-D", f"127.0.0.1:{port}", self.name)
        program.wait_text("Local forwarding listening", 30)
        return f"socks5://127.0.0.1:{port}"

    def start(self, name: str, *argv: str, env: Mapping[str, str] | None = None, stdin: int | None = subprocess.DEVNULL) -> Program:
        self.count += 1
        pid_file = f"/run/sk/{name}.{self.count}.pid"
        words = [*(["env", *(f"{k}={v}" for k, v in env.items())] if env else []),
                 "sh", "-c", f'echo $$ >{pid_file}; exec "$@"', "sh", *argv]
        plain = self._start(name, argv, self.argv(words), None, stdin)
        self.lab.programs.remove(plain)
        program = GuestProgram(self, name, argv, plain.process, plain.log, pid_file)
        self.lab.programs.append(program)
        return program


class GuestsHouse(NamespacesHouse):
    """Network, desktops, servers and mail as in the namespaces lab; some hosts are guests."""

    name = "libvirt"

    def __init__(self, folder: pathlib.Path, build: pathlib.Path, *, cold: bool = False) -> None:
        """`cold`: no saved state is used."""
        super().__init__(folder, build)
        self.cold = cold

    def no_reader(self) -> str:
        return ""

    def reader(self, host: Host, identity: Identity | None, user_agent: str | None, languages: str) -> Page:
        """No guest has a browser: a program reads the pages there."""
        return FormPage(host, identity, self.web_ca.certificate, user_agent=user_agent, languages=languages)

    def browser(self, name: str) -> Browser:
        """A browser on a guest would need a minute to start: it runs beside it, and all its connections are the guest's."""
        host = self.lab.hosts[name]
        if not isinstance(host, GuestHost):
            return super().browser(name)
        return Browser(Outside(self.lab, f"beside-{name}", {}), None, self.web_ca.certificate, proxy=host.proxy(1080 + list(GUESTS).index(name)))

    def add(self, name: str, plug: Plug) -> None:
        if name not in GUESTS:
            super().add(name, plug)
            return
        self._boot(name, [plug], self.lab.segments[plug.segment].address(1))

    def add_site(self, name: str, plugs: Sequence[Plug], gateway: str) -> Host:
        return self._boot(name, plugs, gateway) if name in GUESTS else super().add_site(name, plugs, gateway)

    def charon(self, host: Host, folder: pathlib.Path) -> Charon:
        return GuestCharon(host, host.config, folder) if isinstance(host, GuestHost) else super().charon(host, folder)

    # --- libvirtd -----------------------------------------------------------------------------------------------------------
    def _raise_libvirtd(self) -> None:
        self.domain_type = kvm.domain_type(kvm.accelerations()[0])
        netlab.patience = 1.0 if self.domain_type == "kvm" else EMULATED
        if self.domain_type == "qemu":
            self.scanned = EMULATED_PORTS
        home = self.virt = self.folder / "virt"
        self.connection = self.libvirtd().connection
        self.lab.batch(["link add br-mgmt type bridge stp_state 0 forward_delay 0", "link set br-mgmt up",
                        f"addr add {MANAGEMENT}.1/24 dev br-mgmt"])
        self.key = home / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True, capture_output=True)

    # --- guests ---------------------------------------------------------------------------------------------------------------
    def _boot(self, name: str, plugs: Sequence[Plug], gateway: str) -> GuestHost:
        """Its cards are eth0, eth1 … in the order of the plugs; the last one is the management cable's."""
        if not hasattr(self, "connection"):
            self._raise_libvirtd()
        kind, last = GUESTS[name], list(GUESTS).index(name) + 11
        try:
            image = images.image(kind.role, CACHE)
        except RuntimeError as error:
            raise NotHere(f"no guest image: {error}") from error
        begun = time.monotonic()
        segments = [self.lab.segments[plug.segment] for plug in plugs]
        addresses = [f"{segment.address(plug.last)}/{segment.prefix}" for segment, plug in zip(segments, plugs)]
        shares = {"lab": (self.folder, "rw"), "tree": (ROOT, "ro")}
        cabled = ",".join(f"eth{n}:{address}" for n, address in enumerate([*addresses, f"{MANAGEMENT}.{last}/24"]))
        line = " ".join([f"console=ttyS0 quiet loglevel=4 {kvm.STEADY}", f"sk.name={name}", f"sk.gw={gateway}", "sk.keys=/run/sk/keys",
                         f"sk.ip={cabled}"])
        filesystems = "".join(
            f"<filesystem type='mount' accessmode='passthrough' multidevs='remap'><driver type='path'/><source dir='{path}'/>"
            f"<target dir='{tag}'/>{'<readonly/>' if mode == 'ro' else ''}</filesystem>" for tag, (path, mode) in shares.items())
        bridges = [(plug.segment, plug.mac or f"52:54:00:98:{last:02x}:{n:02x}") for n, plug in enumerate(plugs)]
        cards = "".join(
            f"<interface type='bridge'><source bridge='br-{bridge}'/><mac address='{mac}'/><model type='virtio'/></interface>"
            for bridge, mac in (*bridges, ("mgmt", f"52:54:00:99:00:{last:02x}")))
        definition = f"""<domain type='{self.domain_type}'><name>{name}</name><memory unit='MiB'>{kind.memory_mib}</memory><vcpu>1</vcpu>
 <os><type arch='x86_64' machine='q35'>hvm</type><kernel>{image.kernel}</kernel><initrd>{image.initramfs}</initrd>
 <cmdline>{line}</cmdline></os><features><acpi/><apic/></features><cpu mode='maximum'/>
 <on_reboot>destroy</on_reboot><on_crash>destroy</on_crash><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
 <disk type='file' device='disk'><driver name='qemu' type='raw' cache='unsafe'/><source file='{image.root}'/>
 <target dev='vda' bus='virtio'/><readonly/><shareable/></disk>{cards}{filesystems}
 <serial type='file'><source path='{self.virt}/{name}-serial.log'/></serial>
 <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
 <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
 <graphics type='vnc'><listen type='socket' socket='{self.virt}/{name}.vnc'/></graphics><video><model type='vga'/></video>
 <memballoon model='none'/></devices></domain>"""
        serial = self.virt / f"{name}-serial.log"
        domain = self._running(name, definition, serial, kind.modules)
        # Nobody changes the tree while a lab stands, and every program of the gate's comes from there.
        caches = {"lab": "none", "tree": "loose"}
        mounts = "".join(f'mkdir -p "{path}"; mount -t 9p -o {mode},trans=virtio,version=9p2000.L,cache={caches[tag]},msize=262144,access=any '
                         f'{tag} "{path}"; '
                         for tag, (path, mode) in shares.items())
        # Its clock stood still, and its chance is that of every guest that was saved with it.
        states.execute(domain, "/bin/sh", "-euc", 'PATH=/usr/sbin:/usr/bin:/sbin:/bin; date -u -s "@$1" >/dev/null; '
                       "dd if=/dev/hwrng of=/dev/urandom bs=64 count=1 2>/dev/null || true; "
                       f'echo "$2" >/run/sk/keys; {mounts} cp "$3/hosts" /etc/hosts; cp "$3/resolv.conf" /etc/resolv.conf', "_",
                       f"{time.time():.3f}", self.key.with_suffix(".pub").read_text().strip(), str(self.folder))
        config = self.virt / f"{name}.ssh"
        config.write_text(f"Host {name}\n HostName {MANAGEMENT}.{last}\n User root\n IdentityFile {self.key}\n IdentitiesOnly yes\n"
                          " StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n ConnectTimeout 20\n"
                          f" ControlMaster auto\n ControlPath {self.virt}/%n.mux\n ControlPersist yes\n ServerAliveInterval 10\n ServerAliveCountMax 6\n")
        host = GuestHost(self.lab, name, {plug.segment: segment.address(plug.last) for segment, plug in zip(segments, plugs)}, config)
        self.lab.hosts[name] = host
        wait_until(lambda: host.run("true", check=False).returncode == 0, 30, f"{name} takes programs", every=0.1,
                   on_fail=lambda: serial.read_text(errors="replace")[-3000:])
        self.booted_s = time.monotonic() - begun
        return host

    def _running(self, name: str, definition: str, serial: pathlib.Path, modules: Sequence[str]) -> Any:
        """The guest, back from its saved state; booted and saved when there is none."""
        kept = states.States(CACHE / "states", self.folder, self.connection)
        domain = None if self.cold else kept.restore(name, definition)
        if domain is None:
            domain = self.connection.createXML(definition, 0)
            states.answers(domain, serial)
            states.execute(domain, "/sbin/modprobe", "-a", *modules)
            if not self.cold:
                kept.save(domain, definition)
                domain = kept.restore(name, definition) or self.connection.createXML(definition, 0)
        states.answers(domain, serial)
        return domain

    def __exit__(self, *exc: object) -> None:
        netlab.patience = 1.0
        super().__exit__(*exc)


__all__ = ["GuestsHouse", "missing", "raise_lab"]
