"""R04, R15, R17, R19: at the second gate a cookie counts for no more than at the first, and nothing is taken over that is not certain."""
from __future__ import annotations

from typing import Any

import pytest

from sekisho_testbed.attack import Thief, get, with_cookie
from sekisho_testbed.faults import KERNEL_LIMIT_S
from sekisho_testbed.talks import Heard, Talk
from sekisho_testbed.world import World

SETTINGS = "/remote/fortisslvpn_xml"
HOST = "hama-pc"    # from where the cookies are shown; its way leads to the second gate
GRACE_S = 120       # a client may come back to a gate that died
TELLS_S = 2         # one gate learns of the other's changes within
NEXT_CODE_S = 61    # a person gets one code a minute


class Shown:
    """Cookies, shown to the second gate with a certificate."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.second.leads(HOST)

    def cookie(self, cookie: str, whose: str, **how: Any) -> Heard:
        row = Talk("shown", [get(SETTINGS, with_cookie(cookie))], 1, identity=self.world.certificate_of(whose))
        return self.world.talk(HOST, [row], limit_s=10, **how)["shown"]

    def refused(self, what: str, code: str, cookie: str, whose: str, **how: Any) -> None:
        heard = self.cookie(cookie, whose, **how)
        assert (heard.status, heard.code) == (403, code), f"{what}: {heard}"
        self.world.story.add("must_not", f"go on at the second gate: {what}: {code}")

    def at_the_first(self, cookie: str, whose: str) -> None:
        """It goes back to where it was."""
        world = self.world
        world.wait(lambda: {s["person"]: s["node"] for s in world.sessions()}.get(whose) == "2", TELLS_S, "the first gate knows that it has moved")
        world.second.leads(HOST, to_second=False)
        assert self.cookie(cookie, whose).status == 200
        world.second.leads(HOST)
        world.wait(lambda: self.node(whose) == "1", TELLS_S, "the second gate knows that it has moved back")

    def node(self, whose: str) -> str:
        """Of the gate that serves his session, as the second one says."""
        return {str(s["person"]): str(s["node"]) for s in self.world.second.sessions()}.get(whose, "")


def ends_in(world: World, seconds: float) -> None:
    """Tani's contract and application have their last moment then."""
    registry, last = world.export(), world.at(seconds=seconds)
    for kind, key in (("contracts", "c-dmz-2026"), ("applications", "a-tani")):
        next(row for row in registry[kind] if row["id"] == key)["period"]["until"] = last
    world.replace(registry)
    world.accepted("a-tani")


@pytest.mark.needs("real_tls")
@pytest.mark.gate(two=True)
@pytest.mark.rule("R04", must="fail")
@pytest.mark.rule("R04", must="pass")
@pytest.mark.rule("R15", must="fail")
@pytest.mark.rule("R17", must="fail")
@pytest.mark.rule("R19", must="fail")
def test_the_second_gate_takes_over_what_is_certain_and_nothing_else(world: World) -> None:
    """Mori and Tani have come in at the first gate; their cookies are shown to the second one: with another's certificate, while its store,
    its kernel or its journal fails, after staff have ended the session there. In between the right one goes on. When the first gate has
    died, who comes after his right or after the grace comes too late."""
    second, shown = world.second, Shown(world)
    mori, tani = Thief(world, "mori").cookie(), Thief(world, "tani").cookie()
    number = {who: str(world.session_of(who)["number"]) for who in ("mori", "tani")}

    def taken_over() -> None:
        world.wait(lambda: shown.node("mori") == "2", 5, "Mori's session is at the second gate, and waits for its kernel")

    def the_kernels_time_is_over() -> None:
        taken_over()
        world.advance(KERNEL_LIMIT_S + 1)

    def staff_end_it() -> None:
        taken_over()
        second.end_session(number["mori"])

    with world.step("with another's certificate"):
        shown.refused("Mori's cookie with Tani's certificate", "session.other_certificate", mori, "tani")
        assert second.journal(event="session.resume_refused", code="session.other_certificate")[0]["session"] == number["mori"]
    with world.step("while the store is lost"), second.store_lost():
        shown.refused("nobody can say whose it is", "gate.unavailable", mori, "mori")
    with world.step("everything is well"):
        world.must("the right one goes on at the second gate", lambda: shown.cookie(mori, "mori").status == 200)
        assert second.journal(event="session.taken_over")[-1]["session"] == number["mori"]
        assert shown.node("mori") == "2"
        shown.at_the_first(mori, "mori")
    with world.step("while the kernel is not told"), second.faults.kernel_waits():
        shown.refused("no packet of his may pass", "gate.unavailable", mori, "mori", meanwhile=the_kernels_time_is_over)
    shown.at_the_first(mori, "mori")
    with world.step("it ends while the kernel is asked"), second.faults.kernel_waits():
        shown.refused("staff end it before it is given", "session.right_ended", mori, "mori", meanwhile=staff_end_it)
    with world.step("staff end at the second gate what the first one serves"):
        second.end_session(number["tani"])
        world.wait(lambda: world.sessions() == [], TELLS_S, "the first gate has ended it")
        assert second.journal(event="session.ended", session=number["tani"])[0]["code"] == "session.ended_by_staff"
        shown.refused("Tani's session has ended", "session.unknown_cookie", tani, "tani")

    world.advance(NEXT_CODE_S)
    ends_in(world, 90)
    mori, tani = Thief(world, "mori").cookie(), Thief(world, "tani").cookie()
    world.wait(lambda: shown.node("mori") == shown.node("tani") == "1", TELLS_S, "the second gate knows of both")
    died = world.now()
    second.first_dies()

    def after_its_death(seconds: float) -> None:
        world.advance(seconds - (world.now() - died).total_seconds())

    with world.step("his right has ended meanwhile"):
        after_its_death(95)
        shown.refused("Tani's right has ended", "session.right_ended", tani, "tani")
    with world.step("while the journal fails"):
        with second.faults.journal_fails():
            shown.refused("the taking over is not written", "gate.unavailable", mori, "mori")
        assert shown.node("mori") == "1", "it has stayed where it was"
    with world.step("the grace is over"):
        after_its_death(GRACE_S + 2)
        shown.refused("Mori comes two minutes after the gate's death", "session.reconnect_expired", mori, "mori")
