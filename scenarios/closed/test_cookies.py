"""R04: a cookie is worth nothing at the other entrance, and on the closed path at no other address."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.attack import Thief, get, with_cookie
from sekisho_testbed.people import Page
from sekisho_testbed.talks import Talk
from sekisho_testbed.world import World

SESSION_COOKIE, SESSION_PAGE = "__Host-session", f"{cast_closed.ORIGIN}/session"
ELSEWHERE = "10.95.1.77"  # of another machine in the same office, on the same circuit
SETTINGS = "/remote/fortisslvpn_xml"


def refused_once(world: World, what: str, code: str, path: str) -> None:
    """The journal has this refusal of a cookie, on this path, once."""
    entries = world.wait(lambda: [e for e in world.journal(event="session.resume_refused", code=code) if e["path"] == path], 5, what)
    assert len(entries) == 1 and entries[0]["rule"] == "R04", entries
    world.story.add("must_not", f"{what}: refused with R04 {code}")


@pytest.mark.needs("real_tls")
@pytest.mark.gate(closed=True)
@pytest.mark.rule("R04", must="fail")
@pytest.mark.rule("R04", must="pass")
def test_a_stolen_cookie_opens_neither_entrance_from_elsewhere(world: World) -> None:
    """Sato's and Mori's cookies are in a thief's hands, each with its own certificate: beside Sato's terminal, at the other entrance. Their
    owners go on."""
    closed, thief = world.closed, Thief(world)
    cookie = thief.cookie()
    own = closed.pass_gate("sato")
    stolen = own.cookies()[SESSION_COOKIE]

    def shown(what: str, at: Page, value: str) -> Page:
        with world.step(what):
            at.open(f"{cast_closed.ORIGIN}/")
            at.keep_cookie(SESSION_COOKIE, value)
            return at.open(SESSION_PAGE)

    what = "Sato's cookie and certificate at another address of his site"
    shown(what, closed.entrance("sato", address=ELSEWHERE), stolen).shows("session.other_address", "R04")
    refused_once(world, what, "session.other_address", cast_closed.PATH)

    what = "Mori's cookie and certificate at the closed entrance"
    shown(what, closed.entrance("sato", certificate=world.certificate_of("mori")), cookie).shows("session.unknown_cookie", "R04")
    refused_once(world, what, "session.unknown_cookie", cast_closed.PATH)

    what = "Sato's cookie and certificate at the Internet's entrance"
    with world.step(what):
        row = Talk(what, [get(SETTINGS, with_cookie(stolen))], 1, identity=world.certificate_of("sato"))
        assert world.talk("hama-pc", [row])[what].code == "session.unknown_cookie"
        refused_once(world, what, "session.unknown_cookie", "internet")

    with world.step("their owners"):
        shown("Sato's cookie at his own terminal", closed.entrance("sato"), stolen).shows("接続中です")
        assert thief.say(get(SETTINGS, with_cookie(cookie))).status == 200
        assert {s["person"] for s in world.sessions()} == {"mori", "sato"}
