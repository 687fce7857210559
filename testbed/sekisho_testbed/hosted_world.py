"""The namespaces lab with the gatekeeper in this process: for stories that bring plugins written in Python.

`sekisho supervise`, netd, the fronts, the relay, clients, agents and desktops are the real programs; sekishod's place is taken by a
sekisho.Gate (hosted.py), the production's gatekeeper with what is handed in: the machine's time (moved on as in sekishod for labs),
a store, a journal and mails in memory. An access path written in Python has a front in this process too (hosted_front.py).
What this lab does not show then: the gatekeeper's sandbox, its files, sekishoctl, the mail's way.
"""
from __future__ import annotations

import contextlib
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any

from . import attack, cast, certificates, evidence
from .gate_here import CHECKS, LINE_PORT, GateHere, Here, Passwords, bindings, need_bindings
from .gatehouse import Gatehouse
from .hosted import Gatekeeper, Hall, stub
from .hosted_front import PythonFront
from .namespaces import NamespacesHouse, NamespacesWorld
from .talks import Identity, Talk


class HostedGatehouse(Gatehouse):
    """Healthy is what its gatekeeper here finds healthy."""
    keeper: Gatekeeper
    hall: Hall

    def is_healthy(self) -> bool:
        with self.hall.lock:
            paths = [path.policy.path for path in self.keeper.gate.options.paths]
            return self.keeper.knows(["netd", "posture", "relay:internet", *(f"front:{path}" for path in paths)])


class HostedWorld(GateHere, NamespacesWorld):  # type: ignore[misc]  # the mails end in this process
    gatehouse: HostedGatehouse

    def __init__(self, house: NamespacesHouse, name: str, story: evidence.Story | None = None) -> None:
        need_bindings(house.build)
        super().__init__(house, name, story=story)
        self.passwords = Passwords()

    # --- life -----------------------------------------------------------------------------------------------------------------
    def open(self, *, here: Callable[[], Here] = Here, path: dict[str, Any] | None = None, **config: Any) -> "HostedWorld":
        sekisho = bindings()
        brought = self.brought = here()
        self.house.wires.mark()
        gatehouse = self.gatehouse = HostedGatehouse(self.house.gate, self.folder / "gate", self.house.build, self.house.web_ca,
                                                     self.house.gate_tls, self.programs)
        gatehouse.make_ca()
        checks = [*CHECKS, *(check.name for check in brought.checks)]
        gatehouse.write_config(path={**brought.internet(), **(path or {}), "checks": [{"check": name, "mode": "enforce"} for name in checks]}, **config)
        site = self._add_paths(json.loads(gatehouse.config.read_text()))
        site["posture"]["server_fingerprints"] = [certificates.fingerprint(self.house.gate_tls[0])]
        site["authenticators"] += brought.authenticators
        site["posture_checks"] = [*({"plugin": name, "config": {}} for name in CHECKS), *brought.checks]
        self.clock = sekisho.gate.VirtualTime(seed=secrets.randbits(63), start=self.now())
        self.gate = sekisho.Gate(site, clock=self.clock, registry=self.furnished(), verify_password=self.passwords.verify,
                                 bare_entrance=True)
        self.gate.__enter__()
        self._host(site)
        gatehouse.start()
        for who in ("mori", "tani"):
            self.enrol(who)
        return self

    def _add_paths(self, site: dict[str, Any]) -> dict[str, Any]:
        """The configuration that the other programs read: they see paths and checks, and load neither."""
        tls = site["paths"][0]["tls"]
        site["paths"] += [{**line, "plugin": {"plugin": line["name"], "config": {}}, "tls": tls,
                           "listen": [f"{cast.GATE_PUBLIC}:{LINE_PORT + n}"]}
                          for n, line in enumerate(self.brought.path_configs(), 1)]
        site["posture"]["listen"] += [f"{line['tun']['gate_address']}:{cast.POSTURE_PORT}" for line in self.brought.path_configs()]
        site["posture_checks"] += [{"plugin": check.name, "config": {}} for check in self.brought.checks]
        self.gatehouse.config.write_text(json.dumps(site, ensure_ascii=False, indent=1))
        return site

    def _host(self, site: dict[str, Any]) -> None:
        """Stubs in the places of what is here, and the bodies of the children."""
        desk = self.folder / "desk"
        hall = self.hall = self.gatehouse.hall = Hall(desk)
        now = self.gatehouse.now
        hall.bodies["sekishod"] = self.gatehouse.keeper = Gatekeeper(hall, self.gate, site["node"], now)
        stub(self.programs / "sekishod", desk, {"": "sekishod"})
        self.fronts: dict[str, PythonFront] = {}
        for line in site["paths"][1:]:
            name = line["name"]
            hall.bodies[f"front:{name}"] = self.fronts[name] = PythonFront(hall, name, self.brought.paths[name], site["node"], line["tls"], now)
        if self.fronts:
            stub(self.programs / "sekisho-front", desk, {f"--path {name} ": f"front:{name}" for name in self.fronts})
        hall.start()

    def close(self) -> None:
        super().close()
        if hasattr(self, "hall"):
            self.hall.stop()
        if hasattr(self, "gate"):
            self.gate.__exit__(None, None, None)

    def check_logs(self) -> None:
        super().check_logs()
        assert not self.hall.errors, "\n".join(self.hall.errors[:3])
        self.journal_proves()

    def keep_gate(self) -> None:
        if hasattr(self, "hall"):
            super().keep_gate()

    def how_to_enter(self) -> str:
        return evidence.entry_lines(self.house.lab, {"gate": str(self.folder)})

    @contextlib.contextmanager
    def at_gate(self) -> Iterator[Any]:
        with self.hall.lock:
            self.gatehouse.keeper.catch_up()
            yield self.gate

    # --- people ---------------------------------------------------------------------------------------------------------------
    def another_identity(self, person: str, terminal: str) -> Identity:
        return certificates.issue(self.folder / "issued", self.ca, person, terminal, self.now())

    def identity(self, who: str) -> Identity:
        held = self.gatehouse.identities
        if who not in held:
            held[who] = certificates.issue(self.folder / "issued", self.gatehouse.ca, who, self.people[who]["terminal"], self.now())
        return held[who]

    def enlist(self, count: int) -> list[str]:
        names = super().enlist(count)
        for n, who in enumerate(names):
            self.seat(n, who)
        return names

    # --- plugins of the story ---------------------------------------------------------------------------------------------------
    def speak(self, who: str, path: str, words: str, *, certificate: object = "own") -> str:
        used = self.identity(who) if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        port = LINE_PORT + 1 + list(self.brought.paths).index(path)
        row = Talk("one", [words.encode()], identity=used)
        return attack.talk(self.pc(who).host, self.house.web_ca.certificate, [row], port=port, limit_s=35)["one"].heard.decode(errors="replace")

    def raised_by(self, path: str) -> list[str]:
        with self.hall.lock:
            return [str(raised) for raised in self.fronts[path].broke]

    def screen_of(self, desktop: str) -> socket.socket:
        return self.house.gate.connect(cast.address(cast.DESKTOPS[desktop]), 5900)
