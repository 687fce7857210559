"""The registry from Python: load, judge, change, refuse."""
import json
from datetime import datetime, timedelta, timezone

import pytest

import sekisho
from sekisho import registry as reg

NOW = reg.SAMPLE_NOW
ZONES = ["internet_business", "internet_dmz"]


@pytest.fixture
def cast():
    return reg.sample_registry()


def rights(registry, person="mori", terminal="pc-mori", now=NOW, **more):
    return registry.rights_of(person, terminal, path="internet", path_zones=ZONES, now=now, **more)


def test_a_document_comes_back_as_it_was_written(cast):
    document = cast.export(secrets=True)
    again = reg.load_registry(document)
    assert again.export(secrets=True) == document
    assert "mori" in again.keys("person") and again.keys("people") == again.keys("person")


def test_a_document_is_read_from_a_file(cast, tmp_path):
    (tmp_path / "registry.json").write_text(json.dumps(cast.export()), encoding="utf-8")
    assert reg.load_registry(tmp_path / "registry.json").get("person", "mori")["login"] == "mori"


def test_secrets_stay_inside_unless_asked_for(cast):
    assert "password_hash" not in cast.get("person", "mori")


def test_every_finding_comes_at_once_with_its_pointer():
    document = {"schema": "sekisho.registry/1", "contractors": [{"id": "A!", "name": ""}], "surprise": []}
    findings = reg.registry_findings(document)
    assert len(findings) >= 3
    assert all(f.pointer.startswith("/") and f.text.ja and f.text.en for f in findings)
    with pytest.raises(sekisho.RegistryError) as raised:
        reg.load_registry(document)
    assert raised.value.code == "registry.invalid"
    assert [f["pointer"] for f in json.loads(raised.value.detail)] == [f.pointer for f in findings]


def test_rights_come_from_the_accepted_application(cast):
    answer = rights(cast)
    assert answer.refusal is None
    assert answer.rights.person == "mori" and answer.rights.zone in ZONES and answer.rights.until > NOW


def test_a_refusal_has_rule_code_and_both_languages(cast):
    refusal = rights(cast, person="mori", terminal="pc-tani").refusal
    assert refusal.rule == "R17" or refusal.rule == "R03"
    assert refusal.code.startswith(("terminal.", "application."))
    for text in (refusal.what, refusal.why, refusal.remedy):
        assert text.ja and text.en and text.ja != text.en


def test_rights_end_with_their_person(cast):
    later = cast.end("person", "mori", NOW)
    assert rights(later).refusal.code == "person.ended"
    assert rights(cast).refusal is None, "the old snapshot stays as it was"


def test_a_zone_of_the_other_path_is_refused(cast):
    answer = cast.rights_of("mori", "pc-mori", path="internet", path_zones=["internet_dmz"], now=NOW)
    assert answer.refusal.rule == "R01" and answer.refusal.code == "zone.other_path"


def test_an_application_goes_from_submitted_to_accepted(cast):
    application = dict(cast.get("application", cast.keys("application")[0]))
    for decided in ("state", "decided_by", "decision_note", "decided_at"):
        application.pop(decided, None)
    application["id"] = "a-new"
    submitted, key = cast.submit_application(application)
    assert key == "a-new" and submitted.get("application", key)["state"] == "submitted"
    accepted = submitted.accept_application(key, by="yama", note="ok", now=NOW)
    assert accepted.get("application", key)["state"] == "accepted"
    with pytest.raises(sekisho.RegistryError, match="application.not_approver"):
        submitted.accept_application(key, by="kato", now=NOW)


def test_logins_have_one_spelling():
    assert reg.canonical_login("  ＭＯＲＩ ") == "mori"
    assert reg.canonical_login("mоri") is None, "a Cyrillic letter"


def test_times_without_a_zone_say_nothing(cast):
    with pytest.raises(ValueError):
        rights(cast, now=datetime(2026, 11, 22))
    tokyo = timezone(timedelta(hours=9))
    assert rights(cast, now=NOW.astimezone(tokyo)).rights.until == rights(cast).rights.until


def test_a_word_that_does_not_exist_is_named(cast):
    with pytest.raises(ValueError, match="internet_dmz"):
        cast.rights_of("mori", "pc-mori", path="internet", path_zones=["intranet"], now=NOW)


def test_days_of_a_period_are_japans():
    assert reg.parse_moment("2026-04-01", day="begin") == datetime(2026, 3, 31, 15, tzinfo=timezone.utc)
    assert reg.format_moment(datetime(2026, 4, 1, 15, tzinfo=timezone.utc), day="end") == "2026-04-01"
