"""A viewer and a guest's screen of the lab understand each other; the reader of pictures reads, and can miss."""
from __future__ import annotations

import pathlib
import socket
import struct
from collections.abc import Iterator
from typing import Any, cast

import pytest

from sekisho_testbed import hypervisor, ocr
from sekisho_testbed.consoles import INTERNET
from sekisho_testbed.guest_screen import HEIGHT, WIDTH, ListeningGuest
from sekisho_testbed.namespaces_consoles import NamespacesConsoles
from sekisho_testbed.netlab import wait_until
from sekisho_testbed.ordeal.recording import MOST_WORDS, Blind
from sekisho_testbed.viewer import EXTENDED_CLIPBOARD, cut_text, extended, provide
from sekisho_testbed.viewer_wire import Plain, ThreadViewer


class Here:
    """In a host's place: this machine's loopback, any free port."""

    def listen(self, _: int) -> socket.socket:
        self.listener = socket.create_server(("127.0.0.1", 0))
        return self.listener


@pytest.fixture
def pair() -> Iterator[tuple[ThreadViewer, ListeningGuest]]:
    here = Here()
    guest = ListeningGuest(cast(Any, here), 0)
    viewer = ThreadViewer(Plain(socket.create_connection(here.listener.getsockname())), encodings=[EXTENDED_CLIPBOARD])
    yield viewer, guest
    viewer.close()
    guest.close()


def test_the_picture_arrives(pair: tuple[ThreadViewer, ListeningGuest], tmp_path: pathlib.Path) -> None:
    viewer, _ = pair
    from PIL import Image

    with Image.open(viewer.picture(tmp_path / "p.png")) as image:
        assert image.size == (WIDTH, HEIGHT) and image.getpixel((0, 0)) == (0x90, 0x60, 0x30)


@pytest.mark.parametrize("said", [cut_text(b"words"), extended(provide(b"words")), b"\0\0\0" + struct.pack(">i", -3) + b"wor"])
def test_a_clipboard_arrives_in_both_directions_also_in_fragments(pair: tuple[ThreadViewer, ListeningGuest], said: bytes) -> None:
    viewer, guest = pair
    wait_until(lambda: guest.connections, 5, "the guest has its viewer")
    viewer.say(b"\6" + said)
    viewer.say_in_fragments(b"\6" + said)
    guest.say(b"\3" + said)
    guest.say(b"\3" + said, fragments=True)
    wait_until(lambda: guest.count("clipboard") == 2 and viewer.count("clipboard") == 2, 5, "both heard it twice")
    assert viewer.heard[-1] == ("clipboard", b"\3" + said) and ("clipboard", b"\6" + said) in guest.heard


def test_keys_arrive_and_an_end_is_noticed(pair: tuple[ThreadViewer, ListeningGuest]) -> None:
    viewer, guest = pair
    viewer.type("Ab", pause=0)
    wait_until(lambda: guest.count("key") == 6, 5, "two letters and a shift, down and up")
    guest.close()
    assert viewer.wait_end(5) and not viewer.live


def test_what_is_unknown_ends_a_viewer(pair: tuple[ThreadViewer, ListeningGuest]) -> None:
    viewer, guest = pair
    wait_until(lambda: guest.connections, 5, "the guest has its viewer")
    guest.say(b"\x42")
    assert "unknown message" in viewer.wait_end(5)


def test_what_a_screen_showed_last_is_kept_with_its_end(pair: tuple[ThreadViewer, ListeningGuest], tmp_path: pathlib.Path) -> None:
    viewer, guest = pair
    wait_until(lambda: viewer.updates > 0, 5, "the picture")
    consoles = NamespacesConsoles.__new__(NamespacesConsoles)
    consoles.viewers, consoles.side = [viewer], INTERNET
    guest.say(b"\2")
    guest.say(b"\x42")
    viewer.wait_end(5)
    ((title, file),) = consoles.pictures(tmp_path)
    assert "unknown message" in title and "bell" in title and file.read_bytes().startswith(b"\x89PNG")


def test_a_blind_viewer_proves_that_it_was_shown_something() -> None:
    here = Here()
    guest = ListeningGuest(cast(Any, here), 0)
    blind = Blind(Plain(socket.create_connection(here.listener.getsockname())), [], "blind")
    try:
        first = blind.shown(MOST_WORDS, within=10)
        assert first >= WIDTH * HEIGHT * 4 and blind.asked > 0
        guest.say(b"\2")
        assert blind.shown(first, within=10) > first
    finally:
        blind.close()
        guest.close()


class Silent(ListeningGuest):
    """Answers no question for a picture."""

    def _talk(self, connection: socket.socket) -> None:
        connection.sendall(b"RFB 003.008\n\1\1\0\0\0\0" + struct.pack(">HH", WIDTH, HEIGHT) +
                           struct.pack(">BBBBHHHBBB", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0) + b"\0\0\0" + struct.pack(">I", 0))
        self.connections.append(connection)
        while connection.recv(65536):
            pass


@pytest.mark.parametrize("ends", [False, True])
def test_a_blind_viewer_that_was_shown_nothing_says_so(ends: bool) -> None:
    here = Here()
    guest = Silent(cast(Any, here), 0)
    blind = Blind(Plain(socket.create_connection(here.listener.getsockname())), [], "blind")
    try:
        wait_until(lambda: blind.asked > 1 and guest.connections, 10, "it asks")
        if ends:
            guest.close()
            blind.wait_end(10)
        with pytest.raises(AssertionError, match="blind"):
            blind.shown(0, within=0.3)
    finally:
        blind.close()
        guest.close()


def test_a_text_disk_boots_and_holds_its_picture() -> None:
    disk = hypervisor.text_disk(["", "web-01"], 3, 9)
    assert len(disk) == 1 << 20 and disk[510:512] == b"\x55\xaa"
    assert disk[512 + 160:512 + 172:2] == b"web-01" and len(hypervisor.boot_sector(24, 79)) == 512


@pytest.mark.skipif(ocr.probe() is not None, reason=str(ocr.probe()))
def test_letters_are_read_and_others_are_not(tmp_path: pathlib.Path) -> None:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (400, 60), "black")
    ImageDraw.Draw(image).text((10, 20), "login: cedar river 12", fill=(170, 170, 170))
    image.save(tmp_path / "p.png")
    assert ocr.shows(tmp_path / "p.png", "cedar river 12")
    assert not ocr.shows(tmp_path / "p.png", "cedar bridge 12") and not ocr.shows(tmp_path / "p.png", "password")
