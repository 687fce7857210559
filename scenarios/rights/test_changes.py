"""R04, R16, R17, R18: what staff edit, and days that come, while he is inside; and what the work is for."""
from __future__ import annotations

import datetime
from typing import Any

import pytest

from sekisho_testbed.people import Login
from sekisho_testbed.world import World

Registry = dict[str, Any]
END_S = 2  # an edit reaches every plane within (design.md)
LIST_S = 31  # the gate reads the CA's list again every 30 s
NEXT_CODE_S = 120  # a person gets one code a minute


def row(registry: Registry, kind: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in registry[kind] if r["id"] == key)
    return found


def edit(world: World, kind: str, key: str, **fields: Any) -> None:
    """Staff import the registry with one object changed."""
    registry = world.export()
    row(registry, kind, key).update(fields)
    world.replace(registry)


def out_within_the_limit(world: World, vpn: Login, who: str, code: str) -> None:
    world.wait_no_session(who, within=END_S)
    world.must_not_reach_desktop(who)
    assert vpn.ended(10) and vpn.was_told
    assert world.entry(event="session.ended", person=who)["code"] == code


def refused_at_the_door(world: World, who: str, code: str, rule: str) -> None:
    world.advance(NEXT_CODE_S)
    with world.refusal(f"{who} gets in with all factors", code, rule):
        login, right_code = world.as_far_as_the_code(who)
        login.type(right_code).refused()


@pytest.mark.rule("R17", must="pass")
@pytest.mark.rule("R17", must="fail")
def test_an_edited_application_gives_nothing_until_it_is_accepted_again(world: World) -> None:
    """What was approved is what was written (T-38): another summary of the work, and the decision is void, inside and at the door."""
    vpn = world.pass_gate("mori")
    with world.limit(END_S, "the session ends with the edit"):
        edit(world, "applications", "a-mori", summary="臨時の作業")
        out_within_the_limit(world, vpn, "mori", "application.not_accepted")
    refused_at_the_door(world, "mori", "application.not_accepted", "R17")
    world.accept("a-mori")
    world.advance(NEXT_CODE_S)
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R17", must="fail")
def test_who_is_taken_out_of_an_application_is_out(world: World) -> None:
    """Tani joins Mori's application in his place; accepted as it is now, it lets Mori in no more."""
    vpn = world.pass_gate("mori")
    registry = world.export()
    other = dict(row(registry, "people", "mori"), id="mura", login="mura", mail="mura@mori-kogyo.test")
    registry["people"].append(other)
    row(registry, "applications", "a-mori").update(people=["mura"])
    with world.limit(END_S, "the session ends with the edit"):
        world.replace(registry)
        world.wait_no_session("mori", within=END_S)
    assert vpn.ended(10) and vpn.was_told
    world.accept("a-mori")
    refused_at_the_door(world, "mori", "application.person_missing", "R17")


@pytest.mark.rule("R16", must="fail")
def test_the_contracts_last_moment_ends_the_session_by_itself(world: World) -> None:
    """Nobody ends anything: the moment comes."""
    registry, last = world.export(), world.at(seconds=90)
    for kind, key in (("contracts", "c-web-2026"), ("applications", "a-mori")):
        row(registry, kind, key)["period"]["until"] = last
    world.replace(registry)
    world.accepted("a-mori")
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    world.advance(95)
    out_within_the_limit(world, vpn, "mori", "session.right_ended")
    refused_at_the_door(world, "mori", "contract.not_in_force", "R16")


@pytest.mark.rule("R17", must="fail")
def test_the_persons_last_moment_ends_the_session_by_itself(world: World) -> None:
    """His registration lasts as long as his company says; the contract goes on without him."""
    valid = dict(row(world.export(), "people", "mori")["valid"], until=world.at(seconds=90))
    edit(world, "people", "mori", valid=valid)
    vpn = world.pass_gate("mori")
    world.advance(95)
    out_within_the_limit(world, vpn, "mori", "session.right_ended")
    refused_at_the_door(world, "mori", "person.expired", "R17")


@pytest.mark.rule("R17", must="fail")
def test_before_his_first_day_nobody_passes(world: World) -> None:
    """Registered today for tomorrow: refused today, let in tomorrow."""
    valid = dict(row(world.export(), "people", "mori")["valid"])
    valid["from"] = world.at(hours=20)
    edit(world, "people", "mori", valid=valid)
    with world.refusal("mori gets in the day before", "person.not_yet_valid", "R17"):
        login, code = world.as_far_as_the_code("mori")
        login.type(code).refused()
    world.advance(21 * 3600)
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R18", must="pass")
@pytest.mark.rule("R18", must="fail")
def test_building_up_is_done_on_site_unless_staff_make_an_exception(world: World) -> None:
    """The same application for maintenance passes; for build-up, accepted, it does not; accepted with the exception, it does."""
    world.pass_gate("mori").hang_up()
    world.wait_no_session("mori")
    edit(world, "applications", "a-mori", purpose="build_up")
    world.accept("a-mori")
    refused_at_the_door(world, "mori", "purpose.build_up", "R18")
    edit(world, "applications", "a-mori", summary="導入試験（現地で行えない）")  # an edit, so that it may be decided anew
    world.accept("a-mori", build_up_exception=True)
    world.advance(NEXT_CODE_S)
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R04", must="fail")
def test_a_certificate_that_is_revoked_ends_its_session_at_once(world: World) -> None:
    """His PC was stolen while he was inside."""
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    with world.limit(END_S, "the session ends with the revocation"):
        world.revoke_certificate("mori")
        out_within_the_limit(world, vpn, "mori", "certificate.revoked")


@pytest.mark.needs("clock", "real_tls")
@pytest.mark.rule("R04", must="pass")
@pytest.mark.rule("R04", must="fail")
def test_who_is_on_the_cas_next_list_is_out_before_staff_have_heard_of_it(world: World) -> None:
    """The registry still knows the certificate as good. The list of somebody else's ends nothing."""
    vpn, day = world.pass_gate("mori"), datetime.timedelta(days=1)
    world.must_reach_desktop("mori")
    world.publish_revoked(world.certificate_of("tani"), life=day)
    world.advance(LIST_S)
    world.must_reach_desktop("mori")
    world.publish_revoked(world.certificate_of("tani"), world.certificate_of("mori"), life=day)
    world.advance(LIST_S)
    with world.limit(END_S, "the session ends with the list"):
        out_within_the_limit(world, vpn, "mori", "certificate.revoked")


@pytest.mark.rule("R17", must="fail")
def test_a_registry_that_names_what_is_not_there_changes_nothing(world: World) -> None:
    """Each fault of the document is told with its place; whoever is inside stays, since nothing was taken."""
    vpn = world.pass_gate("mori")
    good = world.export()
    bad = world.export()
    row(bad, "applications", "a-mori").update(people=["mori", "nobody"])
    row(bad, "applications", "a-tani").update(systems=["nowhere"])
    row(bad, "contracts", "c-web-2026")["period"]["until"] = row(bad, "contracts", "c-web-2026")["period"]["from"]
    told = world.refused_import(bad)
    codes = {code for _, code in told}
    assert {"reference.unknown", "period.empty"} <= codes, told
    assert sum(code == "reference.unknown" for _, code in told) == 2, told
    assert row(world.export(), "applications", "a-mori")["people"] == row(good, "applications", "a-mori")["people"]
    assert vpn.inside and world.session_of("mori")
    vpn.hang_up()


@pytest.mark.rule("R16", must="pass")
def test_the_end_of_one_contract_leaves_the_others_people_inside(world: World) -> None:
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    world.end("contract", "c-web-2026")
    world.wait_no_session("mori", within=END_S)
    assert mori.ended(10)
    world.must_reach_desktop("tani")
    assert tani.inside
    tani.hang_up()


@pytest.mark.rule("R04", must="pass")
@pytest.mark.rule("R04", must="fail")
def test_who_comes_in_anew_leaves_his_earlier_session_behind(world: World) -> None:
    """One person, one session: the new one stands, the earlier tunnel is closed and told so."""
    first = world.pass_gate("mori")
    number = world.session_of("mori")["number"]
    world.advance(NEXT_CODE_S / 2 + 1)
    second = world.pass_gate("mori")
    assert first.ended(10)
    assert world.session_of("mori")["number"] != number
    assert world.entry(event="session.ended", session=number)["person"] == "mori"
    world.must_reach_desktop("mori")
    assert second.inside
    second.hang_up()
