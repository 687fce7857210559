"""R11: one desktop, fresh, on a page in the tunnel; nothing else of the house, and nothing of it after the session."""
from __future__ import annotations

import pathlib

import pytest

from sekisho_testbed import cast, ocr
from sekisho_testbed.guest_login import GuestLogin
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.people import Login
from sekisho_testbed.viewer import Viewer
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("consoles")
END_S = 2  # every hop of a session ends within (design.md)
SLOWLY_S = 0.25  # from key to key, where nobody sees what is typed


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R11", must="pass")
def test_the_desktop_is_shown_on_the_page_and_takes_keys(world: World) -> None:
    vpn = world.pass_gate("mori")
    page = world.consoles.desktop_page()
    view = page.ready()
    assert view["session"] == world.session_of("mori")["number"]
    screen = page.open()
    screen.type("cedar 12")
    world.must("what was typed is seen", lambda: ocr.shows(screen.picture(world.folder / "desktop.png"), "desktop login: cedar 12"),
               within=30)
    assert world.entry(event="desktop.opened", person="mori")["rule"] == "R11"
    vpn.hang_up()


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R11", must="fail")
def test_from_the_tunnel_neither_a_server_nor_the_console_page_is_reached(world: World) -> None:
    """From the desktop's address the console page answers, so it stands there; from the terminal it is silent, like the servers."""
    world.pass_gate("mori")
    world.must("the console page answers a desktop", world.consoles.console_page("vdi-01").answers)
    world.must("the desktop page answers the terminal", world.consoles.desktop_page().answers)
    name, port = cast.CONSOLE_PAGE.rsplit(":", 1)
    pc = world.pc("mori")
    own, own_port = cast.DESKTOP_PAGE.rsplit(":", 1)
    world.must("a try like the next ones succeeds", lambda: pc.reaches(own, int(own_port), 2) is not None)
    world.must_not("the terminal reaches the console page", lambda: pc.reaches(name, int(port), 2) is not None)
    for server in ("web-01", "phys-01", "dmz-01"):
        world.must_not(f"the terminal reaches {server}",
                       lambda server=server: pc.reaches(cast.address(cast.SERVERS[server]), 443, 2) is not None)


@pytest.mark.needs("packets")
@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R11", must="fail")
def test_from_the_desktops_side_the_desktop_page_is_silent(world: NamespacesWorld) -> None:
    world.pass_gate("mori")

    def reaches(page: str) -> bool:
        return world.house.lab.hosts["vdi-01"].run("timeout", "1", "bash", "-c", f"exec 3<>/dev/tcp/{page.replace(':', '/')}",
                                                   check=False).returncode == 0

    world.must("a desktop reaches the console page", lambda: reaches(cast.CONSOLE_PAGE))
    world.must_not("a desktop reaches the desktop page", lambda: reaches(cast.DESKTOP_PAGE))


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R11", must="fail")
def test_without_a_session_the_desktop_page_shows_nothing(world: World) -> None:
    """A ticket of one session opens no screen for another, none twice, and none from another site's page."""
    world.pass_gate("mori")
    world.pass_gate("tani")
    mori, tani = world.consoles.desktop_page("mori"), world.consoles.desktop_page("tani")
    mori.ready()
    ticket = mori.ticket("/api/desktop/ticket")
    refused = tani.socket(ticket).refused
    assert " 403 " in refused, refused
    ticket = mori.ticket("/api/desktop/ticket")
    assert " 403 " in mori.socket(ticket, origin="https://elsewhere.test").refused
    ticket = mori.ticket("/api/desktop/ticket")
    assert mori.screen(ticket).live
    assert " 403 " in mori.socket(ticket).refused
    assert mori.ask("POST", "/api/session/end", {}, origin="https://elsewhere.test").code == "page.other_origin"
    assert mori.ask("GET", "/api/desktop", host="elsewhere.test").code == "page.other_origin"
    assert world.session_of("mori")


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R11", must="pass")
def test_the_end_of_the_session_closes_its_screens_and_destroys_its_desktop(world: World) -> None:
    world.pass_gate("mori")
    page = world.consoles.desktop_page()
    page.ready()
    screens = [page.open(), world.consoles.at_consoles().open("web-01")]
    before = world.consoles.desktops()
    assert len(before) == 1 and all(screen.live for screen in screens)
    number = world.session_of("mori")["number"]
    with world.limit(END_S, "screens are closed and the desktop is gone"):
        world.end_session(number)
        world.wait(lambda: not screens[1].live, END_S, "the console's screen is closed")
        # The desktop's goes with the tunnel: nothing reaches its viewer any more, so the gate's word counts.
        world.wait(lambda: world.journal(event="desktop.closed", session=number), END_S, "the desktop's screen is closed")
        world.wait(lambda: not set(before) & set(world.consoles.desktops()), END_S, "the desktop is destroyed")
    world.entry(event="desktop.destroyed", session=number)
    world.must_not("the console page still answers him", lambda: world.consoles.console_page().get("/api/console/servers").ok)


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R11", must="pass")
def test_a_gate_that_starts_anew_leaves_him_his_desktop(world: World) -> None:
    """The same machine with what was typed there; what hangs on his session's end still does."""
    vpn = world.pass_gate("mori")
    page, file = world.consoles.desktop_page(), world.folder / "desktop.png"
    page.ready()
    page.open().type("cedar 12")
    number, before = world.session_of("mori")["number"], world.consoles.desktops()
    world.restart()
    world.wait_tunnel("mori", within=30)
    assert world.session_of("mori")["number"] == number
    world.wait(lambda: world.journal(event="desktop.closed", session=number), 10, "the screen of before has its end in the journal")
    page.ready()
    screen = page.open()
    world.must("what was typed before is there", lambda: ocr.shows(screen.picture(file), "desktop login: cedar 12"), within=30)
    assert world.consoles.desktops() == before
    vpn.hang_up()
    world.wait(lambda: not world.consoles.desktops(), 10, "his desktop is destroyed with his session")


def inside_without_code(world: World) -> Login:
    """A person gets one code a minute; this story logs in twice."""
    pc = world.pc("mori")
    pc.agent.facts(world.good_facts("mori"))
    report = pc.agent.report(inside=False)
    assert report.ok, report.text
    login = pc.login().up()
    world.wait_tunnel("mori")
    pc.agent.start()  # reading and typing may take longer than a silent PC is let be
    return login


def log_in(world: World, screen: Viewer, file: pathlib.Path, account: str, password: str, then: str) -> None:
    login = GuestLogin(lambda: screen.picture(file), lambda text: screen.type(text, SLOWLY_S), world.pause, account, password, then)
    world.must(f"he logs in as the desktop asks, then it shows: {then}", login.go_on, within=240)


@pytest.mark.gate(desktops="login", factors=["certificate", "password"])
@pytest.mark.rule("R11", must="pass")
@pytest.mark.rule("R11", must="fail")
def test_each_session_has_a_fresh_desktop_with_a_password_of_its_own(world: World) -> None:
    """What one session wrote is not there for the next one, and neither is its password; the base image's file is."""
    first = inside_without_code(world)
    page = world.consoles.desktop_page()
    desktop = page.ready()["desktop"]
    assert desktop["account"] and desktop["password"]
    screen = page.open()
    file = world.folder / "desktop.png"
    world.must("the desktop asks for a login", lambda: ocr.shows(screen.picture(file), "desktop login:"), within=60)
    log_in(world, screen, file, desktop["account"], desktop["password"], "maint@desktop")
    screen.type("echo once >left; cat base left\n")
    world.must("his file lies there", lambda: ocr.shows(screen.picture(file), "from the base image once"), within=30)
    world.pc("mori").agent.stop()
    first.hang_up()
    world.wait_no_session("mori")
    second = inside_without_code(world)
    again = page.ready()["desktop"]
    assert again["password"] != desktop["password"]
    screen = page.open()
    world.must("the desktop asks for a login", lambda: ocr.shows(screen.picture(file), "desktop login:"), within=60)
    log_in(world, screen, file, desktop["account"], desktop["password"], "Login incorrect")  # the earlier session's
    log_in(world, screen, file, again["account"], again["password"], "maint@desktop")
    screen.type("cat base left\n")
    world.must("nothing of the session before is there", lambda: ocr.shows(screen.picture(file), "can't open 'left'"), within=30)
    world.pc("mori").agent.stop()
    second.hang_up()
