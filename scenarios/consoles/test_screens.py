"""R11, R12: what a screen hangs on when it is asked for, while it is opened, and for as long as it is open."""
from __future__ import annotations

import pytest

from sekisho_testbed.consoles import PageClient
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("consoles")
SCREENS = 4  # of one session at the console page, in the labs' configuration
SHOWN_ENDED_S = 11  # whoever looks again after that gets a fresh desktop
TICKET, DESKTOP_TICKET = "/api/console/servers/{}/ticket", "/api/desktop/ticket"


def opens_nothing(world: World, page: PageClient, ticket: dict[str, str], code: str, rule: str) -> None:
    before = len(world.journal(code=code))
    assert " 403 " in page.socket(ticket).refused
    world.refused(code, rule=rule, count=before + 1)


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R12", must="fail")
@pytest.mark.rule("R17", must="fail")
def test_a_screen_is_the_one_that_was_asked_for_and_goes_with_what_it_hangs_on(world: World) -> None:
    """A ticket for a server shows no server on the desktop's page; a session has four consoles at most; a server that leaves the
    contract's systems takes its console along; and what hyperd is still asked for when the session ends, or its relay dies, is not
    opened."""
    world.pass_gate("mori")
    desktop, page = world.consoles.desktop_page(), world.consoles.at_consoles()
    with world.step("a ticket of the other page"):
        ticket = {**desktop.ticket(DESKTOP_TICKET), "ticket": page.ticket(TICKET.format("web-01"))["ticket"]}
        opens_nothing(world, desktop, ticket, "ticket.bad", "R12")
    with world.step("one console more than a session has"):
        screens = [page.open(server) for server in ("web-01", "web-01", "web-02", "web-01")]
        assert len(screens) == SCREENS and all(screen.live for screen in screens)
        opens_nothing(world, page, page.ticket(TICKET.format("web-01")), "console.too_many", "R12")
        assert desktop.open().live, "the desktop's own is counted apart"
        screens.pop().close()
        world.entry(event="console.closed", person="mori")
        screens.append(page.open("web-01"))
    with world.step("a server leaves the systems of the contract"):
        good, without = world.export(), world.export()
        next(each for each in without["servers"] if each["id"] == "web-02")["system"] = "dmz"
        world.replace(without)
        assert "console.no_such_server" in screens[2].wait_end(5)
        world.must_not("another console is closed with it", lambda: not all(screens[n].live for n in (0, 1, 3)))
        world.replace(good)
    for screen in screens[1:]:
        screen.close()
    with world.step("the relay dies while hyperd is asked"):
        with world.consoles.halted_hyperd():
            ticket = page.ticket(TICKET.format("web-01"))
            page.opening(ticket)
            page.ticket(TICKET.format("web-01"))  # its answer comes after the gate has heard of the opening
            world.consoles.kill_relay()
            world.wait(lambda: world.journal(code="relay.gone"), 5, "the gate knows that the relay is gone, by the console that was open")
        world.refused("ticket.bad", rule="R12", count=2)
        world.consoles.relay_back()
    with world.step("the session ends while hyperd is asked"):
        count = len(world.journal(event="console.opened"))
        with world.consoles.halted_hyperd():
            tries = [page.opening(page.ticket(TICKET.format("web-01"))), page.asking("GET", "/api/console/servers"),
                     page.asking("GET", "/api/console/servers/web-01/thumbnail")]
            page.ticket(TICKET.format("web-01"))
            world.end_session(world.session_of("mori")["number"])
        assert [answer().code for answer in tries] == ["session.right_ended"] * 3
        assert len(world.journal(event="console.opened")) == count, "nothing is written down as opened"


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R11", must="fail")
def test_a_desktop_that_is_not_there_any_more_is_not_opened(world: World) -> None:
    """It is switched off: neither with a ticket from before nor with a new one, which nobody gets; the fresh desktop opens. Staff give him
    another one while hyperd is asked for the screen of this one: neither is shown."""
    world.pass_gate("mori")
    page = world.consoles.desktop_page()
    page.ready()
    with world.step("it is switched off"):
        ticket = page.ticket(DESKTOP_TICKET)
        machine, = world.consoles.desktops()
        world.consoles.switch_off(machine)
        world.wait(lambda: page.view()["desktop"]["state"] == "ended", 10, "the gate knows that the desktop is off")
        assert page.post(DESKTOP_TICKET).code == "desktop.not_ready"
        opens_nothing(world, page, ticket, "desktop.not_ready", "R11")
    with world.step("the fresh one opens"):
        world.advance(SHOWN_ENDED_S)
        page.ready()
        assert page.open().live
        assert machine not in world.consoles.desktops()
    with world.step("he is given another one while hyperd is asked"):
        ticket, count = page.ticket(DESKTOP_TICKET), len(world.journal(event="desktop.opened"))
        other = world.export()
        his = next(each for each in other["desktops"] if each["id"] == "vdi-01")
        other["desktops"].append({**his, "id": "vdi-03", "address": "10.40.0.33"})
        his["person"] = "tani"
        with world.consoles.halted_hyperd():
            answer = page.opening(ticket)
            assert page.view()["desktop"]["id"] == "vdi-01"  # its answer comes after the gate has heard of the opening
            world.replace(other)
        assert answer().code == "desktop.not_ready"
        assert len(world.journal(event="desktop.opened")) == count, "nothing is written down as opened"
