"""The namespaces lab: hosts are network namespaces with real programs; the gate runs as it does in production."""
from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import attack, browser, cast, cast_closed, certificates, charons, closed_network, evidence, gate_here, hypervisor, scan, tcp_rdp
from .consoles import Consoles, Desk
from .gatehouse import CHECKS, UIDS, Gatehouse, WebCa
from .hypervisor import Hypervisor
from .labs import Lab, NotHere
from .libvirtd import LabLibvirtd
from .namespaces_closed import NamespacesClosed
from .netlab import Host, NetLab, Plug, Program, probe
from .own_wire import Wire
from .pc import ContractorPc, TerminalAgent, Vpn
from .people import ConsoleDesk, Login, Page, Pc, Rdp
from .post import Post, PostBox
from .talks import Heard, Identity, Talk
from .viewer import Plain, Viewer
from .wires import Wires
from .world import World

PROGRAMS = pathlib.Path(__file__).parent / "programs"
PARTS = ("sekishod", "sekisho-netd", "sekisho-relay", "sekisho-front", "sekisho-hyperd")


def programs_folder(folder: pathlib.Path, build: pathlib.Path, *, open_filter: bool) -> pathlib.Path:
    """The gate's programs, with the lab's own mains where a story needs a clock offset or an open filter."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        target = build / "bin" / name
        if name == "sekishod":
            target = build / "bin" / "lab-sekishod"
        if name == "sekisho-front" and open_filter:
            target = build / "bin" / "lab-open-front"
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    return folder


def unbuilt(build: pathlib.Path) -> list[str]:
    """Programs of the gate that this build does not have."""
    wanted = (*PARTS, "sekisho", "sekishoctl", "sekisho-agent", "lab-sekishod", "lab-open-front")
    return [name for name in wanted if not (build / "bin" / name).exists()]


def unbuilt_pages(build: pathlib.Path) -> str | None:
    """Why there are no pages to look at, or None."""
    absent = [name for name in ("desktop", "console") if not (build / "portal/dist" / name / "index.html").exists()]
    return f"pages not built: {', '.join(absent)} (npm is needed)" if absent else None


def raise_lab(folder: pathlib.Path, build: pathlib.Path) -> "NamespacesHouse":
    if (reason := probe()) is not None:
        raise NotHere(reason)
    if missing := unbuilt(build):
        raise NotHere(f"not built yet: {', '.join(missing)}")
    return NamespacesHouse(folder, build)


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
        if here:
            from .hosted_world import HostedWorld
            return HostedWorld(self, name, story)
        return NamespacesWorld(self, name, open_filter=open_filter, story=story)


class NamespacesWorld(World):
    """A fresh gate in the shared house."""

    def __init__(self, house: NamespacesHouse, name: str, *, open_filter: bool = False,
                 story: evidence.Story | None = None) -> None:
        super().__init__(name, house.name, story)
        self.house = house
        clean = "".join(c if c.isalnum() else "_" for c in name)[:16]  # a control socket's path has 107 bytes
        self.folder = house.folder / f"{clean}-{time.monotonic_ns() % 10**8}"
        self.programs = programs_folder(self.folder / "programs", house.build, open_filter=open_filter)
        self.begun = time.time()
        self.pcs: dict[str, ContractorPc] = {}
        self.life = contextlib.ExitStack()  # what the story has changed in the shared house, or halted; undone with it, however it ends
        self.browsers: list[Page] = []
        self.entrance = (cast.GATE_INNER, cast.ENTRANCE_PORT)
        self._consoles: Consoles | None = None
        self._closed: NamespacesClosed | None = None

    # --- life ---------------------------------------------------------------------------------------------------------------
    def open(self, *, desktops: str = "", closed: bool | dict[str, Any] = False, without: str = "", **config: Any) -> "NamespacesWorld":
        """`desktops`: model of the desktops that the gate makes on the lab's hypervisor (hypervisor.py: plain, login), or
        "host" for those that stand in the registry; with it come consoles, pages and recordings, on the closed path too. `closed`:
        with the closed path; keys of its entry in the configuration. `without`: "admission", whose rule of paths and zones is taken out. Throws NotHere."""
        if desktops:
            _ = self.house.hypervisor  # before there is anything to clear away
        self.house.wires.mark()
        self.gatehouse = Gatehouse(self.house.gate, self.folder / "gate", self.house.build, self.house.web_ca,
                                   self.house.gate_tls, self.programs)
        self.gatehouse.make_ca()
        if desktops:
            self._consoles = Consoles(self, desktops, self.house.hypervisor, self.house.gate_tls)
            self.gatehouse.bare_entrance = False
        registry, people = cast.registry(self.gatehouse.now()), ["mori", "tani"]
        if closed:
            self._closed = NamespacesClosed(self, self.house.web_ca, desktops)
            self._closed.network.start()
            cast_closed.add_to(registry, self.gatehouse.now(), self._closed.network.certificates(), machines=bool(desktops))
            people += cast_closed.PEOPLE
            self.closed_keys = closed if isinstance(closed, dict) else {}
        self.write_config(**config)
        self.gatehouse.start(env={"LD_PRELOAD": str(self.house.build / "lib" / "open-admission.so")} if without == "admission" else {})
        self.gatehouse.settle(registry, people)
        for who in ("mori", "tani"):
            self.enrol(who)
        return self

    def enrolment_token(self, who: str) -> str:
        return str(self.ctl("terminal", "enrol-token", self.people[who]["terminal"])["token"])

    def enrol(self, who: str) -> None:
        token, pc = self.enrolment_token(who), self.pc(who)
        pc.agent.facts(self.good_facts(who))
        done = pc.agent.enrol(token)
        assert done.returncode == 0, f"enrolment of {who}: {done.stdout}{done.stderr}"

    def write_config(self, **config: Any) -> None:
        told = [side.configuration() for side in self.both_consoles()]
        consoles: dict[str, Any] | None = None
        if told:
            site = {"hypervisors": [side["zone"] for side in told], "consoles": told[0]["consoles"]}
            consoles = {"path": told[0]["path"], "site": site}
        pages = told[1]["path"] if len(told) > 1 else {}
        more = [self._closed.path(CHECKS, **pages, **self.closed_keys)] if self._closed else []
        self.gatehouse.write_config(**config, more_paths=more, consoles=consoles)

    @property
    def closed(self) -> NamespacesClosed:
        assert self._closed is not None, "the story's mark says nothing of a closed path"
        return self._closed

    def both_consoles(self) -> list[Consoles]:
        """The Internet's side, and the closed one's where there is one."""
        closed = self._closed.maybe_consoles if self._closed is not None else None
        return [side for side in (self._consoles, closed) if side is not None]

    @property
    def consoles(self) -> Consoles:
        assert self._consoles is not None, "the story's mark says no desktops"
        return self._consoles

    def restart(self, **config: Any) -> None:
        self.gatehouse.stop()
        self.write_config(**config)
        self.gatehouse.start()

    def close(self) -> None:
        with contextlib.ExitStack() as last:  # each end is tried, whatever those before it say; the last that is named comes first
            if self._closed is not None:
                last.callback(self._closed.close)
            if hasattr(self, "gatehouse"):
                last.callback(self.gatehouse.stop)
            last.callback(self.end_clients)
            last.callback(self.life.close)
            for page in self.browsers:
                last.callback(page.close)
            for side in self.both_consoles():
                for viewer in side.viewers:
                    last.callback(viewer.close)

    def end_clients(self) -> None:
        for program in self.house.lab.programs:
            if program.running and program.name.startswith(("openconnect", "openfortivpn", "saml-client", "agent", "supervise")):
                program.stop(8)

    def check_logs(self) -> None:
        """Nothing in the gate's own log may be worse than a warning that the story allowed."""
        assert self.gatehouse.supervisor is not None
        bad = []
        for line in self.gatehouse.supervisor.text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                if "AddressSanitizer" in line or "terminate called" in line or "assertion failed" in line:
                    bad.append(line)
                continue
            if row.get("level") in ("error", "critical") and row.get("event") not in self.allowed:
                bad.append(line)
        assert not bad, "unexpected lines in the gate's log:\n" + "\n".join(bad[:20])

    def keep_evidence(self) -> None:
        """Logs, journal, events, configuration and what passed on each wire; the gate may be dead."""
        for n, page in enumerate(self.browsers):
            with contextlib.suppress(Exception):  # a browser that has died is told by its log
                self.story.pictures += page.pictures(self.folder, n)
        for side in self.both_consoles():
            self.story.pictures += side.pictures(self.folder)
        folder = self.story.folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "logs").mkdir(parents=True)
        for program in self.house.lab.programs:
            if not program.name.startswith("wire-") and program.log.stat().st_mtime >= self.begun:
                shutil.copy(program.log, folder / "logs" / f"{program.host.name}-{program.log.name}")
        self.story.packets = self.house.wires.cut(folder / "wires")
        if not hasattr(self, "gatehouse"):
            return
        self.keep_gate()
        if self.gatehouse.supervisor is not None:
            (folder / "events.jsonl").write_text("".join(
                line + "\n" for line in self.gatehouse.supervisor.text().splitlines() if line.startswith("{")))
        if (config := self.gatehouse.etc / "sekisho.json").exists():
            shutil.copy(config, folder)
        if self._closed is not None:
            self._closed.keep_evidence(folder / "closed")

    def keep_gate(self) -> None:
        """What the gate itself tells for the evidence."""
        for name, words in (("journal", ("journal", "search", "--limit", "1000")), ("sessions", ("sessions",)),
                            ("health", ("health",))):
            with contextlib.suppress(subprocess.TimeoutExpired):
                answer = self.gatehouse.ctl_raw(*words)
                (self.story.folder / f"{name}.json").write_text(answer.stdout + answer.stderr)

    def how_to_enter(self) -> str:
        ctl = f"{self.house.build / 'bin' / 'sekishoctl'} --socket {self.gatehouse.socket}" if hasattr(self, "gatehouse") else ""
        return evidence.entry_lines(self.house.lab, {"staff": ctl, "gate": str(self.folder), "mails": str(self.house.post.folder)})

    # --- people ---------------------------------------------------------------------------------------------------------------
    def pc(self, who: str) -> ContractorPc:
        if who not in self.pcs:
            host = self.house.lab.hosts[self.people[who]["pc"]]
            for old in ("agent.key", "agent.state", "facts.json"):
                (host.folder / old).unlink(missing_ok=True)
            self.pcs[who] = ContractorPc(host, who, self.gatehouse.identities.get(who), self.house.web_ca.certificate,
                                         self.house.build / "bin" / "sekisho-agent", self.people[who]["password"])
        return self.pcs[who]

    def mailbox(self, who: str) -> PostBox:
        return PostBox(self.house.post, cast_closed.mail_of(who) or f"{who}@tani-denki.test")

    def good_facts(self, who: str) -> dict[str, Any]:
        pc = self.people[who]["pc"]
        mac = cast.PCS[pc].mac
        assert mac is not None
        return cast.good_facts(self.now(), mac, pc)

    def pass_gate(self, who: str, *, report_first: bool = True, dtls: bool = False) -> Vpn:
        self.pc(who).dtls = dtls
        vpn = super().pass_gate(who, report_first=report_first)
        assert isinstance(vpn, Vpn)
        return vpn

    def borrow_agent(self, at: Pc, owner: Pc) -> TerminalAgent:
        assert isinstance(at, ContractorPc) and isinstance(owner, ContractorPc)
        agent = TerminalAgent(at, owner.agent.binary)
        agent.key, agent.state = owner.agent.key, owner.agent.state
        agent.facts_file = owner.agent.facts_file
        return agent

    def fresh_agent(self, at: Pc) -> TerminalAgent:
        assert isinstance(at, ContractorPc)
        agent = TerminalAgent(at, at.agent.binary)
        agent.key, agent.state = at.host.folder / "fresh.key", at.host.folder / "fresh.state"
        for path in (agent.key, agent.state):
            path.unlink(missing_ok=True)
        certificates.new_key(agent.key)
        return agent

    def enlist(self, count: int) -> list[str]:
        registry = self.export()
        names = self.enlist_in(registry, count)
        self.replace(registry)
        self.accept("a-tani")  # an edit voids the earlier decision
        for n, who in enumerate(names):
            self.gatehouse.issue(who, f"pc-{who}")
            self.gatehouse.set_password(who, self.people[who]["password"])
            self.seat(n, who)
        return names

    def seat(self, n: int, who: str) -> None:
        """The n-th of a crowd sits down at a PC that others use too."""
        host = self.house.lab.hosts[self.people[who]["pc"]]
        self.pcs[who] = ContractorPc(host, who, self.gatehouse.identities[who], self.house.web_ca.certificate,
                                     self.house.build / "bin" / "sekisho-agent", self.people[who]["password"])
        self.pcs[who].runs = 100 + n

    def odd_certificate(self, kind: str, who: str = "mori") -> Identity:
        return certificates.odd(kind, self.folder / "odd" / who, self.gatehouse.ca, who, self.people[who]["terminal"])

    def certificate_of(self, who: str) -> Identity:
        return self.gatehouse.identities[who]

    @property
    def ca(self) -> pathlib.Path:
        return self.gatehouse.ca

    def no_pages(self) -> str:
        return self.house.no_reader()

    def pages(self, who: str, *, certificate: Identity | None | str = "own", user_agent: str | None = None,
              languages: str = "ja") -> Page:
        pc = self.pc(who)
        used = pc.identity if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        page = self.house.reader(pc.host, used, user_agent, languages)
        self.browsers.append(page)
        return page

    # --- staff ----------------------------------------------------------------------------------------------------------------
    def ctl(self, *words: str) -> Any:
        if words[0] not in ("sessions", "journal", "export", "health"):
            self.story.did(" ".join(words))
        return self.gatehouse.ctl(*words)

    def export(self) -> dict[str, Any]:
        document = self.ctl("export", "--with-secrets")
        assert isinstance(document, dict)
        return document

    def replace(self, registry: dict[str, Any]) -> None:
        self.gatehouse.import_registry(registry)

    def refused_import(self, registry: dict[str, Any]) -> list[tuple[str, str]]:
        self.story.did("import a registry")
        path = self.folder / "edited.json"
        path.write_text(json.dumps(registry, ensure_ascii=False))
        done = self.gatehouse.ctl_raw("import", str(path))
        if done.returncode == 0:
            return []
        return [(row["pointer"], row["code"]) for row in json.loads(done.stdout)["error"]["findings"]]

    def stop(self, kind: str, key: str = "", *, reason: str = "drill") -> None:
        self.ctl("stop", kind, *([key] if key else []), "--reason", reason)

    def release(self, kind: str, key: str = "") -> None:
        self.ctl("release", kind, *([key] if key else []))

    def end(self, kind: str, key: str) -> None:
        self.ctl(kind, "end", key)

    def accept(self, application: str, *, by: str = "yama", build_up_exception: bool = False) -> None:
        self.ctl("application", "accept", application, "--by", by, *(["--build-up-exception"] if build_up_exception else []))

    def revoke_certificate(self, who: str) -> None:
        self.ctl("certificate", "revoke", certificates.fingerprint(self.gatehouse.identities[who].certificate))

    def issue(self, person: str, terminal: str) -> Identity:
        before = self.gatehouse.identities.get(person)
        made = self.gatehouse.issue(person, terminal)
        if before is not None:
            self.gatehouse.identities[person] = before
        return made

    def register_certificate(self, who: str, identity: Identity) -> None:
        self.ctl("certificate", "register", str(identity.certificate), "--replace")

    def end_session(self, number: str, *, reason: str = "test") -> None:
        self.ctl("session", "end", number, "--reason", reason)

    def enrol_app(self, who: str) -> str:
        return str(self.ctl("person", "totp", who, "--show")["otpauth"])

    def end_app(self, who: str) -> None:
        self.ctl("person", "totp-end", who)

    def sessions(self) -> list[dict[str, Any]]:
        found = self.ctl("sessions")
        return list(found["sessions"] if isinstance(found, dict) else found)

    def now(self) -> datetime.datetime:
        return self.gatehouse.now()

    def advance(self, seconds: float) -> None:
        """Moves the gate's clock on (lab's own main of sekishod)."""
        self.story.did(f"{seconds:.0f} s pass")
        now = float(self.gatehouse.clock_offset.read_text())
        part = self.gatehouse.clock_offset.with_suffix(".part")
        part.write_text(str(now + seconds))
        part.rename(self.gatehouse.clock_offset)

    # --- the journal ------------------------------------------------------------------------------------------------------------
    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        words = ["journal", "search"]
        for name, value in wanted.items():
            words += [f"--{name}", value]
        found = self.ctl(*words)
        return list(found["entries"] if isinstance(found, dict) else found)

    def kept(self) -> Iterator[tuple[str, bytes]]:
        for file in self.folder.rglob("*"):
            if file.is_file():
                yield str(file), file.read_bytes()

    # --- the wire ---------------------------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def capture(self, host: str, device: str = "eth0") -> Iterator[Wire]:
        path = self.folder / f"{host}.pcap"
        tcpdump = self.house.lab.hosts[host].start("tcpdump", "tcpdump", "--immediate-mode", "-i", device, "-U", "-s", "0", "-w",
                                                   str(path), "-Z", "root")
        tcpdump.wait_text("listening on", 10)
        wire = Wire(path)
        try:
            yield wire
        finally:
            time_to_flush = self.house.lab.hosts[host].run("ping", "-c", "2", "-i", "0.2", cast.GATE_PUBLIC, check=False)
            assert time_to_flush.returncode in (0, 1)
            tcpdump.stop()
            wire.read()

    def say_in_clear(self, host: str, words: bytes) -> None:
        """Sends one UDP packet with `words` from the host to the gate's address."""
        code = "import socket,sys; socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(bytes.fromhex(sys.argv[1]),(sys.argv[2],9))"
        self.house.lab.hosts[host].run("/usr/bin/python3", "-c", code, words.hex(), cast.GATE_PUBLIC)

    def talk(self, host: str, talks: Sequence[Talk], *, together: bool = False, port: int = cast.VPN_PORT, lanes: int = 1,
             limit_s: float = 5, within: float = 120) -> dict[str, Heard]:
        return attack.talk(self.house.lab.hosts[host], self.house.web_ca.certificate, talks, together=together, port=port,
                           lanes=lanes, limit_s=limit_s, within=within)

    def more_addresses(self, host: str, count: int, first: int = 0) -> list[str]:
        return attack.more_addresses(self.house.lab.hosts[host], count, first)

    def front_life(self) -> object:
        return self.gatehouse.pids()["front"]

    def scan(self, login: Login, neighbour: str | None) -> set[tuple[str, str, int]]:
        assert isinstance(login, Vpn)
        return scan.scan_everything(login, neighbour, self.house.scanned)

    def sekisho(self) -> Any:
        gate_here.need_bindings(self.house.build)
        return gate_here.bindings()

    @property
    def gate_fingerprint(self) -> str:
        return certificates.fingerprint(self.house.gate_tls[0])

    def console_desk(self, desktop: str) -> ConsoleDesk:
        return Desk(self.consoles.console_page(desktop))

    def plain_entrance(self, who: str) -> str:
        try:
            Viewer(Plain(self.house.lab.hosts[self.people[who]["pc"]].connect(*self.entrance))).close()
        except AssertionError as told:  # in the words of the protocol, the code among them
            found = re.search(r"\b[a-z]+\.[a-z_]+\b", str(told))
            assert found, told
            return found[0]
        return ""

    def open_console(self, who: str, server: str) -> Callable[[], None]:
        """At the console page, from this person's desktop, the server's screen is opened; what closes it."""
        screen = self.consoles.at_consoles(who).open(server)
        self.story.did(f"{who} opens the console of {server}")
        return screen.close

    def ends_within(self, seconds: float, what: str, end: Callable[[], object], gone: dict[str, Callable[[], object]]) -> None:
        """After `end` each of these is true within `seconds` of its beginning: a promise of the rules. Each is watched by a thread of its
        own, since looking at one takes time, and what each took is told."""
        begun, took = time.monotonic(), {name: float("inf") for name in gone}

        def watch(name: str) -> None:
            while time.monotonic() - begun < seconds + 3:
                if gone[name]():
                    took[name] = time.monotonic() - begun
                    return
                self.pause(0.02)

        watches = [threading.Thread(target=watch, args=(name,)) for name in gone]
        for one in watches:
            one.start()
        end()
        for one in watches:
            one.join()
        for name, passed in took.items():
            print(f"{what}: {name} after {passed:.2f} s")
            self.story.add("limit", f"{what}: {name} (allowed: {seconds:g} s)", min(passed, seconds + 3), passed <= seconds)
        late = {name: passed for name, passed in took.items() if passed > seconds}
        assert not late, f"{what}: later than {seconds:g} s: {late}"
        assert all(check() for check in gone.values()), f"{what}: something that was gone is there again"

    def rdp(self, source: str, target: str) -> Rdp:
        return tcp_rdp.TcpRdp(self.house.lab.hosts[source], cast.inside(target))

    def rdp_by_udp(self, source: str, target: str) -> bool:
        return tcp_rdp.by_udp(self.house.lab.hosts[source], cast.inside(target))

    @contextlib.contextmanager
    def netd_halted(self) -> Iterator[None]:
        """Meanwhile nobody puts back what is changed in the kernel's table; netd does it afterwards."""
        netd = self.gatehouse.pids()["sekisho-netd"]
        self.allow_event("netd.table_restored", "the story changes the kernel's table")
        os.kill(netd, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(netd, signal.SIGCONT)

    def remove_kernel_filter(self) -> None:
        self.life.enter_context(self.netd_halted())
        self.house.gate.run("nft", "delete", "table", "inet", "sekisho")

    @contextlib.contextmanager
    def without_kernel_filter(self) -> Iterator[None]:
        def is_there() -> bool:
            return self.house.gate.run("nft", "list", "table", "inet", "sekisho", check=False).returncode == 0

        assert is_there(), "the kernel's table is not there"
        with self.netd_halted():
            self.house.gate.run("nft", "delete", "table", "inet", "sekisho")
            yield
        self.wait(is_there, 10, "netd has put the kernel's rules back")
