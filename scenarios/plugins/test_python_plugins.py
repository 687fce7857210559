"""Plugins of each kind written in Python, inside the production's gatekeeper: what they let through, refuse, and break."""
from __future__ import annotations

import socket

import pytest
import written  # beside this file

from sekisho_testbed.attack import Thief, post, with_cookie
from sekisho_testbed.gate_here import GateHere, Here, bindings
from sekisho_testbed.hosted_world import HostedWorld

BADGE = ["certificate", "password", "badge"]
PASSWORD = "quiet river under cedar 12"


# --- a factor ---------------------------------------------------------------------------------------------------------------

@pytest.mark.gate(factors=BADGE, here=written.badge)
@pytest.mark.rule("R04", must="pass")
def test_mori_passes_with_a_factor_written_in_python(world: GateHere) -> None:
    """Certificate, password and the number of his badge; he is admitted and reaches his desktop."""
    mori = world.pc("mori")
    assert mori.agent.report(inside=False).ok
    login = mori.login().asked(prompt="badge").type("4711").up()
    world.wait_tunnel("mori")
    assert world.session_of("mori")["state"] == "admitted"
    world.must_reach_desktop("mori")
    login.hang_up()
    world.wait_no_session("mori")


@pytest.mark.gate(factors=BADGE, here=written.badge)
@pytest.mark.rule("R04", must="fail")
def test_what_the_factor_refuses_is_refused_with_its_words(world: GateHere) -> None:
    """Another number: the gate says what the plugin says, and nobody is inside; with the right one the same Mori passes."""
    shown = world.pc("mori").login().asked(prompt="badge").type("0815").refused()
    assert "badge" in shown
    world.refused("badge.wrong", rule="R04")
    world.nobody_is_inside()
    world.pc("mori").login().asked(prompt="badge").type("4711").up().hang_up()


@pytest.mark.parametrize("kind", [
    pytest.param("broken", marks=pytest.mark.gate(factors=["certificate", "password", "broken"], here=written.broken_factor)),
    pytest.param("odd", marks=pytest.mark.gate(factors=["certificate", "password", "odd"], here=written.odd_factor)),
])
@pytest.mark.rule("R04", must="fail")
def test_a_factor_that_breaks_lets_nobody_in(world: GateHere, kind: str) -> None:
    """It raises, or answers what is no answer: refused, though certificate and password are right."""
    world.pc("mori").login().refused()
    world.refused("login.factor_failed")
    world.nobody_is_inside()


# --- a check ----------------------------------------------------------------------------------------------------------------

@pytest.mark.gate(here=written.disk)
@pytest.mark.rule("R10", must="pass")
def test_a_terminal_passes_a_check_written_in_python(world: GateHere) -> None:
    report = world.pc("mori").agent.report(inside=False)
    assert {row["check"]: row["verdict"] for row in report.checks}["disk_encryption"] == "pass", report.text
    world.pass_gate("mori", report_first=False)
    world.must_reach_desktop("mori")


@pytest.mark.gate(here=written.disk)
@pytest.mark.rule("R10", must="fail")
def test_what_the_check_refuses_is_named_with_its_remedy(world: GateHere) -> None:
    """The disk is not encrypted, or nobody says: denied with the plugin's code and words, and so is the login."""
    mori = world.pc("mori")
    for security, code in (({}, "disk.unknown"), ({"disk_encrypted": False}, "disk.not_encrypted")):
        facts = world.good_facts("mori")
        facts["security"] = security
        mori.agent.facts(facts)
        report = mori.agent.report(inside=False)
        assert report.denied, report.text
        row = next(row for row in report.failing() if row["check"] == "disk_encryption")
        assert row["code"] == code and row["rule"] == "R08" and row["remedy"]["ja"] and row["remedy"]["en"], row
    login, right_code = world.as_far_as_the_code("mori")
    login.type(right_code).refused()
    world.refused("disk.not_encrypted", rule="R08")
    world.nobody_is_inside()
    mori.agent.facts(world.good_facts("mori"))
    world.must("the same terminal passes when the disk is encrypted", lambda: mori.agent.report(inside=False).ok)


@pytest.mark.gate(here=written.broken_check)
@pytest.mark.rule("R10", must="fail")
def test_a_check_that_breaks_admits_nobody(world: GateHere) -> None:
    """Every other check passes; the one that raises denies, before the login and inside."""
    mori = world.pc("mori")
    report = mori.agent.report(inside=False)
    assert report.denied and [row["check"] for row in report.failing()] == ["broken"], report.text
    login, right_code = world.as_far_as_the_code("mori")
    login.type(right_code).refused()
    world.refused("posture.check_unavailable", rule="R10")
    world.nobody_is_inside()


# --- an access path -----------------------------------------------------------------------------------------------------------

@pytest.mark.gate(here=written.line)
@pytest.mark.rule("R04", must="pass")
def test_mori_comes_in_by_a_path_written_in_python(world: GateHere) -> None:
    """One line with name and password, over TLS with his certificate where there is TLS; a session of that path, and its entry."""
    assert world.speak("mori", "line", f"mori {PASSWORD}\r\n").strip() == "granted"
    session = world.session_of("mori")
    assert session["path"] == "line" and session["terminal"] == "pc-mori" and not session["tunnel_up"]
    assert world.entry(event="session.granted", session=session["number"])["path"] == "line"


@pytest.mark.gate(here=written.line)
@pytest.mark.rule("R04", must="fail")
def test_the_path_is_told_no_like_any_other(world: GateHere) -> None:
    """Without the certificate, and with a wrong password: the gatekeeper decides, not the path."""
    assert world.speak("mori", "line", f"mori {PASSWORD}\r\n", certificate=None).strip() == "no certificate.missing"
    world.refused("certificate.missing", rule="R04")
    assert "granted" not in world.speak("mori", "line", "mori not his password\r\n")
    world.refused("password.wrong", rule="R04")
    world.nobody_is_inside()


@pytest.mark.gate(here=written.claiming_line)
@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R01", must="pass")
def test_a_path_over_the_internet_that_claims_a_circuit_is_told_no(world: GateHere) -> None:
    """Name, password and certificate are right: circuits are of the closed path alone, whatever another path's plugin says."""
    assert world.speak("mori", "line", f"closed mori {PASSWORD}\r\n").strip() == "no circuit.other_path"
    world.refused("circuit.other_path", rule="R01")
    world.nobody_is_inside()
    assert world.speak("mori", "line", f"mori {PASSWORD}\r\n").strip() == "granted"


@pytest.mark.gate(here=written.breaking_line)
@pytest.mark.rule("R04", must="fail")
def test_a_path_that_breaks_ends_its_own_connection(world: GateHere) -> None:
    """It raises on a stranger's word and on a refusal: nothing is said, nobody is inside, and the next one is served."""
    assert world.speak("mori", "line", "break\r\n") == ""
    assert world.speak("mori", "line", f"mori {PASSWORD}\r\n", certificate=None) == ""
    world.nobody_is_inside()
    assert world.speak("mori", "line", f"mori {PASSWORD}\r\n").strip() == "granted"
    assert [text.splitlines()[0] for text in world.raised_by("line")] == ["RuntimeError: a path broke"] * 2


@pytest.mark.gate(here=written.telling_line)
@pytest.mark.rule("R04", must="fail")
@pytest.mark.rule("R11", must="fail")
def test_a_cookie_of_one_path_claims_nothing_at_anothers_front(world: GateHere) -> None:
    """Mori's cookie of this path, with his certificate, at the front of the other: what is claimed of his terminal there is not even
    entered. Tani's claim, who is of that path, is."""
    cookie, told = world.speak("mori", "line", f"mori {PASSWORD}\r\n").split()
    assert told == "granted" and len(cookie) == 43, told
    foreign = "hostcheck=0100,10.0.26200&check_virtual_desktop=3c:7c:3f:aa:bb:cc"
    Thief(world).say(post("/remote/hostcheck_validate", foreign, with_cookie(cookie)))
    assert world.journal(event="posture.claimed") == []
    assert world.session_of("mori")["path"] == "line"
    tani = Thief(world, "tani")
    tani.say(post("/remote/hostcheck_validate", foreign, with_cookie(tani.cookie())))
    assert [entry["person"] for entry in world.journal(event="posture.claimed")] == ["tani"]


@pytest.mark.needs("processes")
@pytest.mark.gate(here=written.line)
def test_no_program_of_the_product_loads_such_a_path(world: HostedWorld) -> None:
    """The real front refuses to start for that path; for its own it serves in this very world, with the same configuration."""
    done = world.house.gate.run(str(world.house.build / "bin" / "sekisho-front"), "--config", str(world.gatehouse.config),
                                "--path", "line", check=False)
    assert done.returncode == 1 and "plugin.no_manifest" in done.stdout + done.stderr
    assert world.pc("mori").login(certificate=None).refused()


# --- a console driver ---------------------------------------------------------------------------------------------------------

@pytest.mark.gate(here=Here)
def test_a_driver_written_in_python_lists_machines_and_hands_a_screen_over(world: GateHere) -> None:
    """Asked across the border, as hyperd will ask: both desktops run, and the screen of vdi-01 greets."""
    sekisho = bindings()
    driver = written.desks(world.screen_of)
    assert written.findings(driver) == []
    asked = sekisho.kinds.console_driver_of(driver)
    assert {m.name: m.state for m in asked.machines(within=5)} == {"vdi-01": "running", "vdi-02": "running"}
    assert asked.machine(written.UUIDS["vdi-02"], within=5).name == "vdi-02"
    with socket.socket(fileno=asked.screen(written.UUIDS["vdi-01"], within=5)) as screen:
        screen.settimeout(5)
        assert screen.recv(12) == b"RFB 003.008\n"


@pytest.mark.gate(here=Here)
def test_a_driver_that_refuses_or_breaks_hands_nothing_over(world: GateHere) -> None:
    """No such machine is its answer; what it raises is no answer; a machine that is not reached is stopped."""
    sekisho = bindings()
    asked = sekisho.kinds.console_driver_of(written.desks(world.screen_of))
    with pytest.raises(sekisho.ConsoleError, match="console.no_such_machine"):
        asked.screen("00000000-0000-0000-0000-000000000000", within=5)
    broken = sekisho.kinds.console_driver_of(written.broken_driver())
    for ask in (lambda: broken.machines(within=5), lambda: broken.screen(written.UUIDS["vdi-01"], within=5)):
        with pytest.raises(RuntimeError, match="a driver broke"):
            ask()

    def out_of_reach(name: str) -> socket.socket:
        raise OSError(name)

    dark = sekisho.kinds.console_driver_of(written.desks(out_of_reach))
    assert {m.state for m in dark.machines(within=5)} == {"stopped"}
