"""R01, R03, R21 at the entrance of the closed path: who, with which terminal, over which circuit, on which day."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.world import World

from entrance_tries import MIXED, OWN, STRANGE, Entering  # beside this file
from joins import Registry, row

pytestmark = pytest.mark.gate(closed=True)


@pytest.mark.rule("R01", must="pass")
@pytest.mark.rule("R03", must="pass")
def test_sato_passes_from_his_lent_terminal_over_his_circuit(world: World) -> None:
    """Certificate, password, a terminal that passes its inspection, on its own circuit: his desktop in the My Number zone."""
    page = world.closed.pass_gate("sato")
    session = world.session_of("sato")
    assert session["zone"] == "my_number" and session["path"] == "closed", session
    assert session["contract"] == "c-num-2026" and session["desktop"] == "vdi-11", session
    assert session["address"] == cast_closed.pc_address("sato"), session
    world.closed.must_reach_desktop("sato")
    opened = world.entry(event="desktop.opened", person="sato")
    assert opened["detail"]["desktop"] == "vdi-11"
    page.press("button.second").shows("ログアウトしました")
    world.wait_no_session("sato")
    world.closed.must_not_reach_desktop("sato")


@pytest.mark.rule("R01", must="pass")
@pytest.mark.rule("R01", must="fail")
def test_both_entrances_serve_their_own_at_the_same_time(world: World) -> None:
    """Mori over the Internet, Sato and Kita each over his circuit; nobody has a session of another's zone."""
    vpn = world.pass_gate("mori")
    for who in ("sato", "kita"):
        world.closed.pass_gate(who)
    zones = {s["person"]: (s["path"], s["zone"], s["desktop"]) for s in world.sessions()}
    assert zones == {"mori": ("internet", "internet_business", "vdi-01"), "sato": ("closed", "my_number", "vdi-11"),
                     "kita": ("closed", "my_number", "vdi-12")}, zones
    world.must_reach_desktop("mori")
    world.closed.must_reach_desktop("sato")
    world.closed.must_reach_desktop("kita")
    vpn.hang_up()


Edit = Callable[[World, Registry], object]


def loan(**values: Any) -> Edit:
    """`values`: days from today, or what is put there."""
    return lambda w, r: row(r, "terminals", "pc-sato").update(
        {name: w.at(days=value) if isinstance(value, (int, float)) else value for name, value in values.items()})


def circuit(**values: Any) -> Edit:
    return lambda w, r: row(r, "circuits", "line-sato").update(
        {name: w.at(days=value) if isinstance(value, (int, float)) else value for name, value in values.items()})


def undo_handing_over(world: World, registry: Registry) -> None:
    for name in ("handed_over_at", "due_at"):
        row(registry, "terminals", "pc-sato").pop(name)


def other_terminal(world: World, registry: Registry) -> None:
    """The terminal before him is registered for another circuit of his company."""
    other = dict(row(registry, "circuits", "line-sato"), id="line-sato2", prefixes=["10.95.9.0/24"], device_name="line-sato2.closed.test",
                 device_certificate=row(registry, "circuits", "line-kita")["device_certificate"])
    row(registry, "circuits", "line-kita").update(device_name="", device_certificate="")
    registry["circuits"].append(other)
    row(registry, "terminals", "pc-sato").update(circuit="line-sato2")


#: what is wrong, rule, code, the registry's edit. Everything else is right, and the line is up where it can be.
WRONG: list[tuple[str, str, str, Edit]] = [
    ("the terminal is not handed over yet", "R03", "terminal.not_handed_over", undo_handing_over),
    ("it will be handed over tomorrow", "R03", "terminal.not_handed_over", loan(handed_over_at=1)),
    ("it was returned", "R03", "terminal.returned", loan(returned_at=-1)),
    ("it was returned and wiped", "R03", "terminal.returned", loan(returned_at=-2, wiped_at=-1)),
    ("its loan is over", "R03", "terminal.overdue", loan(due_at=-1)),
    ("it ended", "R03", "terminal.ended", loan(ended_at=-1)),
    ("it is registered for another circuit", "R03", "circuit.other_terminal", other_terminal),
]


@pytest.mark.rule("R03", must="fail")
def test_with_all_factors_right_a_wrong_terminal_does_not_pass(world: World) -> None:
    """One thing is wrong at a time; at the end nothing is, and he passes."""
    good = world.export()
    world.closed.ready("sato")
    enrolled = world.export()  # with the terminal's key
    for what, rule, code, spoil in WRONG:
        with world.step(what):
            spoilt = world.export()
            for kind in ("terminals", "circuits", "applications"):
                spoilt[kind] = [dict(each) for each in enrolled[kind]]
            spoil(world, spoilt)
            world.replace(spoilt)
            world.closed.must_be_refused(what, "sato", code, rule)
            world.advance(61)  # a person's tries are limited
    assert good["circuits"] == enrolled["circuits"]
    world.replace(enrolled)
    world.closed.pass_gate("sato")


def none_passes(world: World, tries: list[Entering]) -> None:
    """Each is refused with its own code and nobody is inside; the right ones pass afterwards. Each comes from an address of the site
    that nobody has tried from: a front hears less and less of a source whose tries fail without a good certificate (T-30)."""
    closed = world.closed
    for who in ("sato", "kita"):
        closed.ready(who)
    for n, each in enumerate(tries):
        with world.step(each.what):
            how = each.how(world)
            address = cast_closed.pc_address(how.get("at", each.who)).rsplit(".", 1)[0] + f".{100 + n}"
            closed.must_be_refused(each.what, each.who, each.code, each.rule, address=address, **how)
            world.nobody_is_inside()
            world.advance(61)
    for who in ("sato", "kita"):
        closed.pass_gate(who)


@pytest.mark.rule("R03", must="fail")
def test_a_lent_terminal_works_on_its_own_circuit_alone(world: World) -> None:
    none_passes(world, MIXED)


@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R01", must="fail")
def test_an_own_terminal_opens_nothing_on_the_closed_path(world: World) -> None:
    none_passes(world, OWN)


@pytest.mark.rule("R03", must="fail")
def test_without_his_own_certificate_and_password_nobody_passes(world: World) -> None:
    """Sato five times, Kita four times: each is refused for what was wrong with it."""
    none_passes(world, STRANGE)


@pytest.mark.rule("R03", must="fail")
def test_a_lent_terminal_that_becomes_the_contractors_own_is_out(world: World) -> None:
    """The prefecture gives it away while Sato is inside; nothing else about it changes. His session is over at once."""
    world.closed.pass_gate("sato")
    world.closed.must_reach_desktop("sato")
    registry = world.export()
    lent = row(registry, "terminals", "pc-sato")
    lent["kind"] = "own"
    for name in ("circuit", "lent_to", "place", "handed_over_at", "due_at"):
        lent.pop(name)
    with world.limit(2, "the session ends with the loan"):
        world.replace(registry)
        world.wait_no_session("sato", within=2)
    ended = world.entry(event="session.ended", person="sato")
    assert (ended["rule"], ended["code"]) == ("R03", "terminal.not_lent"), ended
    world.closed.must_not_reach_desktop("sato")


@pytest.mark.rule("R02", must="fail")
def test_while_nobody_knows_of_an_encrypted_line_nobody_passes(world: World) -> None:
    """Charon gone: the session loses its desktop at once, and no other begins. With the line down it is the same."""
    closed = world.closed
    closed.pass_gate("sato")
    with world.limit(2, "without charon his desktop is gone") as limit:
        closed.lose_charon()
        limit.met_at = closed.desktop_lost("sato")
    lost = world.entry(event="circuit.line_lost", person="sato")
    assert lost["rule"] == "R02" and lost["detail"]["line"] == "unknown", lost
    with closed.in_clear("sato"):
        closed.must_be_refused("Sato, while charon is gone", "sato", "circuit.line_unknown", "R02")
    with closed.in_clear("kita"):
        closed.must_be_refused("Kita, while charon is gone", "kita", "circuit.line_unknown", "R02")


@pytest.mark.rule("R02", must="fail")
@pytest.mark.rule("R02", must="pass")
def test_while_a_line_is_down_nobody_passes_over_it(world: World) -> None:
    """Kita's goes on meanwhile; with the line up again Sato passes."""
    closed = world.closed
    closed.ready("sato")
    closed.line_down("sato")
    with closed.in_clear("sato"):
        closed.must_be_refused("Sato, while his line is down", "sato", "circuit.line_down", "R02")
    closed.pass_gate("kita")
    closed.pass_gate("sato")


@pytest.mark.rule("R21", must="pass")
@pytest.mark.rule("R21", must="fail")
def test_an_ordered_circuit_shows_its_day_and_opens_nothing(world: World) -> None:
    """Up to three months after the order; until then nobody passes."""
    closed = world.closed
    good, registry = world.export(), world.export()
    line = row(registry, "circuits", "line-sato")
    for name in ("planned_at", "usable_at"):
        line.pop(name)
    line["ordered_at"] = world.at(days=-10)
    world.replace(registry)
    shown = closed.circuit("sato")
    assert shown["state"] == "ordered" and shown["expected_at"], shown
    days = (world.moment(shown["expected_at"]) - world.moment(line["ordered_at"])).days
    assert 88 <= days <= 92, shown
    assert not closed.can_be_up("sato"), "an ordered circuit carries"
    with closed.in_clear("sato"):
        closed.must_be_refused("Sato, over a circuit that is ordered", "sato", "circuit.not_usable", "R21")
    world.nobody_is_inside()
    world.replace(good)
    closed.pass_gate("sato")  # the day has come


@pytest.mark.rule("R21", must="pass")
@pytest.mark.rule("R21", must="fail")
def test_a_circuit_is_usable_from_its_day_and_until_its_end(world: World) -> None:
    """From its day on Sato passes; when it is given up he is out within 2 s."""
    closed = world.closed
    registry = world.export()
    row(registry, "circuits", "line-sato")["usable_at"] = world.at(hours=1)
    world.replace(registry)
    assert closed.circuit("sato")["state"] == "planned"
    assert not closed.can_be_up("sato"), "a circuit carries before its day"
    with closed.in_clear("sato"):
        closed.must_be_refused("Sato, over a circuit before its day", "sato", "circuit.not_usable", "R21")
    world.advance(3700)
    assert closed.circuit("sato")["state"] == "usable"
    closed.pass_gate("sato")
    is_open = closed.hold_desktop("sato")
    with world.limit(2, "the circuit's end"):
        world.end("circuit", "line-sato")
        world.wait(lambda: not is_open(), 5, "his screen is closed")
    world.wait_no_session("sato")
    closed.must_not_reach_desktop("sato")
    assert closed.circuit("sato")["state"] == "ceased"
    assert not closed.can_be_up("sato"), "a circuit carries after its end"
    with closed.in_clear("sato"):
        closed.must_be_refused("Sato, over a circuit that has ended", "sato", "circuit.ceased", "R21")


LINES, RIGHTS = [("contract", "c-num-2026"), ("circuit", "line-sato")], [("application", "a-sato"), ("person", "sato"), ("terminal", "pc-sato")]


@pytest.mark.rule("R16", must="fail")
@pytest.mark.rule("R21", must="fail")
@pytest.mark.parametrize("kind,key", LINES, ids=[kind for kind, _ in LINES])
def test_the_end_of_contract_or_circuit_closes_tunnel_and_desktop_within_two_seconds(world: World, kind: str, key: str) -> None:
    ends_it(world, kind, key)


@pytest.mark.rule("R17", must="fail")
@pytest.mark.rule("R03", must="fail")
@pytest.mark.parametrize("kind,key", RIGHTS, ids=[kind for kind, _ in RIGHTS])
def test_the_end_of_his_own_right_closes_his_desktop_within_two_seconds(world: World, kind: str, key: str) -> None:
    ends_it(world, kind, key)


@pytest.mark.rule("R03", must="fail")
def test_returning_the_terminal_ends_its_session(world: World) -> None:
    closed = world.closed
    closed.pass_gate("sato")
    is_open = closed.hold_desktop("sato")
    registry = world.export()
    row(registry, "terminals", "pc-sato")["returned_at"] = world.at(seconds=-1)
    with world.limit(2, "the terminal's return"):
        world.replace(registry)
        world.wait(lambda: not is_open(), 5, "his screen is closed")
    world.wait_no_session("sato")
    closed.must_be_refused("Sato, with the terminal that he has returned", "sato", "terminal.returned", "R03")


@pytest.mark.rule("R02", must="pass")
@pytest.mark.rule("R02", must="fail")
def test_a_line_that_comes_back_soon_costs_no_login(world: World) -> None:
    """While the line is down his desktop does not answer; when it is back his session goes on."""
    closed = world.closed
    closed.pass_gate("sato")
    number = world.session_of("sato")["number"]
    closed.line_down("sato")
    world.entry(event="circuit.line_lost", person="sato")
    closed.must_not_reach_desktop("sato")
    closed.line_up("sato")
    world.entry(event="circuit.line_back", person="sato")
    closed.must_reach_desktop("sato")
    assert world.session_of("sato")["number"] == number


def ends_it(world: World, kind: str, key: str) -> None:
    closed = world.closed
    closed.pass_gate("sato")
    closed.pass_gate("kita")
    is_open = closed.hold_desktop("sato")
    with world.limit(2, f"the end of {kind} {key}"):
        world.end(kind, key)
        world.wait(lambda: not is_open(), 5, "his screen is closed")
        closed.wait_tunnel_gone("sato", kind)
    world.wait_no_session("sato")
    closed.must_not_reach_desktop("sato")
    closed.must_reach_desktop("kita")


@pytest.mark.rule("R19", must="fail")
@pytest.mark.parametrize("kind,key", [("all", ""), ("path", "closed")], ids=["all", "path"])
def test_an_emergency_stop_closes_the_closed_path_too(world: World, kind: str, key: str) -> None:
    closed = world.closed
    closed.pass_gate("sato")
    is_open = closed.hold_desktop("sato")
    with world.limit(2, f"stop {kind} {key}"):
        world.stop(kind, key)
        world.wait(lambda: not is_open(), 5, "his screen is closed")
    closed.must_not_reach_desktop("sato")
    assert not closed.can_be_up("sato")
    with closed.in_clear("sato"):
        closed.must_be_refused(f"Sato, while {kind} {key} is stopped", "sato", f"stop.{kind}", "R19")
    world.release(kind, key)
    closed.pass_gate("sato")


@pytest.mark.rule("R19", must="fail")
@pytest.mark.rule("R19", must="pass")
def test_stopping_one_contractor_leaves_the_other_circuit_alone(world: World) -> None:
    closed = world.closed
    closed.pass_gate("sato")
    closed.pass_gate("kita")
    is_open = closed.hold_desktop("sato")
    with world.limit(2, "stop contractor sato-joho"):
        world.stop("contractor", "sato-joho")
        world.wait(lambda: not is_open(), 5, "his screen is closed")
    assert not closed.can_be_up("sato")
    with closed.in_clear("sato"):
        closed.must_be_refused("Sato, whose contractor's circuit the stop has closed", "sato", "circuit.line_unknown", "R02")
    closed.must_reach_desktop("kita")
