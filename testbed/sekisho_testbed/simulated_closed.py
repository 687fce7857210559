"""The closed path in the simulated lab: the production's entrance in real TLS; what charon would say of a line is told to the gate."""
from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import cast, cast_closed
from .closed_side import ClosedSide
from .consoles import CLOSED
from .gate_here import CHECKS
from .programs.forms import Fields
from .simulated_consoles import SimulatedConsoles
from .simulated_pc import SimulatedAgent, SimulatedPage, SimulatedPc
from .talks import Heard, Identity, Talk, answer_of, request

if TYPE_CHECKING:
    from .simulated import SimulatedWorld

HOSTS = {row["pc"]: who for who, row in cast_closed.PEOPLE.items()}


class LentAgent(SimulatedAgent):
    """Its gate is the entrance, before the login and after it."""

    def _say(self, method: str, path: str, *, inside: bool, body: str = "", kind: str = "") -> tuple[int, str]:
        fields = [("Content-Type", kind)] if kind else []
        say = request(method, f"/posture/v1/{path}", fields, body.encode(), host=cast_closed.ENTRANCE)
        heard = self.world.talk(self.pc.host, [Talk("agent", [say], answers=1)])["agent"]
        status, _, content = answer_of(heard.heard)
        return status, content.decode(errors="replace") or heard.error

    def _address(self) -> str:
        return cast_closed.pc_address(self.pc.who)


class EntrancePage(SimulatedPage):
    def __init__(self, pc: SimulatedPc, identity: Identity | None, source: str | None) -> None:
        super().__init__(pc, identity, None, "ja")
        self.source = source

    def _fetch(self, method: str, url: str, fields: Fields, body: bytes) -> tuple[int, Fields, bytes]:
        assert url.startswith(f"{cast_closed.ORIGIN}/"), f"nothing answers at {url}"
        say = request(method, url.removeprefix(cast_closed.ORIGIN), fields, body, host=cast_closed.ENTRANCE)
        heard = self.pc.world.talk(self.pc.host, [Talk("page", [say], answers=1, identity=self.identity, source=self.source)])["page"]
        assert heard.status, f"no answer to {method} {url}: {heard.error}"
        return answer_of(heard.heard)


class SimulatedClosed(ClosedSide):
    def __init__(self, world: "SimulatedWorld", desktops: str = "") -> None:
        super().__init__(world)
        self.here = world
        self.prefix = cast_closed.NETWORK_PREFIX
        self.maybe_consoles = SimulatedConsoles(world, desktops, CLOSED, cast_closed.PATH, world.house.closed_tls, self._way) if desktops else None

    @property
    def consoles(self) -> SimulatedConsoles:
        assert self.maybe_consoles is not None, "the story's mark says no desktops"
        return self.maybe_consoles

    def path(self, plugin: dict[str, Any]) -> dict[str, Any]:
        return {"name": cast_closed.PATH, "plugin": plugin, "zones": ["my_number"], "lent_only": True, "factors": ["certificate", "password"],
                "checks": [{"check": name, "mode": "enforce"} for name in CHECKS],
                "closed": {"gate_address": cast_closed.ENTRANCE, "prefix": self.prefix, "device": cast_closed.DEVICE},
                "entrance": f"{cast_closed.ENTRANCE}:{cast.ENTRANCE_PORT}"}

    @staticmethod
    def plugin() -> dict[str, Any]:
        return {"plugin": "ip_vpn", "config": {"language": "ja", "origin": cast_closed.ORIGIN,
                                               "desktop_page": f"https://{cast_closed.DESKTOP_PAGE}"}}

    # --- circuits -------------------------------------------------------------------------------------------------------------
    def _say(self, who: str, line: str) -> None:
        self.here.story.did(f"{who}'s line is {line}")
        with self.here.at_gate() as gate:
            gate.set_line(cast_closed.PATH, cast_closed.SITES[who]["circuit"], line)

    def line_up(self, who: str) -> None:
        self._say(who, "up")

    def line_down(self, who: str) -> None:
        self._say(who, "down")

    def can_be_up(self, who: str) -> bool:
        """A circuit that is closed has no connection in charon (core/circuits), so that its line is not up."""
        return not self.circuit(who)["closed_because"]

    def holds_tunnel(self, who: str) -> bool:
        circuit = self.circuit(who)
        return bool(circuit["line"] == "up" and not circuit["closed_because"])

    @contextlib.contextmanager
    def in_clear(self, who: str) -> Iterator[None]:
        """No packet of this lab passes a tunnel: what the kernel was told alone has to be taken away. A circuit that is closed has no
        connection in charon, so that nobody would know anything of its line."""
        before = self.circuit(who)
        if before["closed_because"]:
            self._say(who, "unknown")
        with self.here.without_kernel_filter():
            yield
        if before["closed_because"]:
            self._say(who, str(before["line"]))

    def shrink_network(self, prefix: int) -> None:
        self.prefix = prefix
        self.here.restart()

    def lose_charon(self) -> None:
        for who in cast_closed.SITES:
            self._say(who, "unknown")

    def circuits(self) -> list[dict[str, Any]]:
        with self.here.at_gate() as gate:
            return list(gate.circuits())

    # --- people ---------------------------------------------------------------------------------------------------------------
    def pc(self, who: str) -> SimulatedPc:
        if who not in self.here.pcs:
            pc = SimulatedPc(self.here, who)
            pc.agent = LentAgent(pc)
            self.here.pcs[who] = pc
        return self.here.pcs[who]

    def entrance(self, who: str, *, at: str | None = None, certificate: object = "own", address: str | None = None) -> EntrancePage:
        used = self.here.certificate_of(who) if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        return EntrancePage(self.pc(at or who), used, address)

    def talk(self, who: str, talks: Sequence[Talk], *, together: bool = False) -> dict[str, Heard]:
        return self.here.talk(self.pc(who).host, talks, together=together)

    def agent(self, who: str) -> LentAgent:
        agent = self.pc(who).agent
        assert isinstance(agent, LentAgent)
        return agent

    def enrol(self, who: str) -> None:
        agent = self.agent(who)
        agent.facts(self.good_facts(who))
        status, text = agent.enrol(self.here.enrolment_token(who))
        assert status == 200, text

    def hold_desktop(self, who: str) -> Callable[[], bool]:
        assert self.desktop_answers(who), f"{who} has no desktop"
        return lambda: self.desktop_answers(who)

    def _way(self, who: str, address: str) -> tuple[str, Callable[[], bool]]:
        """His terminal's own address, and whether the kernel lets it go there (now). ConnectionError."""
        name, port = address.rsplit(":", 1)
        if not self.reaches(who, name, int(port)):
            raise ConnectionError(f"{address} is not reached from {who}'s terminal")
        source = cast_closed.pc_address(who)
        return source, lambda: self.here.kernel_lets(source, name, int(port))

    def plain_entrance(self, who: str) -> str:
        assert self.reaches(who, cast_closed.ENTRANCE, cast.ENTRANCE_PORT), "no packet of his gets there"
        return self.here.refused_at(cast_closed.pc_address(who), cast_closed.PATH)

    def reaches(self, who: str, address: str, port: int, within: float = 1) -> bool:
        self.here.run(until=self.here.now())
        return self.here.kernel_lets(cast_closed.pc_address(who), address, port)

    def desktop_answers(self, who: str, within: float = 3) -> bool:
        """The kernel's rights let a packet of the terminal pass, and the relay is told his desktop."""
        address = cast_closed.pc_address(who)
        self.here.run(until=self.here.now())
        if not self.here.kernel_lets(address, cast_closed.ENTRANCE, cast.ENTRANCE_PORT):
            return False
        grant = self.here.entrance(address, path=cast_closed.PATH)
        return bool(grant is not None and grant.ok and grant.desktop == self.here.people[who]["desktop"])


__all__ = ["HOSTS", "SimulatedClosed"]
