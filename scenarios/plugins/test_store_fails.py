"""The store fails in the moment between a login's last yes and what follows from it; a factor written in Python knows that moment."""
from __future__ import annotations

from typing import Any

import pytest
import written  # beside this file

from sekisho_testbed import cast
from sekisho_testbed.attack import PagesByHand, Thief
from sekisho_testbed.gate_here import GateHere

START = f"https://{cast.GATE_NAME}/remote/saml/start?redirect=1"


@pytest.mark.gate(factors=["certificate", "password", "badge"], here=written.last_badge)
@pytest.mark.needs("real_tls")
@pytest.mark.rule("R15", must="fail")
def test_what_could_not_be_kept_is_not_handed_over(world: GateHere) -> None:
    """Every factor has said yes on the pages, and the store takes nothing: no one-time id for his client. When it takes it, there is one."""
    mori = Thief(world)
    pages = PagesByHand(world, mori.host, mori.identity)
    badge: Any = world.brought.authenticators[0]
    badge.clock = world.clock

    def prove() -> None:
        pages.open(START).give_id("mori").give_password(mori.password).fill("#badge", "4711").press()

    badge.then = lambda: world.gate.store.fail_next("store.unavailable")
    with world.refusal("a login that could not be kept", "gate.unavailable", "R15"):
        prove()
    pages.shows("R15 gate.unavailable")
    world.must_not("a one-time id is handed over", lambda: pages.brought)
    badge.then = lambda: None
    prove()
    assert len(pages.brought) == 1 and world.entry(event="login.handed_over", person="mori")["result"] == "ok"
