"""R-01 to R-04: short forms of `./dev soak kill flood faults hang`, and a mail server that hangs."""
from __future__ import annotations

import os
import pathlib
import time

import pytest

from sekisho_testbed import netlab
from sekisho_testbed.attack import Thief, code_round, cookie_of, handle_of, password_round
from sekisho_testbed.ordeal import faults, flood, hang, kill
from sekisho_testbed.gate_programs import unbuilt
from sekisho_testbed.halted import halted
from sekisho_testbed.namespaces import NamespacesWorld

pytestmark = pytest.mark.needs("processes")
YARD = pytest.mark.needs("yard")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUSY_RATIO, UNFELT_MS = 4.0, 25.0  # of the delay; 2 and 0 there, with the attackers on the same two cores here
BUSY_BACK_S = 10.0  # 3 s on a machine that has nothing else to do: that is the long form's limit


@pytest.fixture
def build(request: pytest.FixtureRequest) -> pathlib.Path:
    if reason := netlab.probe():
        pytest.skip(f"the namespaces lab cannot run here: {reason}")
    folder = (ROOT / request.config.getoption("--build")).resolve()
    if missing := unbuilt(folder):
        pytest.skip(f"not built yet: {', '.join(missing)}")
    return folder


@YARD
def test_each_process_is_killed_and_nobody_inside_has_to_log_in_again(build: pathlib.Path) -> None:
    print(kill.with_load_clients(build, 5, 1, BUSY_BACK_S, order=list(kill.CHILDREN)))


@YARD
def test_a_stock_client_survives_the_death_of_gatekeeper_and_front(build: pathlib.Path) -> None:
    print(kill.with_openconnect(build, 2, 1, BUSY_BACK_S))


@YARD
def test_a_flood_touches_nobody_inside(build: pathlib.Path) -> None:
    print(flood.run(build, 8, delay_ratio=BUSY_RATIO, unfelt_ms=UNFELT_MS))


@YARD
def test_failing_system_calls_crash_nothing_and_grant_nothing(build: pathlib.Path) -> None:
    print(faults.run(build, len(faults.PLACES), 1))


@YARD
def test_a_hanging_password_check_or_database_delays_nobody_inside(build: pathlib.Path) -> None:
    print(hang.run(build, 3))


def test_a_hanging_mail_server_keeps_no_newcomer_waiting(world: NamespacesWorld) -> None:
    """The server takes the connection and says nothing: the question still comes at once, and a code when it wakes."""
    seconds = float(os.environ.get("SEKISHO_MAIL_HANG_S", "2"))
    thief, post = Thief(world), world.house.post
    tani = world.pass_gate("tani")
    with halted(post.program.pid):
        begun = time.monotonic()
        heard = thief.say(password_round("mori", thief.password))
        assert handle_of(heard.heard) and time.monotonic() - begun < 3, heard
        while True:
            asked = time.monotonic()
            assert (world.pc("tani").reaches(*world.entrance) or b"").startswith(b"RFB"), "who is inside works on"
            assert time.monotonic() - asked < 2
            if time.monotonic() - begun > seconds:
                break
        assert thief.mailbox.nothing_new()
    if seconds > 8:  # that mail was given up, or comes late; the next question's comes as usual
        world.advance(61)
        heard = thief.say(password_round("mori", thief.password))
    answer = thief.say(code_round("mori", handle_of(heard.heard), thief.mailbox.next_code(15)))
    if not cookie_of(answer.heard):  # it was the late one
        answer = thief.say(code_round("mori", handle_of(answer.heard), thief.mailbox.next_code(15)))
    assert cookie_of(answer.heard), answer
    tani.hang_up()
