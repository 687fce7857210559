"""The namespaces lab's world: staff at sekishoctl, the gate's clock, and its journal."""
from __future__ import annotations

import contextlib
import datetime
import json
import pathlib
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

from . import certificates
from .namespaces_gate import NamespacesGate
from .talks import Identity


class NamespacesStaff(NamespacesGate):
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

    @property
    def revocation_list(self) -> pathlib.Path:
        return self.gatehouse.ca / "crl.pem"

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
        for gate in self.gatehouses():
            now = float(gate.clock_offset.read_text())
            part = gate.clock_offset.with_suffix(".part")
            part.write_text(str(now + seconds))
            part.rename(gate.clock_offset)

    @contextlib.contextmanager
    def slow_password_check(self, seconds: float) -> Iterator[None]:
        """The lab's own check waits while a file is there."""
        file = self.gatehouse.folder / "hang"
        file.write_text("")
        end = threading.Timer(seconds, file.unlink)
        end.start()
        try:
            yield
        finally:
            end.join()

    @contextlib.contextmanager
    def hanging_store(self) -> Iterator[None]:
        """Somebody holds the database's write lock."""
        with contextlib.closing(sqlite3.connect(self.gatehouse.state / "sekisho.db", timeout=5, isolation_level=None)) as line:
            line.execute("BEGIN EXCLUSIVE")
            yield
            line.execute("ROLLBACK")

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
