"""R04, R10, R16, R17, R19: what ends a session by itself, and who has no right to begin one."""
from __future__ import annotations

import pytest

from sekisho_testbed.people import Login
from sekisho_testbed.world import World

END_S = 5
NEXT_CODE_S = 120  # a person gets one code a minute


def ended_with(world: World, code: str, rule: str, vpn: Login | None = None) -> None:
    world.wait_no_session("mori", within=END_S)
    ended = world.entry(event="session.ended", person="mori")
    assert (ended["code"], ended["rule"]) == (code, rule), ended
    assert vpn is None or (vpn.ended(10) and vpn.was_told)
    world.story.add("must_not", f"the session goes on: {rule} {code}")


def refused_at_the_door(world: World, code: str, rule: str) -> None:
    with world.refusal("mori gets in with all factors", code, rule):
        login, right_code = world.as_far_as_the_code("mori")
        login.type(right_code).refused()


@pytest.mark.rule("R10", must="fail")
def test_a_terminal_that_falls_silent_is_shut_out_and_then_closed(world: World) -> None:
    """Two minutes without a word of its agent: the posture page alone; five: the end."""
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    world.advance(125)
    world.wait_state("mori", "quarantine", within=END_S)
    world.must_not_reach_desktop("mori")
    world.advance(185)
    ended_with(world, "posture.silent", "R10", vpn)


@pytest.mark.rule("R10", must="fail")
def test_a_terminal_that_never_reports_is_not_kept(world: World) -> None:
    vpn = world.pass_gate("mori", report_first=False)
    world.advance(125)
    ended_with(world, "posture.no_report", "R10", vpn)


@pytest.mark.gate(path={"idle_limit_s": 40})
@pytest.mark.rule("R04", must="fail")
def test_a_tunnel_without_traffic_is_closed(world: World) -> None:
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    world.advance(45)
    ended_with(world, "session.idle", "R04", vpn)


@pytest.mark.gate(path={"absolute_limit_s": 60, "idle_limit_s": 60})
@pytest.mark.rule("R04", must="fail")
def test_no_session_lasts_longer_than_the_path_allows(world: World) -> None:
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    world.advance(65)
    ended_with(world, "session.absolute_limit", "R04", vpn)


@pytest.mark.rule("R04", must="fail")
def test_who_does_not_come_back_within_the_grace_comes_in_anew(world: World) -> None:
    """The line is cut; two minutes later the session is over, and his cookie with it."""
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    vpn.cut()
    world.wait(lambda: not any(s["tunnel_up"] for s in world.sessions()), 15, "the tunnel is down")
    world.advance(125)
    ended_with(world, "session.reconnect_expired", "R04")


@pytest.mark.rule("R19", must="fail")
def test_whom_staff_put_out_is_out_and_told_so(world: World) -> None:
    """One session ends by its number; he may come again, for nothing was stopped."""
    vpn = world.pass_gate("mori")
    world.end_session(str(world.session_of("mori")["number"]))
    ended_with(world, "session.ended_by_staff", "R19", vpn)
    world.must_not_reach_desktop("mori")
    world.advance(NEXT_CODE_S)
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R17", must="fail")
def test_without_any_application_of_his_contract_nobody_passes(world: World) -> None:
    registry = world.export()
    registry["applications"] = [row for row in registry["applications"] if row["id"] != "a-mori"]
    world.replace(registry)
    refused_at_the_door(world, "application.none", "R17")


@pytest.mark.rule("R16", must="fail")
def test_without_any_contract_of_his_company_nobody_passes(world: World) -> None:
    """Everything else of his stays as it was."""
    registry = world.export()
    registry["applications"] = [row for row in registry["applications"] if row["id"] != "a-mori"]
    registry["contracts"] = [row for row in registry["contracts"] if row["id"] != "c-web-2026"]
    world.replace(registry)
    refused_at_the_door(world, "contract.none", "R16")


@pytest.mark.rule("R04", must="fail")
def test_who_tries_passwords_is_locked_out_even_with_the_right_one(world: World) -> None:
    """Ten wrong ones, each as late as the gate wants it; then his own is of no use either for a while."""
    def refused() -> list[str]:
        return [str(entry["code"]) for entry in world.journal() if entry["result"] == "refused"]

    mori = world.pc("mori")
    for _ in range(12):
        before = len(refused())
        wrong = mori.login("not his password")
        world.wait(lambda before=before: len(refused()) > before, 15, "the wrong password is refused")
        wrong.cut()
        if "password.locked" in refused():
            break
        world.advance(100)
    world.refused("password.locked", rule="R04")
    login = mori.login()
    world.refused("password.locked", rule="R04", count=2)
    login.cut()
    world.nobody_is_inside()
