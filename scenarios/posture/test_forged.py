"""R03, R10: what is no report, or somebody else's, or yesterday's, counts as none, and enrols nobody."""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sekisho_testbed import cast
from sekisho_testbed.simulated_pc import request
from sekisho_testbed.talks import Talk
from sekisho_testbed.world import World

JOSE, JSON = "application/jose", "application/json"


def posture_page(world: World, method: str, path: str, body: str = "", kind: str = "") -> tuple[int, str]:
    """One request from Mori's PC, before any login."""
    fields = [("Content-Type", kind)] if kind else []
    heard = world.talk("mori-pc", [Talk("agent", [request(method, f"/posture/v1/{path}", fields, body.encode())], answers=1)],
                       port=cast.POSTURE_PORT)["agent"]
    return heard.status, heard.heard.partition(b"\r\n\r\n")[2].decode(errors="replace")


def refused_with(world: World, what: str, code: str, answer: tuple[int, str]) -> None:
    status, text = answer
    assert 400 <= status < 500 and code in text, f"{what}: wanted {code}, got {status} {text}"
    world.story.add("must_not", f"pass: {what}: {code}")


class OwnAgent:
    """An enrolled key of this story's own for Mori's terminal, and reports that are right but for one thing."""

    def __init__(self, world: World) -> None:
        self.world, self.sekisho, self.seq = world, world.sekisho(), 0
        self.key = self.sekisho.posture.DeviceKey.generate()
        token = world.enrolment_token("mori")
        status, text = posture_page(world, "POST", "enrol", json.dumps({"token": token, "jwk": self.key.jwk}), JSON)
        assert status == 200, text
        self.token = token

    def sealed(self, **other: Any) -> str:
        status, text = posture_page(self.world, "GET", "challenge")
        assert status == 200, text
        challenge = json.loads(text)
        self.seq += 1
        members = {"aud": challenge["gateway"], "sid": challenge["sid"], "nonce": challenge["nonce"], "ip": None,
                   "srv": self.world.gate_fingerprint, "iat": int(self.world.moment(challenge["server_time"]).timestamp()),
                   "seq": self.seq, "reason": "connect", "facts": self.world.good_facts("mori")}
        return str(self.sekisho.posture.seal_report(self.sekisho.posture.ReportPayload(**{**members, **other}), self.key))

    def report(self, sealed: str) -> tuple[int, str]:
        return posture_page(self.world, "POST", "report", sealed, JOSE)


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
        ("facts of a source that nobody knows", "report.", lambda: mine.sealed(facts=of_facts(collector=by_hand)))]
    for what, code, sealed in wrong:
        refused_with(world, what, code, mine.report(sealed()))
    good = mine.sealed()
    head, payload, signature = good.split(".")
    changed = signature[:-2] + ("AA" if signature[-2:] != "AA" else "BA")
    refused_with(world, "with another signature", "report.bad_signature", mine.report(f"{head}.{payload}.{changed}"))
    status, text = mine.report(mine.sealed())
    assert status == 200 and json.loads(text)["decision"] == "admit", text
    again = mine.sealed()
    assert mine.report(again)[0] == 200
    refused_with(world, "said twice", "report.replayed", mine.report(again))
