"""Faults of the simulated lab's gates, and its second gate: the production's gatekeeper once more, over the same store and time."""
from __future__ import annotations

import contextlib
import datetime
import pathlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .faults import Faults, SecondGate
from .gate_here import bindings, entries_of, session_rows

if TYPE_CHECKING:
    from .simulated import SimulatedWorld

SPARE = "spare"                # core/audit/segments.cpp: what the next segment is made of
RECORD, STATEMENT = 48, 1024   # bytes around an entry; room that a segment keeps for a signed head


class SlowCheck:
    """While every job is held: the first one is a login's step in the store and is done at once, the next is the check of its password."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self.clock, self.due, self.stepped = clock, clock.now + datetime.timedelta(seconds=seconds), False
        clock.at(self.due, lambda: None)

    def work(self) -> bool:
        if self.stepped and self.clock.now < self.due:
            return False
        done = bool(self.clock.finish_blocking())
        self.stepped = self.stepped or done
        return done


class Moment:
    """What is done as soon as something is so: between any two things that the clock lets happen at one instant, or (`early`) before the
    messages that wait are delivered."""

    LOOKS = 60  # of one turn of the clock: more than it takes from a message to its last consequence

    def __init__(self, check: Callable[[], object], action: Callable[[], object], *, early: bool = False) -> None:
        self.check, self.action, self.early, self.left = check, action, early, 0
        self.over = self.acting = False

    def look_again(self, clock: Any) -> None:
        if self.early:
            self._look()
        elif self.left == 0 and not self.over:
            self.left = self.LOOKS
            self._look_at(clock)

    def _look(self) -> None:
        if not self.over and self.check():
            self.over = self.acting = True
            self.action()
            self.acting = False

    def _look_at(self, clock: Any) -> None:
        def look() -> None:
            self.left -= 1
            self._look()
            if self.over:
                self.left = 0
            elif self.left:
                self._look_at(clock)

        clock.at(clock.now, look)


class SimulatedNetd:
    """netd in the house's place; what the kernel lets pass is what it was told last."""

    def __init__(self, gate: Any) -> None:
        self.kernel: dict[str, list[Any]] = {}
        self.waits = False
        self.asked: list[Any] = []  # without an answer
        self.link: Any = gate.attach("netd", "netd", self._hear)

    def _hear(self, message: Any) -> None:
        if type(message).__name__ in ("DesiredNet", "DesiredRdp"):
            self.asked.append(message)
            self.answer()

    def answer(self) -> None:
        while self.asked and not self.waits:
            desired = self.asked.pop(0)
            if type(desired).__name__ == "DesiredNet":
                self.kernel[desired.tun] = list(desired.rights)
            self.link.send(bindings().seam.NetApplied(desired.number, True, ""))


class SimulatedFaults(Faults):
    def __init__(self, world: "SimulatedWorld", gate: Callable[[], Any]) -> None:
        super().__init__(world)
        self.here, self.gate = world, gate
        self.netd: SimulatedNetd | None = None  # from the first time that the kernel waits

    @property
    def store_file(self) -> pathlib.Path:
        return self.here.store_file

    @contextlib.contextmanager
    def kernel_waits(self) -> Iterator[None]:
        self.here.story.did("netd answers nothing")
        self.here.run(until=self.here.now())
        if self.netd is None:
            self.netd = SimulatedNetd(self.gate())
            self.here.run(until=self.here.now())
        self.netd.waits = True
        yield
        self.netd.waits = False
        self.netd.answer()
        self.here.run(until=self.here.now() + datetime.timedelta(seconds=1))

    @contextlib.contextmanager
    def journal_fails(self) -> Iterator[None]:
        """The segment is full, and what the next one is made of has vanished. The gate finds help by itself as soon as time passes, so
        a story does in the block what is done at one instant."""
        self.here.story.did("the journal cannot be written")
        self.here.run(until=self.here.now())
        log = self.gate().journal
        self._fill(log)
        log.files = {name: held for name, held in log.files.items() if name != SPARE}
        begun = self.here.now()
        yield
        assert self.here.now() - begun < datetime.timedelta(seconds=1), "the journal has found help meanwhile"
        self.here.run(until=begun + datetime.timedelta(seconds=2))

    @contextlib.contextmanager
    def while_written(self, event: str, action: Callable[[], object]) -> Iterator[None]:
        """The entry stands on the disk, and the message that says so waits in the gate's line."""
        log = self.gate().journal

        def count() -> int:
            return len(log.search(bindings().journal.Query(event=event, limit=100_000)))

        self.here.run(until=self.here.now())
        before = count()
        with self.here.at_moment(lambda: count() > before, action) as done:
            yield
        assert done(), f"no entry {event} came"

    def _fill(self, log: Any) -> None:
        """With entries that say nothing, until none of the gate's fits any more."""
        def used() -> tuple[int, int]:
            newest = log.files[max(name for name in log.files if name.endswith(".journal"))]
            return len(newest), len(newest.rstrip(b"\0"))

        def write() -> None:
            log.append(bindings().journal.Entry(at=self.here.now(), event="lab.filler", result="ok"))

        before = used()[1]
        write()
        smallest = min(400, used()[1] - before)
        while (room := used()[0] - used()[1]) >= smallest + RECORD + STATEMENT:
            assert room < 1 << 20
            write()


class SimulatedSecond(SecondGate):
    def __init__(self, world: "SimulatedWorld", config: dict[str, Any]) -> None:
        self.world, self.led = world, set[str]()
        self.log = bindings().MemoryJournal(seed=2, start=world.now())
        self.gate = world.a_gate({**config, "node": "2"}, self.log)
        self.gate.__enter__()
        self.front = world.internet_front(self.gate, config)
        self.faults = SimulatedFaults(world, lambda: self.gate)

    def leads(self, host: str, *, to_second: bool = True) -> None:
        (self.led.add if to_second else self.led.discard)(host)

    @contextlib.contextmanager
    def _at_gate(self) -> Iterator[Any]:
        self.world.run(until=self.world.now())
        yield self.gate

    def sessions(self) -> list[dict[str, Any]]:
        with self._at_gate() as gate:
            return session_rows(gate)

    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        with self._at_gate() as gate:
            return entries_of(gate, wanted)

    def end_session(self, number: str, *, reason: str = "test") -> None:
        self.world.story.did(f"session end {number} at the second gate")
        with self._at_gate() as gate:
            gate.end_session(number, by="yama", reason=reason)

    @contextlib.contextmanager
    def store_lost(self) -> Iterator[None]:
        """Whoever asks it next, in the block, has no answer."""
        self.world.story.did("the store is lost")
        self.world.run(until=self.world.now())
        self.world.store.fail_next("store.unavailable")
        yield

    def first_dies(self) -> None:
        self.world.story.did("the first gate dies")
        self.world.first_dies()

    def close(self) -> None:
        self.front.close()
        self.gate.__exit__(None, None, None)


__all__ = ["SimulatedFaults", "SimulatedSecond"]
