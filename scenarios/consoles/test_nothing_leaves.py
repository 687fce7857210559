"""R14: picture, keys and pointer pass; clipboard, files, power and sound do not, however they are said, and each try is written down."""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import pytest

from sekisho_testbed import guest_screen
from sekisho_testbed.guest_screen import GuestScreen
from sekisho_testbed.viewer import AUDIO, EXTENDED_CLIPBOARD, XVP, Gone, Viewer, cut_text, extended, provide
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("consoles")
PORT = 5901
WORDS = b"the price of the contract is 1,200,000"
QUIET_S = 1.0  # what comes at all comes in milliseconds

#: What is said behind the type of a clipboard's message; the same in both directions.
PLAIN, EXTENDED = cut_text(WORDS), extended(provide(WORDS))
LESS_THAN_ITS_FLAGS = b"\0\0\0" + struct.pack(">i", -3) + WORDS[:3]
MOST_NEGATIVE = b"\0\0\0" + struct.pack(">i", -(1 << 31))
WAYS = ("plain", "extended", "fragments", "negative")
SAID = {"plain": PLAIN, "extended": EXTENDED, "fragments": PLAIN, "negative": LESS_THAN_ITS_FLAGS}

#: What a machine would need to give a viewer a drive of his, a printer, a shared folder.
DEVICES = {"drive": "<redirdev bus='usb' type='pty'/>", "printer": "<parallel type='null'/>",
           "folder": "<filesystem type='mount' accessmode='mapped'><source dir='/usr/share/doc'/><target dir='out'/><readonly/></filesystem>"}


@pytest.fixture
def guest(world: World) -> Iterator[GuestScreen]:
    with guest_screen.in_place_of(world, "vdi-01", PORT) as screen:
        yield screen


def without_the_gate(world: World) -> Viewer:
    return world.consoles.beside("vdi-01", PORT)


def opened(world: World, guest: GuestScreen) -> Viewer:
    """Mori's screen, as far as the first picture, asking for everything that could carry something out."""
    world.pass_gate("mori")
    screen = world.consoles.desktop_page().open(encodings=[EXTENDED_CLIPBOARD, XVP, AUDIO, -305, 0xFFFF8002])
    world.wait(lambda: screen.updates > 0, 10, "the first picture")
    return screen


def stopped(world: World, by: str, code: str = "console.clipboard") -> None:
    """The journal has it, with who tried."""
    world.wait(lambda: any(e["detail"].get("by") == by for e in world.journal(code=code) if e["rule"] == "R14"), 10,
               f"a journal entry {code} by the {by}")


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R14", must="pass")
def test_picture_keys_and_pointer_pass(world: World, guest: GuestScreen) -> None:
    screen = opened(world, guest)
    screen.type("ok")
    screen.say(struct.pack(">BBHH", 5, 1, 10, 20))
    world.must("keys and pointer reach the guest", lambda: guest.count("key") >= 4 and guest.count("pointer") >= 1)
    assert screen.pixels[:4] == b"\x30\x60\x90\0"
    assert not set(guest.asked) & {EXTENDED_CLIPBOARD, XVP & 0xFFFFFFFF, AUDIO & 0xFFFFFFFF, -305 & 0xFFFFFFFF, 0xFFFF8002}, guest.asked
    assert screen.live


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R14", must="fail")
def test_no_clipboard_passes_in_either_direction(world: World, guest: GuestScreen) -> None:
    """Plain, extended, in fragments and with a negative length: each arrives where there is no gate, and not where there is one."""
    bare = without_the_gate(world)
    world.wait(lambda: bare.updates > 0, 10, "the bare viewer's first picture")
    for n, way in enumerate(WAYS, 1):
        (bare.say_in_fragments if way == "fragments" else bare.say)(b"\x06" + SAID[way])
        guest.say(b"\x03" + SAID[way], fragments=way == "fragments")
        world.must(f"without the gate it passes both ways, {way}", lambda n=n: guest.count("clipboard") == n and bare.count("clipboard") == n)
    bare.close()
    screen = opened(world, guest)
    before, heard = guest.count("clipboard"), len(guest.heard)
    for way in WAYS:
        (screen.say_in_fragments if way == "fragments" else screen.say)(b"\x06" + SAID[way])
        guest.say(b"\x03" + SAID[way], fragments=way == "fragments")
        world.must_not(f"the guest or the person gets it, {way}",
                       lambda: guest.count("clipboard") > before or screen.count("clipboard"), during=QUIET_S)
        assert screen.live, f"{way}: {screen.ended}"
    stopped(world, "viewer")
    stopped(world, "guest")
    screen.type("on")
    world.must("the screen goes on", lambda: guest.count("key") >= 4)
    said = [*guest.heard[heard:], *screen.heard]
    assert not [kind for kind, body in said if WORDS in body], "nor does it under another name"


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R14", must="fail")
@pytest.mark.parametrize("by", ["viewer", "guest"])
def test_a_length_that_has_no_absolute_value_closes_the_screen(world: World, guest: GuestScreen, by: str) -> None:
    world.allow_event("console.broken", "the screen that is closed")
    screen = opened(world, guest)
    if by == "viewer":
        screen.say(b"\x06" + MOST_NEGATIVE)
    else:
        guest.say(b"\x03" + MOST_NEGATIVE)
    assert screen.wait_end(5)
    world.must_not("it got through before", lambda: guest.count("clipboard") or screen.count("clipboard"), during=QUIET_S)
    assert world.entry(event="desktop.closed", person="mori")["code"] == "console.clipboard_size"
    assert world.consoles.desktop_page().open().live  # his session goes on


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R14", must="fail")
@pytest.mark.parametrize("device", DEVICES.values(), ids=list(DEVICES))
def test_a_machine_with_a_drive_or_a_printer_shows_no_screen(world: World, device: str) -> None:
    """Whatever could carry more than a picture to whoever views the machine keeps its screen closed; without it the screen opens."""
    world.pass_gate("mori")
    page = world.consoles.at_consoles()
    page.open("web-01").close()  # the check can fail
    world.allow_event("relay.screen_not_opened", "the machine with the device")
    with world.consoles.with_device("web-01", device):
        assert page.servers()["web-01"]["state"] == "on"
        with pytest.raises(Gone, match="screen.way_out"):
            page.open("web-01")
        closed = world.entry(event="console.closed", code="screen.way_out")
        assert closed["rule"] == "R14" and closed["detail"]["target"] == "web-01", closed
    assert page.open("web-01").live
    assert world.session_of("mori")


@pytest.mark.gate(desktops="plain")
@pytest.mark.rule("R14", must="fail")
def test_two_viewers_of_one_machine_tell_each_other_nothing(world: World) -> None:
    """QEMU itself hands a clipboard from viewer to viewer; through the gate it does not get that far."""
    direct = [world.consoles.direct("web-01", encodings=[EXTENDED_CLIPBOARD]) for _ in range(2)]
    world.wait(lambda: all(each.updates for each in direct), 20, "both see the machine")
    direct[0].say(b"\x06" + cut_text(WORDS))
    world.must("without the gate the other viewer hears of it", lambda: [each for each in direct[1].heard if each[1][0] == 3 and len(each[1]) > 8])
    for each in direct:
        each.close()
    world.pass_gate("mori")
    page = world.consoles.at_consoles()
    one, other = (page.open("web-01", encodings=[EXTENDED_CLIPBOARD]) for _ in range(2))
    for said in (PLAIN, EXTENDED):
        one.say(b"\x06" + said)
    world.must_not("the other viewer hears of it", lambda: other.count("clipboard") or one.count("clipboard"), during=QUIET_S)
    assert one.live and other.live
    stopped(world, "viewer")


def closes(message: bytes) -> Callable[[World, GuestScreen], None]:
    def story(world: World, guest: GuestScreen) -> None:
        bare = without_the_gate(world)
        bare.say(message)
        world.must("without the gate it reaches the guest", lambda: guest.count(f"type {message[0]}") == 1)
        bare.close()
        screen = opened(world, guest)
        screen.say(message)
        assert screen.wait_end(5)
        world.must_not("it reaches the guest", lambda: guest.count(f"type {message[0]}") > 1, during=QUIET_S)
        assert world.entry(event="desktop.closed", person="mori")["code"] == "console.file_transfer"
    return story


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R14", must="fail")
@pytest.mark.parametrize("message", [b"\x07\x01\0\0" + struct.pack(">II", 0, 4) + b"C:\\a", b"\xfc\0\0\x01" + b"\0" * 8, b"\x84\0\0\0" + b"\0" * 4],
                         ids=["ultravnc", "tightvnc2", "tightvnc1"])
def test_a_file_transfer_closes_the_screen(world: World, guest: GuestScreen, message: bytes) -> None:
    world.allow_event("console.broken", "the screen that is closed")
    closes(message)(world, guest)


CAP = 1 << 20  # bytes of a clipboard that is thrown away; a longer one ends the screen at its head
PIECE = 1 << 15  # a message of the WebSocket holds more, and not all of that
COPY_RECT = struct.pack(">BBHHHHHiHH", 0, 0, 1, 0, 0, 1, 1, 1, 0, 0)  # which the filter knows, and this viewer has not asked for


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R14", must="fail")
def test_what_no_filter_could_throw_away_closes_the_screen(world: World, guest: GuestScreen) -> None:
    """A clipboard that is longer than the filter reads, from either end, and a picture of the guest in another encoding than those that it
    was asked for; a clipboard that is just short enough is thrown away, and the screen stays."""
    world.allow_event("console.broken", "the screens that are closed")
    world.pass_gate("mori")
    page = world.consoles.desktop_page()
    head = b"\0\0\0" + struct.pack(">i", CAP + 1)
    for what, by, said, code in (("a long clipboard of the viewer", "viewer", b"\x06" + head, "console.clipboard_size"),
                                 ("a long clipboard of the guest", "guest", b"\x03" + head, "console.clipboard_size"),
                                 ("a picture in an encoding that was not asked for", "guest", COPY_RECT, "console.encoding")):
        with world.step(what):
            screen = page.open(encodings=[EXTENDED_CLIPBOARD])
            world.wait(lambda screen=screen: screen.updates > 0, 10, "the first picture")
            before = len(world.journal(event="desktop.closed", person="mori"))
            (screen.say if by == "viewer" else guest.say)(said)
            assert code in screen.wait_end(5)
            world.wait(lambda before=before: len(world.journal(event="desktop.closed", person="mori")) > before, 5, "it is written down")
            assert world.entry(event="desktop.closed", person="mori")["code"] == code
    screen = page.open(encodings=[EXTENDED_CLIPBOARD])
    world.wait(lambda: screen.updates > 0, 10, "the first picture")
    guest.say(b"\x03" + cut_text(b"a" * CAP))
    long = b"\x06" + cut_text(b"a" * CAP)
    for at in range(0, len(long), PIECE):
        screen.say(long[at:at + PIECE])
    for by in ("viewer", "guest"):
        stopped(world, by)
    screen.type("ok")
    world.must("the screen goes on", lambda: guest.count("key") >= 4)
    assert not guest.count("clipboard") and not screen.count("clipboard")


@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R14", must="fail")
def test_power_and_sound_do_not_pass(world: World, guest: GuestScreen) -> None:
    """xvp's shutdown and QEMU's audio reach the guest, and sound the viewer, without the gate; with it neither does."""
    shutdown, listen = b"\xfa\0\x01\x02", b"\xff\x01\0\0"
    agreed, sound = b"\xfa\0\x01\x01", b"\xff\x01\0\x02" + struct.pack(">I", 8) + b"\1\2\3\4\5\6\7\x08"
    bare = without_the_gate(world)
    world.wait(lambda: bare.updates > 0, 10, "the bare viewer's first picture")
    bare.say(shutdown + listen)
    guest.say(agreed + sound)
    world.must("without the gate power and sound pass", lambda: guest.count("xvp") and guest.count("sound or scan code") and
               bare.count("xvp") and bare.count("sound"))
    bare.close()
    power, sounds = guest.count("xvp"), guest.count("sound or scan code")
    screen = opened(world, guest)
    screen.say(shutdown + listen)
    guest.say(agreed + sound)
    world.must_not("power or sound passes", lambda: guest.count("xvp") > power or guest.count("sound or scan code") > sounds or
                   screen.count("xvp") or screen.count("sound"), during=QUIET_S)
    assert screen.live, screen.ended
    for code in ("console.power", "console.sound"):
        for by in ("viewer", "guest"):
            stopped(world, by, code)
