"""RFB by hand: what passes, what is taken out and told, what ends a console."""
from datetime import timedelta

import pytest

from sekisho import SAMPLE_NOW, ConsoleError, console as rfb

RAW, TIGHT, QEMU_KEYS, EXTENDED_CLIPBOARD, XVP = 0, 7, -258, -1063131698, -309
WIDTH, HEIGHT = 64, 32
RED = bytes([0, 0, 255, 0])


@pytest.fixture
def console():
    made = rfb.Console(now=SAMPLE_NOW, name="web-01")
    rfb.open_console(made, WIDTH, HEIGHT, now=SAMPLE_NOW)
    return made


def viewer(console, data):
    return rfb.viewer_says(console, data, now=SAMPLE_NOW)


def guest(console, data):
    return rfb.guest_says(console, data, now=SAMPLE_NOW)


def ask(console):
    return viewer(console, rfb.set_encodings([RAW, QEMU_KEYS]) + rfb.update_request(WIDTH, HEIGHT))


def test_the_opening_ends_on_both_sides():
    console = rfb.Console(now=SAMPLE_NOW, name="web-01")
    assert console.state == "opening" and console.size == (0, 0)
    assert console.from_guest(rfb.guest_opening(WIDTH, HEIGHT, b"QEMU (secret name)"), now=SAMPLE_NOW)
    console.from_viewer(rfb.HELLO + b"\x01", now=SAMPLE_NOW)
    assert console.room_from_guest == 0, "the guest waits for the viewer"
    console.from_viewer(b"\x00", now=SAMPLE_NOW)
    assert console.state == "open" and console.size == (WIDTH, HEIGHT)
    told, asked = console.to_viewer(), console.to_guest()
    assert told.startswith(rfb.HELLO) and told.endswith(b"web-01") and b"secret name" not in told
    assert asked.startswith(rfb.HELLO + b"\x01\x01"), "shared, although the viewer did not want to"


def test_a_picture_passes_unchanged_and_is_seen(console):
    ask(console)
    picture = rfb.raw_update(8, 4, 3, 2, RED * 6)
    assert guest(console, picture) == picture
    seen = console.seen()
    first, *pieces, last = seen
    assert isinstance(first, rfb.SizeSeen) and (first.width, first.height) == (WIDTH, HEIGHT)
    assert isinstance(last, rfb.UpdateSeen) and all(isinstance(piece, rfb.PaintSeen) for piece in pieces)
    painted = {(piece.x + x, piece.y + y): piece.pixels[4 * (y * piece.width + x):][:3]
               for piece in pieces for y in range(piece.height) for x in range(piece.width)}
    assert painted == {(x, y): RED[:3] for x in (8, 9, 10) for y in (4, 5)}
    assert console.seen() == [] and not console.undecoded


def test_keys_and_pointer_pass_and_are_seen(console):
    sent = rfb.key_event(True, 0x61) + rfb.key_event(False, 0x61) + rfb.pointer_event(5, 6, 1)
    assert viewer(console, sent) == sent and console.inputs == 3
    key, _, pointer = console.seen()[-3:]
    assert (key.down, key.symbol, key.scan_code) == (True, 0x61, 0)
    assert (pointer.x, pointer.y, pointer.buttons) == (5, 6, 1)


@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_no_clipboard_passes_in_any_pieces(console, piece):
    ask(console)
    for text, side, feed in ((rfb.client_cut_text(b"out it goes"), "viewer", viewer),
                             (rfb.server_cut_text(b"and back"), "guest", guest)):
        passed = b"".join(feed(console, text[at:at + piece]) for at in range(0, len(text), piece))
        assert passed == b"" and console.total("console.clipboard", side) == 1
    told = {(n.code, n.by_guest): (n.count, n.bytes) for n in console.notices(now=SAMPLE_NOW)}
    assert told[("console.clipboard", False)] == (1, 11) and told[("console.clipboard", True)] == (1, 8)
    assert console.state == "open", "the console goes on"


def test_a_flood_of_attempts_is_a_number(console):
    for _ in range(50):
        viewer(console, rfb.client_cut_text(b"x"))
    assert [n.count for n in console.notices(now=SAMPLE_NOW) if n.code == "console.clipboard"] == [50]
    viewer(console, rfb.client_cut_text(b"x"))
    assert console.notices(now=SAMPLE_NOW) == [], "at most one a second"
    assert [n.total for n in console.notices(now=SAMPLE_NOW + timedelta(seconds=1))] == [51]


def test_an_unknown_message_ends_the_console(console):
    assert viewer(console, rfb.pointer_event(1, 1) + b"\x63" + rfb.pointer_event(2, 2)) == rfb.pointer_event(1, 1)
    assert (console.state, console.why) == ("ended", "console.unknown_message")
    assert any(n.code == console.why for n in console.notices(now=SAMPLE_NOW))
    assert console.room_from_viewer == 0 and viewer(console, rfb.pointer_event(1, 1)) == b"", "for good"


def test_a_picture_larger_than_its_room_passes_in_pieces():
    console = rfb.Console(now=SAMPLE_NOW)
    rfb.open_console(console, 400, 200, now=SAMPLE_NOW)
    ask(console)
    picture = rfb.raw_update(0, 0, 400, 200, RED * 80_000)
    assert console.room_from_guest < len(picture) and guest(console, picture) == picture


def test_keys_that_come_too_fast_wait_and_are_told(console):
    with pytest.raises(ConsoleError) as raised:
        viewer(console, b"".join(rfb.key_event(down, 0x61 + n % 26) for n in range(40) for down in (True, False)))
    assert raised.value.code == "console.waits"
    assert [(n.code, n.count) for n in console.notices(now=SAMPLE_NOW)] == [("console.fast_typing", 1)]
    console.tick(now=console.next_deadline)
    assert console.to_guest() == rfb.key_event(True, 0x61 + 30 % 26), "the key that waited is not lost"


def test_a_picture_outside_the_screen_ends_the_console(console):
    ask(console)
    guest(console, rfb.raw_update(WIDTH - 1, 0, 2, 1, RED * 2))
    assert console.why == "console.outside_screen"
    assert not any(isinstance(one, rfb.PaintSeen) for one in console.seen())


def test_a_slow_opening_ends():
    console = rfb.Console(now=SAMPLE_NOW, opening_limit=10)
    assert console.next_deadline == SAMPLE_NOW + timedelta(seconds=10)
    console.tick(now=console.next_deadline)
    assert (console.state, console.why) == ("ended", "console.slow_opening")


def test_a_slow_viewer_holds_its_guest_back(console):
    ask(console)
    picture = rfb.raw_update(0, 0, WIDTH, HEIGHT, bytes(4 * WIDTH * HEIGHT))
    taken = sum(console.from_guest(picture, now=SAMPLE_NOW) for _ in range(16))
    assert console.room_from_guest == 0 and taken == 128 * 1024
    assert len(console.to_viewer(1000)) == 1000 and console.room_from_guest == 1000


def test_who_may_only_look_types_nothing():
    console = rfb.Console(now=SAMPLE_NOW, view_only=True)
    rfb.open_console(console, WIDTH, HEIGHT, now=SAMPLE_NOW)
    assert viewer(console, rfb.key_event(True, 0x61) + rfb.pointer_event(1, 1)) == b"" and console.inputs == 0
    assert console.total("console.view_only", "viewer") == 2


def test_an_end_from_outside_has_its_word(console):
    with pytest.raises(ValueError, match="console.bored"):
        console.end("console.bored")
    console.end()
    assert (console.state, console.why) == ("ended", "console.closed")


def test_filters_say_what_passes_and_what_breaks():
    filters = rfb.Filters(WIDTH, HEIGHT, key_presses_per_s=2)
    passed = filters.viewer(rfb.set_encodings([TIGHT, EXTENDED_CLIPBOARD, XVP, RAW]), now=SAMPLE_NOW)
    assert passed.data == rfb.set_encodings([TIGHT, RAW]) and not passed.broken
    assert [(n.code, n.count) for n in filters.notices(now=SAMPLE_NOW)] == [("console.encoding_held", 2)]
    typed = b"".join(rfb.key_event(down, key) for key in (0x61, 0x62, 0x63) for down in (True, False))
    first = filters.viewer(typed, now=SAMPLE_NOW)
    assert first.data == typed[:32] and filters.waits is not None, "the third key waits"
    assert filters.viewer(typed[first.taken:], now=filters.waits).data == typed[32:], "and is not lost"
    assert filters.guest(rfb.raw_update(0, 0, 1, 1, RED)).data == rfb.raw_update(0, 0, 1, 1, RED)
    assert filters.guest(b"\x63").broken == "console.unknown_message"


def test_encodings_are_an_allow_list():
    assert rfb.on_allow_list(TIGHT) and not rfb.on_allow_list(EXTENDED_CLIPBOARD)
    assert rfb.rewrite_encodings([TIGHT, EXTENDED_CLIPBOARD, TIGHT]) == ([TIGHT, RAW], 1)
    assert rfb.rewrite_encodings([TIGHT], withheld=[TIGHT]) == ([RAW], 1)
    assert rfb.encodings_not_decoded() and TIGHT not in rfb.encodings_not_decoded()


def test_every_cause_speaks_both_languages():
    causes = {cause.code: cause for cause in rfb.causes()}
    assert not causes["console.clipboard"].ends and causes["console.file_transfer"].ends
    assert all(code.startswith("console.") and c.what.ja and c.what.en for code, c in causes.items())
