"""R15, R17: a grant is written down, stored and in the kernel, or it is none; and what has ended meanwhile is not begun."""
from __future__ import annotations

from typing import Any

import pytest

from sekisho_testbed.attack import Thief, code_round, cookie_of, get, with_cookie
from sekisho_testbed.faults import KERNEL_LIMIT_S
from sekisho_testbed.talks import Heard, Talk
from sekisho_testbed.world import World

NEXT_CODE_S = 120  # a person gets one code a minute
MOMENT_S = 0.005   # shorter than the gate takes to look at its deadlines again
SETTINGS = "/remote/fortisslvpn_xml"


class Person:
    """At his PC with certificate, password and mailbox, spoken by hand: so that the words of a refusal are seen."""

    def __init__(self, world: World, who: str) -> None:
        self.world, self.who = world, who

    def asked(self) -> None:
        """Certificate and password are right; the code has come by mail."""
        self.thief = Thief(self.world, self.who)
        self.handle = self.thief.handle()
        self.code = self.thief.mailbox.next_code()

    def types_the_code(self, **how: Any) -> Heard:
        row = Talk(self.who, [code_round(self.who, self.handle, self.code)], 1, identity=self.thief.identity)
        return self.world.talk(self.thief.host, [row], **how)[self.who]


def not_let_in(world: World, what: str, heard: Heard, code: str) -> None:
    """He is told this code, has no cookie, and nobody's session stands."""
    assert heard.code == code and not cookie_of(heard.heard), f"{what}: {heard}"
    assert (left := world.sessions()) == [], f"{what}: {left}"
    world.story.add("must_not", f"get in: {what}: {code}")


@pytest.mark.needs("real_tls")
@pytest.mark.gate(store="file")
@pytest.mark.rule("R15", must="fail")
@pytest.mark.rule("R17", must="fail")
def test_a_grant_that_store_or_kernel_do_not_take_is_not_given(world: World) -> None:
    """Mori and Tani have typed the right code; then the store takes no row, netd is silent, Yama ends the session. The next try
    passes, as long as the right lasts and not a moment longer."""
    mori, tani = Person(world, "mori"), Person(world, "tani")

    def asks_the_kernel(who: str) -> str:
        return str(world.wait(lambda: [s for s in world.sessions() if s["person"] == who], 5, f"{who}'s grant waits for the kernel")[0]["number"])

    def the_kernels_time_is_over() -> None:
        asks_the_kernel("tani")
        world.advance(KERNEL_LIMIT_S + 1)

    with world.step("the store takes no row of a session"):
        mori.asked()
        with world.faults.store_takes_no_session():
            not_let_in(world, "the store fails at his grant", mori.types_the_code(), "gate.unavailable")
        assert world.entry(event="session.ended", person="mori")["code"] == "session.not_given"
    with world.step("the kernel is not told"):
        tani.asked()
        with world.faults.kernel_waits():
            heard = tani.types_the_code(meanwhile=the_kernels_time_is_over)
            not_let_in(world, "netd is silent at his grant", heard, "gate.unavailable")
        ended = world.entry(event="session.ended", person="tani")
        assert (ended["code"], ended["detail"]["by"]) == ("gate.unavailable", "kernel"), ended
    world.advance(NEXT_CODE_S)
    with world.step("it ends while the kernel is asked"):
        mori.asked()
        with world.faults.kernel_waits():
            heard = mori.types_the_code(meanwhile=lambda: world.end_session(asks_the_kernel("mori")))
            not_let_in(world, "staff end the session while netd is silent", heard, "session.right_ended")
        assert world.entry(event="session.ended", code="session.ended_by_staff")["person"] == "mori"
    with world.step("everything is well again"):
        world.advance(NEXT_CODE_S)
        tani.asked()
        cookie = cookie_of(tani.types_the_code().heard)
        world.must("the same person, with nothing failing, has his session",
                   lambda: tani.thief.say(get(SETTINGS, with_cookie(cookie))).status == 200)
    with world.step("it ends as his tunnel rises"):
        number = str(world.session_of("tani")["number"])
        risen = world.resumed("tani", cookie, lambda: world.end_session(number))
        assert risen.ended(10) and world.sessions() == []
        world.story.add("must_not", "keep a tunnel whose session ended before the gate had heard of it")
    with world.step("his right ends in this very moment"):
        world.advance(NEXT_CODE_S)
        tani.asked()
        cookie = cookie_of(tani.types_the_code().heard)
        assert tani.thief.say(get(SETTINGS, with_cookie(cookie))).status == 200
        registry = world.export()
        next(row for row in registry["people"] if row["id"] == "tani")["valid"]["until"] = world.at(seconds=MOMENT_S)
        world.replace(registry)
        world.pause(MOMENT_S)
        heard = tani.thief.say(get(SETTINGS, with_cookie(cookie)))
        # Where time does not stand still the gate has ended the session by now.
        assert heard.status == 403 and heard.code in ("session.right_ended", "session.unknown_cookie"), heard
        world.story.add("must_not", f"go on with a cookie whose right has ended: {heard.code}")


@pytest.mark.needs("real_tls")
@pytest.mark.rule("R15", must="fail")
@pytest.mark.rule("R15", must="pass")
def test_what_cannot_be_written_down_is_not_opened(world: World) -> None:
    """Mori is inside and reaches his desktop, Tani has typed the right code; then the journal's disk fails. It opens neither, and both
    when it is well again."""
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    tani = Person(world, "tani")
    tani.asked()
    with world.faults.journal_fails():
        heard = tani.types_the_code()
        assert heard.code == "gate.unavailable" and not cookie_of(heard.heard), heard
        assert [s["person"] for s in world.sessions()] == ["mori"]
        world.story.add("must_not", "get in: Tani, whose grant is not written: gate.unavailable")
        told = world.plain_entrance("mori")
        assert "gate.unavailable" in told, f"the desktop's opening is not written: {told!r}"
        world.story.add("must_not", "reach his desktop: Mori, whose desktop's opening is not written: gate.unavailable")
    world.must_reach_desktop("mori")
    world.advance(NEXT_CODE_S)
    tani.asked()
    assert cookie_of(tani.types_the_code().heard)
    vpn.hang_up()


@pytest.mark.rule("R11", must="fail")
@pytest.mark.rule("R11", must="pass")
@pytest.mark.rule("R17", must="fail")
def test_what_changes_while_an_entry_is_written_counts(world: World) -> None:
    """While Mori's grant is on its way to the disk his desktop becomes Tani's: he comes in, and is not shown it. While the opening of his
    own desktop is on its way, staff end his session: it is not opened."""
    def swap_desktops() -> None:
        registry = world.export()
        rows = {row["id"]: row for row in registry["desktops"]}
        for name in ("person", "zone"):
            rows["vdi-01"][name], rows["vdi-02"][name] = rows["vdi-02"][name], rows["vdi-01"][name]
        world.replace(registry)

    agent = world.pc("mori").agent
    agent.facts(world.good_facts("mori"))
    assert agent.report(inside=False).ok
    login, code = world.as_far_as_the_code("mori")
    with world.step("his desktop becomes another's while he comes in"):
        with world.faults.while_written("session.granted", swap_desktops):
            login.type(code).up()
        told = world.plain_entrance("mori")
        assert "desktop.none" in told, f"he is shown {told or 'a desktop that is not his'}"
        world.refused("desktop.none", rule="R11")
    with world.step("it is his own again"):
        swap_desktops()
        world.must_reach_desktop("mori")
    opened = len(world.journal(event="desktop.opened"))
    with world.step("his session ends while the opening is written"):
        number = str(world.session_of("mori")["number"])
        with world.faults.while_written("desktop.opened", lambda: world.end_session(number)):
            assert not world.pc("mori").desktop_answers(), "a desktop of a session that has ended"
        assert len(world.journal(event="desktop.opened")) == opened + 1
        world.wait(lambda: world.journal(event="desktop.closed", code="session.right_ended"), 5, "it is written that nothing was opened")
        world.story.add("must_not", "reach his desktop: Mori, whose session has ended: session.right_ended")
    assert login.ended(10)


@pytest.mark.rule("R17", must="fail")
@pytest.mark.rule("R17", must="pass")
def test_a_right_that_ended_while_the_gate_was_away_is_not_revived(world: World) -> None:
    """Both work when the gate goes down. Mori's contract has its last moment meanwhile; Tani's goes on, and so does his session."""
    registry, last = world.export(), world.at(seconds=90)
    for kind, key in (("contracts", "c-web-2026"), ("applications", "a-mori")):
        next(row for row in registry[kind] if row["id"] == key)["period"]["until"] = last
    world.replace(registry)
    world.accepted("a-mori")
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    numbers = {who: world.session_of(who)["number"] for who in ("mori", "tani")}
    world.restart(away_s=95)
    started = world.entry(event="gate.started")
    assert started["detail"]["sessions"] == 1, f"revived: {started}"
    ended = world.entry(event="session.ended", person="mori")
    assert (ended["session"], ended["code"]) == (numbers["mori"], "session.right_ended"), ended
    assert {s["number"] for s in world.sessions()} == {numbers["tani"]}
    world.must_not_reach_desktop("mori")
    for each in (mori, tani):
        each.hang_up()
