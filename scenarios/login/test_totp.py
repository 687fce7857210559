"""The authenticator app as a factor (R04, T-29): enrolled by staff, right, wrong, used, missing."""
from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import urllib.parse

import pytest

from sekisho_testbed.attack import Thief, code_round, cookie_of, handle_of, password_round
from sekisho_testbed.world import World

WITH_APP = pytest.mark.gate(factors=["certificate", "password", "totp"], path={"least_factors": 3})


class App:
    """What the person's telephone does with the URI (RFC 6238)."""

    def __init__(self, world: World, uri: str) -> None:
        self.world = world
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(uri).query))
        assert query["algorithm"] == "SHA1" and query["digits"] == "6" and query["period"] == "30"
        text = query["secret"]
        self.secret = base64.b32decode(text + "=" * (-len(text) % 8))

    def code(self, steps: int = 0) -> str:
        step = int(self.world.now().timestamp()) // 30 + steps
        digest = hmac.new(self.secret, struct.pack(">Q", step), hashlib.sha1).digest()
        at = digest[19] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"

    def wrong(self) -> str:
        near = {self.code(steps) for steps in range(-2, 4)}
        return next(code for code in (f"{n:06d}" for n in range(9)) if code not in near)


def enrol(world: World, person: str) -> App:
    return App(world, world.enrol_app(person))


@WITH_APP
@pytest.mark.rule("R04", must="pass")
def test_mori_passes_with_certificate_password_and_his_app(world: World) -> None:
    """Three real factors and no mail; the seed stands neither in the journal nor in the gate's log."""
    app = enrol(world, "mori")
    mailbox = world.mailbox("mori")
    vpn = world.pc("mori").login()
    vpn.asked()
    vpn.type(app.code())
    vpn.up()
    assert world.session_of("mori")["state"] in ("quarantine", "admitted")
    world.must_not("a code is mailed", lambda: not mailbox.nothing_new())
    assert world.entry(event="factor.enrolled", person="mori")["result"] == "ok"
    seed = base64.b32encode(app.secret).decode().rstrip("=")
    world.must_not("the seed is kept in clear", lambda: [name for name, held in world.kept() if seed.encode() in held])
    vpn.hang_up()


@WITH_APP
@pytest.mark.rule("R04", must="fail")
def test_a_code_of_the_app_opens_the_gate_once(world: World) -> None:
    app = enrol(world, "mori")
    code = app.code()
    vpn = world.pc("mori").login()
    vpn.asked()
    vpn.type(code).up()
    vpn.hang_up()
    again = world.pc("mori").login()
    again.asked()
    again.type(code).type(code).type(code)
    again.refused()
    world.refused("totp.too_many_tries", rule="R04")


@WITH_APP
@pytest.mark.rule("R04", must="fail")
def test_a_wrong_code_of_the_app_is_refused(world: World) -> None:
    app = enrol(world, "mori")
    vpn = world.pc("mori").login()
    vpn.asked()
    for _ in range(3):
        vpn.type(app.wrong())
    vpn.refused()
    world.refused("totp.too_many_tries", rule="R04")
    world.nobody_is_inside()


@WITH_APP
@pytest.mark.rule("R04", must="fail")
def test_who_has_no_app_is_told_so(world: World) -> None:
    """Before the enrolment and after its end."""
    world.pc("mori").login().refused()
    world.refused("totp.not_enrolled", rule="R04")
    enrol(world, "mori")
    world.end_app("mori")
    world.pc("mori").login().refused()
    world.refused("totp.not_enrolled", rule="R04", count=2)


@pytest.mark.gate(factors=["certificate", "password", "totp"], path={"least_factors": 3},
                  options={"totp": {"wrong_per_day": 3, "disable_after": 4}})
@pytest.mark.needs("clock", "real_tls")
@pytest.mark.rule("R04", must="fail")
def test_who_guesses_codes_of_the_app_locks_it_and_at_last_ends_it(world: World) -> None:
    """Three wrong in a day: half an hour of nothing. Four in a row: the app counts no more, on whatever day; one that is enrolled anew does."""
    app, thief = enrol(world, "mori"), Thief(world)

    def guess(handle: str, code: str) -> str:
        """The handle of the next question, or the refusal's code."""
        heard = thief.say(code_round("mori", handle, code, "totp"))
        return handle_of(heard.heard) or heard.code

    def refused(what: str, code: str) -> None:
        with world.refusal(what, code, "R04"):
            assert thief.say(password_round("mori", thief.password)).code == code

    with world.step("three wrong in a day"):
        with world.refusal("the third guess of a day", "totp.locked", "R04"):
            assert guess(guess(guess(thief.handle(), app.wrong()), app.wrong()), app.wrong()) == "totp.locked"
        world.advance(61)
        refused("a login while the app is locked", "totp.locked")
    with world.step("four wrong in a row"):
        world.advance(1801)
        with world.refusal("the fourth guess in a row", "totp.disabled", "R04"):
            assert guess(thief.handle(), app.wrong()) == "totp.disabled"
    with world.step("two days later"):
        world.advance(2 * 86_400)
        refused("a login with the app that ended", "totp.disabled")
        again = enrol(world, "mori")
        assert cookie_of(thief.say(code_round("mori", thief.handle(), again.code(), "totp")).heard)
