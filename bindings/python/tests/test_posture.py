"""Posture from Python: facts in, verdicts out through the product's own checks."""
import json
import pathlib
from datetime import timedelta

import pytest

import sekisho
from sekisho import SAMPLE_NOW, plugins, posture
from sekisho.login import CheckPolicy, PathPolicy

NOW = SAMPLE_NOW
FACTS = pathlib.Path(__file__).parents[3] / "core" / "admission" / "testing" / "facts"
SERVER = "a" * 64
SESSION = posture.SessionRef("S20261122-1-000042", "10.202.0.5", "pc-mori", "internet")


def facts(name="compliant", **changes):
    document = json.loads((FACTS / f"{name}.json").read_text(encoding="utf-8"))
    document["collected_at"] = NOW.isoformat().replace("+00:00", "Z")
    document.update(changes)
    return document


@pytest.fixture
def key():
    return posture.DeviceKey.generate()


@pytest.fixture
def registry(key):
    return posture.with_key(sekisho.sample_registry(), "pc-mori", key)


@pytest.fixture
def policy():
    return PathPolicy(path="internet", zones=["internet_business"], checks=[CheckPolicy("windows_version")])


@pytest.fixture
def desk():
    return posture.PostureDesk(options=posture.PostureOptions(gate_id="gate.seki.test", server_fingerprints=[SERVER]),
                               checks=[plugins.load("windows_version")])


def report(desk, key, document, seq=1, session=SESSION, now=NOW):
    payload = posture.report_for(desk.challenge(session=session, now=now), document, server_fingerprint=SERVER,
                                 seq=seq, now=now, address=session.address)
    return posture.seal_report(payload, key)


def test_a_good_report_passes(desk, key, registry, policy):
    verdict = desk.report(report(desk, key, facts()), registry=registry, policy=policy, session=SESSION, now=NOW)
    assert verdict.counted and verdict.passed, verdict.answer
    assert verdict.terminal == "pc-mori" and verdict.results[0].rule == "R06"
    assert desk.stored["pc-mori"].last_seq == 1


def test_an_old_windows_is_refused_with_rule_and_remedy(desk, key, registry, policy):
    old = facts()
    old["os"] = {**old["os"], "build": 19045, "display_version": "22H2"}
    verdict = desk.report(report(desk, key, old), registry=registry, policy=policy, session=SESSION, now=NOW)
    assert verdict.counted and not verdict.passed
    assert verdict.refusal.rule == "R06" and verdict.refusal.remedy.ja
    assert json.loads(verdict.answer)["decision"] != "admit"


def test_a_report_counts_once(desk, key, registry, policy):
    jws = report(desk, key, facts())
    first = desk.report(jws, registry=registry, policy=policy, session=SESSION, now=NOW)
    second = desk.report(jws, registry=registry, policy=policy, session=SESSION, now=NOW)
    assert first.counted and not second.counted and second.refusal.code.startswith("report.")


def test_another_key_is_not_the_terminal(desk, registry, policy):
    stranger = posture.DeviceKey.generate()
    verdict = desk.report(report(desk, stranger, facts()), registry=registry, policy=policy, session=SESSION, now=NOW)
    assert not verdict.counted and verdict.http_status >= 400


def test_a_key_is_enrolled_with_its_token(desk, key):
    import hashlib
    token = "one-time-token-of-the-terminal"
    opened = sekisho.sample_registry().open_enrolment(
        "pc-mori", token_sha256_hex=hashlib.sha256(token.encode()).hexdigest(), until=NOW + timedelta(hours=1), now=NOW)
    verdict = desk.enrol({"token": token, "jwk": key.jwk}, registry=opened, now=NOW)
    assert verdict.http_status == 200, verdict.answer
    assert verdict.terminal["key_thumbprint"] == key.thumbprint
    wrong = desk.enrol({"token": "another", "jwk": key.jwk}, registry=opened, now=NOW)
    assert wrong.http_status >= 400 and wrong.terminal is None


def test_the_watch_admits_and_closes(desk, key, registry, policy):
    watch = posture.PostureWatch(policy, granted_at=NOW)
    assert not watch.admitted and watch.on_time(now=NOW).action == "none"
    good = desk.report(report(desk, key, facts()), registry=registry, policy=policy, session=SESSION, now=NOW)
    assert watch.on_report(good, now=NOW).action == "admit" and watch.admitted
    silent = NOW + timedelta(seconds=121)
    step = watch.on_time(now=silent)
    assert step.action == "quarantine" and step.refusal.rule
    assert watch.on_time(now=NOW + timedelta(seconds=301)).action == "close"


def test_facts_have_a_strict_form():
    posture.check_facts(facts())
    with pytest.raises(sekisho.AdmissionError) as raised:
        posture.check_facts({"schema": "sekisho.device-facts/2.0"})
    assert raised.value.code in ("report.other_schema", "report.malformed")
    assert posture.facts_of_hostcheck("hostcheck=0100,10.0.26100&check_virtual_desktop=3c:7c:3f:1a:2b:01",
                                      now=NOW)["os"]


def test_keys_survive_their_pem(key):
    again = posture.DeviceKey.from_pem(key.to_pem())
    assert again.thumbprint == key.thumbprint and len(again.sign(b"x")) == 64
    assert set(key.jwk) == {"kty", "crv", "x", "y"}
    with pytest.raises(sekisho.AdmissionError):
        posture.DeviceKey.from_pem("nonsense")
