"""T-24: who has somebody's certificate and password, and tries at the mailed code. The site has made its limits stricter than ours."""
from __future__ import annotations

from typing import Any

import pytest

from sekisho_testbed.attack import Thief, code_round, cookie_of, handle_of, password_round
from sekisho_testbed.talks import Heard
from sekisho_testbed.world import World

pytestmark = [pytest.mark.needs("clock", "real_tls"), pytest.mark.gate(options={"email_code": {"wrong_per_day": 3, "disable_after": 4}})]

MINUTE, LOCK, DAY = 61, 1801, 86_400


def address(world: World, mail: str) -> None:
    """Staff register another address for Mori, or none."""
    registry = world.export()
    next(row for row in registry["people"] if row["id"] == "mori")["mail"] = mail
    world.replace(registry)


def refused_step(world: World, code: str) -> dict[str, Any]:
    """What the journal says of the code's step in the newest refusal."""
    found: dict[str, Any] = world.journal(event="login.refused", code=code)[-1]["detail"]["code"]
    assert found["code"] == code, found
    return dict(found["detail"])


def knocks(thief: Thief) -> Heard:
    return thief.say(password_round("mori", thief.password))


def guess(thief: Thief, handle: str, wrong: str) -> Heard:
    return thief.say(code_round("mori", handle, wrong))


@pytest.mark.rule("R04", must="pass")
@pytest.mark.rule("R04", must="fail")
def test_a_code_goes_to_a_registered_address_and_once_a_minute(world: World) -> None:
    """Without an address nothing is asked; asked twice, the first code is the only one, and it still opens the gate."""
    thief = Thief(world)
    known = next(row for row in world.export()["people"] if row["id"] == "mori")["mail"]
    with world.step("no address"):
        address(world, "")
        with world.refusal("a login of somebody who has no address", "code.no_address", "R04"):
            assert knocks(thief).code == "code.no_address"
        address(world, known)
    with world.step("twice in a minute"):
        handle, code = thief.handle(), thief.mailbox.next_code()
        with world.refusal("a second code within the minute", "code.send_limit", "R04"):
            assert knocks(thief).code == "code.send_limit"
        world.must_not("another code is mailed", lambda: not thief.mailbox.nothing_new())
        assert cookie_of(thief.say(code_round("mori", handle, code)).heard)


@pytest.mark.rule("R04", must="fail")
def test_who_guesses_codes_locks_them_and_at_last_ends_the_address(world: World) -> None:
    """Three wrong in a day: half an hour of nothing, for the right code too. Four in a row: the address counts no more, on whatever day;
    another one does. Both are an alarm in the journal."""
    thief = Thief(world)
    handle, code = thief.handle(), thief.mailbox.next_code()
    wrong = "000000" if code != "000000" else "000001"
    with world.step("three wrong in a day"):
        with world.refusal("the third guess of a day", "code.locked", "R04"):
            for _ in range(2):
                handle = handle_of(guess(thief, handle, wrong).heard)
                assert handle, "asked again"
            assert guess(thief, handle, wrong).code == "code.locked"
        assert refused_step(world, "code.locked")["alarm"] == "code.locked"
        world.advance(MINUTE)
        with world.refusal("a login while the codes are locked", "code.locked", "R04"):
            assert knocks(thief).code == "code.locked"
    with world.step("four wrong in a row"):
        world.advance(LOCK)
        handle = thief.handle()
        with world.refusal("the fourth guess in a row", "code.disabled", "R04"):
            assert guess(thief, handle, wrong).code == "code.disabled"
        assert refused_step(world, "code.disabled")["alarm"] == "code.disabled"
    with world.step("two days later"):
        world.advance(2 * DAY)
        with world.refusal("a login with the address that ended", "code.disabled", "R04"):
            assert knocks(thief).code == "code.disabled"
        address(world, "mori.ichiro@mori-kogyo.test")
        assert handle_of(knocks(thief).heard), "a code goes to the other address"
    world.nobody_is_inside()
