"""Fortinet's SSL-VPN in both roles, and a contractor's PC that speaks it to a gate: the real bytes on virtual time."""
from __future__ import annotations

from collections import deque
from datetime import timedelta
from types import TracebackType
from typing import Any, Callable, Optional, Union

from sekisho._core import (Arrival, ClientClosed, ClientConnects, ClientDown, ClientEnded, ClientPacket,
                           ClientPasswordWanted, ClientQuestion, ClientUp, ClientWrote, FortinetClient, FrameReader,
                           LoadedAccessPath, PathAsked, PathAttached, PathClosed, PathDelivered, PathDetached,
                           PathLarge, PathLine, PathNoticed, PathWrote, PppDown, PppEnded, PppLink, PppOptions,
                           PppSend, PppUp, fortinet_path, write_frame)
from sekisho.errors import NotInTime
from sekisho.gate import Front
from sekisho.words import ClientManner

__all__ = ["ClientClosed", "ClientConnects", "ClientDown", "ClientEnded", "ClientPacket", "ClientPasswordWanted",
           "ClientQuestion", "ClientUp", "ClientWrote", "FortinetClient", "FrameReader", "PathAsked", "PathAttached",
           "PathClosed", "PathDelivered", "PathDetached", "PathLarge", "PathLine", "PathNoticed", "PathWrote", "Pc",
           "PppDown", "PppEnded", "PppLink", "PppOptions", "PppSend", "PppUp", "fortinet_path", "write_frame"]


class Pc:
    """A contractor's PC: a client machine, a connection of the access path, and a front of the gate between them.

        with Pc(gate.front("internet"), arrival, user="mori", password="right", code=gate.last_code) as pc:
            pc.connect(within=10)
            pc.send(packet)
    """

    def __init__(self, front: Front, arrival: Arrival, *, user: str, password: str,
                 code: Union[str, Callable[[], str]] = "", manner: ClientManner = "openconnect",
                 path: Optional[Union[LoadedAccessPath, object]] = None) -> None:
        self.front = front
        self.arrival = arrival
        self.client = FortinetClient(manner=manner, user=user, password=password)
        self._path = path if path is not None else fortinet_path()
        self._code = code
        self._clock = front.gate.clock
        self._line: Optional[PathLine] = None
        self._todo: deque[Callable[[], None]] = deque()
        #: The tunnel, while it stands.
        self.tunnel: Optional[ClientUp] = None
        #: How the client ended, once it has.
        self.ended: Optional[ClientEnded] = None
        #: Packets that the client sent into the gate, and those that came to it.
        self.delivered: list[bytes] = []
        self.received: list[bytes] = []
        #: Questions that the person was asked.
        self.prompts: list[str] = []

    def __enter__(self) -> "Pc":
        """Nothing yet: connect() begins."""
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        """The PC is switched off: its connection is gone without a word."""
        if self._line is not None:
            self._of_path(self._line.on_gone(now=self._clock.now))
            self._line = None
        self._run()

    def connect(self, *, within: float = 10.0) -> ClientUp:
        """Goes through the gate: login, question, tunnel. NotInTime when no tunnel stands by then; `ended` says why."""
        self._of_client(self.client.start(now=self._clock.now))
        self.pass_time(within, until=lambda: self.tunnel is not None or self.ended is not None)
        if self.tunnel is None:
            why = f"{self.ended.why} {self.ended.status}: {self.ended.text}" if self.ended else "still waiting"
            raise NotInTime("client.no_tunnel", f"no tunnel within {within} s", why)
        return self.tunnel

    def send(self, packet: bytes) -> bool:
        """One IPv4 packet into the tunnel; False: no tunnel, or too large."""
        sent, events = self.client.send_packet(packet)
        self._of_client(events)
        self._run()
        return sent

    def receive(self, packets: list[bytes]) -> None:
        """Packets from inside, through the tunnel to the client."""
        if self._line is None:
            return
        record, _ = self._line.fill_record(packets, now=self._clock.now)
        if record:
            self._of_client(self.client.on_bytes(record, now=self._clock.now))
        self._run()

    def leave(self, *, within: float = 5.0) -> None:
        """The person ends it: logout and goodbye."""
        self._of_client(self.client.stop(now=self._clock.now))
        self.pass_time(within, until=lambda: self.ended is not None)

    def pass_time(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> None:
        """Virtual time passes for PC and gate, until it is over or `until` holds."""
        end = self._clock.now + timedelta(seconds=seconds)
        self._run()
        while not until():
            line = self._line.next_deadline if self._line is not None else None
            due = [at for at in (self.client.next_deadline, line, self._clock.next) if at is not None]
            now = self._clock.now
            if not due or min(due) > end:
                self._clock.advance(max(0.0, (end - now).total_seconds()))
                return
            self._clock.advance(max(0.0, (min(due) - now).total_seconds()))
            self._deadlines()
            self._run()

    def _deadlines(self) -> None:
        now = self._clock.now
        if self.client.next_deadline is not None and self.client.next_deadline <= now:
            self._of_client(self.client.on_deadline(now=now))
        if self._line is not None and self._line.next_deadline is not None and self._line.next_deadline <= now:
            self._of_path(self._line.on_deadline(now=now))

    def _run(self) -> None:
        while self._todo or self.front.pushes:
            while self.front.pushes:
                push: Any = self.front.pushes.pop(0)
                if self._line is not None:
                    self._of_path(self._line.on_push(push, now=self._clock.now))
            if self._todo:
                self._todo.popleft()()

    def _of_client(self, events: list[Any]) -> None:
        for event in events:
            if isinstance(event, ClientConnects):
                self._todo.append(self._connected)
            elif isinstance(event, ClientWrote):
                self._todo.append(lambda data=event.data: self._to_path(data))  # type: ignore[misc]
            elif isinstance(event, ClientClosed):
                self._todo.append(self._gone)
            elif isinstance(event, ClientQuestion):
                self.prompts.append(event.prompt)
                self._todo.append(self._answer)
            elif isinstance(event, ClientUp):
                self.tunnel = event
            elif isinstance(event, ClientDown):
                self.tunnel = None
            elif isinstance(event, ClientPacket):
                self.received.append(event.packet)
            elif isinstance(event, ClientEnded):
                self.ended, self.tunnel = event, None

    def _of_path(self, events: list[Any]) -> None:
        line = self._line
        for event in events:
            if isinstance(event, PathWrote):
                self._todo.append(lambda data=event.data, at=line: self._to_client(data, at))  # type: ignore[misc]
            elif isinstance(event, PathAsked):
                self._todo.append(lambda asked=event, at=line: self._ask(asked, at))  # type: ignore[misc]
            elif isinstance(event, PathNoticed):
                self.front.tell(event.notice)
            elif isinstance(event, PathDelivered):
                self.delivered.append(event.packet)
            elif isinstance(event, PathClosed):
                self._todo.append(lambda at=line: self._closed(at))  # type: ignore[misc]

    def _connected(self) -> None:
        # Another seed than the client's: ends that draw the same magic number take the line for a loop.
        self._line = PathLine(self._path, self.arrival, now=self._clock.now, seed=2)
        self._of_client(self.client.on_connected(now=self._clock.now))

    def _to_path(self, data: bytes) -> None:
        if self._line is not None and not self._line.closed:
            self._of_path(self._line.on_bytes(data, now=self._clock.now))

    def _to_client(self, data: bytes, line: Optional[PathLine]) -> None:
        if line is not None and line is self._line:
            self._of_client(self.client.on_bytes(data, now=self._clock.now))

    def _ask(self, asked: PathAsked, line: Optional[PathLine]) -> None:
        reply = self.front.ask(asked.request)
        if line is not None and line is self._line:
            self._of_path(line.on_reply(asked.number, reply, now=self._clock.now))

    def _answer(self) -> None:
        code = self._code() if callable(self._code) else self._code
        self._of_client(self.client.give_code(code, now=self._clock.now))

    def _gone(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._of_path(line.on_gone(now=self._clock.now))

    def _closed(self, line: Optional[PathLine]) -> None:
        if line is not None and line is self._line:
            self._gone()
            self._of_client(self.client.on_gone(now=self._clock.now))
