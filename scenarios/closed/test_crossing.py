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
    world.closed.line_down("sato")  # the gate's own host is none of those whom a tunnel carries
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
    """Sato's session stands. His address comes from elsewhere: past his tunnel, from Kita's site, from a stranger on the line, from the
    Internet; and from his own site other addresses come. Each has arrived at the gate, and none is answered."""
    closed, net = real(world), real(world).network
    gate, his, kitas = net.house.gate, cast_closed.pc_address("sato"), cast_closed.pc_address("kita")
    closed.pass_gate("sato")
    closed.line_up("kita")
    stranger, _ = net.stranger(1)
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    terminal, site, other_site = closed.pc("sato").host, net.devices["sato"].host, net.devices["kita"].host

    def answered(host: Host, source: str, segment: str = "") -> bool:
        card = host.card(segment) if segment else ""
        return syn_is_answered(gate, host, source, cast_closed.ENTRANCE, cast.ENTRANCE_PORT, card=card)

    # The sites' devices would not put these into their tunnels: a wrong one sends them past it, in clear.
    tries: list[tuple[str, Host, str, str]] = [
        ("another terminal of Sato's site, through his tunnel", terminal, his.rsplit(".", 1)[0] + ".77", ""),
        ("Sato's address past his tunnel", site, his, "line"),
        ("Kita's address from Sato's site", site, kitas, "line"),
        ("an address of no circuit from Sato's site", site, "10.95.77.7", "line"),
        ("the entrance's own address from Sato's site", site, cast_closed.ENTRANCE, "line"),
        ("Sato's address from Kita's site", other_site, his, "line"),
        ("Sato's address from a stranger on the line", stranger, his, ""),
        ("Sato's address from Mori's PC", mori.host, his, ""),
    ]
    for what, host, source, segment in tries:
        with world.step(what):
            world.must_not(f"{what}: the gate answers", lambda host=host, source=source, segment=segment: answered(host, source, segment))
    world.must("Sato's own terminal with its own address is answered", lambda: answered(terminal, his))
    world.remove_kernel_filter()
    for what, host, source, segment in (tries[1], tries[5], tries[6]):
        world.must(f"{what}: without the filter it would be answered",
                   lambda host=host, source=source, segment=segment: answered(host, source, segment))
