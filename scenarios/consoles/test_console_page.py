"""R12: servers' consoles from the address of a live session's desktop, after the password once more, of the contract alone."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast, ocr
from sekisho_testbed.world import World

pytestmark = [pytest.mark.needs("consoles"), pytest.mark.gate(desktops="plain")]
PASSWORD = cast.PEOPLE["mori"]["password"]


@pytest.mark.rule("R12", must="pass")
def test_mori_opens_the_console_of_his_server_and_types(world: World) -> None:
    world.pass_gate("mori")
    page = world.consoles.at_consoles()
    servers = page.servers()
    assert set(servers) == {"web-01", "web-02", "phys-01"}, servers
    assert servers["web-01"]["state"] == "on" and servers["web-01"]["may_open"]
    assert not servers["phys-01"]["may_open"] and servers["phys-01"]["why_not"]["code"] == "console.physical"
    picture = page.get("/api/console/servers/web-01/thumbnail")
    assert picture.status == 200 and picture.body.startswith(b"\x89PNG"), picture
    console = page.open("web-01")
    console.type("restart cedar")
    world.must("what was typed is seen", lambda: ocr.shows(console.picture(world.folder / "web-01.png"), "login: restart cedar"), within=30)
    opened = world.entry(event="console.opened", person="mori")
    assert opened["rule"] == "R12" and opened["detail"]["target"] == "web-01", opened
    world.consoles.restart("web-01")


@pytest.mark.rule("R12", must="fail")
def test_only_the_address_of_a_live_sessions_desktop_gets_the_page(world: World) -> None:
    own, other = world.consoles.console_page("vdi-01"), world.consoles.console_page("vdi-02")
    for page in (own, other):
        assert page.get("/api/console/servers").code == "console.not_a_desktop"
        assert page.login("mori", PASSWORD).code == "console.not_a_desktop"
    world.pass_gate("mori")
    world.consoles.desktop_page().ready()
    world.must("Mori's own desktop is asked for a login", lambda: own.get("/api/console/servers").code == "console.not_logged_in")
    assert other.login("mori", PASSWORD).code == "console.not_a_desktop"
    assert own.login("mori", PASSWORD).ok  # the check can fail
    world.must_not("the login counts at another address", lambda: other.get("/api/console/servers").ok)
    assert own.get("/api/console/servers").ok
    world.refused("console.not_a_desktop", rule="R12")


@pytest.mark.rule("R12", must="fail")
def test_the_password_once_more_and_only_his_own(world: World) -> None:
    world.pass_gate("mori")
    world.consoles.desktop_page().ready()
    page = world.consoles.console_page()
    for path in ("/api/console/servers/web-01/ticket", "/api/console/servers/dmz-01/ticket"):
        assert page.post(path).code == "console.not_logged_in"
    assert page.get("/api/console/servers/web-01/thumbnail").code == "console.not_logged_in"
    wrong = page.login("mori", "not his password at all")
    assert wrong.status == 403 and wrong.code, wrong
    assert page.login("tani", cast.PEOPLE["tani"]["password"]).code == "console.other_person"
    assert page.get("/api/console/servers").code == "console.not_logged_in"
    assert page.login("mori", PASSWORD).ok
    assert page.get("/api/console/servers").ok
    assert world.entry(event="console.login_refused", person="mori")["rule"] == "R12"
    world.entry(event="console.login", person="mori")


@pytest.mark.rule("R12", must="fail")
def test_no_server_of_another_contract_is_listed_or_opened(world: World) -> None:
    world.pass_gate("mori")
    page = world.consoles.at_consoles()
    assert "dmz-01" not in page.servers()
    for server in ("dmz-01", "num-01", "no-such-server"):
        assert page.post(f"/api/console/servers/{server}/ticket").code == "console.no_such_server"
        assert page.get(f"/api/console/servers/{server}/thumbnail").code == "console.no_such_server"
    assert page.post("/api/console/servers/phys-01/ticket").code == "console.physical"
    console = page.open("web-01")  # the check can fail
    world.end("application", "a-mori")
    assert console.wait_end(3)


@pytest.mark.rule("R12", must="fail")
def test_a_ticket_opens_once_from_its_own_page_and_place(world: World) -> None:
    world.pass_gate("mori")
    page = world.consoles.at_consoles()
    path = "/api/console/servers/web-01/ticket"
    ticket = page.ticket(path)
    assert " 403 " in world.consoles.console_page("vdi-02").socket(ticket).refused
    ticket = page.ticket(path)
    assert " 403 " in page.socket(ticket, origin="https://elsewhere.test").refused
    ticket = page.ticket(path)
    console = page.screen(ticket)
    assert console.live
    assert " 403 " in page.socket(ticket).refused
    made_up = {**page.ticket(path), "ticket": "A" * 43}
    assert " 403 " in page.socket(made_up).refused
    world.refused("ticket.bad", rule="R12", count=2)
    late = page.ticket(path)
    world.advance(31)
    assert " 403 " in page.socket(late).refused
