"""Desktops: the broker of a zone by hand, and an office around it: a hypervisor in memory, a clock that is handed in."""
from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional, Sequence, Union

from sekisho._core.desktops import Broker, Desktop, DesktopNote, Pool, Seat, SeatCount, pause_after
from sekisho._core.seam import (HyperAnswer, HyperAsk, HyperCreate, HyperDestroy, HyperDone, HyperFailed, HyperList,
                                HyperLook, HyperMachine, HyperMachines, HyperSaw, HyperSetLogin)
from sekisho.words import MachineState, Zone

__all__ = ["Broker", "Desktop", "DesktopNote", "Hyperd", "Office", "Pool", "Seat", "SeatCount", "VirtualMachine",
           "pause_after"]


@dataclass
class VirtualMachine:
    """A machine of a Hyperd. `login` is "account:password" once one was set."""

    model: str
    mac: str
    answers: bool
    state: MachineState = "running"
    login: str = ""


class Hyperd:
    """sekisho-hyperd with a hypervisor in memory, as a broker sees it. `boots` False: a new machine does not answer
    until its `answers` is set; `fails` plants an error: {"create": "console.refused"} (list, look, login, destroy)."""

    def __init__(self) -> None:
        self.machines: dict[str, VirtualMachine] = {}
        self.fails: dict[str, str] = {}
        self.boots = True
        self.asked: list[str] = []

    def answer(self, ask: HyperAsk) -> HyperAnswer:
        """Does what is asked; its answer."""
        return HyperAnswer(ask.number, ask.zone, self._do(ask))

    def _do(self, ask: HyperAsk) -> Union[HyperDone, HyperMachines, HyperFailed]:
        verb = ask.verb
        names = {HyperList: "list", HyperLook: "look", HyperCreate: "create", HyperSetLogin: "login",
                 HyperDestroy: "destroy"}
        name = names.get(type(verb), "")
        self.asked.append(name)
        if not name:
            return HyperFailed("hyper.not_allowed", "a broker has no business with it")
        if name in self.fails:
            return HyperFailed(self.fails[name], "planted")
        if isinstance(verb, HyperList):
            return HyperMachines([self._seen(uuid) for uuid in sorted(self.machines)])
        if isinstance(verb, HyperCreate):
            self.machines[verb.uuid] = VirtualMachine(verb.model, verb.mac, self.boots)
        elif isinstance(verb, HyperDestroy):
            self.machines.pop(verb.uuid, None)
            return HyperDone()
        elif isinstance(verb, HyperSetLogin) and verb.uuid in self.machines:
            self.machines[verb.uuid].login = f"{verb.account}:{verb.password}"
            return HyperDone()
        if isinstance(verb, (HyperLook, HyperCreate)) and verb.uuid in self.machines:
            return HyperMachines([self._seen(verb.uuid)])
        return HyperFailed("console.no_such_machine", "it is not there")

    def _seen(self, uuid: str) -> HyperMachine:
        machine = self.machines[uuid]
        return HyperMachine(uuid, machine.model, machine.state, machine.answers)


class Office:
    """A broker, its hyperd and a clock that moves when told.

        office = Office("internet_business", [pool], now=SAMPLE_NOW)
        office.want("S1", "vdi")
        office.desktop("S1").state
    """

    def __init__(self, zone: Zone, pools: Sequence[Pool], *, now: datetime, seed: int = 1) -> None:
        self.zone = zone
        self.now = now
        self.hyperd = Hyperd()
        self.notes: list[DesktopNote] = []
        self.broker = Broker(zone, pools, seed=seed)
        self._take(self.broker.hyperd_here(now=now))

    def want(self, session: str, desktop: str) -> bool:
        """The session shall have this desktop; False: no pool knows it."""
        known, events = self.broker.want(session, desktop, now=self.now)
        self._take(events)
        return known

    def leave(self, session: str) -> None:
        """The session is over."""
        self._take(self.broker.left(session, now=self.now))

    def desktop(self, session: str) -> Optional[Desktop]:
        """What the session is told of its desktop."""
        return self.broker.view(session, now=self.now)

    def happen(self, uuid: str, state: MachineState, *, manager: str) -> None:
        """A machine changes by itself, and hyperd says so."""
        self.hyperd.machines[uuid].state = state
        self._take(self.broker.saw(HyperSaw(self.zone, manager, uuid, state), now=self.now))

    def pass_time(self, seconds: float) -> None:
        """Time passes in the broker's own steps."""
        end = self.now + timedelta(seconds=seconds)
        for _ in range(100_000):
            at = self.broker.next_deadline
            if at is None or at > end:
                self.now = end
                return
            self.now = max(self.now, at)
            self._take(self.broker.tick(now=self.now))
        raise RuntimeError("a deadline that is never over")

    def _take(self, events: Sequence[Union[HyperAsk, DesktopNote]]) -> None:
        """Lets hyperd answer until nobody asks any more."""
        waiting = deque(events)
        for _ in range(100_000):
            if not waiting:
                return
            event = waiting.popleft()
            if isinstance(event, DesktopNote):
                self.notes.append(event)
            else:
                waiting.extend(self.broker.answer(self.hyperd.answer(event), now=self.now))
        raise RuntimeError("questions without end")
