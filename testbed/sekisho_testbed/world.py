"""What a scenario sees: people at their PCs, staff, the journal, named waits and pairs. No story knows which lab runs it.

The verbs that every lab has stand here; `namespaces.py` (and each further lab) gives them a body. What only some labs can
give (packets, TLS byte by byte, processes) are members of their own classes, and a story that uses them says so with
`@pytest.mark.needs(...)`.
"""
from __future__ import annotations

import abc
import contextlib
import dataclasses
import datetime
import pathlib
import select
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import cast, certificates, evidence
from .closed_side import ClosedSide
from .consoles import Consoles
from .faults import Faults, Meanwhile, SecondGate
from .guest_screen import GuestScreen
from .netlab import wait_until
from .people import Agent, ClientRun, Facts, Login, Mailbox, Page, Pc, Rdp, Report
from .talks import Capture, Heard, Identity, Talk


@dataclasses.dataclass
class Limit:
    met_at: float | None = None  # World.elapsed() when what was promised was true, if the block knows better than its end


class World(abc.ABC):
    """One story's world: a fresh gate with the constant cast around it."""

    story: evidence.Story
    folder: pathlib.Path  # the story's own
    allowed: list[str]
    people: dict[str, dict[str, str]]
    faults: Faults  # what can be broken at the gate

    def __init__(self, name: str, lab: str, story: evidence.Story | None = None) -> None:
        self.story = story or evidence.Story(name, name, lab, [])
        self.allowed = []
        self.people = {who: dict(row) for who, row in cast.PEOPLE.items()}

    # --- life -----------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def open(self, **config: Any) -> "World":
        """Raises the gate with the cast's registry, certificates, passwords and enrolled terminals."""

    @abc.abstractmethod
    def close(self) -> None: ...

    @abc.abstractmethod
    def check_logs(self) -> None:
        """Nothing in the gate's own log may be worse than a warning, unless the story allowed it."""

    @abc.abstractmethod
    def keep_evidence(self) -> None:
        """Puts what the story left behind into its folder."""

    def how_to_enter(self) -> str:
        """For --sit: how a person looks around in this world."""
        return "nothing of this lab can be entered"

    @property
    def closed(self) -> ClosedSide:
        """The closed path of a story that is marked `gate(closed=True)`."""
        raise NotImplementedError("needs a closed path")

    @property
    def second(self) -> SecondGate:
        """The other gate of a story that is marked `gate(two=True)`."""
        raise NotImplementedError("needs a second gate")

    def allow_event(self, event: str, why: str = "") -> None:
        self.allowed.append(event)
        self.story.allowed.append((event, why))

    # --- the story --------------------------------------------------------------------------------------------------------------
    def step(self, what: str) -> contextlib.AbstractContextManager[None]:
        """A part of the story with a name and a time of its own; `--sit-at` can stop there."""
        return self.story.step(what)

    def must(self, what: str, check: Callable[[], object], *, within: float = 5) -> Any:
        """It comes true within the time: the half of a pair that shows that the other half can fail."""
        begun = self.elapsed()
        try:
            found = self.wait(check, within, what)
        except AssertionError:
            self.story.add("must", what, self.elapsed() - begun, False)
            raise
        self.story.add("must", what, self.elapsed() - begun)
        return found

    def must_not(self, what: str, check: Callable[[], object], *, during: float = 0) -> None:
        """It is not so now, and does not become so during the time."""
        begun = self.elapsed()
        while True:
            if found := check():
                self.story.add("must_not", what, self.elapsed() - begun, False)
                raise AssertionError(f"must not be: {what}: {found!r}"[:2000])
            if self.elapsed() - begun >= during:
                break
            self.pause(0.05)
        self.story.add("must_not", what, self.elapsed() - begun)

    def pause(self, seconds: float) -> None:
        """Time passes; only must_not() needs it."""
        select.select([], [], [], seconds)

    def wait(self, check: Callable[[], object], within: float, what: str, on_fail: Callable[[], str] | None = None) -> Any:
        """A named wait; a lab with a clock of its own lets that time pass."""
        return wait_until(check, within, what, every=0.05, on_fail=on_fail)

    @contextlib.contextmanager
    def limit(self, seconds: float, what: str) -> Iterator[Limit]:
        """The block must be done within `seconds`: a promise of the rules, not a benchmark. One that learns of the end by looking, which
        takes time, may say when that look began."""
        begun, limit = self.elapsed(), Limit()
        yield limit
        took = (self.elapsed() if limit.met_at is None else limit.met_at) - begun
        self.story.add("limit", f"{what} (allowed: {seconds:g} s)", took, took <= seconds)
        assert took <= seconds, f"{what}: took {took:.2f} s, allowed are {seconds} s"

    @abc.abstractmethod
    def ends_within(self, seconds: float, what: str, end: Callable[[], object], gone: dict[str, Callable[[], object]]) -> None:
        """After `end` each of these is true within `seconds` of its beginning: a promise of the rules. What each took is told."""

    def _ended_within(self, seconds: float, what: str, took: dict[str, float], gone: dict[str, Callable[[], object]]) -> None:
        for name, passed in took.items():
            print(f"{what}: {name} after {passed:.2f} s")
            self.story.add("limit", f"{what}: {name} (allowed: {seconds:g} s)", min(passed, seconds + 3), passed <= seconds)
        late = {name: passed for name, passed in took.items() if passed > seconds}
        assert not late, f"{what}: later than {seconds:g} s: {late}"
        assert all(check() for check in gone.values()), f"{what}: something that was gone is there again"

    def elapsed(self) -> float:
        """Seconds of the clock by which limits are kept."""
        return time.monotonic()

    # --- time -------------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def now(self) -> datetime.datetime:
        """The gate's time."""

    @abc.abstractmethod
    def advance(self, seconds: float) -> None:
        """Moves the gate's clock on."""

    def at(self, **delta: float) -> str:
        return cast.instant(self.now() + datetime.timedelta(**delta))

    @staticmethod
    def moment(text: str) -> datetime.datetime:
        """Of an instant as the gate writes it."""
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

    def ago(self, **delta: float) -> str:
        """As facts write it: whole seconds."""
        return (self.now() - datetime.timedelta(**delta)).astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    # --- people -----------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def pc(self, who: str) -> Pc: ...

    @abc.abstractmethod
    def mailbox(self, who: str) -> Mailbox:
        """From now on: earlier mails count as read."""

    @abc.abstractmethod
    def good_facts(self, who: str) -> Facts:
        """A terminal that passes every check now."""

    @abc.abstractmethod
    def odd_certificate(self, kind: str, who: str = "mori") -> Identity:
        """For this person and his terminal: foreign_ca, unregistered, expired, server_usage."""

    @abc.abstractmethod
    def certificate_of(self, who: str) -> Identity: ...

    @property
    @abc.abstractmethod
    def ca(self) -> pathlib.Path:
        """The folder of the environment's CA of client certificates."""

    @abc.abstractmethod
    def pages(self, who: str, *, certificate: Identity | None | str = "own", user_agent: str | None = None,
              languages: str = "ja") -> Page:
        """Somebody at this person's PC opens the gate's pages; closed with the world at the latest."""

    def no_pages(self) -> str:
        """Why nobody can open pages on this machine; "" when somebody can."""
        return ""

    def sekisho(self) -> Any:
        """The Python package of the build under test, for stories that make the bytes of a report themselves."""
        raise NotImplementedError("needs the Python bindings")

    @property
    def gate_fingerprint(self) -> str:
        """Of the gate's TLS certificate, as reports name it."""
        raise NotImplementedError("needs a gate with TLS")

    # --- bytes and packets --------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def talk(self, host: str, talks: Sequence[Talk], *, together: bool = False, port: int = cast.VPN_PORT, lanes: int = 1,
             inside: bool = False, limit_s: float = 5, within: float = 120, meanwhile: Meanwhile | None = None) -> dict[str, Heard]:
        """Exact bytes from a host to the gate, each talk on a connection of its own. `together`: all handshakes first, then
        everybody speaks at the same moment. `lanes`: so many beside each other. `inside`: through the PC's tunnel, to the gate's
        address there. `limit_s`: silence that ends a talk. `meanwhile`: what is done while an answer is waited for; where processes speak
        it begins before the words have come to the gate."""

    @abc.abstractmethod
    def more_addresses(self, host: str, count: int, first: int = 0) -> list[str]:
        """Further addresses of the host, from its `first` on: a source that misbehaves is penalised."""

    @abc.abstractmethod
    def misrouted(self, host: str, address: str) -> contextlib.AbstractContextManager[None]:
        """Meanwhile routes lead this inner address to the host, outside of every tunnel, and no packet filter of the gate minds: what
        the host says under it (Talk.source) gets to the gate, and its answers back."""

    @abc.abstractmethod
    def capture(self, host: str, device: str = "eth0") -> contextlib.AbstractContextManager[Capture]:
        """Looks at what passes there: a PC's line, or "gate" and "sekisho0", behind the front."""

    @abc.abstractmethod
    def say_in_clear(self, host: str, words: bytes) -> None:
        """Sends the words from the host to the gate's address, without any TLS."""

    @abc.abstractmethod
    def say_inside(self, desktop: str, to: str, port: int) -> None:
        """A desktop inside sends a UDP packet, with some words, to an address of a tunnel."""

    @abc.abstractmethod
    def front_life(self) -> object:
        """Another one once the front has been started anew."""

    @abc.abstractmethod
    def scan(self, login: Login, neighbour: str | None) -> set[tuple[str, str, int]]:
        """What answers inside when a hostile PC tries everything through its tunnel: (kind, address, port)."""

    @abc.abstractmethod
    def remove_kernel_filter(self) -> None:
        """Takes the kernel's rules away until the story's end: only a story that proves the filter's worth does this."""

    @abc.abstractmethod
    def without_kernel_filter(self) -> contextlib.AbstractContextManager[None]:
        """The same for a while: a story that wants to see what refuses behind the filter does this."""

    @abc.abstractmethod
    def rdp(self, source: str, target: str) -> Rdp:
        """A host inside (vdi-01, web-01 …) opens RDP over TCP to another one."""

    def rdp_by_udp(self, source: str, target: str) -> bool:
        """The same over UDP; whether an answer came."""
        raise NotImplementedError("needs packets: no right has a protocol")

    @property
    def consoles(self) -> Consoles:
        """Of the Internet's side, in a story that is marked `gate(desktops=…)`."""
        raise NotImplementedError("needs consoles")

    def open_console(self, who: str, server: str) -> Callable[[], None]:
        """At the console page, from this person's desktop, the server's screen is opened; what closes it."""
        screen = self.consoles.at_consoles(who).open(server)
        self.story.did(f"{who} opens the console of {server}")
        return screen.close

    @abc.abstractmethod
    def plain_entrance(self, who: str) -> str:
        """A viewer program at this person's PC opens the desktop entrance: the words with which it is refused; "" when it is not."""

    @abc.abstractmethod
    def plain_entrance_from(self, desktop: str) -> str:
        """The same on a desktop inside, which has no business there."""

    def guest_screen(self, desktop: str, port: int) -> GuestScreen:
        """At the address of this desktop, which the registry has there (guest_screen.in_place_of)."""
        raise NotImplementedError("needs consoles")

    @abc.abstractmethod
    def borrow_agent(self, at: Pc, owner: Pc) -> Agent:
        """The owner's enrolled key and facts, on another PC."""

    @abc.abstractmethod
    def fresh_agent(self, at: Pc) -> Agent:
        """An agent whose key nobody has enrolled."""

    @abc.abstractmethod
    def enlist(self, count: int) -> list[str]:
        """`count` contractors more, each with registration, terminal, certificate, password and desktop; their names."""

    def enlist_in(self, registry: dict[str, Any], count: int) -> list[str]:
        """Adds them to the document and to `people`; Tani's application names them and needs to be accepted again."""
        base = next(p for p in registry["people"] if p["id"] == "tani")
        application = next(a for a in registry["applications"] if a["id"] == "a-tani")
        names = [f"crowd{n:02d}" for n in range(count)]
        for n, who in enumerate(names):
            self.people[who] = {"pc": ("tani-pc", "mori-pc")[n % 2],  # 30 codes an hour may go to one source
                                "terminal": f"pc-{who}", "desktop": f"vdi-{who}", "password": "the same long password of the crowd"}
            registry["people"].append({**base, "id": who, "login": who, "mail": f"{who}@tani-denki.test"})
            registry["terminals"].append({"id": f"pc-{who}", "contractor": "tani-denki", "name": f"pc-{who}", "kind": "own",
                                          "macs": [f"3c:7c:3f:c0:00:{n:02x}"]})
            registry["desktops"].append({"id": f"vdi-{who}", "person": who, "zone": "internet_dmz",
                                         "address": f"10.40.0.{100 + n}", "port": 5900})
            application["people"].append(who)
            application["terminals"].append(f"pc-{who}")
        return names

    def as_far_as_the_code(self, who: str) -> tuple[Login, str]:
        """ID, password and certificate are right; the question and the code that was mailed."""
        mailbox = self.mailbox(who)
        login = self.pc(who).login().asked()
        return login, mailbox.next_code()

    def pass_gate(self, who: str, *, report_first: bool = True) -> Login:
        """All factors right; the tunnel is up when this returns."""
        if report_first:
            agent = self.pc(who).agent
            agent.facts(self.good_facts(who))
            report = agent.report(inside=False)
            assert report.ok, report.text
        login, code = self.as_far_as_the_code(who)
        login.type(code).up()
        self.wait_tunnel(who)
        self.story.add("must", f"{who} passes with all factors")
        return login

    def pass_gate_with_code(self, who: str, mailbox: Mailbox) -> str:
        """Passes, hangs up, and gives back the code that was used."""
        login = self.pc(who).login().asked()
        code = mailbox.next_code()
        login.type(code).up().hang_up()
        self.wait_no_session(who)
        return code

    @abc.abstractmethod
    def resumed(self, who: str, cookie: str, meanwhile: Callable[[], object]) -> Login:
        """His client goes on with the cookie. As soon as it says that its tunnel stands, `meanwhile` is done: in virtual time before the
        gatekeeper has heard of the tunnel, where processes speak right after."""

    def crowd(self, count: int) -> list[Login]:
        """`count` contractors of their own, each inside with certificate, password and code."""
        names, inside = self.enlist(count), []
        for start in range(0, count, 10):  # ten logins at once: the person's limits are per person, the PC's is 20
            batch = [(self.mailbox(who), self.pc(who).login()) for who in names[start:start + 10]]
            for mailbox, login in batch:
                login.asked(30).type(mailbox.next_code(30))
            for _, login in batch:
                login.up(30)
            inside += [login for _, login in batch]
        self.wait(lambda: len([s for s in self.sessions() if s["tunnel_up"]]) == count, 10, f"{count} tunnels")
        self.story.add("must", f"{count} contractors pass with all factors")
        return inside

    def must_reach_desktop(self, who: str, *, within: float = 5) -> None:
        self.must(f"{who} reaches his desktop", lambda: self.pc(who).desktop_answers(), within=within)

    def must_not_reach_desktop(self, who: str, *, during: float = 0) -> None:
        self.must_not(f"{who} reaches a desktop", lambda: self.pc(who).desktop_answers(0.3), during=during)

    # --- staff ------------------------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def export(self) -> dict[str, Any]:
        """The registry with its secrets."""

    @abc.abstractmethod
    def replace(self, registry: dict[str, Any]) -> None: ...

    @abc.abstractmethod
    def refused_import(self, registry: dict[str, Any]) -> list[tuple[str, str]]:
        """An import that the gate does not take: JSON pointer and code of every finding. Empty: it was taken."""

    @abc.abstractmethod
    def stop(self, kind: str, key: str = "", *, reason: str = "drill") -> None:
        """Emergency stop: "all", or path, contractor, person, terminal, desktop with its key."""

    @abc.abstractmethod
    def release(self, kind: str, key: str = "") -> None: ...

    @abc.abstractmethod
    def end(self, kind: str, key: str) -> None:
        """Ends a contract, application, person or terminal."""

    @abc.abstractmethod
    def accept(self, application: str, *, by: str = "yama", build_up_exception: bool = False) -> None:
        """`build_up_exception`: R18, work that is not maintenance may be done from outside."""

    def accepted(self, application: str) -> None:
        """An edit may have voided its decision: accepted again where it was."""
        if next(a for a in self.export()["applications"] if a["id"] == application)["state"] != "accepted":
            self.accept(application)

    @abc.abstractmethod
    def revoke_certificate(self, who: str) -> None: ...

    @abc.abstractmethod
    def register_certificate(self, who: str, identity: Identity) -> None:
        """In the place of the one that is registered for him and his terminal."""

    @abc.abstractmethod
    def issue(self, person: str, terminal: str) -> Identity:
        """A further certificate of the environment, registered for this person and terminal."""

    @property
    @abc.abstractmethod
    def revocation_list(self) -> pathlib.Path:
        """The file of the environment's CA that the gate reads."""

    def publish_revoked(self, *revoked: Identity, life: datetime.timedelta) -> None:
        """The CA's next list, in the place of the one before."""
        self.story.did(f"a list of {len(revoked)} revoked certificates is published")
        part = self.revocation_list.with_suffix(".part")
        part.write_bytes(certificates.revocation_list(self.ca, [one.certificate for one in revoked], self.now(), life))
        part.chmod(0o644)
        part.rename(self.revocation_list)

    @abc.abstractmethod
    def enrolment_token(self, who: str) -> str:
        """For his terminal."""

    @abc.abstractmethod
    def end_session(self, number: str, *, reason: str = "test") -> None: ...

    @abc.abstractmethod
    def restart(self, *, bare_entrance: bool = False, away_s: float = 0, **config: Any) -> None:
        """The gate stops and starts again, with this configuration; what was stored stays. `bare_entrance`: from now on the desktop
        entrance opens for a viewer program, which is a lab's switch. `away_s`: so long it does not run."""

    @abc.abstractmethod
    def slow_password_check(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        """The next check of a password in the block comes to its end so many seconds from now, and no earlier."""

    @abc.abstractmethod
    def hanging_store(self) -> contextlib.AbstractContextManager[None]:
        """Nothing can be stored in the block, and nobody says so: what is tried there hangs."""

    @abc.abstractmethod
    def enrol_app(self, who: str) -> str:
        """The otpauth URI of a new authenticator app."""

    @abc.abstractmethod
    def end_app(self, who: str) -> None: ...

    @abc.abstractmethod
    def sessions(self) -> list[dict[str, Any]]: ...

    def session_of(self, who: str) -> dict[str, Any]:
        found = [s for s in self.sessions() if s["person"] == who]
        assert len(found) == 1, f"sessions of {who}: {found}"
        return found[0]

    def wait_tunnel(self, who: str, within: float = 5) -> None:
        self.wait(lambda: any(s["person"] == who and s["tunnel_up"] for s in self.sessions()), within, f"{who}'s tunnel is up")

    def wait_no_session(self, who: str, within: float = 10) -> None:
        self.wait(lambda: not any(s["person"] == who for s in self.sessions()), within, f"no session of {who}")

    def wait_state(self, who: str, state: str, within: float = 10) -> None:
        self.wait(lambda: any(s["person"] == who and s["state"] == state for s in self.sessions()), within,
                  f"{who}'s session is {state}")

    def nobody_is_inside(self) -> None:
        self.must_not("anybody is inside", self.sessions)

    # --- what was written down --------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        """Entries that fit: event, person, session, code."""

    @abc.abstractmethod
    def kept(self) -> Iterator[tuple[str, bytes]]:
        """Everything that the gate has written: journal, log, state; (name, bytes)."""

    def entry(self, within: float = 5, **wanted: str) -> dict[str, Any]:
        """Waits for a journal entry; the newest one that fits."""
        found = self.wait(lambda: self.journal(**wanted), within, f"a journal entry {wanted}")
        last: dict[str, Any] = found[-1]
        return last

    def refused(self, code: str, *, rule: str | None = None, count: int = 1, within: float = 10) -> list[dict[str, Any]]:
        """Waits until that many refusals with the code stand in the journal."""
        def enough() -> list[dict[str, Any]] | None:
            found = [e for e in self.journal(code=code) if e["result"] == "refused"]
            return found if len(found) >= count else None

        found: list[dict[str, Any]] = self.wait(
            enough, within, f"{count} refusal(s) {code}",
            on_fail=lambda: "journal codes: " + ", ".join(f"{e['event']}:{e.get('code', '')}" for e in self.journal()[-15:]))
        if rule is not None:
            assert all(e["rule"] == rule for e in found), found
        self.story.add("must_not", f"get in: {count} refused with {rule or ''} {code}")
        return found

    @contextlib.contextmanager
    def refusal(self, what: str, code: str, rule: str) -> Iterator[None]:
        """What is tried in the block is a login that is refused: once, with this code of this rule, whatever was refused before. No
        session comes of it, and none ends."""
        def refusals() -> list[dict[str, Any]]:
            return [e for e in self.journal(event="login.refused") if e["result"] == "refused"]

        def numbers() -> set[str]:
            return {str(s["number"]) for s in self.sessions()}

        before, inside = len(refusals()), numbers()
        yield
        try:
            told: list[dict[str, Any]] = self.wait(lambda: refusals()[before:], 10, f"{what}: it is refused")
            assert [(e["rule"], e["code"]) for e in told] == [(rule, code)], f"{what}: {told}"
            assert (now := numbers()) == inside, f"{what}: sessions {now}, before it {inside}"
        except AssertionError:
            self.story.add("must_not", f"{what}: {rule} {code}", ok=False)
            raise
        self.story.add("must_not", f"{what}: refused with {rule} {code}")

    def refused_with_one_of(self, codes: Sequence[str]) -> None:
        self.wait(lambda: any(self.journal(code=c) for c in codes), 10, f"a refusal with one of {codes}")
        self.story.add("must_not", f"get in: refused with one of {', '.join(codes)}")


__all__ = ["Agent", "ClientRun", "Facts", "Login", "Mailbox", "Page", "Pc", "Report", "World"]
