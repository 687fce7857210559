"""People in the simulated lab: mailboxes, agents, and PCs whose VPN client is the product's own client machine."""
from __future__ import annotations

import datetime
import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import cast, certificates
from .pc import Identity
from .world import Agent, Facts, Login, Mailbox, Pc, Report

if TYPE_CHECKING:
    from .simulated import SimulatedWorld

#: SHA-256 of the certificate that the posture page would show.
FINGERPRINT = "5e" * 32


def bindings() -> Any:
    """The package, with the subjects that are used here."""
    import sekisho
    import sekisho.fortinet
    import sekisho.gate
    import sekisho.posture
    import sekisho.seam
    return sekisho


class SimulatedMailbox(Mailbox):
    def __init__(self, world: "SimulatedWorld", address: str) -> None:
        self.world, self.address = world, address
        self.seen = len(self.mails())

    def mails(self) -> list[Any]:
        return [mail for mail in self.world.clock.mails if mail.to == self.address]

    def next_code(self, within: float = 10) -> str:
        sekisho = bindings()
        self.world.wait(lambda: len(self.mails()) > self.seen, within, f"a mail to {self.address}")
        self.seen += 1
        return str(sekisho.gate.code_of(self.mails()[self.seen - 1]))

    def nothing_new(self) -> bool:
        self.world.run(until=self.world.now())
        return len(self.mails()) == self.seen


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

    def arrival(self, peer: str = "", certificate: Identity | None = None) -> Any:
        sekisho = bindings()
        self.ports += 1
        chain = [certificates.der(certificate.certificate)] if certificate else []
        return sekisho.Arrival(path="internet", peer_address=peer or self.peer, peer_port=self.ports, tls_version="TLSv1.3",
                               tls_cipher="TLS_AES_256_GCM_SHA384", certificate_chain=chain)

    def login(self, password: str | None = None, *, login: str | None = None, certificate: object = "own") -> "SimulatedLogin":
        own = self.world.house.identity(self.who, self.world.people[self.who]["terminal"])
        used = own if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        one = SimulatedLogin(self, self.arrival(certificate=used), login or self.who,
                             self.world.people[self.who]["password"] if password is None else password)
        self.world.lines.append(one)
        self.world.run(until=self.world.now())
        return one

    def tunnel(self) -> "SimulatedLogin | None":
        return next((line for line in reversed(self.world.lines) if line.pc is self and line.stands), None)

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
    """A client machine, a connection of the access path, and the world's front between them."""

    def __init__(self, pc: SimulatedPc, arrival: Any, login: str, password: str) -> None:
        sekisho = bindings()
        self.pc, self.world, self.arrival = pc, pc.world, arrival
        self.client = sekisho.fortinet.FortinetClient(manner="openconnect", user=login, password=password, host=cast.GATE_NAME, seed=arrival.peer_port)
        self.line: Any = None
        self.todo: deque[Callable[[], None]] = deque()
        self.questions = 0
        self.waits = False          # for a code
        self.typed: deque[str] = deque()
        self.tunnel_up: Any = None
        self.last_address = ""
        self.end: Any = None
        self.view: Any = None       # of the session that the line carries
        self.delivered: list[bytes] = []
        self.heard = bytearray()    # from the gate, until the tunnel stands
        self.is_cut = False
        self._of_client(self.client.start(now=self.world.now()))

    # --- the person -----------------------------------------------------------------------------------------------------------
    def asked(self, within: float = 15) -> "SimulatedLogin":
        self.world.wait(lambda: self.questions or self.end, within, "the question for the code")
        assert self.questions, f"no question: {self._shown()}"
        return self

    def type(self, line: str) -> "SimulatedLogin":
        self.typed.append(line)
        self.world.run(until=self.world.now())
        return self

    def up(self, within: float = 15) -> "SimulatedLogin":
        self.world.wait(lambda: self.tunnel_up or self.end, within, "the tunnel stands", on_fail=self._shown)
        assert self.tunnel_up, self._shown()
        return self

    @property
    def stands(self) -> bool:
        return self.tunnel_up is not None and not self.is_cut

    @property
    def address(self) -> str:
        return self.last_address

    @property
    def inside(self) -> bool:
        return self.end is None and not self.is_cut

    def refused(self, within: float = 15) -> str:
        self.world.wait(lambda: self.end, within, "the client has given up", on_fail=self._shown)
        assert self.end.why == "login_refused" or self.end.why == "session_refused", self._shown()
        assert not self.last_address, "a tunnel stood"
        return self._shown()

    def ended(self, within: float = 15) -> str:
        self.world.wait(lambda: self.end, within, "the client has stopped", on_fail=self._shown)
        return self._shown()

    @property
    def was_told(self) -> bool:
        return self.end is not None and self.end.why in ("by_gate", "session_refused")

    @property
    def answers(self) -> list[str]:
        self.world.run(until=self.world.now())
        return [line for line in self.heard.decode(errors="replace").splitlines() if not line.lower().startswith("date:")]

    def hang_up(self, within: float = 10) -> None:
        if self.end is None:
            self._of_client(self.client.stop(now=self.world.now()))
            self.world.wait(lambda: self.end, within, "the client has ended")

    def cut(self) -> None:
        self.is_cut = True
        if self.line is not None:
            self._of_path(self.line.on_gone(now=self.world.now()))
            self.line = None

    def _shown(self) -> str:
        return f"{self.end.why} {self.end.status} {self.end.text}" if self.end else f"still waiting; heard {bytes(self.heard[-600:])!r}"

    # --- packets ----------------------------------------------------------------------------------------------------------------
    def passes(self, address: str, port: int) -> bool:
        """One packet for there comes out of the connection, its session may send it there, and the kernel knows it."""
        before = len(self.delivered)
        _, events = self.client.send_packet(syn(self.address, address, port))
        self._of_client(events)
        self.world.run(until=self.world.now())
        allowed = self.view is not None and any(r.address == address and r.port == port for r in self.view.filter)
        rights = [right for rights in self.world.gate.kernel.values() for right in rights if right.address == self.address]
        known = any(r.address == address and r.port == port for right in rights for r in right.filter)
        return len(self.delivered) > before and allowed and known

    # --- the machinery ------------------------------------------------------------------------------------------------------------
    def deadlines(self) -> list[datetime.datetime]:
        if self.is_cut:
            return []
        found = [self.client.next_deadline] + ([self.line.next_deadline] if self.line is not None else [])
        return [at for at in found if at is not None]

    def on_deadlines(self) -> None:
        now = self.world.now()
        if self.is_cut:
            return
        if self.client.next_deadline is not None and self.client.next_deadline <= now:
            self._of_client(self.client.on_deadline(now=now))
        if self.line is not None and self.line.next_deadline is not None and self.line.next_deadline <= now:
            self._of_path(self.line.on_deadline(now=now))

    def on_push(self, push: Any) -> None:
        if type(push).__name__ == "SessionChanged" and self.view is not None and push.view.session == self.view.session:
            self.view = push.view
        if self.line is not None:
            self._of_path(self.line.on_push(push, now=self.world.now()))

    def work(self) -> bool:
        """Does what waits; False when nothing did."""
        if self.waits and self.typed:
            self.waits = False
            self._of_client(self.client.give_code(self.typed.popleft(), now=self.world.now()))
        if not self.todo:
            return False
        while self.todo:
            self.todo.popleft()()
        return True

    def _of_client(self, events: list[Any]) -> None:
        for event in events:
            name = type(event).__name__
            if name == "ClientConnects":
                self.todo.append(self._connected)
            elif name == "ClientWrote":
                self.todo.append(lambda data=event.data: self._to_path(data))  # type: ignore[misc]
            elif name == "ClientClosed":
                self.todo.append(self._gone)
            elif name == "ClientQuestion":
                self.questions += 1
                self.waits = True
            elif name == "ClientUp":
                self.tunnel_up, self.last_address = event, event.address
            elif name == "ClientDown":
                self.tunnel_up = None
            elif name == "ClientEnded":
                self.end, self.tunnel_up = event, None

    def _of_path(self, events: list[Any]) -> None:
        line = self.line
        for event in events:
            name = type(event).__name__
            if name == "PathWrote":
                self.todo.append(lambda data=event.data: self._to_client(data, line))  # type: ignore[misc]
            elif name == "PathAsked":
                self.todo.append(lambda asked=event: self._ask(asked, line))  # type: ignore[misc]
            elif name == "PathNoticed":
                self.world.front.tell(event.notice)
            elif name == "PathAttached":
                self.view = event.view
            elif name == "PathDetached":
                self.view = None
            elif name == "PathDelivered":
                self.delivered.append(event.packet)
            elif name == "PathClosed":
                self.todo.append(lambda: self._closed(line))

    def _connected(self) -> None:
        sekisho = bindings()
        self.line = sekisho.fortinet.PathLine(self.world.path, self.arrival, now=self.world.now(), seed=100_000 + self.arrival.peer_port)
        self._of_client(self.client.on_connected(now=self.world.now()))

    def _to_path(self, data: bytes) -> None:
        if self.line is not None and not self.line.closed:
            self._of_path(self.line.on_bytes(data, now=self.world.now()))

    def _to_client(self, data: bytes, line: Any) -> None:
        if line is not None and line is self.line and not self.is_cut:
            if not self.last_address:
                self.heard += data
            self._of_client(self.client.on_bytes(data, now=self.world.now()))

    def _ask(self, asked: Any, line: Any) -> None:
        reply = self.world.front.ask(asked.request)
        if line is not None and line is self.line:
            self._of_path(line.on_reply(asked.number, reply, now=self.world.now()))

    def _gone(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            self._of_path(line.on_gone(now=self.world.now()))

    def _closed(self, line: Any) -> None:
        if line is not None and line is self.line:
            self._gone()
            if not self.is_cut:
                self._of_client(self.client.on_gone(now=self.world.now()))


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


