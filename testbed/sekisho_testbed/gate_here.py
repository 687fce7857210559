"""Worlds whose gate is an object of this process (sekisho.Gate): what a story may bring to it, staff's verbs, the journal.

Two labs have such a gate: the simulated one, where everything is in this process, and the namespaces lab for stories that bring
plugins written in Python (hosted_world.py), where the gate's other programs are processes as ever.
"""
from __future__ import annotations

import abc
import contextlib
import dataclasses
import datetime
import importlib
import json
import pathlib
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from . import cast, certificates
from .labs import NotHere
from .people import Mailbox
from .talks import Identity
from .world import World

AUTHENTICATORS = ("client_certificate", "password", "email_code", "totp")
CHECKS = ("registered_terminal", "windows_version", "antivirus", "windows_update", "browser")
#: Inner network and public port of the n-th path written in Python.
LINE_TUN, LINE_ADDRESS, LINE_PORT = "sekisho{}", "10.203.{}.1", 2300


def bindings() -> Any:
    """The package, with the subjects that are used here."""
    import sekisho
    import sekisho.fortinet
    import sekisho.gate
    import sekisho.lines
    import sekisho.plugins
    import sekisho.posture
    import sekisho.seam
    return sekisho


def need_bindings(build: pathlib.Path) -> None:
    """Makes the package of this build importable, or throws NotHere."""
    if (build / "python").is_dir() and str(build / "python") not in sys.path:
        sys.path.insert(0, str(build / "python"))
    try:
        bindings()
        importlib.import_module("sekisho._core.front")
    except ImportError as error:
        raise NotHere(f"the Python bindings are not built: {error}") from error


@dataclasses.dataclass
class Here:
    """Plugins written in Python: `@pytest.mark.gate(here=f)`, where f() makes this. Checks are enforced on the path `internet`,
    factors only where the story's `factors` name them; an access path is a path of its own with certificate and password, and has the
    business zone for itself, since a zone is reached by one path (R01)."""
    authenticators: Sequence[object] = ()
    checks: Sequence[Any] = ()
    paths: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def internet(self) -> dict[str, Any]:
        """What is left to the path `internet`."""
        return {"zones": ["internet_dmz"]} if self.paths else {}

    def path_configs(self) -> list[dict[str, Any]]:
        return [{"name": name, "zones": ["internet_business"], "factors": ["certificate", "password"],
                 "tun": {"name": LINE_TUN.format(n), "gate_address": LINE_ADDRESS.format(n), "prefix": 24, "mtu": 1354}}
                for n, name in enumerate(self.paths, 1)]


class Passwords:
    """Hashes are slow by design: each pair is hashed and compared once."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.matches: dict[tuple[str, str], bool] = {}

    def hash_of(self, password: str) -> str:
        if password not in self.hashes:
            self.hashes[password] = bindings().gate.hash_password(password)
            self.matches[(self.hashes[password], password)] = True
        return self.hashes[password]

    def verify(self, encoded: str, candidate: str) -> bool:
        """The real check."""
        if (encoded, candidate) not in self.matches:
            self.matches[(encoded, candidate)] = bool(bindings().gate.verify_password(encoded, candidate))
        return self.matches[(encoded, candidate)]


def session_rows(gate: Any) -> list[dict[str, Any]]:
    wanted = ("number", "person", "terminal", "contractor", "contract", "application", "path", "zone", "desktop", "address", "peer",
              "node", "state", "tunnel_up", "refused_packets")
    return [{name: getattr(session, name) for name in wanted} for session in gate.sessions()]


def entries_of(gate: Any, wanted: dict[str, str]) -> list[dict[str, Any]]:
    """`wanted`: fields of a query, and "limit"."""
    names = ("event", "session", "person", "path", "rule", "code", "result", "detail")
    query: dict[str, Any] = {**wanted, "limit": int(wanted.get("limit", "100000"))}
    return [{"sequence": stored.sequence, "at": cast.instant(stored.entry.at), **{n: getattr(stored.entry, n) for n in names},
             "from": stored.entry.from_} for stored in gate.entries(**query)]


class GateMailbox(Mailbox):
    """The gate's mails end here, in this process."""

    def __init__(self, world: "GateHere", address: str) -> None:
        self.world, self.address = world, address
        self.seen = len(self.mails())

    def mails(self) -> list[Any]:
        return [mail for mail in self.world.mails() if mail.to == self.address]

    def next_code(self, within: float = 10) -> str:
        self.world.wait(lambda: len(self.mails()) > self.seen, within, f"a mail to {self.address}")
        self.seen += 1
        return str(bindings().gate.code_of(self.mails()[self.seen - 1]))

    @property
    def unread(self) -> int:
        return len(self.mails()) - self.seen


class GateHere(World):
    clock: Any    # sekisho.VirtualTime
    gate: Any     # sekisho.Gate, once open() has made it
    brought: Here
    passwords: Passwords

    @abc.abstractmethod
    def at_gate(self) -> contextlib.AbstractContextManager[Any]:
        """The gate, to ask or tell it something; what has happened until now has reached it."""

    @abc.abstractmethod
    def identity(self, who: str) -> Identity:
        """His client certificate; made on demand."""

    @abc.abstractmethod
    def speak(self, who: str, path: str, words: str, *, certificate: object = "own") -> str:
        """His PC says this on a path written in Python, at once, and hears until the gate hangs up; what it heard."""

    @abc.abstractmethod
    def raised_by(self, path: str) -> list[str]:
        """What a path written in Python has raised: a text for each connection that ended with it."""

    @abc.abstractmethod
    def screen_of(self, desktop: str) -> socket.socket:
        """A connection to the desktop's screen, as a virtualisation manager hands it out."""

    # --- the cast -------------------------------------------------------------------------------------------------------------
    def furnished(self, document: dict[str, Any] | None = None) -> Any:
        """The cast's registry (or this one), with passwords and certificates."""
        registry = bindings().Registry.load(document or cast.registry(self.now()))
        for who in self.people:
            registry = self.equipped(registry, who)
        return registry

    def equipped(self, registry: Any, who: str) -> Any:
        registry = registry.set_password_hash(who, self.passwords.hash_of(self.people[who]["password"]))
        row = certificates.registry_row(self.identity(who).certificate, who, self.people[who]["terminal"])
        registry, _ = registry.register_certificate(row, now=self.now())
        return registry

    def enrolment_token(self, who: str) -> str:
        token, terminal, now = secrets.token_urlsafe(24), self.people[who]["terminal"], self.now()
        self.change(lambda r: r.open_enrolment(terminal, token_sha256_hex=sha256(token.encode()).hexdigest(),
                                               until=now + datetime.timedelta(days=1), now=now), "enrol-token")
        return token

    def enlist(self, count: int) -> list[str]:
        document = self.export()
        names = self.enlist_in(document, count)
        self.replace(document)
        self.accept("a-tani")

        def all_equipped(registry: Any) -> Any:
            for who in names:
                registry = self.equipped(registry, who)
            return registry

        self.change(all_equipped, "certificates")
        return names

    def mails(self) -> list[Any]:
        with self.at_gate():
            return list(self.clock.mails)

    def mailbox(self, who: str) -> GateMailbox:
        with self.at_gate() as gate:
            return GateMailbox(self, gate.registry.get("person", who)["mail"])

    # --- staff ----------------------------------------------------------------------------------------------------------------
    def change(self, change: Any, what: str, by: str = "yama") -> None:
        with self.at_gate() as gate:
            gate.change(change, by=by, what=what)

    def export(self) -> dict[str, Any]:
        with self.at_gate() as gate:
            document: dict[str, Any] = gate.registry.export(secrets=True)
            return document

    def replace(self, registry: dict[str, Any]) -> None:
        self.story.did("import a registry")
        following = bindings().Registry.load(registry)
        self.change(lambda current: current.replaced_by(following), "import")

    def refused_import(self, registry: dict[str, Any]) -> list[tuple[str, str]]:
        try:
            self.replace(registry)
        except bindings().RegistryError as refused:
            return [(row["pointer"], row["code"]) for row in json.loads(refused.detail)]
        return []

    def stop(self, kind: str, key: str = "", *, reason: str = "drill") -> None:
        self.story.did(f"stop {kind} {key}")
        with self.at_gate() as gate:
            gate.stop(kind, key, by="yama", reason=reason)

    def release(self, kind: str, key: str = "") -> None:
        self.story.did(f"release {kind} {key}")
        with self.at_gate() as gate:
            gate.release(kind, key, by="yama")

    def end(self, kind: str, key: str) -> None:
        self.story.did(f"{kind} end {key}")
        now = self.now()
        self.change(lambda r: r.end(kind, key, now), f"end {kind}")

    def accept(self, application: str, *, by: str = "yama", build_up_exception: bool = False) -> None:
        self.story.did(f"accept {application}")
        now = self.now()
        self.change(lambda r: r.accept_application(application, by=by, now=now, build_up_exception=build_up_exception), "accept", by)

    def revoke_certificate(self, who: str) -> None:
        fingerprint, now = certificates.fingerprint(self.identity(who).certificate), self.now()
        self.story.did(f"revoke {fingerprint[:16]}")
        self.change(lambda r: r.end("certificate", fingerprint, now), "revoke")

    def issue(self, person: str, terminal: str) -> Identity:
        made, now = self.another_identity(person, terminal), self.now()
        row = certificates.registry_row(made.certificate, person, terminal)
        self.change(lambda r: r.register_certificate(row, now=now)[0], "certificate")
        return made

    @abc.abstractmethod
    def another_identity(self, person: str, terminal: str) -> Identity:
        """A certificate of the environment's CA that is not registered yet."""

    def register_certificate(self, who: str, identity: Identity) -> None:
        row, now = certificates.registry_row(identity.certificate, who, self.people[who]["terminal"]), self.now()
        self.change(lambda r: r.register_certificate(row, replace=True, now=now)[0], "certificate")

    def end_session(self, number: str, *, reason: str = "test") -> None:
        with self.at_gate() as gate:
            gate.end_session(number, by="yama", reason=reason)

    def certificate_of(self, who: str) -> Identity:
        return self.identity(who)

    def enrol_app(self, who: str) -> str:
        with self.at_gate() as gate:
            return str(gate.enrol_factor(who, "totp", by="yama"))

    def end_app(self, who: str) -> None:
        with self.at_gate() as gate:
            gate.end_factor(who, "totp", by="yama")

    def sessions(self) -> list[dict[str, Any]]:
        with self.at_gate() as gate:
            return session_rows(gate)

    # --- what was written down ------------------------------------------------------------------------------------------------
    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        with self.at_gate() as gate:
            return entries_of(gate, wanted)

    def kept(self) -> Iterator[tuple[str, bytes]]:
        with self.at_gate() as gate:
            for name, held in gate.journal.files.items():
                yield f"journal/{name}", held
            yield "registry", json.dumps(gate.registry.export(secrets=True)).encode()
            yield "health", json.dumps(gate.health()).encode()

    def journal_proves(self) -> None:
        with self.at_gate() as gate:
            proved = gate.verify_journal()
        assert proved.ok, proved.why

    def keep_gate(self) -> None:
        """What the gate of this process leaves to the evidence."""
        folder = self.story.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "journal.json").write_text(json.dumps({"entries": self.journal()}, ensure_ascii=False, indent=1))
        (folder / "sessions.json").write_text(json.dumps({"sessions": self.sessions()}, ensure_ascii=False, indent=1))
        (folder / "mails.txt").write_text("\n\n".join(f"To: {m.to}\nSubject: {m.subject}\n\n{m.body}" for m in self.mails()))
