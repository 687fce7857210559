"""Machines in memory show what is typed, and only that; their letters are read by the pixel, and nothing else is."""
from __future__ import annotations

import datetime
import io
import pathlib
import socket

import pytest

from sekisho_testbed import machines, ocr, screen_font
from sekisho_testbed.guest_screen import HEIGHT, WIDTH
from sekisho_testbed.rfb_guest import GuestTalk
from sekisho_testbed.viewer import Frames, Gone, Opening, Viewer, cut_text, masked

BEGUN = datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc)


class ByHand(Viewer):
    """A viewer whose bytes this test carries."""

    def __init__(self, sock: socket.socket) -> None:
        self.carrier = machines.Carrier(sock)
        super().__init__()

    def _write(self, data: bytes) -> None:
        self.carrier.write(data)

    def _pause(self, seconds: float) -> None: ...

    def _wait(self, check: object, within: float, what: str) -> None: ...

    def close(self) -> None:
        self.carrier.close()


def settled(machine: machines.Machine, *viewers: ByHand) -> None:
    """Until nothing moves."""
    moved = True
    while moved:
        moved = machine.work()
        for viewer in viewers:
            some, data = viewer.carrier.carry()
            if data:
                viewer._feed(data)
            moved = moved or some


def test_what_is_typed_is_seen_by_every_viewer(tmp_path: pathlib.Path) -> None:
    machine = machines.server("web-01")
    one, other = ByHand(machine.screen()), ByHand(machine.screen())
    settled(machine, one, other)
    one.type("restart cedar\b!\nx")
    settled(machine, one, other)
    for viewer in (one, other):
        text = ocr.read(viewer._save(tmp_path / "p.png"))
        assert "web-01 login: restart ceda!\nx" in text, text
    assert screen_font.read(__import__("PIL.Image").Image.open(io.BytesIO(machine.picture()))) == text
    one.say(b"\6" + cut_text(b"words"))
    settled(machine, one, other)
    assert other.count("clipboard") == 1 and one.count("clipboard") == 0
    machine.boot()
    settled(machine)
    assert one.carrier.carry() == (True, b"") and one.carrier.over, "its screens end with it"


def test_a_login_takes_this_sessions_password_and_no_other() -> None:
    manager = machines.DesktopManager(lambda: BEGUN)
    desktop = machines.LoginDesktop("d", manager.ACCOUNT)
    manager.add("u", desktop)
    for password, then in (("", "Login incorrect"), ("right", "Login incorrect")):
        for letter in f"maint\n{password}\n":
            desktop.typed(letter)
        assert desktop.lines[-2:] == [then, "desktop login: "], desktop.lines
    manager.set_login("u", "maint", "right", within=1)
    for letter in "maint\nright\necho once >left; cat base left; cat none\n":
        desktop.typed(letter)
    assert desktop.lines[-4:-1] == ["from the base image", "once", "cat: can't open 'none'"] and "right" not in "".join(desktop.lines)
    assert "left" not in machines.LoginDesktop("e", manager.ACCOUNT).files


@pytest.mark.skipif(ocr.probe() is not None, reason=str(ocr.probe()))
def test_a_picture_with_anything_else_is_not_read_by_the_pixel(tmp_path: pathlib.Path) -> None:
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(machines.server("web-01").picture())) as image:
        assert screen_font.read(image)
        for mark in ((3, 3), (100, 51)):
            spoilt = image.copy()
            ImageDraw.Draw(spoilt).point(mark, fill=(0xaa, 0xaa, 0xaa))
            assert screen_font.read(spoilt) is None
        assert screen_font.read(image.crop((0, 0, 479, 256))) is None
        image.save(tmp_path / "p.png")
    assert ocr.shows(tmp_path / "p.png", "web-01 login:") and not ocr.shows(tmp_path / "p.png", "web-02 login:")


def test_a_guests_side_hears_messages_in_pieces() -> None:
    heard: list[tuple[str, bytes]] = []
    out = bytearray()
    talk = GuestTalk(out.extend, (WIDTH, HEIGHT), lambda _, what, message: heard.append((what, message)))
    said = b"RFB 003.008\n\1\1" + b"\2\0\0\1\xff\xff\xff\x21" + b"\3\0" + b"\0" * 8 + b"\4\1\0\0\0\0\0a" + b"\6" + cut_text(b"w")
    for byte in said:
        talk.feed(bytes([byte]))
    assert [what for what, _ in heard] == ["encodings", "request", "key", "clipboard"] and talk.asked == [0xFFFFFF21]
    assert bytes(out).startswith(b"RFB 003.008\n\1\1\0\0\0\0") and heard[-1][1] == b"\6" + cut_text(b"w")


def test_a_websocket_in_pieces() -> None:
    opening, frames = Opening("gate", "/ws", ["binary"], "https://gate", "Edg"), Frames()
    refused = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    for byte in refused[:-1]:
        opening.feed(bytes([byte]))
    assert opening.answer is None
    opening.feed(refused[-1:])
    assert opening.refused.endswith("no")
    told = [piece for byte in b"\x82\x02ab\x89\x01p\x88\x05\x03\xf0bye"[:-1] for piece in _fed(frames, bytes([byte]))]
    assert told == [("data", b"ab"), ("ping", b"p")]
    with pytest.raises(Gone, match="1008 bye"):
        _fed(frames, b"e")
    assert masked(2, b"x" * 70_000)[1] == 255


def _fed(frames: Frames, data: bytes) -> list[tuple[str, bytes]]:
    frames.rest += data
    return list(frames.take())
