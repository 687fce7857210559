"""The simulated lab: the production's gatekeeper, front, access path and plugins in this process, on virtual time.

Nothing here waits: `world.wait` moves the clock to whatever is due next. Contractor PCs speak the real bytes (the product's own
client machine, in real TLS, to the product's own front); what is missing is sockets, the kernel and other processes, so a login
costs milliseconds.
"""
from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import importlib.util
import json
import pathlib
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from . import cast, cast_closed, certificates, evidence, machines
from .consoles import INTERNET
from .device_certificates import DeviceCa
from .faults import Meanwhile
from .gate_here import AUTHENTICATORS, CHECKS, GateHere, Here, Passwords, bindings, need_bindings
from .gatehouse import WebCa
from .labs import Lab, NotHere
from .people import Facts, Login, Pc, Rdp
from .simulated_closed import HOSTS, SimulatedClosed
from .simulated_consoles import SimulatedConsoles, SimulatedGuest, address_of
from .simulated_faults import Moment, SimulatedFaults, SimulatedSecond, SlowCheck
from .simulated_login import SimulatedLogin
from .simulated_pc import SimulatedAgent, SimulatedPage, SimulatedPc
from .simulated_scan import datagram, scan
from .simulated_wire import Contexts, Talks, TlsLine
from .talks import Capture, Heard, Identity, Talk, further


def raise_lab(folder: pathlib.Path, build: pathlib.Path) -> "SimulatedHouse":
    need_bindings(build)
    return SimulatedHouse(folder, build)


class SimulatedHouse(Lab):
    """What the stories share because it is slow by design: the environment's CA, certificates, password hashes."""

    def __init__(self, folder: pathlib.Path, build: pathlib.Path) -> None:
        self.folder, self.build = folder, build
        self.ca = folder / "ca"
        # Every story begins then: the gate's clock is virtual, TLS itself looks at the machine's.
        self.begun = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.passwords = Passwords()
        self.devices = {who: DeviceCa().issue(str(site["device"])).base64 for who, site in cast_closed.SITES.items()}
        self.issued: dict[tuple[str, str], Identity] = {}

    def __enter__(self) -> "SimulatedHouse":
        certificates.make_ca(self.ca, self.begun)
        web = WebCa(self.folder / "web")
        self.gate_tls = web.server(cast.GATE_NAME, [cast.GATE_PUBLIC, cast.GATE_INNER, cast.VDI_SIDE])
        self.closed_tls = web.server(cast_closed.GATE_NAME, [cast_closed.ENTRANCE, cast_closed.VDI_SIDE])
        self.fingerprint = certificates.fingerprint(self.gate_tls[0])
        self.contexts = Contexts(web.certificate)
        return self

    def __exit__(self, *_: object) -> None: ...

    def world(self, name: str, story: evidence.Story, *, open_filter: bool = False, here: bool = False) -> "SimulatedWorld":
        return SimulatedWorld(self, name, story, open_filter=open_filter)

    def identity(self, person: str, terminal: str) -> Identity:
        if (person, terminal) not in self.issued:
            self.issued[(person, terminal)] = certificates.issue(self.folder / "issued", self.ca, person, terminal, self.begun)
        return self.issued[(person, terminal)]


def _named(plugin: dict[str, Any]) -> dict[str, Any]:
    return {"name": plugin["plugin"], "config": plugin["config"]}


class Carried(Protocol):
    """Whose bytes the world carries; work(): whether anything moved."""

    def work(self) -> bool: ...


class SimulatedRdp(Rdp):
    """What the kernel was told decides about every packet, as netd's table does; a refused one is told to the gate."""

    def __init__(self, world: "SimulatedWorld", source: str, target: str) -> None:
        self.world, self.ends = world, (address_of(source), address_of(target))
        self.opened = self.answered()

    def answered(self) -> bool:
        with self.world.at_gate() as gate:
            if any((right.source, right.destination) == self.ends for right in gate.rdp):
                return True
            gate.refuse_rdp(*self.ends)
        return False


class SimulatedWorld(GateHere):
    faults: SimulatedFaults

    def __init__(self, house: SimulatedHouse, name: str, story: evidence.Story, *, open_filter: bool = False) -> None:
        super().__init__(name, "simulated", story)
        self.house, self.passwords, self.filters = house, house.passwords, not open_filter
        self.kernel_filters = True
        self.lines: list[SimulatedLogin] = []
        self.wires: list[TlsLine] = []
        self.python_runs: list[Any] = []                    # sekisho.lines.PathRun, of paths written in Python
        self.chores: deque[Callable[[], object]] = deque()  # of people, due now, to be done outside of the clock
        self.captures: list[tuple[str, Capture]] = []       # (where, what passes there)
        self.pcs: dict[str, SimulatedPc] = {}
        self._closed: SimulatedClosed | None = None
        self._consoles: SimulatedConsoles | None = None
        self._second: SimulatedSecond | None = None
        self.faults = SimulatedFaults(self, lambda: self.gate)
        self.two = self.first_is_dead = False
        self.between: Moment | None = None
        self.carried: list[Carried] = []                    # viewers, guests and machines, whose bytes are carried
        self.guests: dict[tuple[str, int], SimulatedGuest] = {}
        self.standing: dict[str, machines.Machine] = {}     # desktops of the registry, by address
        self.starts = 0
        self.ports = 40_000
        self.begun = house.begun

    # --- life -----------------------------------------------------------------------------------------------------------------
    def open(self, *, here: Callable[[], Here] = Here, desktops: str = "", closed: bool | dict[str, Any] = False,
             behind_s: float = 0, two: bool = False, store: str = "", **config: Any) -> "SimulatedWorld":
        """`desktops`: model of the desktops that the gate makes (machines.py: plain, login), or "host" for those that stand in the
        registry; with it come consoles, pages and recordings, on the closed path too. `closed`: with the closed path. `behind_s`: how much
        the gate's clock is behind the one of TLS. `two`: with a second gate. `store`: "file", or in memory."""
        sekisho = bindings()
        self.begun -= datetime.timedelta(seconds=behind_s)
        self.bare_entrance = not desktops
        self.brought = here()
        self.folder = self.house.folder / f"world-{secrets.token_hex(4)}"
        self.folder.mkdir()
        for name in ("code.pepper", "totp.key"):
            (self.folder / name).write_text(hashlib.sha256(name.encode()).hexdigest())
            (self.folder / name).chmod(0o600)
        self.revocation_list.write_bytes((self.house.ca / "crl.pem").read_bytes())
        self.clock = sekisho.gate.VirtualTime(seed=1, start=self.begun)
        self.two, self.store_file = two, self.folder / "sekisho.db"
        self.store = sekisho.gate.open_store(f"sqlite://{self.store_file}") if store == "file" else sekisho.MemoryStore()
        self.log = sekisho.MemoryJournal(start=self.begun)
        document = cast.registry(self.begun)
        if desktops:
            if importlib.util.find_spec("PIL") is None:
                raise NotHere("python3-pil is not installed: screens cannot be drawn or read")
            self._consoles = SimulatedConsoles(self, desktops, INTERNET, "internet", self.house.gate_tls, self.reaches)
            self._stand(cast.DESKTOPS)
        if closed:
            self._closed = SimulatedClosed(self, desktops)
            self._stand(cast_closed.DESKTOPS if desktops else {})
            cast_closed.add_to(document, self.begun, self.house.devices, machines=bool(desktops))
        self.bare_entrance = not desktops
        self.carried += [*self.both_consoles(), *self.standing.values()]
        site = self._config(**config)
        self._start(site, registry=self.furnished(document))
        for who in ("mori", "tani"):
            self.enrol(who)
        if two:
            self._second = SimulatedSecond(self, site)
        return self

    def _config(self, *, factors: list[str] | None = None, path: dict[str, Any] | None = None,
                options: dict[str, dict[str, Any]] | None = None, authority: pathlib.Path | None = None,
                checks: dict[str, dict[str, Any]] | None = None, **_: Any) -> dict[str, Any]:
        brought, told = self.brought, [side.configuration() for side in self.both_consoles()]
        site = {"hypervisors": [side["zone"] for side in told], "consoles": told[0]["consoles"]} if told else {}
        enforced = [*CHECKS, *(check.name for check in brought.checks)]
        crl = authority / "crl.pem" if authority else self.revocation_list
        configs: dict[str, dict[str, Any]] = {
            "client_certificate": {"ca_file": str((authority or self.house.ca) / "ca.pem"), "crl_file": str(crl)},
            "email_code": {"pepper_file": str(self.folder / "code.pepper")}, "totp": {"key_file": str(self.folder / "totp.key")}}
        return {
            "node": "1", "gate_id": cast.GATE_NAME, "plugin_directory": str(self.house.build / "plugins"),
            "authenticators": [*({"plugin": name, "config": {**configs.get(name, {}), **(options or {}).get(name, {})}}
                                for name in AUTHENTICATORS), *brought.authenticators],
            "posture_checks": [*({"plugin": name, "config": (checks or {}).get(name, {})} for name in CHECKS), *brought.checks],
            "posture": {"listen": [f"{cast.GATE_INNER}:{cast.POSTURE_PORT}"], "server_fingerprints": [self.house.fingerprint]},
            "paths": [{"name": "internet", "plugin": {"plugin": "fortinet_sslvpn", "config": {}},
                       "zones": ["internet_business", "internet_dmz"], "factors": factors or ["certificate", "password", "code"],
                       "least_factors": 1 if factors else 2, "checks": [{"check": name, "mode": "enforce"} for name in enforced],
                       "tun": {"name": "sekisho0", "gate_address": cast.GATE_INNER, "prefix": 24, "mtu": 1354},
                       "entrance": f"{cast.GATE_INNER}:{cast.ENTRANCE_PORT}", **(told[0]["path"] if told else {}), **brought.internet(),
                       **(path or {})},
                      *brought.path_configs(),
                      *([{**self._closed.path(self._closed.plugin()), **(told[1]["path"] if told else {})}] if self._closed else [])],
            **site,
        }

    def a_gate(self, config: dict[str, Any], journal: Any, **more: Any) -> Any:
        """Not yet open; one of several where the story has two."""
        sekisho, told = bindings(), config  # type: Any, Any
        if self.two:
            told = sekisho.gate.gate_options(config, bare_entrance=self.bare_entrance)
            told.shared_store, told.generation_poll = True, 0.5
            more |= {part: [sekisho.plugins.load(**_named(each), directory=config["plugin_directory"]) for each in config[of]]
                     for part, of in (("authenticators", "authenticators"), ("checks", "posture_checks"))}
        return sekisho.Gate(told, clock=self.clock, store=self.store, journal=journal, verify_password=self.passwords.verify,
                            bare_entrance=self.bare_entrance, **more)

    def tls(self) -> dict[str, str]:
        certificate, key = (file.read_text() for file in self.house.gate_tls)
        return {"certificate_pem": certificate, "key_pem": key}

    def internet_front(self, gate: Any, config: dict[str, Any]) -> Any:
        path = bindings().fortinet.fortinet_path(config["paths"][0]["plugin"]["config"])
        return gate.front_engine("internet", path, client_ca_pem=(self.house.ca / "ca.pem").read_text(), filters=self.filters, **self.tls())

    def _start(self, config: dict[str, Any], **more: Any) -> None:
        sekisho, tls = bindings(), self.tls()
        self.faults.netd = None  # the new gate's house plays it
        self.gate = self.a_gate(config, self.log, **more)
        self.gate.__enter__()
        self.front = self.internet_front(self.gate, config)
        page = sekisho.plugins.load("posture_page", directory=config["plugin_directory"])
        self.posture = self.gate.front_engine("posture", page, role="posture", **tls)
        if self._closed:
            entrance = sekisho.plugins.load(**_named(self._closed.plugin()), directory=config["plugin_directory"])
            self.closed_front = self.gate.front_engine(cast_closed.PATH, entrance, client_ca_pem=(self.house.ca / "ca.pem").read_text(), **tls)
        self.python_fronts = {name: self.gate.front(name) for name in self.brought.paths}
        self.grants: dict[int, Any] = {}
        self.relays: dict[str, Any] = {}
        self.zones = {entry["name"]: list(entry["zones"]) for entry in config["paths"]}
        for name, zones in self.zones.items():
            side = next((one for one in self.both_consoles() if one.path == name), None)
            if side is not None:
                self.relays[name] = side.start(self.gate, zones, self._relay_heard, self.seed())
            elif name in ("internet", cast_closed.PATH):
                self.relays[name] = self.gate.attach("relay", name, self._relay_heard)

    def restart(self, *, bare_entrance: bool = False, away_s: float = 0, **config: Any) -> None:
        self.run(until=self.now())
        self.bare_entrance = self.bare_entrance or bare_entrance
        self._stop()
        self.clock.advance(away_s)
        self._start(self._config(**config))

    @property
    def second(self) -> SimulatedSecond:
        assert self._second is not None, "the story's mark says nothing of a second gate"
        return self._second

    def first_dies(self) -> None:
        self.run(until=self.now())
        self._stop()
        self.first_is_dead = True

    def sessions(self) -> list[dict[str, Any]]:
        return [] if self.first_is_dead else super().sessions()

    def _stop(self) -> None:
        if self.first_is_dead:
            return
        for side in self.both_consoles():
            side.stop()
        self.front.close()
        self.posture.close()
        if self._closed:
            self.closed_front.close()
        self.gate.__exit__(None, None, None)

    @property
    def revocation_list(self) -> pathlib.Path:
        return self.folder / "crl.pem"

    @contextlib.contextmanager
    def slow_password_check(self, seconds: float) -> Iterator[None]:
        slow = SlowCheck(self.clock, seconds)
        self.carried.append(slow)
        try:
            with self.hanging_store():  # a password's check stands in the same queue
                yield
        finally:
            self.carried.remove(slow)

    @contextlib.contextmanager
    def hanging_store(self) -> Iterator[None]:
        self.run(until=self.now())
        self.clock.blocking_held = True
        try:
            yield
        finally:
            self.clock.blocking_held = False
            while self.clock.finish_blocking():
                self.clock.settle()

    @property
    def closed(self) -> SimulatedClosed:
        assert self._closed is not None, "the story's mark says nothing of a closed path"
        return self._closed

    def seed(self) -> int:
        """Another one for each process that is started: chance differs."""
        self.starts += 1
        return self.starts

    def start_relay(self, side: SimulatedConsoles) -> None:
        """Anew, after the one before has died."""
        self.relays[side.path] = side.start_relay(self.gate, self.zones[side.path], self._relay_heard, self.seed())

    def both_consoles(self) -> list[SimulatedConsoles]:
        """The Internet's side, and the closed one's where there is one."""
        closed = self._closed.maybe_consoles if self._closed is not None else None
        return [side for side in (self._consoles, closed) if side is not None]

    @property
    def consoles(self) -> SimulatedConsoles:
        assert self._consoles is not None, "the story's mark says no desktops"
        return self._consoles

    def _stand(self, desktops: dict[str, Any]) -> None:
        for name in desktops:
            self.standing[address_of(name)] = machines.desktop(name)

    def dialled(self, address: str, port: int) -> socket.socket | None:
        """What a relay reaches at that address."""
        if (guest := self.guests.get((address, port))) is not None:
            return guest.dialled()
        machine = self.standing.get(address)
        return machine.screen() if machine is not None and port == cast.ENTRANCE_PORT else None

    def guest_screen(self, desktop: str, port: int) -> SimulatedGuest:
        return SimulatedGuest(self, (address_of(desktop), port))

    def reaches(self, who: str, address: str) -> tuple[str, Callable[[], bool]]:
        """Through his tunnel: its address, and whether packets get there (now). ConnectionError."""
        name, port = address.rsplit(":", 1)
        pc = self.pc(who)
        tunnel = pc.tunnel()
        if tunnel is None or not tunnel.passes(name, int(port)):
            raise ConnectionError(f"{address} is not reached from {pc.host}")
        source = tunnel.address
        return source, lambda: pc.tunnel() is tunnel and self.kernel_lets(source, name, int(port))

    @contextlib.contextmanager
    def at_gate(self) -> Iterator[Any]:
        self.run(until=self.now())
        yield self.gate

    def identity(self, who: str) -> Identity:
        return self.house.identity(who, self.people[who]["terminal"])

    def another_identity(self, person: str, terminal: str) -> Identity:
        return self.house.identity(person, terminal)

    def enrol(self, who: str) -> None:
        pc = self.pc(who)
        status, text = pc.agent.enrol(self.enrolment_token(who))
        assert status == 200, text
        pc.agent.facts(self.good_facts(who))

    def close(self) -> None:
        if hasattr(self, "gate"):
            for side in self.both_consoles():
                side.close()
            self._stop()
        if self._second is not None:
            self._second.close()
        for machine in self.standing.values():
            machine.end_screens()

    def logs(self) -> list[str]:
        """Of everything but the gate itself, a line of JSON each."""
        return [*self.front.log, *self.posture.log, *(self.closed_front.log if self._closed else []),
                *(line for side in self.both_consoles() for line in side.log())]

    def check_logs(self) -> None:
        """The journal must prove itself; nothing in the fronts' logs is worse than a warning that the story allowed."""
        self.journal_proves()
        rows = [json.loads(line) for line in self.logs()]
        bad = [row for row in rows if row.get("level") in ("error", "critical") and row.get("event") not in self.allowed]
        assert not bad, bad[:20]

    def keep_evidence(self) -> None:
        folder = self.story.folder
        folder.mkdir(parents=True, exist_ok=True)
        self.story.facts["時計 Clock"] = f"{self.begun:%Y-%m-%d %H:%M:%S} UTC + {self.elapsed():.3f} s (virtual)"
        if hasattr(self, "gate"):
            self.keep_gate()
            (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in self.logs()))
            for side in self.both_consoles():
                self.story.pictures += side.pictures(folder)

    # --- time -------------------------------------------------------------------------------------------------------------------
    def now(self) -> datetime.datetime:
        found: datetime.datetime = self.clock.now if hasattr(self, "clock") else self.begun
        return found

    def elapsed(self) -> float:
        return (self.now() - self.begun).total_seconds()

    def pause(self, seconds: float) -> None:
        self.run(until=self.now() + datetime.timedelta(seconds=seconds))

    def advance(self, seconds: float) -> None:
        self.story.did(f"{seconds:.0f} s pass")
        self.pause(seconds)

    def wait(self, check: Callable[[], object], within: float, what: str, on_fail: Callable[[], str] | None = None) -> Any:
        """Moves the clock from one thing that is due to the next until it comes true."""
        begun = self.now()
        deadline = begun + datetime.timedelta(seconds=within)
        self.run(until=begun)
        rounds = 0  # since time moved: a look may make something due at once, and would be looked at for ever
        while not (found := check()):
            due = self.next_due()
            rounds = rounds + 1 if due is not None and due <= self.now() else 0
            if rounds > 100:
                due, rounds = self.now() + datetime.timedelta(milliseconds=50), 0
            if due is None or due > deadline:
                self.story.waited(what, within, False)
                tail = "\n" + on_fail() if on_fail else ""
                raise AssertionError(f"waited for: {what}; nothing more comes within {within} s{tail}")
            self.run(until=due)
        self.story.waited(what, (self.now() - begun).total_seconds(), True)
        return found

    def next_due(self) -> datetime.datetime | None:
        due = [at for line in self.lines if (at := line.deadline()) is not None]
        due += [run.next_deadline for run in self.python_runs if run.next_deadline is not None]
        if self.clock.next is not None:
            due.append(self.clock.next)
        return max(min(due), self.now()) if due else None

    def run(self, until: datetime.datetime) -> None:
        """Everything that is due until then, in its order; what it causes at once belongs to it."""
        if self.between is not None and self.between.acting:
            return  # within the clock's own turn: what is due comes once it is over
        while True:
            self._settle()
            due = self.next_due()
            if due is None or due > until:
                break
            self.clock.advance(max(0.0, (due - self.now()).total_seconds()))
            for line in [*self.lines, *self.python_runs]:
                line.on_deadline()
        self.clock.advance(max(0.0, (until - self.now()).total_seconds()))
        self._settle()

    def _settle(self) -> None:
        """Carries messages, bytes and packets until nothing moves at this instant."""
        moved = True
        while moved:
            if self.between is not None:
                self.between.look_again(self.clock)
            self.clock.settle()
            moved = any([wire.pump() for wire in list(self.wires)])
            moved = any([line.work() for line in [*self.lines, *self.python_runs, *self.carried]]) or moved
            for front in self.python_fronts.values():
                pushes, front.pushes[:] = list(front.pushes), []
                for run in [run for run in self.python_runs if run.front is front]:
                    for push in pushes:
                        run.on_push(push)
            if packets := [] if self.first_is_dead else self.front.take_packets():
                for where, capture in self.captures:
                    if where == "gate":
                        capture.chunks += packets
            while self.chores:
                self.chores.popleft()()
                moved = True

    @contextlib.contextmanager
    def at_moment(self, check: Callable[[], object], action: Callable[[], object], *, early: bool = False) -> Iterator[Callable[[], bool]]:
        """The action is done between two things that the gate does, as soon as the check is true. Gives whether it was done."""
        self.between = one = Moment(check, action, early=early)
        try:
            yield lambda: one.over
        finally:
            self.between = None

    # --- lines -------------------------------------------------------------------------------------------------------------------
    def next_port(self) -> int:
        self.ports += 1
        return self.ports

    def line(self, host: str, identity: Identity | None, *, port: int = cast.VPN_PORT, source: str | None = None, tls: bool = True,
             offer: Sequence[str] | None = None) -> TlsLine:
        """A new connection of this host, looked after from now on; its owner takes it out of `wires`."""
        context = self.house.contexts.get(identity, offer) if tls else None
        seen = [capture.chunks.append for where, capture in self.captures if where == host]
        if host in HOSTS:
            front, address = self.closed_front, cast_closed.pc_address(HOSTS[host])
        elif self._second is not None and host in self._second.led:
            front, address = self._second.front, cast.address(cast.PCS[host])
        else:
            front, address = self.posture if port == cast.POSTURE_PORT else self.front, cast.address(cast.PCS[host])
        made = TlsLine(front, source or address, self.next_port(), context, seen)
        self.wires.append(made)
        return made

    def talk(self, host: str, talks: Sequence[Talk], *, together: bool = False, port: int = cast.VPN_PORT, lanes: int = 1,
             inside: bool = False, limit_s: float = 5, within: float = 120, meanwhile: Meanwhile | None = None) -> dict[str, Heard]:
        if inside:
            tunnel = next((line for line in reversed(self.lines) if line.pc.host == host and line.stands), None)
            assert tunnel is not None and tunnel.passes(cast.GATE_INNER, port), f"no packet of {host} gets there"
            talks = [dataclasses.replace(each, source=tunnel.address) for each in talks]
        return Talks(self, host, port=port, limit_s=limit_s).run(talks, together=together, lanes=lanes, meanwhile=meanwhile)

    def misrouted(self, host: str, address: str) -> contextlib.AbstractContextManager[None]:
        return self.without_kernel_filter()

    def more_addresses(self, host: str, count: int, first: int = 0) -> list[str]:
        return further(host, cast.address(cast.PCS[host]), count, first)

    @contextlib.contextmanager
    def capture(self, host: str, device: str = "eth0") -> Iterator[Capture]:
        """Of a PC: the ciphertext of the lines that it opens from now on."""
        one = (host, Capture())
        self.run(until=self.now())
        self.captures.append(one)
        try:
            yield one[1]
        finally:
            self.run(until=self.now())
            self.captures.remove(one)

    def say_in_clear(self, host: str, words: bytes) -> None:
        line = self.line(host, None, tls=False)
        line.say(words)
        line.gone()
        self.wires.remove(line)

    def say_inside(self, desktop: str, to: str, port: int) -> None:
        assert not self.kernel_filters, "the kernel does not let it through"
        self.front.inside(datagram(address_of(desktop), to, port))
        self.run(until=self.now())

    def front_life(self) -> object:
        return self.front

    def scan(self, login: Login, neighbour: str | None) -> set[tuple[str, str, int]]:
        assert isinstance(login, SimulatedLogin)
        return scan(self, login, neighbour)

    def remove_kernel_filter(self) -> None:
        self.kernel_filters = False

    @contextlib.contextmanager
    def without_kernel_filter(self) -> Iterator[None]:
        self.kernel_filters = False
        try:
            yield
        finally:
            self.kernel_filters = True

    def kernel_lets(self, source: str, to: str, port: int) -> bool:
        """Whether the kernel was told that this address may go there."""
        told = self.faults.netd or self.gate
        rights = [right for rights in told.kernel.values() for right in rights if right.address == source]
        return not self.kernel_filters or any(r.address == to and r.port == port for right in rights for r in right.filter)

    def ends_within(self, seconds: float, what: str, end: Callable[[], object], gone: dict[str, Callable[[], object]]) -> None:
        begun, took = self.now(), {name: float("inf") for name in gone}
        limit = begun + datetime.timedelta(seconds=seconds + 3)
        end()
        while True:
            self.run(until=self.now())
            for name, check in gone.items():
                if took[name] == float("inf") and check():
                    took[name] = (self.now() - begun).total_seconds()
            due = self.next_due()
            if due is None or due > limit or max(took.values()) < float("inf"):
                break
            self.run(until=due)
        self._ended_within(seconds, what, took, gone)

    # --- RDP inside -------------------------------------------------------------------------------------------------------------
    def rdp(self, source: str, target: str) -> "SimulatedRdp":
        return SimulatedRdp(self, source, target)

    # --- the entrance ------------------------------------------------------------------------------------------------------------
    def _relay_heard(self, message: Any) -> None:
        if type(message).__name__ == "EntranceGrant":
            self.grants[message.number] = message

    def entrance(self, address: str, path: str = "internet") -> Any:
        """What the relay of this path is told about a peer; None: no answer."""
        sekisho = bindings()
        number = len(self.grants) + 1
        self.relays[path].send(sekisho.seam.EntranceAsk(number, address))
        with contextlib.suppress(AssertionError):
            self.wait(lambda: number in self.grants, 2, "the entrance's answer")
        grant = self.grants.get(number)
        if grant is not None and grant.ok:
            self.relays[path].send(sekisho.seam.EntranceClosed(grant.session, 0, 12))
        return grant

    def sekisho(self) -> Any:
        return bindings()

    @property
    def gate_fingerprint(self) -> str:
        return self.house.fingerprint

    def plain_entrance(self, who: str) -> str:
        tunnel = self.pc(who).tunnel()
        assert tunnel is not None and tunnel.passes(cast.GATE_INNER, cast.ENTRANCE_PORT), "no packet of his gets there"
        return self.refused_at(tunnel.address)

    def plain_entrance_from(self, desktop: str) -> str:
        assert self.kernel_lets(address_of(desktop), cast.GATE_INNER, cast.ENTRANCE_PORT), "the kernel does not let it through"
        return self.refused_at(address_of(desktop))

    def refused_at(self, address: str, path: str = "internet") -> str:
        """What the gate has the relay tell this peer."""
        grant = self.entrance(address, path)
        assert grant is not None, "the gate does not answer"
        return "" if grant.ok else f"{grant.refusal.code} {grant.refusal.what.ja}"

    # --- people -------------------------------------------------------------------------------------------------------------------
    def pc(self, who: str) -> SimulatedPc:
        if who not in self.pcs:
            self.pcs[who] = SimulatedPc(self, who)
        return self.pcs[who]

    def resumed(self, who: str, cookie: str, meanwhile: Callable[[], object]) -> SimulatedLogin:
        pc = self.pc(who)

        def risen() -> bool:
            tunnel = pc.tunnel()
            return tunnel is not None and tunnel.has_said_all

        with self.at_moment(risen, meanwhile, early=True) as done:
            login = pc.resume(cookie)
        assert done(), f"no tunnel of {who} has risen"
        return login

    def good_facts(self, who: str) -> Facts:
        pc = self.people[who]["pc"]
        mac = cast.PCS[pc].mac
        assert mac is not None
        return cast.good_facts(self.now(), mac, pc)

    @property
    def ca(self) -> pathlib.Path:
        return self.house.ca

    def pages(self, who: str, *, certificate: Identity | None | str = "own", user_agent: str | None = None,
              languages: str = "ja") -> SimulatedPage:
        used = self.certificate_of(who) if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        return SimulatedPage(self.pc(who), used, user_agent, languages)

    def odd_certificate(self, kind: str, who: str = "mori") -> Identity:
        return certificates.odd(kind, self.folder / "odd" / who, self.house.ca, who, self.people[who]["terminal"], now=self.now())

    def borrow_agent(self, at: Pc, owner: Pc) -> SimulatedAgent:
        assert isinstance(at, SimulatedPc) and isinstance(owner, SimulatedPc)
        agent = SimulatedAgent(at, owner.agent.key)
        agent.document, agent.book = owner.agent.document, owner.agent.book
        return agent

    def fresh_agent(self, at: Pc) -> SimulatedAgent:
        assert isinstance(at, SimulatedPc)
        agent = SimulatedAgent(at)
        agent.document = at.agent.document
        return agent

    # --- plugins of the story -----------------------------------------------------------------------------------------------------
    def speak(self, who: str, path: str, words: str, *, certificate: object = "own") -> str:
        pc, heard, ends = self.pc(who), bytearray(), list[str]()
        used = self.identity(who) if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        run = bindings().lines.PathRun(self.python_fronts[path], self.brought.paths[path], pc.arrival(path, used), wrote=heard.extend,
                                       closed=ends.append)
        self.python_runs.append(run)
        run.on_bytes(words.encode())
        self.wait(lambda: ends, 60, f"the path {path} hangs up")
        return heard.decode(errors="replace")

    def raised_by(self, path: str) -> list[str]:
        return [str(run.broke) for run in self.python_runs if run.broke is not None and run.front is self.python_fronts[path]]

    def screen_of(self, desktop: str) -> socket.socket:
        """No machine stands behind it: it greets as one does, and is gone."""
        if desktop not in cast.DESKTOPS:
            raise ConnectionRefusedError(desktop)
        near, far = socket.socketpair()
        with far:
            far.sendall(b"RFB 003.008\n")
        return near
