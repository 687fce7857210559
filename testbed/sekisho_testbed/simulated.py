"""The simulated lab: the production's gatekeeper, access path and plugins in this process, on virtual time.

Nothing here waits: `world.wait` moves the clock to whatever is due next. Contractor PCs speak the real bytes (the product's own
client machine against the product's own access path); what is missing is TLS, the kernel and other processes, so a login costs
milliseconds.
"""
from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import pathlib
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any

from . import cast, certificates, evidence
from .gate_here import AUTHENTICATORS, CHECKS, GateHere, Here, Passwords, bindings, need_bindings
from .labs import Lab, NotHere
from .pc import Identity
from .simulated_pc import FINGERPRINT, SimulatedAgent, SimulatedLogin, SimulatedPc
from .world import Facts, Pc

NOW = datetime.datetime(2026, 11, 26, 1, 0, tzinfo=datetime.timezone.utc)  # every story begins then


def raise_lab(folder: pathlib.Path, build: pathlib.Path) -> "SimulatedHouse":
    need_bindings(build)
    return SimulatedHouse(folder, build)


class SimulatedHouse(Lab):
    """What the stories share because it is slow by design: the environment's CA, certificates, password hashes."""

    def __init__(self, folder: pathlib.Path, build: pathlib.Path) -> None:
        self.folder, self.build = folder, build
        self.ca = folder / "ca"
        self.passwords = Passwords()
        self.issued: dict[tuple[str, str], Identity] = {}

    def __enter__(self) -> "SimulatedHouse":
        certificates.make_ca(self.ca, NOW)
        return self

    def __exit__(self, *_: object) -> None: ...

    def world(self, name: str, story: evidence.Story, *, open_filter: bool = False, here: bool = False) -> "SimulatedWorld":
        if open_filter:
            raise NotHere("this lab has no filter to open")
        return SimulatedWorld(self, name, story)

    def identity(self, person: str, terminal: str) -> Identity:
        if (person, terminal) not in self.issued:
            self.issued[(person, terminal)] = certificates.issue(self.folder / "issued", self.ca, person, terminal, NOW)
        return self.issued[(person, terminal)]


class SimulatedWorld(GateHere):
    def __init__(self, house: SimulatedHouse, name: str, story: evidence.Story) -> None:
        super().__init__(name, "simulated", story)
        self.house, self.passwords = house, house.passwords
        self.logins: list[SimulatedLogin] = []
        self.pcs: dict[str, SimulatedPc] = {}
        self.talks: dict[str, list[Any]] = {}  # by path: sekisho.lines.PathRun

    # --- life -----------------------------------------------------------------------------------------------------------------
    def open(self, *, factors: list[str] | None = None, path: dict[str, Any] | None = None, here: Callable[[], Here] | None = None,
             **_: Any) -> "SimulatedWorld":
        sekisho = bindings()
        brought = self.brought = here() if here else Here()
        folder = self.folder = self.house.folder / f"world-{secrets.token_hex(4)}"
        folder.mkdir()
        for name in ("code.pepper", "totp.key"):
            (folder / name).write_text(hashlib.sha256(name.encode()).hexdigest())
            (folder / name).chmod(0o600)
        configs = {"client_certificate": {"ca_file": str(self.house.ca / "ca.pem"), "crl_file": str(self.house.ca / "crl.pem")},
                   "email_code": {"pepper_file": str(folder / "code.pepper")}, "totp": {"key_file": str(folder / "totp.key")}}
        checks = [*CHECKS, *(check.name for check in brought.checks)]
        config = {
            "node": "1", "gate_id": cast.GATE_NAME, "plugin_directory": str(self.house.build / "plugins"),
            "authenticators": [*({"plugin": name, "config": configs.get(name, {})} for name in AUTHENTICATORS), *brought.authenticators],
            "posture_checks": [*({"plugin": name, "config": {}} for name in CHECKS), *brought.checks],
            "posture": {"listen": [f"{cast.GATE_INNER}:{cast.POSTURE_PORT}"], "server_fingerprints": [FINGERPRINT]},
            "paths": [{"name": "internet", "plugin": {"plugin": "fortinet_sslvpn", "config": {}},
                       "zones": ["internet_business", "internet_dmz"], "factors": factors or ["certificate", "password", "code"],
                       "least_factors": 1 if factors else 2, "checks": [{"check": name, "mode": "enforce"} for name in checks],
                       "tun": {"name": "sekisho0", "gate_address": cast.GATE_INNER, "prefix": 24, "mtu": 1354},
                       "entrance": f"{cast.GATE_INNER}:{cast.ENTRANCE_PORT}", **(path or {})}, *brought.path_configs()],
        }
        self.clock = sekisho.gate.VirtualTime(seed=1, start=NOW)
        self.gate = sekisho.Gate(config, clock=self.clock, registry=self.furnished(), verify_password=self.passwords.verify)
        self.gate.__enter__()
        self.lines = sekisho.lines.Lines(self.clock)
        self.front = self.gate.front("internet")
        self.line_fronts = {name: self.gate.front(name) for name in brought.paths}
        self.page = self.gate.posture_page()
        self.path = sekisho.fortinet.fortinet_path({})
        self.grants: dict[int, Any] = {}
        self.relay = self.gate.attach("relay", "internet", self._relay_heard)
        for who in ("mori", "tani"):
            self.enrol(who)
        return self

    @contextlib.contextmanager
    def at_gate(self) -> Iterator[Any]:
        self.run(until=self.now())
        yield self.gate

    def identity(self, who: str) -> Identity:
        return self.house.identity(who, self.people[who]["terminal"])

    def enrol(self, who: str) -> None:
        pc = self.pc(who)
        body = json.dumps({"token": self.enrolment_token(who), "jwk": pc.agent.key.jwk})
        answer = self.page.posture("enrol", pc.arrival(), body=body)
        assert answer.status == 200, answer.body
        pc.agent.facts(self.good_facts(who))

    def close(self) -> None:
        if hasattr(self, "gate"):
            self.gate.__exit__(None, None, None)

    def check_logs(self) -> None:
        """There is no log here; the journal must prove itself."""
        self.journal_proves()

    def keep_evidence(self) -> None:
        self.story.facts["時計 Clock"] = f"{NOW:%Y-%m-%d %H:%M:%S} UTC + {self.elapsed():.3f} s (virtual)"
        if hasattr(self, "gate"):
            self.keep_gate()

    # --- time -------------------------------------------------------------------------------------------------------------------
    def now(self) -> datetime.datetime:
        found: datetime.datetime = self.clock.now if hasattr(self, "clock") else NOW
        return found

    def elapsed(self) -> float:
        return (self.now() - NOW).total_seconds()

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
        while not (found := check()):
            due = self.lines.next_due
            if due is None or due > deadline:
                self.story.waited(what, within, False)
                tail = "\n" + on_fail() if on_fail else ""
                raise AssertionError(f"waited for: {what}; nothing more comes within {within} s{tail}")
            self.run(until=due)
        self.story.waited(what, (self.now() - begun).total_seconds(), True)
        return found

    def run(self, until: datetime.datetime) -> None:
        """Everything that is due until then, in its order; what it causes at once belongs to it."""
        self.lines.run(until)

    # --- the entrance ------------------------------------------------------------------------------------------------------------
    def _relay_heard(self, message: Any) -> None:
        if type(message).__name__ == "EntranceGrant":
            self.grants[message.number] = message

    def entrance(self, address: str) -> Any:
        """What the relay is told about a peer; None: no answer."""
        sekisho = bindings()
        number = len(self.grants) + 1
        self.relay.send(sekisho.seam.EntranceAsk(number, address))
        with contextlib.suppress(AssertionError):
            self.wait(lambda: number in self.grants, 2, "the entrance's answer")
        grant = self.grants.get(number)
        if grant is not None and grant.ok:
            self.relay.send(sekisho.seam.EntranceClosed(grant.session, 0, 12))
        return grant

    # --- people -------------------------------------------------------------------------------------------------------------------
    def pc(self, who: str) -> SimulatedPc:
        if who not in self.pcs:
            self.pcs[who] = SimulatedPc(self, who)
        return self.pcs[who]

    def good_facts(self, who: str) -> Facts:
        pc = self.people[who]["pc"]
        mac = cast.PCS[pc].mac
        assert mac is not None
        return cast.good_facts(self.now(), mac, pc)

    def odd_certificate(self, kind: str) -> Identity:
        return certificates.odd(kind, self.folder / "odd", self.house.ca, "mori", "pc-mori", now=self.now())

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
        line = bindings().lines.PathRun(self.line_fronts[path], self.brought.paths[path], pc.arrival(certificate=used, path=path),
                                        wrote=heard.extend, closed=ends.append)
        self.lines.runs.append(line)
        self.talks.setdefault(path, []).append(line)
        line.on_bytes(words.encode())
        self.wait(lambda: ends, 60, f"the path {path} hangs up")
        return heard.decode(errors="replace")

    def raised_by(self, path: str) -> list[str]:
        return [str(line.broke) for line in self.talks.get(path, []) if line.broke is not None]

    def screen_of(self, desktop: str) -> socket.socket:
        """No machine stands behind it: it greets as one does, and is gone."""
        if desktop not in cast.DESKTOPS:
            raise ConnectionRefusedError(desktop)
        near, far = socket.socketpair()
        with far:
            far.sendall(b"RFB 003.008\n")
        return near
