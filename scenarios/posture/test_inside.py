"""R03, R10, R11: what is said to the posture page through a tunnel, by whom, and how long a terminal may say nothing of itself."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from own_agent import OwnAgent, admitted_with, refused_with  # beside this file

from sekisho_testbed import cast
from sekisho_testbed.attack import get
from sekisho_testbed.talks import Talk
from sekisho_testbed.world import World

NEXT_SIGN_S = 100  # a terminal that gives no sign of life for 120 s is in quarantine


@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R10", must="fail")
@pytest.mark.rule("R11", must="fail")
def test_noise_in_a_tunnel_ends_nothing_and_another_terminals_key_ends_it(world: World) -> None:
    """Anybody on the PC can say nonsense: the session stays. Tani's key in Mori's tunnel is the loss of his terminal."""
    mine, tanis = OwnAgent(world), OwnAgent(world, "tani")
    admitted_with(world, "the terminal, before the login", mine.report(mine.sealed()))
    vpn = world.pass_gate("mori", report_first=False)
    admitted_with(world, "the terminal, inside", mine.report(mine.sealed(inside=True), inside=True))
    address = world.session_of("mori")["address"]
    with world.step("nonsense"):
        wrong: list[tuple[str, str, Callable[[], str]]] = [
            ("words", "report.malformed", lambda: "no envelope at all"),
            ("of another tunnel", "report.other_address", lambda: mine.sealed(inside=True, ip="10.202.0.250")),
            ("of no tunnel", "report.other_address", lambda: mine.sealed(inside=True, ip=None))]
        for what, code, sealed in wrong:
            refused_with(world, what, code, mine.report(sealed(), inside=True))
        assert world.session_of("mori")["state"] == "admitted"
    with world.step("another terminal"):
        tanis.report(tanis.sealed(inside=True), inside=True, limit_s=1)  # the answer may be lost with the tunnel
        world.refused("report.other_terminal", rule="R03")
        vpn.ended(60)
        ended = world.entry(event="session.ended", person="mori")
        assert (ended["rule"], ended["code"]) == ("R03", "report.other_terminal")
        world.nobody_is_inside()
    with world.step("the address that he had"):  # the routes lead it to a stranger
        ask = get("/posture/v1/challenge")
        with world.misrouted("hama-pc", address):
            heard = world.talk("hama-pc", [Talk("own", [ask], answers=1), Talk("inner", [ask], answers=1, source=address)],
                               port=cast.POSTURE_PORT)
        assert heard["own"].status == 200, heard  # the check can fail: before a login anybody may ask
        assert heard["inner"].status == 403 and b"session.unknown_cookie" in heard["inner"].heard, heard
        world.story.add("must_not", "speak for a session: an inner address without one: session.unknown_cookie")


@pytest.mark.gate(path={"report_interval_s": NEXT_SIGN_S})
@pytest.mark.rule("R10", must="fail")
def test_signs_of_life_are_no_reports(world: World) -> None:
    """A program on the PC keeps asking for challenges, but says nothing of the terminal: quarantine, and then the end."""
    mine = OwnAgent(world)
    admitted_with(world, "the terminal, before the login", mine.report(mine.sealed()))
    vpn = world.pass_gate("mori", report_first=False)

    def time_passes(seconds: float = NEXT_SIGN_S) -> None:
        world.advance(seconds)
        mine.challenge(inside=True)

    with world.step("he reports in time"):
        time_passes()
        time_passes()
        admitted_with(world, "the next report", mine.report(mine.sealed(inside=True), inside=True))
        time_passes()
        time_passes()
        assert world.session_of("mori")["state"] == "admitted"
        world.must_reach_desktop("mori")
    with world.step("260 s after his last report"):
        time_passes(65)
        world.wait_state("mori", "quarantine")
        assert world.entry(event="session.quarantined", person="mori")["code"] == "report.missed"
        world.must_not_reach_desktop("mori")
    with world.step("300 s after it"):
        world.advance(40)
        vpn.ended(60)
        ended = world.entry(event="session.ended", person="mori")
        assert (ended["rule"], ended["code"]) == ("R10", "report.missed")
        world.nobody_is_inside()
