"""The whole gate as a context manager: the production's gatekeeper with a clock, neighbours, store and journal that are
handed in, on one thread and virtual time.

    time = VirtualTime(start=SAMPLE_NOW)
    with Gate(config, clock=time, registry=sample_registry(), verify_password=lambda hash, word: word == "right") as gate:
        granted = gate.front("internet").login(arrival, login="mori", password="right", code=gate.last_code)
        gate.advance(60)
"""
from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Union, cast

from sekisho import plugins
from sekisho._core.desktops import Pool, Seat
from sekisho._core.front import FrontEngine, FrontSocket
from sekisho._core.gate import (ConsolePolicy, GateHouse, GateOptions, GatePath, HyperZone, MemoryStore, Neighbour, SessionInfo,
                                Store, VirtualTime, hash_password, open_store, verify_password)
from sekisho._core.journal import MemoryJournal, Query, StoredEntry, Verification
from sekisho._core.login import PathPolicy
from sekisho._core.posture import PostureOptions
from sekisho._core.registry import Registry, SAMPLE_NOW
from sekisho._core.relay import HyperEngine, RelayEngine, RelayPage, RelaySocket
from sekisho._core.sdk import Arrival, SendMail
from sekisho._core.seam import (AnswerLogin, BeginLogin, Done, FilterRule, Granted, KernelRight, LoginAsked,
                                LogoutSession, Notice, PostureAnswer, PostureRequest, Push, RdpRight, Refused,
                                Reply, Request, ResumeSession, Resumed, SessionView)
from sekisho._core.login import CheckPolicy as _CheckPolicy
from sekisho.errors import GateError, NotInTime, RefusedError
from sekisho.words import ManagerRole, Zone

__all__ = ["ConsolePolicy", "Front", "FrontEngine", "FrontSocket", "Gate", "GateOptions", "GatePath", "HyperEngine", "HyperZone",
           "MemoryStore", "Neighbour", "RelayEngine", "RelayPage", "RelaySocket", "SessionInfo", "Store", "VirtualTime", "code_of",
           "gate_options", "hash_password", "open_store", "verify_password"]

_Body = Union[BeginLogin, AnswerLogin, ResumeSession, LogoutSession, PostureRequest]

#: Seconds of a path in the site's file that are a policy's.
_SECONDS = ("idle_limit", "absolute_limit", "reconnect_grace", "report_interval", "heartbeat", "silence_to_quarantine",
            "silence_to_close", "mend_limit", "first_report_limit", "prelogin_max_age")


def _address(text: str) -> FilterRule:
    address, _, port = text.rpartition(":")
    return FilterRule(address.strip("[]"), int(port), 6)


def _path(path: Mapping[str, Any], posture_listen: Sequence[str]) -> GatePath:
    closed = path.get("closed", {})
    tun = {"name": closed.get("device", "ipsec0"), "prefix": 16, **closed} if closed else path.get("tun", {})
    gate_address = tun.get("gate_address", "10.202.0.1")
    policy = PathPolicy(path=path["name"], zones=path["zones"], lent_only=path.get("lent_only", False),
                        factors=path["factors"], least_factors=path.get("least_factors", 2),
                        checks=[_CheckPolicy(c["check"], c.get("mode", "enforce")) for c in path.get("checks", ())])
    for name in _SECONDS:
        if name + "_s" in path:
            setattr(policy, name, path[name + "_s"])
    pages = [_address(at) for at in posture_listen]
    page = next((p for p in pages if p.address == gate_address), FilterRule(gate_address, 8443, 6))
    return GatePath(policy=policy, tun=tun.get("name", "sekisho0"), gate_address=gate_address,
                    prefix=tun.get("prefix", 24), mtu=tun.get("mtu", 1354), posture_page=page,
                    entrance=_address(path.get("entrance", gate_address + ":5900")), closed=bool(closed),
                    **({"desktop_page": _address(desktop)} if (desktop := path.get("pages", {}).get("desktop", {}).get("listen")) else {}))


def _pool(pool: Mapping[str, Any]) -> Pool:
    seats = [Seat(seat.get("desktop", ""), seat["mac"], seat["address"]) for seat in pool["seats"]]
    out = Pool(pool["name"], pool["manager"], pool["model"], pool.get("account", ""), list(pool.get("desktops", ())), seats)
    for name in ("spare", "starts_at_once"):
        if name in pool:
            setattr(out, name, pool[name])
    for name in ("start", "boot_limit"):
        if name + "_s" in pool:
            setattr(out, name, float(pool[name + "_s"]))
    return out


def gate_options(config: Mapping[str, Any], *, bare_entrance: bool = False) -> GateOptions:
    """The options of a gate from a site's configuration (core/base/all-keys.json names every key). What belongs to
    other processes (TLS, listeners, users) is not looked at and may be absent. With `bare_entrance` the plain entrance
    opens to desktops of the registry, with nothing recorded (R15): no program of production can do that."""
    posture = config.get("posture", {})
    return GateOptions(
        node=config.get("node", "1"), gate_id=config["gate_id"], generation_poll=0.0, bare_entrance=bare_entrance,
        paths=[_path(path, posture.get("listen", ())) for path in config["paths"]],
        consoles=ConsolePolicy(**config.get("consoles", {})),
        hypervisors=[HyperZone(zone["zone"], [_pool(pool) for pool in zone.get("pools", ())]) for zone in config.get("hypervisors", ())],
        posture=PostureOptions(gate_id=config["gate_id"], allow_simulator=posture.get("allow_simulator", True),
                               server_fingerprints=posture.get("server_fingerprints", [])))


def _living(entries: Iterable[object], directory: Optional[str]) -> list[object]:
    """Objects as they are; {"plugin", "config"} through the loader."""
    return [plugins.load(cast(str, e["plugin"]), e.get("config"), directory=directory) if isinstance(e, dict) else e
            for e in entries]


def code_of(mail: SendMail) -> str:
    """The six digits in the body of a mail."""
    found = re.search(r"(?<!\d)\d{6}(?!\d)", mail.body)
    if found is None:
        raise LookupError("no code in this mail")
    return found.group()


class Front:
    """A front of the gate (role "front", or "posture" for the posture page), played by Python: requests and notices go
    through the seam's codec, replies and pushes come back through it."""

    def __init__(self, gate: "Gate", name: str, role: str = "front") -> None:
        self.gate = gate
        self.name = name
        #: What the gate has pushed, oldest first.
        self.pushes: list[object] = []
        self._waiting: dict[int, Callable[[Any], None]] = {}
        self._numbers = 0
        self._link: Neighbour = gate._house.attach(role, name, self._hear)

    def __enter__(self) -> "Front":
        """The front stands already; `with` closes it."""
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        """The process is gone."""
        self.close()

    def close(self) -> None:
        """The process is gone: its tunnels have the reconnect grace."""
        self._link.close()

    def _hear(self, message: object) -> None:
        if isinstance(message, Reply):
            self._waiting.pop(message.number, lambda body: None)(message.body)
        elif isinstance(message, Push):
            self.pushes.append(message.body)

    @property
    def now(self) -> datetime:
        """The gate's time."""
        return self.gate.clock.now

    def request(self, body: _Body, done: Callable[[Any], None]) -> None:
        """Asks; `done` gets the reply's body when it comes, perhaps before this returns."""
        self._numbers += 1
        self._waiting[self._numbers] = done
        self._link.send(Request(self._numbers, body))
        self.gate.clock.settle()

    def ask(self, request: _Body, *, within: float = 3.0) -> Any:
        """The reply, within so many seconds of virtual time."""
        replies: list[Any] = []
        limit = self.gate.clock.now + timedelta(seconds=within)
        self.request(request, replies.append)
        while not replies:
            due = self.gate.clock.next
            if due is None or due > limit:
                raise NotInTime("gate.late", f"no reply to {type(request).__name__} within {within} s")
            self.gate.clock.step()
        return replies[0]

    def tell(self, notice: Any) -> None:
        """A notice: TunnelUp, TunnelDown, PacketsRefused, TunnelActivity."""
        self._link.send(Notice(notice))
        self.gate.clock.settle()

    def begin(self, arrival: Arrival, *, within: float = 3.0, **evidence: str) -> Union[LoginAsked, Granted]:
        """Begins a login. RefusedError when the gate says no."""
        heard = self._heard(self.ask(BeginLogin(arrival, evidence), within=within))
        return cast("Union[LoginAsked, Granted]", heard)

    def answer(self, asked: LoginAsked, arrival: Arrival, *, within: float = 3.0,
               **evidence: str) -> Union[LoginAsked, Granted]:
        """Answers a question. RefusedError when the gate says no."""
        heard = self._heard(self.ask(AnswerLogin(asked.handle, arrival, evidence), within=within))
        return cast("Union[LoginAsked, Granted]", heard)

    def login(self, arrival: Arrival, *, login: str, password: str, code: Union[str, Callable[[], str]] = "",
              within: float = 3.0) -> Granted:
        """A whole login: every question for a code is answered with `code`. RefusedError when the gate says no."""
        end = self.begin(arrival, login=login, password=password, within=within)
        while isinstance(end, LoginAsked):
            given = code() if callable(code) else code
            end = self.answer(end, arrival, within=within, login=login, password=password, **{end.ask.field: given})
        return end

    def resume(self, cookie: str, arrival: Arrival, *, open_tunnel: bool = False, within: float = 3.0) -> SessionView:
        """Shows a session's cookie. RefusedError when the gate says no."""
        heard = self._heard(self.ask(ResumeSession(cookie, arrival, open_tunnel), within=within))
        return cast(Resumed, heard).view

    def logout(self, cookie: str, arrival: Arrival, *, within: float = 3.0) -> None:
        """The person ends the session."""
        if not isinstance(self._heard(self.ask(LogoutSession(cookie, arrival), within=within)), Done):
            raise GateError("gate.odd_reply", "a logout is answered with Done")

    def posture(self, kind: str, arrival: Arrival, *, body: str = "", cookie: str = "",
                within: float = 3.0) -> PostureAnswer:
        """A request to the posture page."""
        return cast(PostureAnswer, self._heard(self.ask(PostureRequest(kind, arrival, cookie, body), within=within)))

    @staticmethod
    def _heard(reply: Any) -> Any:
        if isinstance(reply, Refused):
            raise RefusedError(reply.refusal, reply.may_retry)
        return reply


class Gate:
    """The production's gatekeeper. `config` is a site's configuration (or GateOptions); `authenticators` and `checks`
    are objects, written in Python or loaded, and stand in for what the configuration names. What is not handed in is
    made: virtual time at SAMPLE_NOW, a store and a journal in memory. A store that has a registry keeps it unless
    `registry` is given. `bare_entrance`: as in gate_options()."""

    def __init__(self, config: Union[Mapping[str, Any], GateOptions], *, clock: Optional[VirtualTime] = None,
                 store: Optional[Store] = None, journal: Optional[MemoryJournal] = None,
                 registry: Optional[Registry] = None, authenticators: Optional[Sequence[object]] = None,
                 checks: Optional[Sequence[object]] = None,
                 verify_password: Optional[Callable[[str, str], bool]] = None, bare_entrance: bool = False) -> None:
        self.clock = clock if clock is not None else VirtualTime(start=SAMPLE_NOW)
        self.store = store if store is not None else MemoryStore()
        self.journal = journal if journal is not None else MemoryJournal(start=self.clock.now)
        if registry is not None:
            self.store.replace_registry(registry)
        if isinstance(config, GateOptions):
            self.options, site = config, cast("Mapping[str, Any]", {})
        else:
            self.options, site = gate_options(config, bare_entrance=bare_entrance), config
        directory = site.get("plugin_directory")
        self._authenticators = list(authenticators) if authenticators is not None \
            else _living(site.get("authenticators", ()), directory)
        self._checks = list(checks) if checks is not None else _living(site.get("posture_checks", ()), directory)
        self._verify = verify_password
        self._opened: Optional[GateHouse] = None

    def __enter__(self) -> "Gate":
        """Starts; GateError when it refuses to."""
        self._opened = GateHouse(options=self.options, time=self.clock, store=self.store, journal=self.journal,
                                 authenticators=self._authenticators, checks=self._checks,
                                 verify_password=self._verify)
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        """Stops, as a program that is told to: sessions stay in the store and go on at the next start."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _house(self) -> GateHouse:
        if self._opened is None:
            raise GateError("gate.closed", "a gate lives inside `with` only")
        return self._opened

    def advance(self, seconds: float) -> None:
        """Virtual time passes."""
        self.clock.advance(seconds)

    def front(self, path: str) -> Front:
        """A front of this path; a newer one takes the older one's place."""
        return Front(self, path)

    def posture_page(self) -> Front:
        """The front of the posture page."""
        return Front(self, "posture", "posture")

    def front_engine(self, name: str, path: object, *, certificate_pem: str, key_pem: str, client_ca_pem: str = "",
                     role: str = "front", filters: bool = True, seed: int = 2) -> FrontEngine:
        """The production's own front of this path (or, with role "posture", of the posture page), without its sockets:
        real TLS, byte by byte. `path`: fortinet_path(), or what plugins.load() gives. `filters=False` lets every packet
        with the session's source pass: it shows that a check of the filter can fail."""
        return FrontEngine(self._house, path, name=name, role=role, certificate_pem=certificate_pem, key_pem=key_pem,
                           client_ca_pem=client_ca_pem, filters=filters, seed=seed)

    def relay_engine(self, path: str, *, zones: Sequence[Zone], pages: Sequence[RelayPage], certificate_pem: str, key_pem: str,
                     recordings: str = "", dial: Optional[Callable[[str, int], Any]] = None,
                     hear: Optional[Callable[[Any], object]] = None, seed: int = 3) -> RelayEngine:
        """The production's own relay of this path, without its listeners: pages in real TLS, screens, and recordings into
        that folder ("": none). `dial(address, port)`: a connected socket to a desktop that stands at an address, or None.
        `hear`: what the gate says of the bare entrance, which whoever calls plays."""
        return RelayEngine(self._house, name=path, zones=zones, pages=pages, certificate_pem=certificate_pem, key_pem=key_pem,
                           recordings=recordings, dial=dial, hear=hear, seed=seed)

    def hyper_engine(self, zone: Zone, managers: Sequence[tuple[str, ManagerRole, object]]) -> HyperEngine:
        """The production's own hyperd of this zone over these console drivers: (name, role, driver) of each manager."""
        return HyperEngine(self._house, zone=zone, managers=managers)

    def attach(self, role: str, name: str, hear: Callable[[Any], object]) -> Neighbour:
        """Any neighbour (front, posture, relay, netd), played by `hear`."""
        return self._house.attach(role, name, hear)

    @property
    def registry(self) -> Registry:
        """The newest snapshot."""
        return self._house.registry

    @property
    def kernel(self) -> dict[str, list[KernelRight]]:
        """What the kernel was told last, by TUN (while Python does not play netd itself)."""
        return self._house.kernel

    @property
    def rdp(self) -> list[RdpRight]:
        """The RDP that the kernel was told last to let through (R13; while Python does not play netd itself)."""
        return self._house.rdp

    def set_line(self, path: str, circuit: str, line: str) -> None:
        """The tunnel of a circuit is "up", "down" or "unknown", as it is until it is told."""
        self._house.set_line(path, circuit, line)

    def circuits(self) -> list[dict[str, Any]]:
        """What staff see of the circuits."""
        return cast("list[dict[str, Any]]", json.loads(self._house.circuits()))

    def refuse_rdp(self, source: str, destination: str, protocol: int = 6) -> None:
        """The kernel has refused RDP from one address to another."""
        self._house.refuse_rdp(source, destination, protocol)

    @property
    def netd_works(self) -> bool:
        """Assign False and the kernel takes nothing."""
        return self._house.netd_works

    @netd_works.setter
    def netd_works(self, value: bool) -> None:
        self._house.netd_works = value

    def sessions(self) -> list[SessionInfo]:
        """Every open session."""
        return self._house.sessions()

    def session(self, number: str) -> Optional[SessionInfo]:
        """One open session, or None."""
        return next((s for s in self.sessions() if s.number == number), None)

    def health(self) -> dict[str, Any]:
        """What staff see of the gate's health."""
        return self._house.health()

    def change(self, change: Callable[[Registry], Registry], *, by: str = "yama", what: str = "test") -> int:
        """Changes the registry and ends who lost his right; the new generation."""
        return self._house.change_registry(change, by=by, what=what)

    def end_session(self, number: str, *, by: str = "yama", reason: str = "test") -> None:
        """Ends one session."""
        self._house.end_session(number, by=by, reason=reason)

    def stop(self, scope: str = "all", target: str = "", *, by: str = "yama", reason: str = "test") -> int:
        """R19: the emergency stop; how many sessions ended."""
        return self._house.stop(scope, target, by=by, reason=reason)

    def release(self, scope: str = "all", target: str = "", *, by: str = "yama") -> None:
        """Takes a stop away."""
        self._house.release(scope, target, by=by)

    def enrol_factor(self, person: str, factor: str, *, by: str = "yama") -> str:
        """Hands a factor out; what the person is given, once."""
        return self._house.enrol_factor(person, factor, by=by)

    def end_factor(self, person: str, factor: str, *, by: str = "yama") -> None:
        """Takes it away."""
        self._house.end_factor(person, factor, by=by)

    def last_code(self) -> str:
        """The code in the newest mail."""
        return code_of(self.clock.mails[-1])

    def entries(self, **query: Any) -> list[StoredEntry]:
        """What the journal holds; `query` are the fields of Query."""
        return self.journal.search(Query(**query))

    def verify_journal(self) -> Verification:
        """Proves the journal."""
        return self.journal.verify()
