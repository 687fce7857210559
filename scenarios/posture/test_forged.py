"""R03, R10: what is no report, or somebody else's, or yesterday's, counts as none, and enrols nobody."""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from own_agent import JOSE, JSON, OwnAgent, admitted_with, posture_page, refused_with, under_header  # beside this file

from sekisho_testbed.world import World


@pytest.mark.rule("R10", must="fail")
def test_noise_on_the_posture_page_is_no_report(world: World) -> None:
    for what, body, code in (("words", "no envelope at all", "report.malformed"), ("three parts of nothing", "a.b.c", "report.malformed"),
                             ("another header", "eyJhbGciOiJub25lIn0.e30.", "report.malformed"),
                             ("more than anybody says", "x" * 66_000, "report.too_large")):
        status, text = posture_page(world, "POST", "report", body, JOSE)
        assert status in (400, 413) and (code in text or status == 413), f"{what}: {status} {text}"
    assert world.pc("mori").agent.report(inside=False).ok  # the check can fail
    world.story.add("must_not", "pass as a report: noise")


@pytest.mark.rule("R03", must="fail")
def test_a_key_is_enrolled_with_a_token_of_staff_alone(world: World) -> None:
    """No token, a wrong one, one that was used: nobody is enrolled."""
    mine = OwnAgent(world)  # a right one is taken
    other = world.sekisho().posture.DeviceKey.generate()
    for what, body, code in (("no request", "{}", "enrol.malformed"), ("no object", "[1]", "enrol.malformed"),
                             ("no JSON", f"token={mine.token}", "enrol.malformed"),
                             ("no key", json.dumps({"token": mine.token, "jwk": {"kty": "RSA"}}), "enrol.malformed"),
                             ("a wrong token", json.dumps({"token": "A" * len(mine.token), "jwk": other.jwk}), "enrol.token_unknown"),
                             ("a used token", json.dumps({"token": mine.token, "jwk": other.jwk}), "enrol.token_unknown")):
        refused_with(world, what, code, posture_page(world, "POST", "enrol", body, JSON))
    again = world.enrolment_token("tani")
    refused_with(world, "Mori's key for Tani's terminal", "enrol.key_in_use",
                 posture_page(world, "POST", "enrol", json.dumps({"token": again, "jwk": mine.key.jwk}), JSON))


@pytest.mark.rule("R10", must="pass")
@pytest.mark.rule("R10", must="fail")
@pytest.mark.rule("R03", must="fail")
def test_a_report_that_is_right_but_for_one_thing_does_not_count(world: World) -> None:
    """For another gate, another session, through another's TLS, of another time, said twice, changed on the way; then as it should be."""
    mine = OwnAgent(world)
    old = int(world.now().timestamp()) - 86_400

    def of_facts(**other: Any) -> dict[str, Any]:
        facts = world.good_facts("mori")
        facts.update(other)
        return facts

    by_hand = {"name": "sekisho-agent", "version": "1.0.0", "source": "a friend", "privilege": "system"}
    wrong: list[tuple[str, str, Callable[[], str]]] = [
        ("for another gate", "report.other_gate", lambda: mine.sealed(aud="gate.elsewhere.test")),
        ("over another's TLS", "report.intercepted", lambda: mine.sealed(srv="0" * len(world.gate_fingerprint))),
        ("of a session that he has not", "report.other_session", lambda: mine.sealed(sid="S20200101-1-000001")),
        ("of yesterday", "report.clock_skew", lambda: mine.sealed(iat=old)),
        ("with a nonce of his own", "report.replayed", lambda: mine.sealed(nonce="A" * 43)),
        ("facts of another form", "report.other_schema", lambda: mine.sealed(facts=of_facts(schema="sekisho.device-facts/9.0"))),
        ("facts that are none", "report.malformed", lambda: mine.sealed(facts=of_facts(os="Windows"))),
        ("facts of yesterday", "report.clock_skew", lambda: mine.sealed(facts=of_facts(collected_at=world.ago(days=1)))),
        ("facts of a source that nobody knows", "report.", lambda: mine.sealed(facts=of_facts(collector=by_hand))),
        ("facts of a source that is not asked", "report.source_not_allowed",
         lambda: mine.sealed(facts=of_facts(collector={**by_hand, "source": "osquery"}))),
        ("before the login, as from inside a tunnel", "report.other_address", lambda: mine.sealed(ip="10.202.0.7")),
        ("over a TLS that is no fingerprint", "report.malformed", lambda: mine.sealed(srv="any")),
        ("for a reason that there is not", "report.malformed", lambda: mine.sealed(reason="because")),
        ("under a header that is longer", "report.malformed", lambda: under_header(mine.sealed(), mine.header(), blanks=300)),
        ("under a header with a word more", "report.malformed", lambda: under_header(mine.sealed(), mine.header(jku="https://hama.test"))),
        ("under a header that wants no signature", "report.malformed", lambda: under_header(mine.sealed(), mine.header(alg="none")))]
    for what, code, sealed in wrong:
        refused_with(world, what, code, mine.report(sealed()))
    good = mine.sealed()
    head, payload, signature = good.split(".")
    changed = signature[:-2] + ("AA" if signature[-2:] != "AA" else "BA")
    refused_with(world, "with another signature", "report.bad_signature", mine.report(f"{head}.{payload}.{changed}"))
    admitted_with(world, "as it should be", mine.report(mine.sealed()))
    again = mine.sealed()
    assert mine.report(again)[0] == 200
    refused_with(world, "said twice", "report.replayed", mine.report(again))
