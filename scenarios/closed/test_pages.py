"""R12, R14, R15 on the closed path: Sato's desktop page and console page; what neither shows, lets out, or does unrecorded."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

from sekisho_testbed import guest_screen
from sekisho_testbed.guest_screen import GuestScreen
from sekisho_testbed.viewer import EXTENDED_CLIPBOARD, cut_text
from sekisho_testbed.world import World

pytestmark = [pytest.mark.needs("consoles")]
SERVER, PORT, QUIET_S = "num-11", 5901, 1.0
WORDS = b"the tax of the year is 1,200,000"


@pytest.mark.gate(closed=True, desktops="plain")
@pytest.mark.rule("R12", must="fail")
@pytest.mark.rule("R01", must="fail")
def test_a_console_of_the_my_number_zone_opens_for_its_own_alone(world: World) -> None:
    """No server of another contract or zone is listed or opened, not without the password, not at another desktop's address, and a
    ticket of one side opens nothing on the other."""
    closed = world.closed
    page = closed.consoles.console_page()
    assert page.get("/api/console/servers").code == "console.not_a_desktop"
    closed.pass_gate("sato")
    closed.consoles.desktop_page().ready()
    world.must("his own desktop is asked for a login", lambda: page.get("/api/console/servers").code == "console.not_logged_in")
    assert page.post(f"/api/console/servers/{SERVER}/ticket").code == "console.not_logged_in"
    assert closed.consoles.console_page("vdi-12").login("sato", world.people["sato"]["password"]).code == "console.not_a_desktop"
    assert page.login("kita", world.people["kita"]["password"]).code == "console.other_person"
    assert page.login("sato", world.people["sato"]["password"]).ok
    for server in ("web-01", "num-02", "no-such-server"):
        assert page.post(f"/api/console/servers/{server}/ticket").code == "console.no_such_server", server
    ticket = page.ticket(f"/api/console/servers/{SERVER}/ticket")
    other = world.consoles.console_page()
    assert " 403 " in other.socket(ticket).refused, "a ticket of the closed side at the Internet's console page"
    assert " 403 " in closed.consoles.console_page("vdi-12").socket(page.ticket(f"/api/console/servers/{SERVER}/ticket")).refused
    screen = page.open(SERVER)  # the checks can fail
    assert screen.live
    assert world.entry(event="console.opened", person="sato")["rule"] == "R12"


@pytest.fixture
def guest(world: World) -> Iterator[GuestScreen]:
    with guest_screen.in_place_of(world, "vdi-11", PORT) as screen:
        yield screen


@pytest.mark.gate(closed=True, desktops="host")
@pytest.mark.rule("R14", must="pass")
@pytest.mark.rule("R14", must="fail")
@pytest.mark.rule("R15", must="pass")
@pytest.mark.rule("R15", must="fail")
def test_nothing_leaves_satos_desktop_and_nothing_is_shown_unrecorded(world: World, guest: GuestScreen) -> None:
    """Keys pass, a clipboard passes in neither direction, and what was shown is what the journal says; a chunk that is changed is named."""
    closed = world.closed
    said = cut_text(WORDS)
    bare = closed.consoles.beside("vdi-11", PORT)
    world.wait(lambda: bare.updates > 0, 10, "the bare viewer's first picture")
    bare.say(b"\x06" + said)
    guest.say(b"\x03" + said)
    world.must("without the gate a clipboard passes both ways", lambda: guest.count("clipboard") == 1 and bare.count("clipboard") == 1)
    bare.close()
    closed.pass_gate("sato")
    assert "desktop.page_only" in closed.plain_entrance("sato")
    world.refused("desktop.page_only", rule="R15")
    screen = closed.consoles.desktop_page().open(encodings=[EXTENDED_CLIPBOARD])
    world.wait(lambda: screen.updates > 0, 10, "the first picture")
    screen.say(b"\x06" + said)
    guest.say(b"\x03" + said)
    world.must_not("the guest or Sato gets the clipboard", lambda: guest.count("clipboard") > 1 or screen.count("clipboard"), during=QUIET_S)
    for by in ("viewer", "guest"):
        world.wait(lambda by=by: any(e["detail"].get("by") == by for e in world.journal(code="console.clipboard") if e["rule"] == "R14"), 10,
                   f"the journal has the try of the {by}")
    screen.type("ok")
    world.must("keys reach the guest", lambda: guest.count("key") >= 4)
    number = world.session_of("sato")["number"]
    screen.close()
    world.entry(event="recording.closed", person="sato", within=15)
    file, = closed.consoles.files(number)
    assert file.parent == closed.consoles.recordings and not world.consoles.files(number), "kept apart from the Internet's"
    assert closed.consoles.verify(file)["ok"]
    whole, changed = file.read_bytes(), world.folder / "changed.skr"
    chunk = next(e["detail"] for e in world.journal(event="recording.chunk", limit="1000"))
    middle = chunk["offset"] + chunk["bytes"] // 2
    changed.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:])
    assert not closed.consoles.verify(changed)["ok"], "a changed chunk is found"
