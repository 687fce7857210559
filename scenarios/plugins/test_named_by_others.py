"""What a factor names and a path carries is not believed for its own sake: terminal, person and login are the registry's and the gate's."""
from __future__ import annotations

import pytest
import written  # beside this file

from sekisho_testbed import cast
from sekisho_testbed.attack import PagesByHand, Thief, code_round, cookie_of
from sekisho_testbed.gate_here import GateHere

START = f"https://{cast.GATE_NAME}/remote/saml/start?redirect=1"


@pytest.mark.gate(factors=["certificate", "password", "badge"], here=written.badges)
@pytest.mark.rule("R04", must="fail")
def test_two_factors_that_name_two_terminals_open_nothing(world: GateHere) -> None:
    """His certificate says his own PC, the badge says Tani's: every factor has said yes, and yet nobody passes."""
    with world.refusal("certificate and badge of two terminals", "login.factor_failed", "R04"):
        world.pc("mori").login().asked(prompt="badge").type("4712").refused()
    world.pc("mori").login().asked(prompt="badge").type("4711").up().hang_up()


@pytest.mark.gate(factors=["password", "badge"], here=written.badges)
@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R17", must="fail")
def test_who_comes_without_a_certificate_is_known_by_the_registry_alone(world: GateHere) -> None:
    """The badge names the terminal: another contractor's, none at all, and then his own, with which he passes. When staff take him out
    of the registry, his session has nobody."""
    mori = world.pc("mori")
    for what, badge, code in (("at the terminal of another contractor", "4712", "terminal.other_contractor"),
                              ("at a terminal that nobody registered", "4713", "terminal.unknown")):
        with world.refusal(f"Mori, {what}", code, "R03"):
            mori.login(certificate=None).asked(prompt="badge").type(badge).refused()
    vpn = mori.login(certificate=None).asked(prompt="badge").type("4711").up()
    world.wait_tunnel("mori")
    registry = world.export()
    for kind in ("people", "certificates", "applications", "desktops"):
        registry[kind] = [row for row in registry[kind] if "mori" not in (row.get("id"), row.get("person"), *row.get("people", []))]
    with world.limit(2, "the session ends with its person"):
        world.replace(registry)
        world.wait_no_session("mori", within=2)
    ended = world.entry(event="session.ended", person="mori")
    assert (ended["rule"], ended["code"]) == ("R17", "person.unknown"), ended
    assert vpn.ended(10) and vpn.was_told


@pytest.mark.gate(here=written.answering_line)
@pytest.mark.needs("clock", "real_tls")
@pytest.mark.rule("R04", must="fail")
def test_what_was_begun_on_one_path_ends_on_no_other(world: GateHere) -> None:
    """Tani's certificate, address and code are right; the question was asked, and the pages were read, on another path."""
    thief = Thief(world, "tani")
    with world.step("a question's answer"):
        handle, code = thief.handle(), thief.mailbox.next_code()
        with world.refusal("the right code over another path", "login.other_path", "R04"):
            assert world.speak("tani", "line", f"{handle} {code}\n").strip() == "no login.other_path"
    with world.step("the browser's one-time id"):
        world.advance(61)
        pages = PagesByHand(world, thief.host, thief.identity)
        pages.open(START).give_id("tani").give_password(thief.password).give_code(thief.mailbox.next_code())
        with world.refusal("the one-time id over another path", "login.other_path", "R04"):
            assert world.speak("tani", "line", bytes.fromhex(pages.brought.pop()).decode() + "\n").strip() == "no login.other_path"
    world.advance(61)
    assert cookie_of(thief.say(code_round("tani", thief.handle(), thief.mailbox.next_code())).heard)
