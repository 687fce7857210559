"""People in the simulated lab: agents, and PCs whose VPN client is the product's own client machine (sekisho.lines)."""
from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

from . import cast, certificates
from .gate_here import bindings
from .pc import Identity
from .world import Agent, Facts, Login, Pc, Report

if TYPE_CHECKING:
    from .simulated import SimulatedWorld

#: SHA-256 of the certificate that the posture page would show.
FINGERPRINT = "5e" * 32


class SimulatedAgent(Agent):
    """The agent's part of the protocol: challenge, signed report, and a heartbeat while it runs."""

    def __init__(self, pc: "SimulatedPc", key: Any = None) -> None:
        sekisho = bindings()
        self.pc, self.world = pc, pc.world
        self.key: Any = key if key is not None else sekisho.posture.DeviceKey.generate()
        self.document: Facts = {}
        self.book: list[int] = [0]  # the report's number: shared by whoever holds the key
        self.running = False

    def facts(self, document: Facts) -> None:
        self.document = document

    def report(self, *, inside: bool, reason: str = "connect") -> Report:
        sekisho = bindings()
        address = self.pc.inner_address() if inside else ""
        arrival = self.pc.arrival(address)
        asked = self.world.page.posture("challenge", arrival)
        if asked.status != 200:
            return Report(False, asked.status < 500, [], asked.body)
        challenge = json.loads(asked.body)
        self.book[0] += 1
        at = datetime.datetime.fromisoformat(challenge["server_time"].replace("Z", "+00:00"))
        facts = dict(self.document)
        payload = sekisho.posture.ReportPayload(aud=challenge["gateway"], sid=challenge["sid"], nonce=challenge["nonce"],
                                        ip=address if inside else None, srv=FINGERPRINT, iat=int(at.timestamp()), seq=self.book[0],
                                        reason=reason, facts=facts)
        answer = self.world.page.posture("report", arrival, body=sekisho.posture.seal_report(payload, self.key))
        self.world.run(until=self.world.now())
        if answer.status != 200:
            return Report(False, answer.status < 500, [], answer.body)
        told = json.loads(answer.body)
        checks = [{**row, "remedy": {"ja": row.get("remedy_ja", ""), "en": row.get("remedy_en", "")}} for row in told["checks"]]
        admitted = told["decision"] == "admit"
        return Report(admitted, not admitted, checks, answer.body)

    def start(self, within: float = 10) -> None:
        report = self.report(inside=True)
        assert report.ok, report.text
        self.running = True
        self._beat()

    def _beat(self) -> None:
        def again() -> None:
            if self.running:
                self.world.page.posture("challenge", self.pc.arrival(self.pc.inner_address()))
                self._beat()

        self.world.clock.at(self.world.now() + datetime.timedelta(seconds=30), again)

    def event(self) -> None:
        self.report(inside=True, reason="event")

    def stop(self) -> None:
        self.running = False


class SimulatedPc(Pc):
    agent: SimulatedAgent

    def __init__(self, world: "SimulatedWorld", who: str) -> None:
        self.world, self.who = world, who
        host = world.people[who]["pc"]
        self.peer = cast.address(cast.PCS[host])
        self.ports = 40_000 + 500 * len(world.pcs)
        self.agent = SimulatedAgent(self)

    def arrival(self, peer: str = "", certificate: Identity | None = None, path: str = "internet") -> Any:
        sekisho = bindings()
        self.ports += 1
        chain = [certificates.der(certificate.certificate)] if certificate else []
        return sekisho.Arrival(path=path, peer_address=peer or self.peer, peer_port=self.ports, tls_version="TLSv1.3",
                               tls_cipher="TLS_AES_256_GCM_SHA384", certificate_chain=chain)

    def login(self, password: str | None = None, *, login: str | None = None, certificate: object = "own") -> "SimulatedLogin":
        used = self.world.identity(self.who) if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        one = SimulatedLogin(self, self.arrival(certificate=used), login or self.who,
                             self.world.people[self.who]["password"] if password is None else password)
        self.world.logins.append(one)
        self.world.run(until=self.world.now())
        return one

    def tunnel(self) -> "SimulatedLogin | None":
        return next((line for line in reversed(self.world.logins) if line.pc is self and line.stands), None)

    def inner_address(self) -> str:
        tunnel = self.tunnel()
        assert tunnel is not None, f"{self.who} has no tunnel"
        return tunnel.address

    def desktop_answers(self, within: float = 3) -> bool:
        """A packet passes the tunnel, the session's filter and the kernel's rights, and the relay is told his desktop."""
        self.world.run(until=self.world.now())
        tunnel = self.tunnel()
        if tunnel is None or not tunnel.passes(cast.GATE_INNER, cast.ENTRANCE_PORT):
            return False
        grant = self.world.entrance(tunnel.address)
        return bool(grant is not None and grant.ok and grant.desktop == self.world.people[self.who]["desktop"])


class SimulatedLogin(Login):
    """A client machine and the connections of the access path that it opens."""

    def __init__(self, pc: SimulatedPc, arrival: Any, login: str, password: str) -> None:
        sekisho = bindings()
        self.pc, self.world = pc, pc.world
        client = sekisho.fortinet.FortinetClient(manner="openconnect", user=login, password=password, host=cast.GATE_NAME,
                                                 seed=arrival.peer_port)
        self.run = sekisho.lines.ClientRun(self.world.front, self.world.path, arrival, client, path_seed=100_000 + arrival.peer_port)
        self.world.lines.runs.append(self.run)
        self.run.start()

    # --- the person -----------------------------------------------------------------------------------------------------------
    def asked(self, within: float = 15, prompt: str = "code") -> "SimulatedLogin":
        self.world.wait(lambda: self.run.prompts or self.run.ended, within, f"the question for the {prompt}")
        assert any(prompt in asked for asked in self.run.prompts), f"no such question: {self.run.prompts} {self._shown()}"
        return self

    def type(self, line: str) -> "SimulatedLogin":
        self.run.type(line)
        self.world.run(until=self.world.now())
        return self

    def up(self, within: float = 15) -> "SimulatedLogin":
        self.world.wait(lambda: self.run.tunnel or self.run.ended, within, "the tunnel stands", on_fail=self._shown)
        assert self.run.tunnel, self._shown()
        return self

    @property
    def stands(self) -> bool:
        return self.run.tunnel is not None and not self.run.is_cut

    @property
    def address(self) -> str:
        return str(self.run.address)

    @property
    def inside(self) -> bool:
        return self.run.ended is None and not self.run.is_cut

    def refused(self, within: float = 15) -> str:
        self.world.wait(lambda: self.run.ended, within, "the client has given up", on_fail=self._shown)
        assert self.run.ended.why in ("login_refused", "session_refused"), self._shown()
        assert not self.address, "a tunnel stood"
        return self._shown()

    def ended(self, within: float = 15) -> str:
        self.world.wait(lambda: self.run.ended, within, "the client has stopped", on_fail=self._shown)
        return self._shown()

    @property
    def was_told(self) -> bool:
        return self.run.ended is not None and self.run.ended.why in ("by_gate", "session_refused")

    @property
    def answers(self) -> list[str]:
        self.world.run(until=self.world.now())
        return [line for line in self.run.heard.decode(errors="replace").splitlines() if not line.lower().startswith("date:")]

    def hang_up(self, within: float = 10) -> None:
        if self.run.ended is None:
            self.run.stop()
            self.world.wait(lambda: self.run.ended, within, "the client has ended")

    def cut(self) -> None:
        self.run.cut()

    def _shown(self) -> str:
        end = self.run.ended
        return f"{end.why} {end.status} {end.text}" if end else f"still waiting; heard {bytes(self.run.heard[-600:])!r}"

    # --- packets ----------------------------------------------------------------------------------------------------------------
    def passes(self, address: str, port: int) -> bool:
        """One packet for there comes out of the connection, its session may send it there, and the kernel knows it."""
        before = len(self.run.delivered)
        self.run.send(syn(self.address, address, port))
        self.world.run(until=self.world.now())
        view = self.run.view
        allowed = view is not None and any(r.address == address and r.port == port for r in view.filter)
        rights = [right for rights in self.world.gate.kernel.values() for right in rights if right.address == self.address]
        known = any(r.address == address and r.port == port for right in rights for r in right.filter)
        return len(self.run.delivered) > before and allowed and known


def syn(source: str, to: str, port: int) -> bytes:
    """An IPv4 packet with a TCP SYN (RFC 791, RFC 9293)."""
    def total(data: bytes) -> int:
        value = sum(int.from_bytes(data[n:n + 2], "big") for n in range(0, len(data), 2))
        while value >> 16:
            value = (value & 0xFFFF) + (value >> 16)
        return ~value & 0xFFFF

    src, dst = (bytes(int(part) for part in address.split(".")) for address in (source, to))
    tcp = (41_000).to_bytes(2, "big") + port.to_bytes(2, "big") + bytes(8) + b"\x50\x02\xff\xff" + bytes(4)
    tcp = tcp[:16] + total(src + dst + b"\0\x06" + len(tcp).to_bytes(2, "big") + tcp).to_bytes(2, "big") + tcp[18:]
    head = b"\x45\0" + (20 + len(tcp)).to_bytes(2, "big") + b"\0\x01\x40\0\x40\x06\0\0" + src + dst
    return head[:10] + total(head).to_bytes(2, "big") + head[12:] + tcp
