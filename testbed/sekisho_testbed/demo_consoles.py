"""The demo's second half: what the contractor came for. Desktop page, desktop, console page, a server's console, the end, the proof.

Two real Chromiums show the pages through noVNC: one on Mori's PC, in the tunnel, and one that is the browser of his desktop. Where
a PC or the desktop is a machine under emulation, a browser in it would need a minute to start; so it runs beside the machine, and
all its connections are made by the machine (guests.py, desk_line.py). The step says so.
"""
from __future__ import annotations

import pathlib
import time
from typing import TYPE_CHECKING

from . import browser, cast, desk_line, guest_login, hypervisor, ocr
from .browser import Browser
from .netlab import wait_until

if TYPE_CHECKING:
    from .demo import Story
    from .namespaces import NamespacesWorld

TYPED = "uptime cedar 12"
SLOW = 240  # s: an emulated machine boots beside two browsers
END_S = 2.0


def missing(build: pathlib.Path) -> str | None:
    """Why this half cannot be shown on this machine, or None."""
    from .gate_programs import unbuilt_pages

    return hypervisor.missing() or ocr.probe() or browser.probe() or unbuilt_pages(build)


def journey(world: "NamespacesWorld", story: "Story", evidence: pathlib.Path) -> None:
    """Mori has a tunnel and is admitted. Ends his session."""
    house, consoles = world.house, world.consoles
    evidence.mkdir(parents=True, exist_ok=True)
    number = world.session_of("mori")["number"]
    begun = time.monotonic()
    with house.browser("mori-pc") as pc:
        story.step("デスクトップページ（トンネルの内側）", "the desktop page, in the tunnel, in real Chromium",
                   lambda: pc.open(f"https://{cast.DESKTOP_PAGE}/desktop/").wait(number), lambda page: str(page.page["title"]))
        desktop = story.step("仮想デスクトップの用意", "his desktop is made fresh and starts", lambda: consoles.desktop_page().ready(SLOW)["desktop"],
                             lambda d: f"{d['id']}, account {d['account']}, {time.monotonic() - begun:.0f} s after the page was opened")
        screen = evidence / "desktop-canvas.png"

        def reads(page: Browser, words: str, within: float = SLOW) -> str:
            wait_until(lambda: ocr.shows(page.canvas(screen), words), within, f"the screen shows {words!r}", every=0.5,
                       on_fail=lambda: ocr.read(screen))
            return f"read by OCR: {words!r}"

        story.step("デスクトップの画面（noVNC）", "the desktop's own login screen, through noVNC", lambda: reads(pc, "desktop login:"), str)
        pc.picture(evidence / "1-desktop-login.png")

        def log_in() -> str:
            login = guest_login.GuestLogin(lambda: pc.canvas(screen), pc.keys, world.pause, desktop["account"], desktop["password"],
                                           "maint@desktop")
            wait_until(login.go_on, SLOW, "he logs in as the desktop asks", on_fail=lambda: ocr.read(pc.canvas(screen)))
            return "read by OCR: 'maint@desktop'"

        story.step("仮想デスクトップへのログイン", "login with the account and the password of this session alone", log_in, str)
        pc.picture(evidence / "2-desktop.png")
        machine, = house.hypervisor.desktops()
        with desk_line.browser(house, "vdi-01", machine) as vdi:
            story.step("管理コンソールページ（デスクトップから。ブラウザはその隣で動き、通信はデスクトップ自身が行う）",
                       "the console page, from the desktop (its browser runs beside the machine, its connections are the machine's own)",
                       lambda: vdi.open(f"https://{cast.CONSOLE_PAGE}/console/").wait("ログイン"), lambda page: str(page.page["url"]))
            vdi.picture(evidence / "3-console-login.png")
            story.step("管理コンソールへのログイン", "ID and password once more; the servers of his contract",
                       lambda: vdi.fill("#person", "mori").fill("#password", cast.PEOPLE["mori"]["password"]).act("form button.main").wait("web-01"),
                       lambda page: ", ".join(name for name in cast.SERVERS if name in page.page["text"]))
            vdi.picture(evidence / "4-servers.png")
            story.step("サーバのコンソール", "a server's console", lambda: (vdi.act('.server button[aria-label*="web-01"]'), reads(vdi, "web-01 login:"))[1], str)
            story.step("文字の入力と読み取り", "text is typed, and read back from the picture",
                       lambda: (vdi.keys(TYPED), reads(vdi, f"login: {TYPED}"))[1], str)
            vdi.picture(evidence / "5-console.png")

            def end() -> float:
                pc.act(".bar .danger")
                pc.act("dialog .danger")
                pressed = time.monotonic()
                wait_until(lambda: machine not in house.hypervisor.desktops() and
                           not any(s["number"] == number for s in world.sessions()), END_S, "session and desktop are gone")
                took = time.monotonic() - pressed
                assert took <= END_S, f"took {took:.1f} s, allowed are {END_S:g} s"
                pc.wait("終了")
                return took

            story.step("セッションの終了", "he ends the session: screens close, the desktop is destroyed", end, lambda took: f"{took:.2f} s")
            pc.picture(evidence / "6-ended.png")

    def no_desktop() -> str:
        answer = consoles.console_page().get("/api/console/servers")
        assert answer.code == "console.not_a_desktop", answer
        return f"{cast.address(cast.DESKTOPS['vdi-01'])}: {answer.code}"

    story.step("そのアドレスはもうデスクトップではない", "its address is no desktop's any more: the console page refuses it", no_desktop, str)

    def proved() -> str:
        world.wait(lambda: len(world.journal(event="recording.closed", session=number)) == 2, 15, "both recordings are closed")
        files = consoles.files(number)
        found = [consoles.verify(file) for file in files]
        assert len(found) == 2 and all(each["ok"] and each["closed"] and not each["unproved_bytes"] for each in found), found
        return ", ".join(f"{file.name}: {each['chunks']} chunks" for file, each in zip(files, found))

    story.step("録画と監査記録の照合", "sekishoctl recording verify: both recordings are what the journal says", proved, str)
