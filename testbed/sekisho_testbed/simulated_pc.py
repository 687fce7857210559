"""People in the simulated lab: mailboxes, agents, and PCs whose VPN client is the product's own client machine."""
from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import cast, certificates
from .gate_here import bindings
from .people import Agent, ClientRun, Facts, Pc, Report, SamlListener
from .programs.forms import Fields, Reader
from .reader_page import ReaderPage
from .simulated_login import SimulatedLogin
from .talks import Identity, Talk, answer_of, request

if TYPE_CHECKING:
    from sekisho.words import ClientManner as Manner

    from .simulated import SimulatedWorld


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

    def _say(self, method: str, path: str, *, inside: bool, body: str = "", kind: str = "") -> tuple[int, str]:
        """One request to the posture page; inside the tunnel only if a packet gets there."""
        source = None
        if inside:
            tunnel = self.pc.tunnel()
            if tunnel is None or not tunnel.passes(cast.GATE_INNER, cast.POSTURE_PORT):
                return 0, "the posture page is not reached through the tunnel"
            source = tunnel.address
        fields = [("Content-Type", kind)] if kind else []
        heard = self.world.talk(self.pc.host, [Talk("agent", [request(method, f"/posture/v1/{path}", fields, body.encode())], answers=1,
                                                    source=source)], port=cast.POSTURE_PORT)["agent"]
        status, _, content = answer_of(heard.heard)
        return status, content.decode(errors="replace") or heard.error

    def _address(self) -> str:
        """Of its session."""
        return self.pc.inner_address()

    def enrol(self, token: str) -> tuple[int, str]:
        return self._say("POST", "enrol", inside=False, body=json.dumps({"token": token, "jwk": self.key.jwk}), kind="application/json")

    def report(self, *, inside: bool, reason: str = "connect") -> Report:
        sekisho = bindings()
        status, text = self._say("GET", "challenge", inside=inside)
        if status != 200:
            return Report(False, 400 <= status < 500, [], text)
        challenge = json.loads(text)
        self.book[0] += 1
        at = datetime.datetime.fromisoformat(challenge["server_time"].replace("Z", "+00:00"))
        payload = sekisho.posture.ReportPayload(aud=challenge["gateway"], sid=challenge["sid"], nonce=challenge["nonce"],
                                                ip=self._address() if inside else None, srv=self.world.house.fingerprint,
                                                iat=int(at.timestamp()), seq=self.book[0], reason=reason, facts=dict(self.document))
        status, text = self._say("POST", "report", inside=inside, body=sekisho.posture.seal_report(payload, self.key),
                                 kind="application/jose")
        self.world.run(until=self.world.now())
        if status != 200:
            return Report(False, 400 <= status < 500, [], text)
        told = json.loads(text)
        checks = [{**row, "remedy": {"ja": row.get("remedy_ja", ""), "en": row.get("remedy_en", "")}} for row in told["checks"]]
        admitted = told["decision"] == "admit"
        return Report(admitted, not admitted, checks, text)

    def start(self, within: float = 10) -> None:
        report = self.report(inside=True)
        assert report.ok, report.text
        self.running = True
        self._beat()

    def _beat(self) -> None:
        def again() -> None:
            if self.running:
                self._say("GET", "challenge", inside=True)
                self._beat()

        self.world.clock.at(self.world.now() + datetime.timedelta(seconds=30), lambda: self.world.chores.append(again))

    def event(self) -> None:
        self.report(inside=True, reason="event")

    def stop(self) -> None:
        self.running = False


class SimulatedPc(Pc):
    agent: SimulatedAgent

    def __init__(self, world: "SimulatedWorld", who: str) -> None:
        self.world, self.who = world, who
        self.host = world.people[who]["pc"]
        self.agent = SimulatedAgent(self)
        self.saml: SimulatedSamlClient | None = None

    def login(self, password: str | None = None, *, login: str | None = None, certificate: object = "own") -> "SimulatedLogin":
        return self._start(certificate, user=login or self.who,
                           password=self.world.people[self.who]["password"] if password is None else password)

    def resume(self, cookie: str, *, certificate: object = "own") -> "SimulatedLogin":
        return self._start(certificate, cookie=cookie)

    def _start(self, certificate: object, *, manner: "Manner" = "openconnect", **words: str) -> "SimulatedLogin":
        used = self.world.certificate_of(self.who) if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        one = SimulatedLogin(self, used, manner, words)
        self.world.lines.append(one)
        self.world.run(until=self.world.now())
        return one

    def openfortivpn(self, password: str, code: Callable[[], str] | None) -> ClientRun:
        return self._other(self._start("own", manner="openfortivpn", user=self.who, password=password), code)

    def openfortivpn_with_cookie(self, cookie: str) -> ClientRun:
        return self._other(self._start("own", manner="openfortivpn", cookie=cookie), None)

    def _other(self, one: "SimulatedLogin", code: Callable[[], str] | None) -> ClientRun:
        """To its tunnel or its end; then it is stopped."""
        if code is not None:
            one.asked().type(code())
        self.world.wait(lambda: one.tunnel_up or one.end, 25, "the client has ended, or its tunnel is up")
        allocated = bool(one.last_address)
        text = f"tunnel at {one.last_address}" if allocated else one.shown()
        one.hang_up()
        return ClientRun(allocated, allocated, text)

    def saml_client(self) -> "SimulatedSamlClient":
        self.saml = SimulatedSamlClient(self)
        return self.saml

    def arrival(self, path: str, certificate: Identity | None) -> Any:
        """For a path written in Python, which has no front of the product's."""
        chain = [certificates.der(certificate.certificate)] if certificate else []
        return bindings().Arrival(path=path, peer_address=cast.address(cast.PCS[self.host]), peer_port=self.world.next_port(),
                                  tls_version="TLSv1.3", tls_cipher="TLS_AES_256_GCM_SHA384", certificate_chain=chain)

    def tunnel(self) -> "SimulatedLogin | None":
        return next((line for line in reversed(self.world.lines) if line.pc is self and line.stands), None)

    def inner_address(self) -> str:
        tunnel = self.tunnel()
        assert tunnel is not None, f"{self.who} has no tunnel"
        return tunnel.address

    def desktop_answers(self, within: float = 3) -> bool:
        """A packet passes the tunnel, the front's filter and the kernel's rights, and the relay is told his desktop."""
        self.world.run(until=self.world.now())
        tunnel = self.tunnel()
        if tunnel is None or not tunnel.passes(cast.GATE_INNER, cast.ENTRANCE_PORT):
            return False
        grant = self.world.entrance(tunnel.address)
        return bool(grant is not None and grant.ok and grant.desktop == self.world.people[self.who]["desktop"])

    def reaches(self, address: str, port: int, within: float = 3) -> bytes | None:
        """A packet passes the tunnel, the front's filter and the kernel's rights."""
        tunnel = self.tunnel()
        return b"" if tunnel is not None and tunnel.passes(address, port) else None


class SimulatedSamlClient(SamlListener):
    """A newer VPN client: the browser brings it a one-time id, with which it fetches its session."""

    def __init__(self, pc: SimulatedPc) -> None:
        self.pc, self.ids = pc, []  # type: SimulatedPc, list[str]

    def _fetch(self) -> tuple[int, str]:
        assert self.ids, "the browser has brought no id"
        get = request("GET", f"/remote/saml/auth_id?id={self.ids[0]}", [("User-Agent", "Mozilla/5.0 SV1")], b"")
        heard = self.pc.world.talk(self.pc.host, [Talk("fetch", [get], answers=1, identity=self.pc.world.certificate_of(self.pc.who))])["fetch"]
        found = re.search(rb"SVPNCOOKIE=([A-Za-z0-9_-]+)", heard.heard)
        return heard.status, found.group(1).decode() if found else ""

    def cookie(self, within: float = 15) -> str:
        status, cookie = self._fetch()
        assert status == 200 and cookie, status
        return cookie

    def again(self, within: float = 10) -> int:
        return self._fetch()[0]


class SimulatedPage(ReaderPage):
    """A reader of the pages at this PC; each request on a connection of its own."""

    def __init__(self, pc: SimulatedPc, identity: Identity | None, user_agent: str | None, languages: str) -> None:
        self.pc, self.identity = pc, identity
        super().__init__(Reader(self._fetch, user_agent=user_agent, languages=languages))

    def _fetch(self, method: str, url: str, fields: Fields, body: bytes) -> tuple[int, Fields, bytes]:
        origin = f"https://{cast.GATE_NAME}"
        if url.startswith("http://127.0.0.1:8020/") and self.pc.saml is not None:
            self.pc.saml.ids += re.findall(r"[?&]id=([A-Za-z0-9-]{1,1024})(?:&|$)", url)
            return 200, [], b"<!DOCTYPE html><title>client</title><p>The client goes on."
        assert url.startswith(f"{origin}/"), f"nothing answers at {url}"
        one = Talk("page", [request(method, url.removeprefix(origin), fields, body)], answers=1, identity=self.identity)
        heard = self.pc.world.talk(self.pc.host, [one])["page"]
        assert heard.status, f"no answer to {method} {url}: {heard.error}"
        return answer_of(heard.heard)
