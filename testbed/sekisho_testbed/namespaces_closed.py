"""The closed path with real charons and packets, for the labs of namespaces."""
from __future__ import annotations

import contextlib
import json
import pathlib
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import attack, cast, cast_closed, netlab
from .charons import Charon
from .closed_network import ClosedNetwork
from .closed_side import ClosedSide
from .consoles import CLOSED
from .form_page import FormPage
from .gatehouse import UIDS, WebCa
from .namespaces_consoles import NamespacesConsoles, refused_at
from .pc import ContractorPc, TerminalAgent
from .talks import Heard, Identity, Talk
from .vici_talk import ViciError

if TYPE_CHECKING:
    from .namespaces import NamespacesWorld


class LentAgent(TerminalAgent):
    """Its gate is the entrance, before the login and after it."""

    def argv(self, *words: str, inside: bool) -> list[str]:
        argv = [str(self.binary), "--facts", str(self.facts_file), "--key", str(self.key), "--state", str(self.state),
                "--gate", cast_closed.ORIGIN, "--ca", str(self.pc.gate_ca), "--json"]
        if self.pc.identity is not None:
            argv += ["--certificate", str(self.pc.identity.certificate), "--certificate-key", str(self.pc.identity.key)]
        return [*argv, *words]


class LentPc(ContractorPc):
    """A lent terminal; no VPN client is on it."""

    entrance = cast_closed.ENTRANCE


class NamespacesClosed(ClosedSide):
    def __init__(self, world: "NamespacesWorld", web_ca: WebCa, desktops: str = "") -> None:
        """`desktops`: the model of desktops that the gate makes; with it come the zone's consoles, pages and recordings."""
        super().__init__(world)
        self.house_world, self.web_ca = world, web_ca
        self.held: list[socket.socket] = []
        self.moved: dict[str, contextlib.ExitStack] = {}  # hosts that speak under another address, and the way back
        self.network = ClosedNetwork(world.house, world.folder / "closed", UIDS["sekishod"])  # not started yet
        self.tls = web_ca.server(cast_closed.GATE_NAME, [cast_closed.ENTRANCE, cast_closed.VDI_SIDE])
        self.maybe_consoles = NamespacesConsoles(world, desktops, world.house.closed_hypervisor, self.tls, CLOSED) if desktops else None

    @property
    def consoles(self) -> NamespacesConsoles:
        assert self.maybe_consoles is not None, "the story's mark says no desktops"
        return self.maybe_consoles

    def path(self, checks: list[dict[str, str]], **more: Any) -> dict[str, Any]:
        tls = {"certificate_file": str(self.tls[0]), "key_file": str(self.tls[1]),
               "client_ca_file": str(self.house_world.ca / "ca.pem")}
        return self.network.path(tls=tls, users=(UIDS["closed-front"], UIDS["closed-relay"]), checks=checks, **more)

    # --- circuits -------------------------------------------------------------------------------------------------------------
    def line_up(self, who: str) -> None:
        if not self.network.devices[who].charon.program or not self.network.devices[who].stands():
            self.world.wait(lambda: self.circuit(who).get("loaded"), 15, f"{who}'s circuit is loaded into charon",
                            on_fail=lambda: str(self.circuit(who)) + self.network.gate.log()[-1500:])
            self.network.up(who)
        self.wait_line(who, "up")

    def line_down(self, who: str) -> None:
        if self.network.devices[who].charon.program is not None:
            self.network.devices[who].hang_up()
        self.wait_line(who, "down")

    def can_be_up(self, who: str) -> bool:
        return not self.network.dial(who, within=4)

    def holds_tunnel(self, who: str) -> bool:
        name = f"circuit-{cast_closed.SITES[who]['circuit']}-"
        return any(held.startswith(name) for held in self.network.gate.tunnels())

    @contextlib.contextmanager
    def in_clear(self, who: str) -> Iterator[None]:
        self.network.devices[who].forget_tunnel()
        with self.world.without_kernel_filter():
            yield

    def shrink_network(self, prefix: int) -> None:
        self.house_world.closed_keys = {**self.house_world.closed_keys, "closed": {"prefix": prefix}}
        self.house_world.restart()

    def lose_charon(self) -> None:
        self.world.allow_event("circuits.charon_lost", "the story ends the gate's charon")
        self.world.story.did("the gate's charon dies")
        self.network.gate.kill()

    def charon_back(self, *, lists: bool = True) -> None:
        """The operator starts it anew and gives it its key, and the revocation list or none."""
        self.network.start(lists=lists)
        self.world.wait(lambda: len(self.network.gate.connections()) == 2, 15, "both circuits are loaded again",
                        on_fail=lambda: self.network.gate.log()[-1500:])

    def lax_gate(self) -> contextlib.AbstractContextManager[Charon]:
        self.world.allow_event("circuits.charon_lost", "the story puts another charon in its place")
        return self.network.lax_gate()

    def circuits(self) -> list[dict[str, Any]]:
        found = self.house_world.ctl("circuits")
        return list(found["circuits"] if isinstance(found, dict) else found)

    # --- people ---------------------------------------------------------------------------------------------------------------
    def pc(self, who: str) -> ContractorPc:
        world = self.house_world
        if who not in world.pcs:
            host = world.house.lab.hosts[world.people[who]["pc"]]
            for old in ("agent.key", "agent.state", "facts.json"):
                (host.folder / old).unlink(missing_ok=True)
            lent = LentPc(host, who, world.gatehouse.identities.get(who), self.web_ca.certificate,
                        world.house.build / "bin" / "sekisho-agent", world.people[who]["password"])
            lent.agent = LentAgent(lent, lent.agent.binary)
            world.pcs[who] = lent
        pc = world.pcs[who]
        assert isinstance(pc, ContractorPc)
        return pc

    def entrance(self, who: str, *, at: str | None = None, certificate: object = "own", address: str | None = None) -> FormPage:
        world = self.house_world
        used = world.gatehouse.identities[who] if certificate == "own" else certificate
        assert used is None or isinstance(used, Identity)
        host = world.house.lab.hosts[world.people[at or who]["pc"]]
        self.moved.pop(host.name, contextlib.ExitStack()).close()  # what an earlier page has changed here
        if address is not None:
            plug = cast_closed.site_plug(at or who, "pc")
            back = self.moved[host.name] = self.network.life.enter_context(contextlib.ExitStack())
            back.callback(world.house.lab.take_away, host, [f"route del {cast_closed.ENTRANCE}/32", f"addr del {address}/24 dev eth0"])
            host.ip([f"addr replace {address}/24 dev eth0", f"route replace {cast_closed.ENTRANCE}/32 via "
                     f"{world.house.lab.segments[plug.segment].address(1)} src {address}"])
        page = FormPage(host, used, self.web_ca.certificate)
        world.browsers.append(page)
        return page

    def talk(self, who: str, talks: Sequence[Talk], *, together: bool = False) -> dict[str, Heard]:
        return attack.talk(self.pc(who).host, self.web_ca.certificate, talks, together=together, address=cast_closed.ENTRANCE,
                           name=cast_closed.GATE_NAME)

    def agent(self, who: str) -> LentAgent:
        agent = self.pc(who).agent
        assert isinstance(agent, LentAgent)
        return agent

    def enrol(self, who: str) -> None:
        token, agent = self.house_world.enrolment_token(who), self.agent(who)
        agent.facts(self.good_facts(who))
        done = agent.enrol(token)
        assert done.returncode == 0, f"enrolment of {who}: {done.stdout}{done.stderr}"

    def hold_desktop(self, who: str) -> Callable[[], bool]:
        line = self.pc(who).host.connect(cast_closed.ENTRANCE, cast.ENTRANCE_PORT)
        line.settimeout(5 * netlab.patience)
        assert line.recv(12).startswith(b"RFB 003.008"), f"{who}'s screen does not greet"
        desktop = self.house_world.house.lab.hosts[self.house_world.people[who]["desktop"]]
        assert desktop.established(cast.ENTRANCE_PORT) == 1, f"connections of {desktop.name}'s screen"
        self.held.append(line)
        # Looked at where the screen is: the terminal hears nothing any more once its tunnel is gone.
        return lambda: desktop.established(cast.ENTRANCE_PORT) > 0

    def desktop_answers(self, who: str, within: float = 3) -> bool:
        return self.pc(who).desktop_answers(within)

    def plain_entrance(self, who: str) -> str:
        return refused_at(self.pc(who).host, cast_closed.ENTRANCE, cast.ENTRANCE_PORT)

    def reaches(self, who: str, address: str, port: int, within: float = 1) -> bool:
        return self.pc(who).reaches(address, port, within) is not None

    def keep_evidence(self, folder: pathlib.Path) -> None:
        """What the gate and every charon say of the lines, and what the kernel was told. Logs and captures lie with the others'."""
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            (folder / "circuits.json").write_text(self.house_world.gatehouse.ctl_raw("circuits").stdout)
        for host, charon in self.network.charons().items():
            told = {"connections": [], "tunnels": {}}  # type: dict[str, Any]
            with contextlib.suppress(OSError, ViciError):  # it may hang or have died just now: its log tells
                told = {"connections": charon.connections(), "tunnels": charon.tunnels()}
            (folder / f"{host}.json").write_text(json.dumps(told, indent=1, default=lambda value: value.hex()))
        gate = self.network.house.gate
        for name, words in (("rules.nft", ("nft", "list", "ruleset")), ("routes.txt", ("ip", "route", "show", "table", "all"))):
            (folder / name).write_text(gate.run(*words, check=False).stdout)

    def close(self) -> None:
        with contextlib.ExitStack() as last:
            last.callback(self.network.close)
            for line in self.held:
                last.callback(line.close)
