"""R10, R11: what the gate itself says at the desktop's entrance when every filter before it is gone, and what the filter keeps from his PC."""
from __future__ import annotations

import pytest

from sekisho_testbed.people import Login
from sekisho_testbed.world import World

PORT = 40_500  # where a program on Mori's PC listens
HEARD_S = 0.5  # a datagram that is let through is there by then


def a_datagram_from_inside(world: World, vpn: Login, heard: bool) -> None:
    """Tani's desktop sends one to Mori's PC, through his tunnel."""
    with vpn.hears(PORT) as words, world.without_kernel_filter():
        world.say_inside("vdi-02", vpn.address, PORT)
        if heard:
            world.must("without the front's filter it is heard on Mori's PC", lambda: words() == b"sekisho?")
        else:
            world.must_not("anything from there is heard on Mori's PC", words, during=HEARD_S)


@pytest.mark.rule("R10", must="fail")
@pytest.mark.rule("R11", must="fail")
@pytest.mark.rule("R11", must="pass")
def test_with_every_filter_gone_the_gate_knows_whom_it_shows_a_desktop(open_world: World) -> None:
    """Nothing filters Mori's packets, nor the kernel's. Before his terminal has reported he is shown no desktop; his neighbour's desktop,
    which comes to the entrance from inside, is nobody's session. Once his terminal has reported he is shown his own."""
    world = open_world
    vpn = world.pass_gate("mori", report_first=False)
    with world.without_kernel_filter():
        with world.step("before his terminal has reported"):
            assert "posture.quarantine" in world.plain_entrance("mori")
            world.refused("posture.quarantine", rule="R10")
        with world.step("from a desktop inside"):
            assert "session.unknown_cookie" in world.plain_entrance_from("vdi-02")
            assert world.refused("session.unknown_cookie")[0]["event"] == "desktop.refused"
    assert world.journal(event="desktop.opened") == []
    agent = world.pc("mori").agent
    agent.facts(world.good_facts("mori"))
    agent.start()
    world.wait_state("mori", "admitted")
    world.must_reach_desktop("mori")
    assert world.entry(event="desktop.opened", person="mori")["detail"]["desktop"] == "vdi-01"
    a_datagram_from_inside(world, vpn, heard=True)  # the check of the next story can fail
    agent.stop()
    vpn.hang_up()


@pytest.mark.rule("R11", must="fail")
def test_what_comes_from_inside_reaches_his_pc_from_the_entrance_alone(world: World) -> None:
    """The kernel's rules are gone; the front lets nothing out to him but from where he may go himself."""
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    a_datagram_from_inside(world, vpn, heard=False)
    vpn.hang_up()
