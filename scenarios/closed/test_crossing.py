"""R01, R02, R11: packets from each side to everything of the other, through its tunnel, past it, and with forged sources."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast, cast_closed
from sekisho_testbed.namespaces_closed import NamespacesClosed
from sekisho_testbed.netlab import Host
from sekisho_testbed.pc import ContractorPc, Vpn
from sekisho_testbed.world import World

from crossing import BEYOND, CLOSED, INTERNET, Target, reached, route, unroute  # beside this file

pytestmark = [pytest.mark.needs("charon", "kernel_filter"), pytest.mark.gate(closed=True)]


def real(world: World) -> NamespacesClosed:
    assert isinstance(world.closed, NamespacesClosed)
    return world.closed


def listen(world: World) -> None:
    """So that there is something to find: what a careless administrator of the gate's host and the terminals would leave open."""
    net = real(world).network
    for host in (net.house.gate, *(net.lab.hosts[row["pc"]] for row in cast_closed.PEOPLE.values())):
        net.careless(host, 22)
    for port in (443, 8444):
        net.careless(net.house.gate, port, only=[cast_closed.GATE_LINE])


def must_reach_none(world: World, how: str, pc: ContractorPc, targets: list[Target]) -> None:
    found = reached(pc, targets)
    for what, _, _ in targets:
        world.story.add("must_not", f"{how}: {what}", ok=what not in found)
    assert not found, f"{how}: {found}"


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R11", must="fail")
def test_from_the_internet_side_nothing_of_the_closed_side_answers(world: World) -> None:
    """Through Mori's tunnel, and from his PC past it, while Sato's line is up; without the kernel's filter it would answer."""
    listen(world)
    world.closed.line_up("sato")
    vpn = world.pass_gate("mori")
    assert isinstance(vpn, Vpn)
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    route(mori.host, CLOSED, "dev", vpn.device)
    must_reach_none(world, "through Mori's tunnel", mori, CLOSED)
    world.entry(event="session.packets_refused", person="mori")
    route(mori.host, CLOSED, "via", cast.GATE_PUBLIC)
    must_reach_none(world, "from Mori's PC past his tunnel", mori, CLOSED)
    world.must_reach_desktop("mori")
    world.remove_kernel_filter()
    found = reached(mori, CLOSED)
    world.story.add("must", f"without the kernel's filter these answer: {', '.join(found)}")
    assert "the closed entrance, port 443" in found, found
    unroute(mori.host, CLOSED)
    vpn.hang_up()


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R11", must="fail")
def test_from_the_closed_side_nothing_of_the_internet_side_answers(world: World) -> None:
    """From Sato's terminal with its line up and its session admitted; in clear past the tunnel; without the filter it would."""
    listen(world)
    world.closed.pass_gate("sato")
    world.closed.must_reach_desktop("sato")
    sato = real(world).pc("sato")
    must_reach_none(world, "from Sato's terminal in his session", sato, INTERNET + BEYOND)
    world.closed.line_down("sato")
    must_reach_none(world, "from Sato's site without its tunnel", sato, INTERNET + BEYOND)
    world.remove_kernel_filter()
    found = reached(sato, INTERNET + BEYOND)
    world.story.add("must", f"without the kernel's filter these answer: {', '.join(found)}")
    assert "vdi-01's screen" in found and "num-01 itself" in found, found


@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R02", must="fail")
def test_a_forged_source_opens_nothing(world: World) -> None:
    """Sato's session stands. Others use his address: Kita's terminal, a stranger on the line, Mori's PC; he uses Kita's."""
    closed, net = real(world), real(world).network
    closed.pass_gate("sato")
    closed.line_up("kita")
    stranger, _ = net.stranger(1)
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    his = cast_closed.pc_address("sato")
    tries: list[tuple[str, Host, str]] = [
        ("Kita's terminal with Sato's address", closed.pc("kita").host, his),
        ("Sato's terminal with Kita's address", closed.pc("sato").host, cast_closed.pc_address("kita")),
        ("Sato's terminal with an address of no circuit", closed.pc("sato").host, "10.95.77.7"),
        ("Sato's terminal with the entrance's own address", closed.pc("sato").host, cast_closed.ENTRANCE),
        ("a stranger on the line with Sato's address", stranger, his),
        ("Mori's PC with Sato's address", mori.host, his),
    ]
    for what, host, source in tries:
        with world.step(what):
            assert net.forged_syn(host, source, cast_closed.ENTRANCE, cast.ENTRANCE_PORT) == 0, f"{what}: the gate answers"
    assert net.forged_syn(closed.pc("sato").host, his, cast_closed.ENTRANCE, cast.ENTRANCE_PORT) > 0, "the check cannot fail"
    world.remove_kernel_filter()
    assert net.forged_syn(stranger, his, cast_closed.ENTRANCE, cast.ENTRANCE_PORT) > 0, "without the filter the forged one is answered"
