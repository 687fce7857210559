"""R01: two networks end at the gate, each at a front of its own; a session of one of them is nobody at the other's."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast, cast_closed
from sekisho_testbed.attack import get
from sekisho_testbed.talks import Talk
from sekisho_testbed.world import World


@pytest.mark.gate(closed=True)
@pytest.mark.rule("R01", must="fail")
def test_a_session_of_the_closed_network_is_nobody_at_the_internets_front(world: World) -> None:
    """Sato is inside over his circuit. From the Internet, under his terminal's address, somebody asks for a challenge in his name."""
    world.closed.pass_gate("sato")
    address, ask = cast_closed.pc_address("sato"), get("/posture/v1/challenge")
    with world.misrouted("hama-pc", address):
        heard = world.talk("hama-pc", [Talk("own", [ask], answers=1), Talk("his", [ask], answers=1, source=address)],
                           port=cast.POSTURE_PORT)
    assert heard["own"].status == 200, heard  # the check can fail: whoever has no session yet may ask
    assert heard["his"].status == 403 and b"zone.other_path" in heard["his"].heard, heard
    world.story.add("must_not", "speak for Sato's session: his address from the Internet: zone.other_path")
    world.closed.must_reach_desktop("sato")
