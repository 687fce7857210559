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
import sys
from collections.abc import Callable, Iterator
from typing import Any

from . import cast, certificates, evidence
from .labs import Lab, NotHere
from .pc import Identity
from .simulated_pc import FINGERPRINT, SimulatedAgent, SimulatedLogin, SimulatedMailbox, SimulatedPc, bindings
from .world import Facts, Pc, World

NOW = datetime.datetime(2026, 11, 26, 1, 0, tzinfo=datetime.timezone.utc)  # every story begins then
AUTHENTICATORS = ("client_certificate", "password", "email_code", "totp")
CHECKS = ("registered_terminal", "windows_version", "antivirus", "windows_update", "browser")


def raise_lab(folder: pathlib.Path, build: pathlib.Path) -> "SimulatedHouse":
    if (build / "python").is_dir() and str(build / "python") not in sys.path:
        sys.path.insert(0, str(build / "python"))
    try:
        import sekisho
    except ImportError as error:
        raise NotHere(f"the Python bindings are not built: {error}") from error
    if not hasattr(sekisho, "Gate"):
        raise NotHere("the Python bindings have no gate yet")
    return SimulatedHouse(folder, build)


class SimulatedHouse(Lab):
    """What the stories share because it is slow by design: the environment's CA, certificates, password hashes."""

    def __init__(self, folder: pathlib.Path, build: pathlib.Path) -> None:
        self.folder, self.build = folder, build
        self.ca = folder / "ca"
        self.hashes: dict[str, str] = {}
        self.matches: dict[tuple[str, str], bool] = {}
        self.issued: dict[tuple[str, str], Identity] = {}

    def __enter__(self) -> "SimulatedHouse":
        certificates.make_ca(self.ca, NOW)
        return self

    def __exit__(self, *_: object) -> None: ...

    def world(self, name: str, story: evidence.Story, *, open_filter: bool = False) -> "SimulatedWorld":
        if open_filter:
            raise NotHere("this lab has no filter to open")
        return SimulatedWorld(self, name, story)

    def hash_of(self, password: str) -> str:
        sekisho = bindings()
        if password not in self.hashes:
            self.hashes[password] = sekisho.gate.hash_password(password)
            self.matches[(self.hashes[password], password)] = True
        return self.hashes[password]

    def verify(self, encoded: str, candidate: str) -> bool:
        """The real check, once for each pair."""
        sekisho = bindings()
        if (encoded, candidate) not in self.matches:
            self.matches[(encoded, candidate)] = bool(sekisho.gate.verify_password(encoded, candidate))
        return self.matches[(encoded, candidate)]

    def identity(self, person: str, terminal: str) -> Identity:
        if (person, terminal) not in self.issued:
            self.issued[(person, terminal)] = certificates.issue(self.folder / "issued", self.ca, person, terminal, NOW)
        return self.issued[(person, terminal)]


class SimulatedWorld(World):
    def __init__(self, house: SimulatedHouse, name: str, story: evidence.Story) -> None:
        super().__init__(name, "simulated", story)
        self.house = house
        self.lines: list[SimulatedLogin] = []
        self.pcs: dict[str, SimulatedPc] = {}
        self.begun = NOW

    # --- life -----------------------------------------------------------------------------------------------------------------
    def open(self, *, factors: list[str] | None = None, path: dict[str, Any] | None = None, **_: Any) -> "SimulatedWorld":
        sekisho = bindings()
        folder = self.folder = self.house.folder / f"world-{secrets.token_hex(4)}"
        folder.mkdir()
        for name in ("code.pepper", "totp.key"):
            (folder / name).write_text(hashlib.sha256(name.encode()).hexdigest())
            (folder / name).chmod(0o600)
        configs = {"client_certificate": {"ca_file": str(self.house.ca / "ca.pem"), "crl_file": str(self.house.ca / "crl.pem")},
                   "email_code": {"pepper_file": str(folder / "code.pepper")}, "totp": {"key_file": str(folder / "totp.key")}}
        config = {
            "node": "1", "gate_id": cast.GATE_NAME, "plugin_directory": str(self.house.build / "plugins"),
            "authenticators": [{"plugin": name, "config": configs.get(name, {})} for name in AUTHENTICATORS],
            "posture_checks": [{"plugin": name, "config": {}} for name in CHECKS],
            "posture": {"listen": [f"{cast.GATE_INNER}:{cast.POSTURE_PORT}"], "server_fingerprints": [FINGERPRINT]},
            "paths": [{"name": "internet", "plugin": {"plugin": "fortinet_sslvpn", "config": {}},
                       "zones": ["internet_business", "internet_dmz"], "factors": factors or ["certificate", "password", "code"],
                       "least_factors": 1 if factors else 2, "checks": [{"check": name, "mode": "enforce"} for name in CHECKS],
                       "tun": {"name": "sekisho0", "gate_address": cast.GATE_INNER, "prefix": 24, "mtu": 1354},
                       "entrance": f"{cast.GATE_INNER}:{cast.ENTRANCE_PORT}", **(path or {})}],
        }
        self.clock = sekisho.gate.VirtualTime(seed=1, start=NOW)
        self.gate = sekisho.Gate(config, clock=self.clock, registry=self._registry(sekisho), verify_password=self.house.verify)
        self.gate.__enter__()
        self.front = self.gate.front("internet")
        self.page = self.gate.posture_page()
        self.path = sekisho.fortinet.fortinet_path({})
        self.grants: dict[int, Any] = {}
        self.relay = self.gate.attach("relay", "internet", self._relay_heard)
        for who in ("mori", "tani"):
            self.enrol(who)
        return self

    def _registry(self, sekisho: Any) -> Any:
        registry = sekisho.Registry.load(cast.registry(NOW))
        for who in ("mori", "tani"):
            registry = self._equipped(registry, who)
        return registry

    def _equipped(self, registry: Any, who: str) -> Any:
        """With password and certificate."""
        terminal = self.people[who]["terminal"]
        identity = self.house.identity(who, terminal)
        registry = registry.set_password_hash(who, self.house.hash_of(self.people[who]["password"]))
        registry, _ = registry.register_certificate(certificates.registry_row(identity.certificate, who, terminal), now=self.now_if_open())
        return registry

    def now_if_open(self) -> datetime.datetime:
        return self.now() if hasattr(self, "clock") else NOW

    def enrol(self, who: str) -> None:
        token, terminal = secrets.token_urlsafe(24), self.people[who]["terminal"]
        digest = hashlib.sha256(token.encode()).hexdigest()
        self.gate.change(lambda r: r.open_enrolment(terminal, token_sha256_hex=digest, until=self.now() + datetime.timedelta(days=1),
                                                    now=self.now()), by="yama", what="enrol-token")
        pc = self.pc(who)
        answer = self.page.posture("enrol", pc.arrival(), body=json.dumps({"token": token, "jwk": pc.agent.key.jwk}))
        assert answer.status == 200, answer.body
        pc.agent.facts(self.good_facts(who))

    def close(self) -> None:
        if hasattr(self, "gate"):
            self.gate.__exit__(None, None, None)

    def check_logs(self) -> None:
        """There is no log here; the journal must prove itself."""
        proved = self.gate.verify_journal()
        assert proved.ok, proved.why

    def keep_evidence(self) -> None:
        folder = self.story.folder
        folder.mkdir(parents=True, exist_ok=True)
        self.story.facts["時計 Clock"] = f"{NOW:%Y-%m-%d %H:%M:%S} UTC + {self.elapsed():.3f} s (virtual)"
        if hasattr(self, "gate"):
            (folder / "journal.json").write_text(json.dumps({"entries": self.journal()}, ensure_ascii=False, indent=1))
            (folder / "sessions.json").write_text(json.dumps({"sessions": self.sessions()}, ensure_ascii=False, indent=1))
            (folder / "mails.txt").write_text("\n\n".join(f"To: {m.to}\nSubject: {m.subject}\n\n{m.body}" for m in self.clock.mails))

    # --- time -------------------------------------------------------------------------------------------------------------------
    def now(self) -> datetime.datetime:
        found: datetime.datetime = self.clock.now
        return found

    def elapsed(self) -> float:
        return (self.now_if_open() - NOW).total_seconds()

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
            due = self.next_due()
            if due is None or due > deadline:
                self.story.waited(what, within, False)
                tail = "\n" + on_fail() if on_fail else ""
                raise AssertionError(f"waited for: {what}; nothing more comes within {within} s{tail}")
            self.run(until=due)
        self.story.waited(what, (self.now() - begun).total_seconds(), True)
        return found

    def next_due(self) -> datetime.datetime | None:
        due = [at for line in self.lines for at in line.deadlines()]
        if self.clock.next is not None:
            due.append(self.clock.next)
        return max(min(due), self.now()) if due else None

    def run(self, until: datetime.datetime) -> None:
        """Everything that is due until then, in its order; what it causes at once belongs to it."""
        while True:
            self.clock.settle()
            self._settle()
            due = self.next_due()
            if due is None or due > until:
                break
            self.clock.advance(max(0.0, (due - self.now()).total_seconds()))
            for line in self.lines:
                line.on_deadlines()
        self.clock.advance(max(0.0, (until - self.now()).total_seconds()))
        self._settle()

    def _settle(self) -> None:
        while True:
            pushes, self.front.pushes[:] = list(self.front.pushes), []
            for push in pushes:
                for line in self.lines:
                    line.on_push(push)
            if not any([line.work() for line in self.lines]) and not self.front.pushes:
                break

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

    def mailbox(self, who: str) -> SimulatedMailbox:
        return SimulatedMailbox(self, self.gate.registry.get("person", who)["mail"])

    def good_facts(self, who: str) -> Facts:
        pc = self.people[who]["pc"]
        mac = cast.PCS[pc].mac
        assert mac is not None
        return cast.good_facts(self.now(), mac, pc)

    def odd_certificate(self, kind: str) -> Identity:
        return certificates.odd(kind, self.folder / "odd", self.house.ca, "mori", "pc-mori", now=self.now())

    def certificate_of(self, who: str) -> Identity:
        return self.house.identity(who, self.people[who]["terminal"])

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

    def enlist(self, count: int) -> list[str]:
        document = self.export()
        names = self.enlist_in(document, count)
        self.replace(document)
        self.accept("a-tani")

        def equipped(registry: Any) -> Any:
            for who in names:
                registry = self._equipped(registry, who)
            return registry

        self.gate.change(equipped, by="yama", what="certificates")
        return names

    # --- staff --------------------------------------------------------------------------------------------------------------------
    def export(self) -> dict[str, Any]:
        document: dict[str, Any] = self.gate.registry.export(secrets=True)
        return document

    def replace(self, registry: dict[str, Any]) -> None:
        sekisho = bindings()
        self.story.did("import a registry")
        following = sekisho.Registry.load(registry)
        self.gate.change(lambda current: current.replaced_by(following), by="yama", what="import")

    def stop(self, kind: str, key: str = "", *, reason: str = "drill") -> None:
        self.story.did(f"stop {kind} {key}")
        self.gate.stop(kind, key, by="yama", reason=reason)

    def release(self, kind: str, key: str = "") -> None:
        self.story.did(f"release {kind} {key}")
        self.gate.release(kind, key, by="yama")

    def end(self, kind: str, key: str) -> None:
        self.story.did(f"{kind} end {key}")
        self.gate.change(lambda r: r.end(kind, key, self.now()), by="yama", what=f"end {kind}")

    def accept(self, application: str, *, by: str = "yama") -> None:
        self.story.did(f"accept {application}")
        self.gate.change(lambda r: r.accept_application(application, by=by, now=self.now()), by=by, what="accept")

    def revoke_certificate(self, who: str) -> None:
        fingerprint = certificates.fingerprint(self.certificate_of(who).certificate)
        self.story.did(f"revoke {fingerprint[:16]}")
        self.gate.change(lambda r: r.end("certificate", fingerprint, self.now()), by="yama", what="revoke")

    def enrol_app(self, who: str) -> str:
        return str(self.gate.enrol_factor(who, "totp", by="yama"))

    def end_app(self, who: str) -> None:
        self.gate.end_factor(who, "totp", by="yama")

    def sessions(self) -> list[dict[str, Any]]:
        self.run(until=self.now())
        wanted = ("number", "person", "terminal", "contractor", "contract", "application", "path", "zone", "desktop", "address", "peer",
                  "node", "state", "tunnel_up", "refused_packets")
        return [{name: getattr(session, name) for name in wanted} for session in self.gate.sessions()]

    # --- what was written down ----------------------------------------------------------------------------------------------------
    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        self.run(until=self.now())
        names = ("event", "session", "person", "path", "rule", "code", "result", "detail")
        return [{"sequence": stored.sequence, "at": cast.instant(stored.entry.at), **{n: getattr(stored.entry, n) for n in names},
                 "from": stored.entry.from_} for stored in self.gate.entries(limit=100_000, **wanted)]

    def kept(self) -> Iterator[tuple[str, bytes]]:
        for name, held in self.gate.journal.files.items():
            yield f"journal/{name}", held
        yield "registry", json.dumps(self.gate.registry.export(secrets=True)).encode()
        yield "health", json.dumps(self.gate.health()).encode()
