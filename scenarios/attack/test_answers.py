"""T-21, T-25: an answer counts for what was asked, of whom it was asked, where it was asked. A thief has all factors and bends one thing."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast
from sekisho_testbed.attack import PagesByHand, Thief, code_round, cookie_of, get
from sekisho_testbed.talks import Heard, Identity, Talk
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("clock", "real_tls")

NEXT_CODE_S = 61  # a person gets one code a minute
START = f"https://{cast.GATE_NAME}/remote/saml/start?redirect=1"


@pytest.mark.rule("R04", must="pass")
@pytest.mark.rule("R04", must="fail")
def test_an_answer_counts_for_what_was_asked_and_of_whom(world: World) -> None:
    """A second word of a factor that has said yes, and another person's name beside the password: each ends the login. Unbent, the same
    forms go on."""
    thief = Thief(world)
    pages = PagesByHand(world, thief.host, thief.identity)
    with world.step("a factor answered twice"):
        handle, code = thief.handle(), thief.mailbox.next_code()
        with world.refusal("the certificate answers once more, in the place of the code", "login.second_answer", "R04"):
            assert thief.say(code_round("mori", handle, "my certificate", "certificate")).code == "login.second_answer"
        assert thief.say(code_round("mori", handle, code)).code == "login.unknown_handle", "that login is over"
        world.advance(NEXT_CODE_S)
        assert cookie_of(thief.say(code_round("mori", thief.handle(), thief.mailbox.next_code())).heard)
    with world.step("another name beside the password"):
        world.advance(NEXT_CODE_S)
        pages.open().give_id("mori")
        with world.refusal("the page's own name is changed into Tani's", "login.other_login", "R04"):
            pages.forge("login", "tani").give_password(thief.password).shows("接続できません", "R04 login.other_login")
        pages.open().give_id("mori").give_password(thief.password).shows("確認コードの入力")


@pytest.mark.rule("R04", must="pass")
@pytest.mark.rule("R04", must="fail")
def test_what_mori_proved_on_the_pages_nobody_fetches_elsewhere(world: World) -> None:
    """His browser brings his client a one-time id. From another address, or with another certificate, it opens nothing and is spent;
    his own client gets its session."""
    thief = Thief(world)
    pages = PagesByHand(world, thief.host, thief.identity)

    def fetch(*, source: str | None = None, identity: Identity | None = None) -> Heard:
        """With the id of a login that Mori has just proved."""
        world.advance(NEXT_CODE_S)
        pages.open(START).give_id("mori").give_password(thief.password).give_code(thief.mailbox.next_code())
        request = get(f"/remote/saml/auth_id?id={pages.brought.pop()}", "User-Agent: Mozilla/5.0 SV1\r\n")
        one = Talk("fetch", [request], answers=1, source=source, identity=identity or thief.identity)
        return world.talk(thief.host, [one])["fetch"]

    with world.refusal("the id is used from another address", "login.other_address", "R04"):
        assert not cookie_of(fetch(source=world.more_addresses(thief.host, 1)[0]).heard)
    with world.refusal("the id is used with Tani's certificate", "login.other_certificate", "R04"):
        assert not cookie_of(fetch(identity=world.certificate_of("tani")).heard)
    assert cookie_of(fetch().heard) and world.session_of("mori")
