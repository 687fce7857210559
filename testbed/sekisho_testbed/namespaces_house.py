"""The namespaces lab's house: the hosts, networks and daemons that many stories share."""
from __future__ import annotations

import pathlib
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import browser, cast, cast_closed, charons, closed_network, evidence, hypervisor, scan
from .gate_programs import unbuilt_pages
from .gatehouse import UIDS, WebCa
from .hypervisor import Hypervisor
from .labs import Lab, NotHere
from .libvirtd import LabLibvirtd
from .netlab import Host, NetLab, Plug, Program
from .people import Page
from .post import Post
from .talks import Identity
from .wires import Wires

if TYPE_CHECKING:
    from .namespaces import NamespacesWorld

PROGRAMS = pathlib.Path(__file__).parent / "programs"


class NamespacesHouse(Lab):
    """Network, desktops, servers and mail. Costs a second; shared by many stories."""

    name = "namespaces"
    scanned = scan.EVERY_PORT

    def __init__(self, folder: pathlib.Path, build: pathlib.Path) -> None:
        self.folder, self.build = folder, build
        self.lab = NetLab(folder / "net")
        self._hypervisor: Hypervisor | None = None
        self._closed_hypervisor: Hypervisor | None = None
        self._libvirtd: LabLibvirtd | None = None
        self._closed = False

    def __enter__(self) -> "NamespacesHouse":
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in [self.folder, *self.folder.parents]:  # the gate's users pass down to their files below
            if str(part).startswith("/tmp/") and not part.stat().st_mode & 0o001:
                part.chmod(part.stat().st_mode | 0o011)
        self.web_ca = WebCa(self.folder / "web")
        self.gate_tls = self.web_ca.server(cast.GATE_NAME, [cast.GATE_PUBLIC, cast.GATE_INNER, cast.VDI_SIDE])
        lab = self.lab.__enter__()
        try:
            names = self.folder / "hosts"
            names.write_text(f"127.0.0.1 localhost\n{cast.GATE_PUBLIC} {cast.GATE_NAME}\n"
                             f"{cast.address(cast.POST)} {cast.MAIL_NAME}\n")
            lab.run("mount", "--bind", str(names), "/etc/hosts")
            # What asks for another name is told "no" at once: the machine's own name server is not reached from here, and
            # each question of a browser's start would wait for it.
            resolver = self.folder / "resolv.conf"
            resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
            lab.run("mount", "--bind", str(resolver), "/etc/resolv.conf")
            for segment in cast.SEGMENTS:
                lab.add_segment(segment)
            self.gate = lab.add_host("gate", cast.GATE_PLUGS)
            # The house is routed through the gate's host; its perimeter lets nothing of the Internet side through.
            self.gate.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
            self.gate.run("nft", "add table inet perimeter; add chain inet perimeter forward "
                                 "{ type filter hook forward priority -10; policy accept; }; "
                                 'add rule inet perimeter forward iifname "inet" drop')
            for name, plug in {**cast.PCS, **cast.INSIDE}.items():
                self.add(name, plug)
            certificate, key = self.web_ca.server(cast.MAIL_NAME, [])
            self.post = Post(lab.hosts["post"], cast.address(cast.POST), certificate, key)
            started = []
            for name in cast.DESKTOPS:
                started.append((self.screen(lab.hosts[name]), "Listening for VNC"))
            ports = ",".join(str(p) for p in cast.SERVER_PORTS)
            for name in cast.SERVERS:
                started.append((lab.hosts[name].start("listen", "/usr/bin/python3", str(PROGRAMS / "listen.py"), name,
                                                      ports, "5353,3389"), "serving"))
            for program, text in started:
                program.wait_text(text, 15)
            self.wires = Wires(lab, self.folder / "wires")
            if shutil.which("tcpdump"):
                self.wires.start()
        except BaseException:
            self.lab.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in (self._libvirtd, self._closed_hypervisor.libvirtd if self._closed_hypervisor else None):
            if daemon is not None:
                daemon.close()
        self.lab.close()

    def add(self, name: str, plug: Plug) -> None:
        """One host of the cast; its gateway is the gate's host."""
        self.lab.add_host(name, [plug], self.lab.segments[plug.segment].address(1))

    def add_site(self, name: str, plugs: Sequence[Plug], gateway: str) -> Host:
        """The device of a site on the closed network."""
        return self.lab.add_host(name, plugs, gateway)

    def charon(self, host: Host, folder: pathlib.Path) -> charons.Charon:
        """Of a site's device; not started yet."""
        return charons.Charon(host, folder, interfaces="line")

    def screen(self, host: Host) -> Program:
        """A desktop's screen. -displayfd: the server takes the first display number that is free; every X server of the machine
        shares the lock files in /tmp, so a number chosen here may be another's."""
        return host.start("xvnc", "Xvnc", "-displayfd", "1", "-rfbport", "5900", "-SecurityTypes", "None", "-geometry", "1024x768",
                          # Stories that look at the greeting alone are failures to it.
                          "-BlacklistThreshold", "1000000")

    @property
    def hypervisor(self) -> Hypervisor:
        """Raised when the first story asks for it. Throws NotHere."""
        if self._hypervisor is None:
            self._can_have_machines()
            self._hypervisor = Hypervisor(self.libvirtd(), self.folder / "machines")
        return self._hypervisor

    @property
    def closed_hypervisor(self) -> Hypervisor:
        """The My Number zone's own, with a libvirtd of its own: one account of a manager sees every screen of it. Throws NotHere."""
        if self._closed_hypervisor is None:
            self._can_have_machines()
            self.closed()
            daemon = LabLibvirtd(self.lab, self.gate, self.folder / "number-virt", hypervisor.CACHE, UIDS["closed-hyperd"])
            machines = {name: row["machine"] for name, row in cast_closed.MACHINES.items()}
            self._closed_hypervisor = Hypervisor(daemon, self.folder / "number-machines", machines, "br-numvdi")
        return self._closed_hypervisor

    def _can_have_machines(self) -> None:
        if reason := hypervisor.missing() or unbuilt_pages(self.build):
            raise NotHere(reason)

    def libvirtd(self) -> LabLibvirtd:
        """The lab's own, which the users of sekisho-hyperd may use."""
        if self._libvirtd is None:
            self._libvirtd = LabLibvirtd(self.lab, self.gate, self.folder / "virt", hypervisor.CACHE, UIDS["hyperd"])
        return self._libvirtd

    def closed(self) -> None:
        """The closed network stands; laid when the first story asks for it. Throws NotHere."""
        if not self._closed:
            if reason := charons.missing():
                raise NotHere(reason)
            closed_network.lay(self)
            self._closed = True

    def no_reader(self) -> str:
        reason = browser.probe()
        return f"no browser here: {reason}" if reason else ""

    def browser(self, name: str) -> browser.Browser:
        """A real browser on that host, for pages that are programs; not yet entered."""
        return browser.Browser(self.lab.hosts[name], None, self.web_ca.certificate)

    def reader(self, host: Host, identity: Identity | None, user_agent: str | None, languages: str) -> Page:
        """What opens the gate's pages on that host: a real browser."""
        return browser.Browser(host, identity, self.web_ca.certificate, user_agent=user_agent, languages=languages).__enter__()

    def world(self, name: str, story: evidence.Story, *, open_filter: bool = False, here: bool = False) -> "NamespacesWorld":
        from .namespaces import NamespacesWorld  # which is made of this house
        if here:
            from .hosted_world import HostedWorld
            return HostedWorld(self, name, story)
        return NamespacesWorld(self, name, open_filter=open_filter, story=story)
