"""R19: the emergency stop, of everything and of one."""
from __future__ import annotations

import pytest

from sekisho_testbed.world import World


@pytest.mark.rule("R19", must="pass")
@pytest.mark.rule("R19", must="fail")
def test_stop_closes_fifty_live_tunnels_and_refuses_newcomers(world: World) -> None:
    """Fifty contractors are inside; one command and none is; a newcomer is refused; after the release he passes."""
    crowd = world.crowd(50)
    assert len([s for s in world.sessions() if s["tunnel_up"]]) == 50
    with world.limit(2, "all fifty sessions are over"):
        world.stop("all")
        world.wait(lambda: world.sessions() == [], 2, "no session is left")
    for vpn in crowd:
        vpn.ended(15)
    world.pc("mori").login().refused()
    world.refused("stop.all", rule="R19")
    world.release("all")
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R19", must="fail")
def test_stopping_one_contractor_leaves_the_others_alone(world: World) -> None:
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    world.stop("contractor", "mori-kogyo")
    mori.ended(10)
    assert world.entry(event="session.ended", person="mori")["code"] == "stop.contractor"
    assert tani.inside and world.session_of("tani")
    tani.hang_up()
