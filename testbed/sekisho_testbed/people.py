"""The people of a scenario and what they have before them: a VPN client, an agent, a PC, a mailbox, the gate's pages."""
from __future__ import annotations

import abc
import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from . import cast

Facts = dict[str, Any]


@dataclasses.dataclass
class Report:
    """What the agent was told about its report."""
    ok: bool                       # every check passed
    denied: bool                   # judged, and at least one failed
    checks: list[dict[str, Any]]   # {check, rule, code, verdict, remedy: {ja, en}}
    text: str                      # the whole answer, for a person

    def failing(self) -> list[dict[str, Any]]:
        return [row for row in self.checks if row["verdict"] in ("fail", "unknown")]


class Rdp(abc.ABC):
    """One try of RDP inside the house, from a desktop or a server to another one."""
    opened: bool

    @abc.abstractmethod
    def answered(self) -> bool:
        """What is said now over this connection comes back."""

    def close(self) -> None: ...


class Login(abc.ABC):
    """One try of a person to get in with his VPN client; once in, his tunnel."""

    @abc.abstractmethod
    def asked(self, within: float = 15, prompt: str = "code") -> "Login":
        """The gate has asked a question with this word."""

    @abc.abstractmethod
    def type(self, line: str) -> "Login":
        """What the person types next: a code."""

    @abc.abstractmethod
    def up(self, within: float = 15) -> "Login":
        """The tunnel stands."""

    @property
    @abc.abstractmethod
    def address(self) -> str:
        """The inner address of the tunnel."""

    @property
    @abc.abstractmethod
    def inside(self) -> bool:
        """The client is still there: it asks, tries, or holds its tunnel."""

    @abc.abstractmethod
    def refused(self, within: float = 15) -> str:
        """The client has given up and no tunnel ever stood; what it showed the person."""

    @abc.abstractmethod
    def ended(self, within: float = 15) -> str:
        """A tunnel that stood is over and the client has stopped by itself."""

    @property
    @abc.abstractmethod
    def was_told(self) -> bool:
        """Whether the gate said goodbye, so that the client knows that it is over."""

    @property
    @abc.abstractmethod
    def answers(self) -> list[str]:
        """What the gate answered, line by line, without what differs by chance: for answers that must read the same."""

    @abc.abstractmethod
    def hang_up(self, within: float = 10) -> None:
        """The person disconnects."""

    @abc.abstractmethod
    def cut(self) -> None:
        """The PC loses power: nothing is said to the gate."""

    @abc.abstractmethod
    def send(self, packets: Sequence[bytes]) -> None:
        """Raw packets into the tunnel, bytes as given."""

    @abc.abstractmethod
    def hears(self, port: int) -> contextlib.AbstractContextManager[Callable[[], bytes]]:
        """A program on the PC listens at this UDP port; what has come to it until now."""


@dataclasses.dataclass
class ClientRun:
    """How far another stock client came."""
    authenticated: bool  # the gate has taken every factor
    allocated: bool      # it was given a tunnel
    text: str            # what it said


class Page(abc.ABC):
    """A person before the gate's pages: opens, reads, fills in forms and presses what stands there."""

    LOGIN = f"https://{cast.GATE_NAME}/remote/login"
    agent: str               # how it calls itself
    page: dict[str, Any]     # what stands there: url, title, text, html

    @abc.abstractmethod
    def open(self, url: str = LOGIN) -> "Page": ...

    @abc.abstractmethod
    def fill(self, at: str, text: str) -> "Page":
        """Into the field that the CSS selector names."""

    @abc.abstractmethod
    def press(self, at: str = "button.main") -> "Page": ...

    @abc.abstractmethod
    def value(self, at: str) -> str:
        """What stands in a field."""

    def cookies(self) -> dict[str, str]:
        """Those that the page's place has given, as whoever stole the machine finds them; a reader of plain pages shows them."""
        raise NotImplementedError("needs a reader of plain pages")

    def keep_cookie(self, name: str, value: str) -> None:
        """From now on it is shown to the place where this page is from."""
        raise NotImplementedError("needs a reader of plain pages")

    @abc.abstractmethod
    def close(self) -> None: ...

    def pictures(self, folder: pathlib.Path, number: int) -> list[tuple[str, pathlib.Path]]:
        """What it shows now, as (title, file in the folder); a reader without a screen has none."""
        return []

    @property
    def text(self) -> str:
        return str(self.page["text"])

    def shows(self, *words: str) -> "Page":
        for word in words:
            assert word in self.text, f"the page does not show {word!r}:\n{self.text}"
        return self

    def give_id(self, login: str) -> "Page":
        return self.fill("#login", login).press()

    def give_password(self, password: str) -> "Page":
        return self.fill("#password", password).press()

    def give_code(self, code: str) -> "Page":
        return self.fill("#code", code).press()


class Agent(abc.ABC):
    """The posture agent of one terminal."""

    @abc.abstractmethod
    def facts(self, document: Facts) -> None:
        """What the terminal is, from now on."""

    @abc.abstractmethod
    def report(self, *, inside: bool) -> Report:
        """One report, before the login or through the tunnel."""

    @abc.abstractmethod
    def start(self, within: float = 10) -> None:
        """Reports through the tunnel from now on; the first report has admitted the session when this returns."""

    @abc.abstractmethod
    def event(self) -> None:
        """Something changed on the terminal: the agent reports at once."""

    @abc.abstractmethod
    def stop(self) -> None: ...


class SamlListener(abc.ABC):
    @abc.abstractmethod
    def cookie(self, within: float = 15) -> str:
        """Of the session that it has fetched with the one-time id."""

    @abc.abstractmethod
    def again(self, within: float = 10) -> int:
        """Shows the same id once more; the status it gets."""


class Pc(abc.ABC):
    """A contractor's PC with the person before it."""

    who: str
    agent: Agent

    @abc.abstractmethod
    def login(self, password: str | None = None, *, login: str | None = None, certificate: object = "own") -> Login:
        """Starts the VPN client and types ID and password (his own, unless told); returns at once.
        `certificate`: "own", None, or what odd_certificate() or certificate_of() gave."""

    @abc.abstractmethod
    def resume(self, cookie: str, *, certificate: object = "own") -> Login:
        """Starts the VPN client with a session from elsewhere."""

    @abc.abstractmethod
    def openfortivpn(self, password: str, code: Callable[[], str] | None) -> ClientRun:
        """The other stock client, as far as its tunnel: login, and the code when it is asked for."""

    @abc.abstractmethod
    def openfortivpn_with_cookie(self, cookie: str) -> ClientRun:
        """The same with a session from elsewhere."""

    @abc.abstractmethod
    def saml_client(self) -> "SamlListener":
        """A newer client that has opened the browser and waits for what it brings."""

    @abc.abstractmethod
    def desktop_answers(self, within: float = 3) -> bool:
        """The screen of his desktop answers at the entrance."""

    @abc.abstractmethod
    def reaches(self, address: str, port: int, within: float = 3) -> bytes | None:
        """TCP to there: the first bytes that come by themselves, perhaps none; None where nothing answers."""


class Mailbox(abc.ABC):
    """One person's mails."""

    @abc.abstractmethod
    def next_code(self, within: float = 10) -> str:
        """Waits for the next mail; the six digits in it."""

    @property
    @abc.abstractmethod
    def unread(self) -> int:
        """Mails since the last that was read."""

    def nothing_new(self) -> bool:
        return self.unread == 0
