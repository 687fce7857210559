"""T-20, T-24, T-25: spellings of a name, guesses and races of codes, all with real requests, many at the same moment."""
from __future__ import annotations

import pytest

from sekisho_testbed.attack import Thief, code_round, cookie_of, handle_of, password_round
from sekisho_testbed.talks import Heard, Talk
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("real_tls")

LINES, EACH = 17, 3  # 20 unknown connections may come from one address; each says three things at once

SAME = ["mori", "MORI", "Mori", " mori", "mori ", "mori\u3000", "\uff4d\uff4f\uff52\uff49", "\uff2d\uff2f\uff32\uff29"]
OTHER = ["\tmori", "m\u043eri", "mori\u200b", "mori\u00ad", "mor\u0131", "mori\u0307", "mori\u202e", "mo ri", "mori\n", "rnori", "mori@seki.test",
         "mori-kogyo\\mori", "mori/../tani", "mori,tani", "mori;tani", "\ufeffmori", "m\u00f6ri", "mori\u2060", "m\u03bfri"]


def wrong_of(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def at_once(thief: Thief, requests: list[bytes]) -> list[Heard]:
    """All requests in the same moment; each answer by itself."""
    lines = [requests[n::LINES] for n in range(LINES)]
    heard = thief.world.talk(thief.host, [Talk(f"{n}", [b"".join(line)], answers=len(line), identity=thief.identity)
                                          for n, line in enumerate(lines) if line], together=True, limit_s=20)
    return [Heard(line.name, answer, line.closed, line.ms, "") for line in heard.values() for answer in line.answers]


@pytest.mark.rule("R04", must="fail")
def test_no_spelling_of_a_name_has_fewer_factors(world: World) -> None:
    """Every spelling of "mori" meets his certificate, password and mailed code, or is nobody."""
    assert len(SAME) + len(OTHER) >= 12
    thief, tani = Thief(world), world.mailbox("tani")
    for name in SAME + OTHER:
        mails = thief.mailbox.unread
        heard = thief.say(password_round(name, thief.password))
        asked = bool(handle_of(heard.heard)) or heard.code == "code.send_limit"
        assert asked == (name in SAME), (name, heard)
        assert not cookie_of(heard.heard), name
        if not asked:
            assert heard.status == 403 and heard.code == "certificate.other_person", (name, heard)
            assert thief.mailbox.unread == mails, name
    assert tani.nothing_new()
    sources = world.more_addresses(thief.host, len(SAME) + len(OTHER))
    bare = world.talk(thief.host, [Talk(name, [password_round(name, thief.password)], answers=1, source=source)
                                   for name, source in zip(SAME + OTHER, sources)])
    assert {answer.code for answer in bare.values()} == {"certificate.missing"}, bare


@pytest.mark.gate(factors=["password", "code"])
def test_wrong_passwords_count_for_the_person_however_his_name_is_spelt(world: World) -> None:
    sources = world.more_addresses("hama-pc", 20)
    heard = world.talk("hama-pc", [Talk(f"{n}", [password_round(SAME[n % len(SAME)], "not his password")], answers=1, source=sources[n])
                                   for n in range(6)])
    codes = [answer.code for answer in heard.values()]
    assert codes.count("password.too_fast") >= 2, heard
    # The check can fail: another person's counter is not touched.
    other = world.talk("hama-pc", [Talk("tani", [password_round("tani", "not his password")], answers=1, source=sources[10])])
    assert b"ret=0" in other["tani"].heard, other


@pytest.mark.rule("R04", must="fail")
def test_fifty_right_codes_at_once_open_one_session(world: World) -> None:
    thief = Thief(world)
    handle, code = thief.handle(), thief.mailbox.next_code()
    heard = at_once(thief, [code_round("mori", handle, code)] * (LINES * EACH))
    assert len(heard) == LINES * EACH
    assert sum(bool(cookie_of(h.heard)) for h in heard) == 1
    assert {h.code for h in heard if not cookie_of(h.heard)} == {"login.unknown_handle"}
    assert len(world.sessions()) == 1
    assert thief.say(code_round("mori", handle, code)).code == "login.unknown_handle"


@pytest.mark.needs("clock")
@pytest.mark.rule("R04", must="fail")
def test_guesses_at_once_are_evaluated_no_more_often_than_guesses_in_turn(world: World) -> None:
    """Hundreds of guesses over several logins: ten a day are evaluated, then the step is locked even for the right code."""
    thief = Thief(world)
    evaluated, said = 0, 0
    for _ in range(5):
        world.advance(61)
        first = thief.say(password_round("mori", thief.password))
        if first.code == "code.locked":
            break
        handle, code = handle_of(first.heard), thief.mailbox.next_code()
        guess = wrong_of(code)
        while handle:
            heard = at_once(thief, [code_round("mori", handle, guess)] * (LINES * EACH))
            said += len(heard)
            assert not any(cookie_of(h.heard) for h in heard)
            counted = [h for h in heard if h.code != "login.unknown_handle"]
            assert len(counted) == 1, counted
            evaluated += 1
            handle = handle_of(counted[0].heard)
    assert said >= 500 and evaluated == 10, (said, evaluated)
    world.advance(61)
    assert thief.say(password_round("mori", thief.password)).code == "code.locked"
    assert world.sessions() == []


@pytest.mark.rule("R04", must="fail")
def test_a_question_can_be_answered_only_from_where_it_was_asked(world: World) -> None:
    """Another address, another certificate, none; then, on a login of its own, from where it was asked."""
    thief = Thief(world)
    handle, code = thief.handle(), thief.mailbox.next_code()
    request = code_round("mori", handle, code)
    source = world.more_addresses(thief.host, 1)[0]
    tani = world.certificate_of("tani")
    heard = world.talk(thief.host, [Talk("elsewhere", [request], answers=1, source=source, identity=thief.identity)])
    assert heard["elsewhere"].code == "login.other_address"
    for wanted, identity in (("login.other_certificate", tani), ("login.other_certificate", None)):
        world.advance(61)
        handle, code = thief.handle(), thief.mailbox.next_code()
        assert thief.say(code_round("mori", handle, code), identity=identity).code == wanted
    world.advance(61)
    handle, code = thief.handle(), thief.mailbox.next_code()
    assert cookie_of(thief.say(code_round("mori", handle, code)).heard)


@pytest.mark.rule("R04", must="fail")
def test_a_newer_code_ends_the_older_one(world: World) -> None:
    """Two logins of one person: only the newest code counts, and only for its own login."""
    thief = Thief(world)
    older, old_code = thief.handle(), thief.mailbox.next_code()
    world.advance(61)
    newer, new_code = thief.handle(), thief.mailbox.next_code()
    assert thief.say(code_round("mori", older, old_code)).code == "code.expired"
    if old_code != new_code:
        assert handle_of(thief.say(code_round("mori", newer, old_code)).heard), "asked again"
    assert world.sessions() == []
