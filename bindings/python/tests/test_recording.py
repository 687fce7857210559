"""Recordings by hand: kept, shown again, proved; and what was done to one is found and named."""
from datetime import timedelta

import pytest

import sekisho
from sekisho import SAMPLE_NOW, console as rfb, recording

WIDTH, HEIGHT = 130, 70
RED, BLUE = bytes([0, 0, 255, 0]), bytes([255, 0, 0, 0])


def at(seconds):
    return SAMPLE_NOW + timedelta(seconds=seconds)


def recorder(**options):
    header = recording.RecordingHeader("0123456789abcdef" * 2, SAMPLE_NOW, "S20261122-1-000042", "mori", "web-01")
    return recording.Recorder(header, WIDTH, HEIGHT, **options)


def filled(recorder, colour, now, x=0, y=0, width=WIDTH, height=HEIGHT):
    recorder.paint(x, y, width, height, colour * (width * height), now=now)


@pytest.fixture
def kept():
    """A minute: red, a click after 20 s, blue after 30 s."""
    made = recorder()
    filled(made, RED, at(0))
    made.pointer(7, 8, 1, now=at(20))
    filled(made, BLUE, at(30))
    made.event("clipboard.dropped", "11 bytes", now=at(40))
    made.close(now=at(60))
    return made


def notes(recorder):
    return recording.notes_of(recorder.header.id, recorder.entries)


def test_a_good_recording_is_proved_to_its_end(kept):
    assert (kept.state, kept.failure) == ("closed", "")
    verified = recording.verify_recording(kept.data, notes(kept))
    assert verified.ok and verified.closed and not verified.findings and verified.unproved_bytes == 0
    assert verified.proved_until == at(60) and verified.chunks == notes(kept).closed
    assert [e.event for e in kept.entries][::len(kept.entries) - 1] == ["recording.opened", "recording.closed"]


def test_its_contents_cover_time_without_a_gap(kept):
    contents = recording.read_contents(kept.data)
    assert contents.complete and contents.indexed and (contents.begin, contents.end) == (at(0), at(60))
    assert repr(contents.header) == repr(kept.header) and (contents.width, contents.height) == (WIDTH, HEIGHT)
    assert all(one.end == two.begin for one, two in zip(contents.chunks, contents.chunks[1:]))
    assert contents.header_hash == notes(kept).header
    assert all((one.end - one.begin).total_seconds() <= 5 for one in contents.chunks)


def test_any_moment_is_shown_again(kept):
    player = recording.Player(kept.data)
    player.seek(at(25))
    assert player.picture == recording.Picture(WIDTH, HEIGHT, b"\xff\0\0" * (WIDTH * HEIGHT))
    assert player.pointer == (7, 8)
    player.seek(at(35))
    assert player.picture == kept.picture == recording.Picture(WIDTH, HEIGHT, b"\0\0\xff" * (WIDTH * HEIGHT))
    assert recording.ppm(player.picture).startswith(b"P6 130 70 255\n\0\0\xff")
    player.seek(at(0))
    assert player.pointer is None and player.effort.chunks >= 3


def test_what_follows_a_moment_comes_in_its_order(kept):
    player = recording.Player(kept.data)
    player.seek(at(10))
    moments = list(iter(player.step, None))
    assert [m.at for m in moments] == sorted(m.at for m in moments)
    pointers = [m for m in moments if isinstance(m, recording.PointerMoved)]
    assert pointers[0].at == at(20) and {(m.x, m.y, m.buttons) for m in pointers} == {(7, 8, 1)}, "said again"
    event, end = [m for m in moments if not isinstance(m, (recording.PictureChanged, recording.PointerMoved))]
    assert (event.at, event.code, event.text) == (at(40), "clipboard.dropped", "11 bytes")
    assert (end.at, end.why) == (at(60), "session.ended") and end is moments[-1]
    assert any(isinstance(m, recording.PictureChanged) and m.at == at(30) for m in moments)


def test_keys_are_kept_as_the_policy_says():
    used = {}
    for policy in ("none", "masked", "clear"):
        made = recorder(keys=policy)
        made.key(True, 0x61, 0x1E, now=at(1))
        made.close(now=at(2))
        moments = list(iter(recording.Player(made.data).step, None))
        used[policy] = [(m.masked, m.keysym, m.scancode) for m in moments if isinstance(m, recording.KeyUsed)]
    assert used == {"none": [], "masked": [(True, 0, 0)], "clear": [(False, 0x61, 0x1E)]}


def test_a_changed_byte_a_cut_and_a_swap_are_named(kept):
    good, known = kept.data, notes(kept)
    one, two = recording.read_contents(good).chunks[2:4]
    changed = bytearray(good)
    changed[one.offset + one.length // 2] ^= 1
    found = recording.verify_recording(bytes(changed), known)
    assert not found.ok and [(f.what, f.chunk) for f in found.findings] == [("changed", one.number)]
    assert found.proved_until == one.begin
    cut = recording.verify_recording(good[:two.offset + 10], known)
    assert not cut.ok and ("cut", two.number) in [(f.what, f.chunk) for f in cut.findings]
    swapped = good[:one.offset] + good[two.offset:two.offset + two.length] + \
        good[one.offset:one.offset + one.length] + good[two.offset + two.length:]
    found = recording.verify_recording(swapped, known)
    assert not found.ok and {f.chunk for f in found.findings} & {one.number, two.number}


def test_another_recordings_notes_prove_nothing(kept):
    assert notes(kept).chunks and recording.notes_of("f" * 32, kept.entries).chunks == []
    assert not recording.verify_recording(kept.data, recording.notes_of("f" * 32, kept.entries)).ok


def test_a_power_cut_loses_ten_seconds_at_most():
    for seconds in (3, 17.5, 44):
        made = recorder(seed=int(seconds))
        now = 0.0
        while now < seconds:
            filled(made, RED if int(now) % 2 else BLUE, at(now), width=64, height=64)
            now += 0.5
        made.tick(now=at(seconds))
        made.crash()
        verified = recording.verify_recording(made.data, notes(made))
        assert verified.ok and not verified.closed, [f.why for f in verified.findings]
        lost = at(seconds) - (verified.proved_until if verified.chunks else SAMPLE_NOW)
        assert lost <= timedelta(seconds=10)


def test_what_cannot_be_written_has_failed_within_its_limit():
    made = recorder()
    filled(made, RED, at(0))
    made.disk_works = False
    made.tick(now=at(4))
    assert made.state == "recording"
    made.tick(now=at(11))
    assert (made.state, made.failure) == ("failed", "recording.stalled")
    made.disk_works = True
    filled(made, BLUE, at(12))
    made.tick(now=at(30))
    assert made.state == "failed", "it never becomes good again"
    assert recording.verify_recording(made.data, notes(made)).ok, "the journal knows no chunk that was not written"
    last = made.entries[-1]
    assert (last.event, last.result) == ("recording.failed", "error") and "audit.full" in str(last.detail)


def test_a_file_is_read_where_it_lies(tmp_path):
    made = recorder(directory=str(tmp_path / "recordings"))
    filled(made, RED, at(0))
    made.close(now=at(7))
    path = tmp_path / "recordings" / made.file
    assert path.read_bytes() == made.data
    for where in (path, str(path)):
        assert recording.verify_recording(where, notes(made)).ok
        assert recording.read_contents(where).complete and recording.Player(where).step() is not None
    with pytest.raises(ValueError):
        made.crash()


def test_what_is_no_recording_is_an_error_of_the_tree(tmp_path):
    for wrong in (b"", b"x" * 600):
        with pytest.raises(sekisho.RecordingError):
            recording.read_contents(wrong)
        with pytest.raises(sekisho.RecordingError):
            recording.Player(wrong)
    with pytest.raises(sekisho.JournalError):
        recording.read_contents(tmp_path / "absent.skr")
    with pytest.raises(ValueError, match="32 hex digits"):
        recording.notes_of("short", [])
    with pytest.raises(ValueError, match="four bytes"):
        recorder().paint(0, 0, 2, 2, b"123", now=at(1))


def test_a_watched_console_is_recorded():
    console = rfb.Console(now=SAMPLE_NOW)
    rfb.open_console(console, WIDTH, HEIGHT, now=SAMPLE_NOW)
    made = recorder(keys="clear")
    console.from_viewer(rfb.set_encodings([0]) + rfb.update_request(WIDTH, HEIGHT) + rfb.key_event(True, 0x61),
                        now=SAMPLE_NOW)
    console.from_guest(rfb.raw_update(3, 4, 2, 1, RED + BLUE), now=SAMPLE_NOW)
    recording.record(made, console.seen(), now=at(1))
    made.close("console.closed", now=at(2))
    player = recording.Player(made.data)
    player.seek(at(2))
    row = player.picture.rgb[4 * 3 * WIDTH:][3 * 3:3 * 6]
    assert row == b"\xff\0\0" b"\0\0\xff" b"\0\0\0"
    assert recording.verify_recording(made.data, notes(made)).ok
