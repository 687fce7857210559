"""R12, R15: what the gatekeeper answers to whoever stands at a desktop's browser, or at the plain entrance with a viewer of his own."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast
from sekisho_testbed.world import World

MORI, TANI = (cast.PEOPLE[who]["password"] for who in ("mori", "tani"))
OWN = {"web-01", "web-02", "phys-01"}  # the contract's servers


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R12", must="pass")
@pytest.mark.rule("R12", must="fail")
def test_the_console_page_wants_the_address_of_a_desktop_and_the_password_once_more(world: World) -> None:
    """Nobody before the session, at no other desktop during it, no other person's password; then the servers of the contract."""
    own, other = world.console_desk("vdi-01"), world.console_desk("vdi-02")
    for desk in (own, other):
        assert desk.login("mori", MORI) == "console.not_a_desktop"
    vpn = world.pass_gate("mori")
    assert other.login("mori", MORI) == "console.not_a_desktop"
    assert own.servers() == ("console.not_logged_in", [])
    assert own.ticket("web-01") == "console.not_logged_in"
    assert own.login("tani", TANI) == "console.other_person"
    assert own.login("mori", "not his password at all") == "password.wrong"
    assert own.servers() == ("console.not_logged_in", [])
    assert own.login("mori", MORI) == ""
    refused, listed = own.servers()
    assert not refused and set(listed) == OWN, (refused, listed)
    assert other.servers() == ("console.not_a_desktop", [])
    for code in ("console.not_a_desktop", "console.other_person", "console.not_logged_in"):
        world.refused(code, rule="R12")
    world.story.add("must", "the servers of his contract are listed to him alone")
    vpn.hang_up()
    world.wait_no_session("mori")
    assert own.servers() == ("console.not_a_desktop", [])


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R12", must="fail")
@pytest.mark.rule("R13", must="fail")
def test_a_ticket_is_given_for_a_virtual_server_of_the_contract_alone(world: World) -> None:
    vpn = world.pass_gate("mori")
    desk = world.console_desk("vdi-01")
    assert desk.login("mori", MORI) == ""
    for server in ("dmz-01", "no-such-server"):
        assert desk.ticket(server) == "console.no_such_server"
    assert desk.ticket("phys-01") == "console.physical"
    assert desk.ticket("web-01") == ""  # the check can fail
    assert not desk.opens("A" * 43)
    world.refused("ticket.bad", rule="R12")
    world.refused("console.no_such_server", rule="R12", count=2)
    world.refused("console.physical", rule="R13")
    vpn.hang_up()


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R15", must="fail")
def test_the_plain_entrance_shows_no_desktop_since_nothing_is_recorded_there(world: World) -> None:
    """It says so to the viewer, and the journal has it."""
    vpn = world.pass_gate("mori")
    assert world.plain_entrance("mori") == "desktop.page_only"
    world.refused("desktop.page_only", rule="R15")
    vpn.hang_up()


@pytest.mark.rule("R11", must="pass")
def test_the_same_entrance_shows_his_own_desktop_where_a_lab_has_it_open(world: World) -> None:
    """What is refused above is refused by the gate alone: production has no such door, the labs' stories of packets use it."""
    vpn = world.pass_gate("mori")
    assert world.plain_entrance("mori") == ""
    assert world.entry(event="desktop.opened", person="mori")["detail"]["desktop"] == "vdi-01"
    vpn.hang_up()
