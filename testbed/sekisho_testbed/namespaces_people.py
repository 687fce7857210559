"""The namespaces lab's world: contractors, their PCs, agents, certificates and mail, and what reads the gate's pages."""
from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from . import cast, cast_closed, certificates, gate_here, tcp_rdp
from .guest_screen import ListeningGuest
from .namespaces_consoles import refused_at
from .namespaces_staff import NamespacesStaff
from .pc import ContractorPc, TerminalAgent, Vpn
from .people import Page, Pc, Rdp
from .post import PostBox
from .talks import Identity


class NamespacesPeople(NamespacesStaff):
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

    def resumed(self, who: str, cookie: str, meanwhile: Callable[[], object]) -> Vpn:
        vpn = self.pc(who).resume(cookie).up()
        meanwhile()
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

    def enrolment_token(self, who: str) -> str:
        return str(self.ctl("terminal", "enrol-token", self.people[who]["terminal"])["token"])

    def enrol(self, who: str) -> None:
        token, pc = self.enrolment_token(who), self.pc(who)
        pc.agent.facts(self.good_facts(who))
        done = pc.agent.enrol(token)
        assert done.returncode == 0, f"enrolment of {who}: {done.stdout}{done.stderr}"

    def sekisho(self) -> Any:
        gate_here.need_bindings(self.house.build)
        return gate_here.bindings()

    @property
    def gate_fingerprint(self) -> str:
        return certificates.fingerprint(self.house.gate_tls[0])

    def plain_entrance(self, who: str) -> str:
        return refused_at(self.house.lab.hosts[self.people[who]["pc"]], *self.entrance)

    def plain_entrance_from(self, desktop: str) -> str:
        return refused_at(self.house.lab.hosts[desktop], *self.entrance)

    def guest_screen(self, desktop: str, port: int) -> ListeningGuest:
        return ListeningGuest(self.house.lab.hosts[desktop], port)

    def rdp(self, source: str, target: str) -> Rdp:
        return tcp_rdp.TcpRdp(self.house.lab.hosts[source], cast.inside(target))

    def rdp_by_udp(self, source: str, target: str) -> bool:
        return tcp_rdp.by_udp(self.house.lab.hosts[source], cast.inside(target))
