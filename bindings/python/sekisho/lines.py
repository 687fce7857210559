"""Connections that somebody drives: an access path with its front around it, a client's machine against it, and the time
that many of them share. Machines do the work; what stands here only hands things over, in their order."""
from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any, Callable, Iterable, Optional, Protocol, Union

from sekisho._core.fortinet import (ClientClosed, ClientConnects, ClientDown, ClientEnded, ClientPacket,
                                    ClientQuestion, ClientUp, ClientWrote, FortinetClient)
from sekisho._core.gate import VirtualTime
from sekisho._core.paths import (PathAsked, PathAttached, PathClosed, PathDelivered, PathDetached, PathLine,
                                 PathNoticed, PathWrote)
from sekisho._core.sdk import Arrival
from sekisho._core.seam import SessionChanged, SessionView

__all__ = ["AnyFront", "ClientRun", "Lines", "PathRun"]

Todo = deque[Callable[[], None]]


class AnyFront(Protocol):
    """What a connection needs of the front that it came to: sekisho.gate.Front, or one with a link of its own."""

    #: What the gatekeeper has pushed, oldest first; whoever hands it on takes it out.
    pushes: list[object]

    @property
    def now(self) -> datetime:
        """The front's time."""

    def request(self, body: Any, done: Callable[[Any], None]) -> None:
        """Asks the gatekeeper; `done` gets the reply's body in its time."""

    def tell(self, notice: Any) -> None:
        """A notice for the gatekeeper."""


class PathRun:
    """One connection of an access path: what the path asks goes to the gatekeeper, what it writes to `wrote`. A path that
    raises is hung up on, as the product's front does it: `broke` keeps what it raised."""

    def __init__(self, front: AnyFront, path: object, arrival: Arrival, *, wrote: Callable[[bytes], object],
                 closed: Callable[[str], object] = lambda why: None, seed: int = 2, todo: Optional[Todo] = None) -> None:
        self.front = front
        self.arrival = arrival
        #: Of the session that the connection carries, while it carries one.
        self.view: Optional[SessionView] = None
        #: Packets that came out of the tunnel.
        self.delivered: list[bytes] = []
        #: What the path raised.
        self.broke: Optional[Exception] = None
        self._wrote, self._closed = wrote, closed
        self._todo: Todo = deque() if todo is None else todo
        self._line: Optional[PathLine] = None
        try:
            self._line = PathLine(path, arrival, now=front.now, seed=seed)
        except RuntimeError as raised:
            self._broken(raised)

    @property
    def stands(self) -> bool:
        """The path has not hung up."""
        return self._line is not None and not self._line.closed

    @property
    def next_deadline(self) -> Optional[datetime]:
        """When on_deadline() wants to be called."""
        if self._line is None:
            return None
        try:
            return self._line.next_deadline
        except Exception as raised:
            self._broken(raised)
            return None

    def on_bytes(self, data: bytes) -> None:
        """Plaintext from the peer, in any pieces."""
        if self.stands:
            self._do(lambda line, now: line.on_bytes(data, now=now))

    def on_push(self, push: Any) -> None:
        """What the gatekeeper says unasked."""
        if isinstance(push, SessionChanged) and self.view is not None and push.view.session == self.view.session:
            self.view = push.view
        self._do(lambda line, now: line.on_push(push, now=now))

    def on_deadline(self) -> None:
        """What was due is done; nothing when nothing was."""
        due = self.next_deadline
        if due is not None and due <= self.front.now:
            self._do(lambda line, now: line.on_deadline(now=now))

    def gone(self) -> None:
        """The transport is gone."""
        self._do(lambda line, now: line.on_gone(now=now))
        self._line = self.view = None

    def fill(self, packets: list[bytes]) -> bytes:
        """Packets from inside, as a record for the peer."""
        if self._line is None:
            return b""
        record, _ = self._line.fill_record(packets, now=self.front.now)
        return record

    def work(self) -> bool:
        """Does what waits; False when nothing did."""
        if not self._todo:
            return False
        while self._todo:
            self._todo.popleft()()
        return True

    def _do(self, call: Callable[[PathLine, datetime], list[Any]]) -> None:
        if self._line is None:
            return
        try:
            events = call(self._line, self.front.now)
        except Exception as raised:
            self._broken(raised)
            return
        for event in events:
            self._take(event)

    def _broken(self, raised: Exception) -> None:
        self.broke, self._line, self.view = raised, None, None
        self._todo.append(lambda: self._hang_up("the path broke"))

    def _take(self, event: Any) -> None:
        if isinstance(event, PathWrote):
            self._todo.append(lambda: self._write(event.data))
        elif isinstance(event, PathAsked):
            self._todo.append(lambda: self._ask(event))
        elif isinstance(event, PathNoticed):
            self.front.tell(event.notice)
        elif isinstance(event, PathAttached):
            self.view = event.view
        elif isinstance(event, PathDetached):
            self.view = None
        elif isinstance(event, PathDelivered):
            self.delivered.append(event.packet)
        elif isinstance(event, PathClosed):
            self._todo.append(lambda: self._hang_up(event.why))

    def _write(self, data: bytes) -> None:
        if self._line is not None:
            self._wrote(data)

    def _ask(self, asked: PathAsked) -> None:
        def reply(body: Any) -> None:
            self._todo.append(lambda: self._do(lambda line, now: line.on_reply(asked.number, body, now=now)))

        if self._line is not None:
            self.front.request(asked.request, reply)

    def _hang_up(self, why: str) -> None:
        self.gone()
        self._closed(why)


class ClientRun:
    """A client's machine from its first connection to its end, against an access path that stands at `front`."""

    def __init__(self, front: AnyFront, path: object, arrival: Arrival, client: FortinetClient, *, path_seed: int = 2,
                 person: Optional[Callable[[], str]] = None) -> None:
        self.front, self.path, self.arrival, self.client = front, path, arrival, client
        #: The tunnel, while it stands, and the last address that one had.
        self.tunnel: Optional[ClientUp] = None
        self.address = ""
        #: How the client ended, once it has.
        self.ended: Optional[ClientEnded] = None
        #: Packets that the client sent into the gate, and those that came to it.
        self.delivered: list[bytes] = []
        self.received: list[bytes] = []
        #: Questions that the person was asked; whether one waits for its answer.
        self.prompts: list[str] = []
        self.waits = False
        #: What the gate wrote until the first tunnel stood.
        self.heard = bytearray()
        self.is_cut = False
        # Another seed than the client's: ends that draw the same magic number take the line for a loop.
        self._path_seed = path_seed
        self._person = person
        self._typed: deque[str] = deque()
        self._todo: Todo = deque()
        self._line: Optional[PathRun] = None

    @property
    def view(self) -> Optional[SessionView]:
        """Of the session that the connection carries."""
        return self._line.view if self._line is not None else None

    @property
    def next_deadline(self) -> Optional[datetime]:
        """When on_deadline() wants to be called."""
        if self.is_cut:
            return None
        line = self._line.next_deadline if self._line is not None else None
        return min((at for at in (self.client.next_deadline, line) if at is not None), default=None)

    def start(self) -> None:
        """The person starts the client."""
        self._of_client(self.client.start(now=self.front.now))

    def stop(self) -> None:
        """The person ends it: logout and goodbye."""
        self._of_client(self.client.stop(now=self.front.now))

    def type(self, line: str) -> None:
        """The answer to the question that waits, or to the next one."""
        self._typed.append(line)

    def cut(self) -> None:
        """The PC is switched off: its connection is gone without a word."""
        self.is_cut = True
        if self._line is not None:
            self._line.gone()
            self._line = None

    def send(self, packet: bytes) -> bool:
        """One IPv4 packet into the tunnel; False: no tunnel, or too large."""
        sent, events = self.client.send_packet(packet)
        self._of_client(events)
        return sent

    def receive(self, packets: list[bytes]) -> None:
        """Packets from inside, through the tunnel to the client."""
        record = self._line.fill(packets) if self._line is not None else b""
        if record:
            self._of_client(self.client.on_bytes(record, now=self.front.now))

    def on_push(self, push: object) -> None:
        """What the gatekeeper says unasked."""
        if self._line is not None:
            self._line.on_push(push)

    def on_deadline(self) -> None:
        """What was due is done."""
        if self.is_cut:
            return
        if self.client.next_deadline is not None and self.client.next_deadline <= self.front.now:
            self._of_client(self.client.on_deadline(now=self.front.now))
        if self._line is not None:
            self._line.on_deadline()

    def work(self) -> bool:
        """Does what waits; False when nothing did."""
        if self.waits and (self._typed or self._person is not None):
            self.waits = False
            said = self._typed.popleft() if self._typed or self._person is None else self._person()
            self._of_client(self.client.give_code(said, now=self.front.now))
        if not self._todo:
            return False
        while self._todo:
            self._todo.popleft()()
        return True

    def _of_client(self, events: list[Any]) -> None:
        for event in events:
            if isinstance(event, ClientConnects):
                self._todo.append(self._connect)
            elif isinstance(event, ClientWrote):
                self._todo.append(lambda data=event.data: self._to_path(data))  # type: ignore[misc]
            elif isinstance(event, ClientClosed):
                self._todo.append(self._hang_up)
            elif isinstance(event, ClientQuestion):
                self.prompts.append(event.prompt)
                self.waits = True
            elif isinstance(event, ClientUp):
                self.tunnel, self.address = event, event.address
            elif isinstance(event, ClientDown):
                self.tunnel = None
            elif isinstance(event, ClientPacket):
                self.received.append(event.packet)
            elif isinstance(event, ClientEnded):
                self.ended, self.tunnel = event, None

    def _connect(self) -> None:
        line = self._line = PathRun(self.front, self.path, self.arrival, seed=self._path_seed, todo=self._todo,
                                    wrote=lambda data: self._to_client(data, line),
                                    closed=lambda why: self._hung_up(line))
        line.delivered = self.delivered
        self._of_client(self.client.on_connected(now=self.front.now))

    def _to_path(self, data: bytes) -> None:
        if self._line is not None:
            self._line.on_bytes(data)

    def _to_client(self, data: bytes, line: PathRun) -> None:
        if line is self._line:
            if not self.address:
                self.heard += data
            self._of_client(self.client.on_bytes(data, now=self.front.now))

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.gone()

    def _hung_up(self, line: PathRun) -> None:
        if line is self._line:
            self._line = None
            self._of_client(self.client.on_gone(now=self.front.now))


class Lines:
    """Connections and the virtual time that they share with their gate: it goes from one thing that is due to the next,
    and what that causes at once belongs to it."""

    def __init__(self, clock: VirtualTime, runs: Iterable[Union[ClientRun, PathRun]] = ()) -> None:
        self.clock = clock
        self.runs: list[Union[ClientRun, PathRun]] = list(runs)

    @property
    def next_due(self) -> Optional[datetime]:
        """When something is due next, now at the earliest."""
        due = [at for at in (self.clock.next, *(run.next_deadline for run in self.runs)) if at is not None]
        return max(min(due), self.clock.now) if due else None

    def settle(self) -> None:
        """Everything that can happen without time passing."""
        self.clock.settle()
        while True:
            for front in {id(run.front): run.front for run in self.runs}.values():
                pushes, front.pushes[:] = list(front.pushes), []
                for push in pushes:
                    for run in self.runs:
                        if run.front is front:
                            run.on_push(push)
            if not any([run.work() for run in self.runs]) and not any(run.front.pushes for run in self.runs):
                break

    def run(self, until: datetime) -> None:
        """Everything that is due until then, in its order."""
        while True:
            self.settle()
            due = self.next_due
            if due is None or due > until:
                break
            self.clock.advance((due - self.clock.now).total_seconds())
            for run in self.runs:
                run.on_deadline()
        self.clock.advance(max(0.0, (until - self.clock.now).total_seconds()))
        self.settle()

    def pass_time(self, seconds: float, *, until: Callable[[], object] = lambda: False) -> bool:
        """Time passes until it is over, or until `until` holds: then True."""
        end = self.clock.now + timedelta(seconds=seconds)
        self.settle()
        while not until():
            due = self.next_due
            if due is None or due > end:
                self.run(end)
                return bool(until())
            self.run(due)
        return True
