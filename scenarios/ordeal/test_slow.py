"""R-03: a password's check or the store stands still. A newcomer hears so within three seconds, it is not held against him, nobody gets in."""
from __future__ import annotations

import pytest

from sekisho_testbed.attack import PagesByHand, Thief, code_round, cookie_of, handle_of, password_round
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("clock", "real_tls")

ANSWER_S, LOGIN_S = 3, 600


@pytest.mark.gate(options={"password": {"throttle_from": 1}})  # one try that counts, and the next one has to wait
@pytest.mark.rule("R04", must="fail")
@pytest.mark.rule("R15", must="fail")
def test_what_stands_still_refuses_in_time_and_lets_in_afterwards(world: World) -> None:
    """The check of a password that never ends; one that ends after its login's ten minutes; a store that takes nothing."""
    thief = Thief(world)
    pages = PagesByHand(world, thief.host, thief.identity)
    knock = password_round("mori", thief.password)

    with world.step("the password's check hangs"):
        with world.refusal("a login whose password nobody checks", "password.service_busy", "R04"):
            with world.slow_password_check(2.7):
                heard = thief.say(knock)
        assert b"ret=0" in heard.heard and heard.ms <= ANSWER_S * 1000, heard
        assert handle_of(thief.say(knock).heard), "the try does not count"
    with world.step("the password's check ends too late"):
        pages.open().give_id("mori")
        world.advance(LOGIN_S - 0.9)
        with world.refusal("a login that was over before its password was checked", "login.expired", "R04"):
            with world.slow_password_check(1.2):
                pages.give_password(thief.password).shows("R04 login.expired")
    with world.step("the store hangs"):
        world.advance(LOGIN_S)  # the last try's result was not kept
        with world.hanging_store():
            heard = thief.say(knock)
            assert heard.code == "gate.unavailable" and heard.ms <= ANSWER_S * 1000, heard
        world.refused("gate.unavailable", rule="R15")
        world.nobody_is_inside()
    world.advance(LOGIN_S)
    mailbox = world.mailbox("mori")
    assert cookie_of(thief.say(code_round("mori", thief.handle(), mailbox.next_code())).heard), "afterwards he passes"
