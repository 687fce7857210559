"""R19: the stop of one thing, whatever it is: what hangs on it is over within two seconds, everything else goes on."""
from __future__ import annotations

import pytest

from sekisho_testbed.world import World

END_S = 2
NEXT_CODE_S = 120  # a person gets one code a minute


def stopped_alone(world: World, kind: str, key: str) -> None:
    """Mori and Tani are inside; the stop takes Mori out and keeps him out, Tani stays; after the release Mori passes."""
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    with world.limit(END_S, f"the session ends with the stop of the {kind}"):
        world.stop(kind, key)
        world.wait_no_session("mori", within=END_S)
    assert mori.ended(10) and mori.was_told
    assert world.entry(event="session.ended", person="mori")["code"] == f"stop.{kind}"
    assert tani.inside and world.session_of("tani")
    tani.hang_up()
    world.wait_no_session("tani")
    world.advance(NEXT_CODE_S)
    with world.refusal("mori gets in while it is stopped", f"stop.{kind}", "R19"):
        login, code = world.as_far_as_the_code("mori")
        login.type(code).refused()
    world.release(kind, key)
    world.advance(NEXT_CODE_S)
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R19", must="pass")
@pytest.mark.rule("R19", must="fail")
def test_a_stopped_person_is_out_and_stays_out(world: World) -> None:
    stopped_alone(world, "person", "mori")


@pytest.mark.rule("R19", must="pass")
@pytest.mark.rule("R19", must="fail")
def test_a_stopped_terminal_is_out_and_stays_out(world: World) -> None:
    stopped_alone(world, "terminal", "pc-mori")


@pytest.mark.rule("R19", must="pass")
@pytest.mark.rule("R19", must="fail")
def test_a_stopped_desktop_is_nobodys_way_in(world: World) -> None:
    stopped_alone(world, "desktop", "vdi-01")


@pytest.mark.rule("R19", must="fail")
def test_a_stopped_path_lets_nobody_stay_or_come(world: World) -> None:
    """Both are out; the login is refused before anything is asked; after the release he passes."""
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    with world.limit(END_S, "all sessions of the path are over"):
        world.stop("path", "internet")
        world.wait(lambda: world.sessions() == [], END_S, "no session is left")
    assert mori.ended(10) and tani.ended(10)
    with world.refusal("mori gets in over a stopped path", "stop.path", "R19"):
        world.pc("mori").login().refused()
    world.release("path", "internet")
    world.advance(NEXT_CODE_S)
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R19", must="fail")
def test_a_stop_outlives_the_gates_restart(world: World) -> None:
    """Stopped, started anew, still stopped: who pulled it need not be there again."""
    world.stop("contractor", "mori-kogyo")
    world.restart()
    with world.refusal("mori gets in after the restart", "stop.contractor", "R19"):
        login, code = world.as_far_as_the_code("mori")
        login.type(code).refused()
    world.release("contractor", "mori-kogyo")
    world.advance(NEXT_CODE_S)
    world.pass_gate("mori").hang_up()
