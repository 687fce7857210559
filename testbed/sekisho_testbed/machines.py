"""Machines in memory for the simulated lab: what a virtualisation manager is to sekisho-hyperd, a console driver written in Python.

A machine has a text screen that shows what is typed. Its screen is a stream of RFB like any guest's: one end of a pair of sockets
in this process, handed to hyperd as libvirt hands out a real one. Nothing is decided here; time is the world's.
"""
from __future__ import annotations

import dataclasses
import datetime
import errno
import io
import socket
import struct
from collections.abc import Callable
from typing import Any

from . import screen_font
from .rfb_guest import GuestTalk

COLUMNS, ROWS = 60, 16
SIZE = (COLUMNS * screen_font.WIDTH, ROWS * screen_font.HEIGHT)
INK, GROUNDS = b"\xaa\xaa\xaa\0", {"server": b"\0\0\0\0", "desktop": b"\xaa\0\0\0"}
BOOT = datetime.timedelta(seconds=2)  # until a new desktop's system answers
ENTER, BACK = 0xFF0D, 0xFF08
Now = Callable[[], datetime.datetime]


class Carrier:
    """One end of a stream in this process; the world looks after it in its turns."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.setblocking(False)
        self.waits = bytearray()
        self.over = False

    def write(self, data: bytes) -> None:
        self.waits += data
        self._push()

    def _push(self) -> bool:
        moved = False
        try:
            while self.waits and not self.over and (sent := self.sock.send(self.waits)):
                del self.waits[:sent]
                moved = True
        except BlockingIOError:
            pass
        except OSError:
            self.waits.clear()
        return moved

    def carry(self) -> tuple[bool, bytes]:
        """Whether anything moved; what came."""
        if self.over:
            return False, b""
        moved = self._push()
        try:
            if data := self.sock.recv(1 << 18):
                return True, data
        except BlockingIOError:
            return moved, b""
        except OSError as error:
            if error.errno not in (errno.ECONNRESET, errno.EPIPE):
                raise
        self.close()
        return True, b""

    def close(self) -> None:
        self.over = True
        self.sock.close()


class ScreenLine(Carrier):
    """One viewer of a machine."""

    def __init__(self, hear: Callable[["ScreenLine", str, bytes], None], size: tuple[int, int] = SIZE) -> None:
        near, self.far = socket.socketpair()
        super().__init__(near)
        self.far.setblocking(False)
        self.wanted = self.whole = False  # a picture; all of it
        self.stale: set[int] = set()      # lines that it has not seen
        self.talk = GuestTalk(self.write, size, lambda _, what, message: hear(self, what, message))

    def work(self) -> bool:
        moved, data = self.carry()
        if data:
            self.talk.feed(data)
        return moved


class Machine:
    """`lines`: what stands there; what is typed comes behind the last of them."""

    def __init__(self, name: str, lines: list[str], kind: str) -> None:
        self.name, self.first, self.ground = name, lines, GROUNDS[kind]
        self.viewers: list[ScreenLine] = []
        self.running = True
        self.device = ""  # that could carry more than a picture out; libvirt's word for it
        self.boot()

    def boot(self) -> None:
        self.lines = [*self.first]
        self.end_screens()

    def end_screens(self) -> None:
        for viewer in self.viewers:
            viewer.close()
        self.viewers.clear()

    def screen(self) -> socket.socket:
        """A new viewer's end."""
        line = ScreenLine(self._hear)
        self.viewers.append(line)
        return line.far

    def work(self) -> bool:
        moved = any([viewer.work() for viewer in list(self.viewers)])
        self.viewers = [viewer for viewer in self.viewers if not viewer.over]
        return moved

    def show(self, text: str) -> None:
        """Behind what stands there; "\\n" begins a line, "\\b" takes a letter back."""
        for letter in text:
            if letter == "\n" or len(self.lines[-1]) >= COLUMNS - 1:
                self.lines.append("")
            if letter == "\b":
                self.lines[-1] = self.lines[-1][:-1]
            elif letter != "\n":
                self.lines[-1] += letter
        gone = max(0, len(self.lines) - ROWS)
        del self.lines[:gone]
        for viewer in self.viewers:
            viewer.stale |= set(range(ROWS) if gone or "\n" in text else range(len(self.lines) - 2, len(self.lines)))
            self._paint(viewer)

    def typed(self, letter: str) -> None:
        self.show(letter)

    def picture(self) -> bytes:
        """PNG, without a viewer."""
        from PIL import Image

        file = io.BytesIO()
        Image.frombytes("RGB", SIZE, b"".join(self._row(n) for n in range(ROWS)), "raw", "BGRX").save(file, "PNG")
        return file.getvalue()

    def _row(self, number: int) -> bytes:
        text = self.lines[number] if 0 <= number < len(self.lines) else ""
        return screen_font.line(text[:COLUMNS].ljust(COLUMNS), INK, self.ground)

    def _hear(self, viewer: ScreenLine, what: str, message: bytes) -> None:
        if what == "request":
            viewer.wanted, viewer.whole = True, viewer.whole or message[1] == 0
            self._paint(viewer)
        elif what == "key" and message[1]:
            symbol = struct.unpack(">I", message[4:])[0]
            if (letter := {ENTER: "\n", BACK: "\b"}.get(symbol) or (chr(symbol) if 32 <= symbol < 127 else "")):
                self.typed(letter)
        elif what == "clipboard":  # QEMU hands a clipboard from viewer to viewer
            for other in self.viewers:
                if other is not viewer:
                    other.write(b"\3" + message[1:])

    def _paint(self, viewer: ScreenLine) -> None:
        if not viewer.wanted or not (viewer.whole or viewer.stale):
            return
        if viewer.whole:
            viewer.talk.paint(0, 0, *SIZE, b"".join(self._row(n) for n in range(ROWS)))
        else:
            first, last = min(viewer.stale), max(viewer.stale)
            viewer.talk.paint(0, first * screen_font.HEIGHT, SIZE[0], (last - first + 1) * screen_font.HEIGHT,
                              b"".join(self._row(n) for n in range(first, last + 1)))
        viewer.wanted = viewer.whole = False
        viewer.stale.clear()


class LoginDesktop(Machine):
    """A desktop with a local account: its password is set for one session, and it has a shell that knows echo and cat. `files`: its
    overlay, which is gone with it; below it is the base image."""
    BASE = {"base": "from the base image"}

    def __init__(self, name: str, account: str) -> None:
        self.account, self.password, self.files = account, "", dict(self.BASE)
        self.asks, self.user, self.input = "login", "", ""
        super().__init__(name, ["", "desktop of the lab", "", "desktop login: "], "desktop")

    def typed(self, letter: str) -> None:
        if letter == "\n":
            said, self.input = self.input, ""
            self.show("\n")
            self._said(said)
            return
        self.input = self.input[:-1] if letter == "\b" else self.input + letter
        if self.asks != "password":
            self.show(letter)

    def _said(self, said: str) -> None:
        if self.asks == "login":
            self.user, self.asks = said, "password"
            return self.show("Password: ")
        if self.asks == "password":
            if self.password and (self.user, said) == (self.account, self.password):
                self.asks = "shell"
                return self.show(f"{self.account}@desktop:~$ ")
            self.asks = "login"
            return self.show("Login incorrect\ndesktop login: ")
        for command in said.split(";"):
            self._run(command.split())
        self.show(f"{self.account}@desktop:~$ ")

    def _run(self, words: list[str]) -> None:
        if words[:1] == ["echo"]:
            text, into = " ".join(word for word in words[1:] if not word.startswith(">")), next((w[1:] for w in words if w.startswith(">")), "")
            if into:
                self.files[into] = text
            else:
                self.show(f"{text}\n")
        elif words[:1] == ["cat"]:
            for name in words[1:]:
                self.show(f"{self.files[name]}\n" if name in self.files else f"cat: can't open '{name}'\n")
        elif words:
            self.show(f"sh: {words[0]}: not found\n")


@dataclasses.dataclass
class Held:
    machine: Machine
    uuid: str
    made: datetime.datetime


class Manager:
    """A virtualisation manager: a console driver (sekisho/kinds.py, ConsoleDriver) over machines in memory."""

    ACCOUNT = "maint"  # of the model "login"

    def __init__(self, now: Now) -> None:
        self.now = now
        self.held: dict[str, Held] = {}

    def add(self, uuid: str, machine: Machine) -> None:
        self.held[uuid] = Held(machine, uuid, self.now() - BOOT)

    def work(self) -> bool:
        return any([held.machine.work() for held in list(self.held.values())])

    def close(self) -> None:
        for held in self.held.values():
            held.machine.end_screens()

    # --- what hyperd may ask ----------------------------------------------------------------------------------------------------
    def machines(self, *, within: float) -> list[Any]:
        return [self._seen(held) for held in self.held.values()]

    def machine(self, uuid: str, *, within: float) -> Any:
        return self._seen(self._find(uuid))

    def screen(self, uuid: str, *, within: float) -> socket.socket:
        held = self._find(uuid)
        if not held.machine.running:
            self._refuse("console.unreachable", "it is switched off")
        if held.machine.device:
            self._refuse("console.way_out", held.machine.device)
        return held.machine.screen()

    def picture(self, uuid: str, *, within: float) -> tuple[str, bytes]:
        return "image/png", self._find(uuid).machine.picture()

    def _find(self, uuid: str) -> Held:
        if uuid not in self.held:
            self._refuse("console.no_such_machine", uuid)
        return self.held[uuid]

    def _seen(self, held: Held) -> Any:
        import sekisho.kinds

        return sekisho.kinds.Machine(held.uuid, held.machine.name, "running" if held.machine.running else "stopped",
                                     self.now() >= held.made + BOOT)

    @staticmethod
    def _refuse(code: str, detail: str) -> None:
        import sekisho

        raise sekisho.Error(code, detail)


class DesktopManager(Manager):
    """Of role desktops: makes and ends them."""

    def create(self, order: Any, *, within: float) -> Any:
        if order.uuid in self.held:
            self._refuse("console.busy", order.uuid)
        name = f"sekisho-{order.uuid}"
        machine = LoginDesktop(name, self.ACCOUNT) if order.model == "login" else desktop(name)
        self.held[order.uuid] = Held(machine, order.uuid, self.now())
        return self._seen(self.held[order.uuid])

    def destroy(self, uuid: str, *, within: float) -> None:
        if (held := self.held.pop(uuid, None)) is not None:
            held.machine.end_screens()

    def set_login(self, uuid: str, account: str, password: str, *, within: float) -> None:
        machine = self._find(uuid).machine
        if not isinstance(machine, LoginDesktop) or account != machine.account:
            self._refuse("console.refused", f"no account {account}")
        assert isinstance(machine, LoginDesktop)
        machine.password = password


def server(name: str) -> Machine:
    return Machine(name, ["", f"{name}  server of the lab", "", f"{name} login: "], "server")


def desktop(name: str) -> Machine:
    return Machine(name, ["", "desktop of the lab", "", "desktop login: "], "desktop")
