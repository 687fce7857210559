"""The closed path of a story (`@pytest.mark.gate(closed=True)`): lent terminals, their circuits, and the entrance. `world.closed`.

Its verbs are the same in every lab; what only a lab with charons can give (packets, devices, captures) is in `network`.
"""
from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import cast, cast_closed
from .consoles import Consoles
from .people import Agent, Page
from .programs.forms import Fields, Reader
from .talks import Heard, Talk, answer_of, request

if TYPE_CHECKING:
    from .world import World


class ClosedSide(abc.ABC):
    def __init__(self, world: "World") -> None:
        self.world = world
        self.enrolled: set[str] = set()
        world.people.update({who: dict(row) for who, row in cast_closed.PEOPLE.items()})

    # --- circuits -------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def line_up(self, who: str) -> None:
        """The device of this person's site brings its tunnel up; the gate knows it when this returns."""

    @abc.abstractmethod
    def line_down(self, who: str) -> None:
        """The site's device gives its tunnel up; the gate knows it when this returns."""

    @abc.abstractmethod
    def can_be_up(self, who: str) -> bool:
        """Tries: whether this person's line can be up now."""

    @abc.abstractmethod
    def holds_tunnel(self, who: str) -> bool:
        """The gate's charon holds a tunnel of this person's circuit; without charon: his line is up, and the circuit has a connection that
        charon would be told."""

    def wait_tunnel_gone(self, who: str, ended: str) -> None:
        """After the end of a contract or circuit charon itself holds no tunnel of it."""
        if ended in ("contract", "circuit"):
            self.world.wait(lambda: not self.holds_tunnel(who), 5, f"charon holds no tunnel of {who}'s circuit")

    @abc.abstractmethod
    def lose_charon(self) -> None:
        """The gate's charon dies without a word."""

    @abc.abstractmethod
    def circuits(self) -> list[dict[str, Any]]:
        """As staff see them: circuit, state, line, expected_at, closed_because …"""

    def circuit(self, who: str) -> dict[str, Any]:
        wanted = cast_closed.SITES[who]["circuit"]
        return next(row for row in self.circuits() if row["circuit"] == wanted)

    def wait_line(self, who: str, line: str, within: float = 8) -> None:
        self.world.wait(lambda: self.circuit(who)["line"] == line, within, f"{who}'s line is {line}",
                        on_fail=lambda: str(self.circuit(who)))

    # --- people ---------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def entrance(self, who: str, *, at: str | None = None, certificate: object = "own", address: str | None = None) -> Page:
        """Somebody at this person's lent terminal opens the entrance's page. `at`: at another's terminal. `address`: the source
        address of the terminal, another one than its own."""

    @abc.abstractmethod
    def talk(self, who: str, talks: Sequence[Talk], *, together: bool = False) -> dict[str, Heard]:
        """As World.talk, from his lent terminal to the entrance."""

    @abc.abstractmethod
    def agent(self, who: str) -> Agent:
        """The posture agent of his lent terminal; it speaks to the entrance."""

    @abc.abstractmethod
    def enrol(self, who: str) -> None: ...

    @abc.abstractmethod
    def desktop_answers(self, who: str, within: float = 3) -> bool:
        """The screen of his desktop answers at the desktop entrance."""

    def desktop_lost(self, who: str, within: float = 5) -> float:
        """Waits until his desktop does not answer; when the look that found so began (World.elapsed): what looking costs is not the gate's."""
        begun = 0.0

        def lost() -> bool:
            nonlocal begun
            begun = self.world.elapsed()
            return not self.desktop_answers(who, 0.3)

        self.world.wait(lost, within, f"{who}'s desktop does not answer")
        return begun

    @abc.abstractmethod
    def reaches(self, who: str, address: str, port: int, within: float = 1) -> bool:
        """From his terminal TCP to there is answered."""

    @abc.abstractmethod
    def plain_entrance(self, who: str) -> str:
        """As World.plain_entrance, at his lent terminal."""

    @property
    @abc.abstractmethod
    def consoles(self) -> Consoles:
        """Of the My Number zone, in a story that is marked `gate(closed=True, desktops=…)`."""

    @abc.abstractmethod
    def hold_desktop(self, who: str) -> Callable[[], bool]:
        """His screen is open from now on; whether it still is. Asking costs nothing, so that a limit measures the gate alone."""

    def ready(self, who: str) -> None:
        """Line up, agent enrolled, a good report: everything but the login."""
        self.line_up(who)
        if who not in self.enrolled:
            self.enrol(who)
            self.enrolled.add(who)
        self.report(who)

    def report(self, who: str, *, inside: bool = False) -> None:
        """`inside`: for his session, which stands."""
        agent = self.agent(who)
        agent.facts(self.good_facts(who))
        report = agent.report(inside=inside)
        assert report.ok, report.text

    def good_facts(self, who: str) -> dict[str, Any]:
        mac = cast_closed.site_plug(who, "pc").mac
        assert mac is not None
        return cast.good_facts(self.world.now(), mac, cast_closed.PEOPLE[who]["pc"])

    def log_in(self, who: str, *, password: str | None = None, **how: Any) -> Page:
        """Opens the entrance, types ID and password; whatever page comes then."""
        page = self.entrance(who, **how).open(f"{cast_closed.ORIGIN}/")
        page.fill("#login", who)
        return page.fill("#password", self.world.people[who]["password"] if password is None else password).press()

    def must_be_refused(self, what: str, who: str, code: str, rule: str, **how: Any) -> None:
        """He logs in, and is told this code of this rule; the journal has it as the only new refusal."""
        with self.world.refusal(what, code, rule):
            self.log_in(who, **how).shows(code, rule)

    def log_in_at_once(self, people: Sequence[str], at: str) -> dict[str, str]:
        """At this person's terminal each has filled in his ID and password, and they press at the same moment; what each is answered."""
        pressed = [Talk(who, [self._about_to_press(who, at)], answers=1, identity=self.world.certificate_of(who)) for who in people]
        return {who: heard.heard.decode(errors="replace") for who, heard in self.talk(at, pressed, together=True).items()}

    def _about_to_press(self, who: str, at: str) -> bytes:
        """The bytes that leave when he presses."""
        held = b""

        def fetch(method: str, url: str, fields: Fields, body: bytes) -> tuple[int, Fields, bytes]:
            nonlocal held
            said = request(method, url.removeprefix(cast_closed.ORIGIN), fields, body, host=cast_closed.ENTRANCE)
            if method == "POST":
                held = said
                return 204, [], b""
            return answer_of(self.talk(at, [Talk("page", [said], answers=1, identity=self.world.certificate_of(who))])["page"].heard)

        reader = Reader(fetch)
        reader.open(f"{cast_closed.ORIGIN}/")
        reader.fill("#login", who)
        reader.fill("#password", self.world.people[who]["password"])
        reader.press("button.main")
        return held

    @abc.abstractmethod
    def shrink_network(self, prefix: int) -> None:
        """The gate is started anew with a smaller network of this path in its configuration; the registry stays as it is."""

    @abc.abstractmethod
    def in_clear(self, who: str) -> contextlib.AbstractContextManager[None]:
        """Meanwhile this person's terminal speaks to the entrance without a tunnel, and the kernel does not mind: what refuses then is
        the gate itself. Where no tunnel may stand this is how a login is tried at all."""

    def pass_gate(self, who: str) -> Page:
        """Everything right; his session stands when this returns."""
        self.ready(who)
        page = self.log_in(who)
        page.shows("接続中です")
        self.world.wait(lambda: any(s["person"] == who and s["state"] == "admitted" for s in self.world.sessions()), 5,
                        f"{who} is admitted")
        self.world.story.add("must", f"{who} passes over the closed path")
        return page

    def must_reach_desktop(self, who: str, *, within: float = 5) -> None:
        self.world.must(f"{who} reaches his desktop", lambda: self.desktop_answers(who), within=within)

    def must_not_reach_desktop(self, who: str, *, during: float = 0) -> None:
        self.world.must_not(f"{who} reaches a desktop", lambda: self.desktop_answers(who, 0.3), during=during)
