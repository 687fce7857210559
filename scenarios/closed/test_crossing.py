"""R01, R02, R11: packets from each side to everything of the other, through its tunnel, past it, and with forged sources."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast, cast_closed
from sekisho_testbed.netlab import Host
from sekisho_testbed.pc import ContractorPc, Vpn
from sekisho_testbed.probes import syn_is_answered
from sekisho_testbed.world import World

from targets import (  # beside this file
    beyond, closed_side, internet_side, must_all_be_open, must_reach_none, open_every_door, own_doors_closed, reached, real, routed)

pytestmark = [pytest.mark.needs("charon", "kernel_filter"), pytest.mark.gate(closed=True)]


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R11", must="fail")
def test_from_the_internet_side_nothing_of_the_closed_side_answers(world: World) -> None:
    """Through Mori's tunnel, and from his PC past it, while Sato's line is up; without the kernel's filter it would answer."""
    open_every_door(world)
    world.closed.line_up("sato")
    vpn = world.pass_gate("mori")
    assert isinstance(vpn, Vpn)
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    targets = closed_side(world)
    with routed(mori.host, targets, "dev", vpn.device):
        must_reach_none(world, "through Mori's tunnel", mori.host, targets)
    world.entry(event="session.packets_refused", person="mori")
    with routed(mori.host, targets, "via", cast.GATE_PUBLIC):
        must_reach_none(world, "from Mori's PC past his tunnel", mori.host, targets)
        world.must_reach_desktop("mori")
        world.remove_kernel_filter()
        found = reached(mori.host, targets, 1)
    # What stands on the gate's own host answers then; what lies behind it is kept by the house's own perimeter.
    open_to_him = [what for what, _, _ in own_doors_closed()]
    world.story.add("must", f"without the kernel's filter these answer: {', '.join(found)}", ok=found == open_to_him)
    assert found == open_to_him, found
    must_all_be_open(world, targets)
    vpn.hang_up()


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R11", must="fail")
def test_from_the_closed_side_nothing_of_the_internet_side_answers(world: World) -> None:
    """From Sato's terminal with its line up and its session admitted; in clear past the tunnel; without the filter it would."""
    open_every_door(world)
    world.closed.pass_gate("sato")
    world.closed.must_reach_desktop("sato")
    sato, targets = real(world).pc("sato").host, internet_side(world) + beyond(world)
    must_reach_none(world, "from Sato's terminal in his session", sato, targets)
    world.closed.line_down("sato")
    must_reach_none(world, "from Sato's site without its tunnel", sato, targets)
    world.remove_kernel_filter()
    found = reached(sato, targets, 1)
    shut = [what for what, _, _ in targets if what not in found]
    world.story.add("must", f"without the kernel's filter all {len(targets)} answer him", ok=not shut)
    assert not shut, shut


@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R02", must="fail")
def test_a_forged_source_opens_nothing(world: World) -> None:
    """Sato's session stands. Others use his address: Kita's terminal, a stranger on the line, Mori's PC; he uses Kita's."""
    closed, net = real(world), real(world).network
    gate, his = net.house.gate, cast_closed.pc_address("sato")
    closed.pass_gate("sato")
    closed.line_up("kita")
    stranger, _ = net.stranger(1)
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)

    def answered(host: Host, source: str) -> bool:
        return syn_is_answered(gate, host, source, cast_closed.ENTRANCE, cast.ENTRANCE_PORT)

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
            world.must_not(f"{what}: the gate answers", lambda host=host, source=source: answered(host, source))
    world.must("Sato's own terminal with its own address is answered", lambda: answered(closed.pc("sato").host, his))
    world.remove_kernel_filter()
    for what, host, source in (tries[4], tries[5]):
        world.must(f"{what}: without the filter it would be answered", lambda host=host, source=source: answered(host, source))
