"""Viewers and page clients of the simulated lab: bytes in memory, virtual time."""
from __future__ import annotations

import abc
import datetime
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .consoles import USER_AGENT, Door, ScreenWire
from .machines import Carrier
from .programs.answers import complete
from .simulated_wire import TlsLine
from .viewer import Frames, Gone, Opening, Viewer, masked

if TYPE_CHECKING:
    from .simulated import SimulatedWorld

ANSWER_S, OPEN_S = 20, 20


class ViewerWire(abc.ABC):
    """What a viewer in memory reads from and writes to; the world carries its bytes."""
    why = ""  # it is over, and so it was told

    @abc.abstractmethod
    def write(self, data: bytes) -> None: ...

    @abc.abstractmethod
    def take(self) -> bytes:
        """What has come since the last call. Gone: nothing will any more."""

    @abc.abstractmethod
    def close(self) -> None: ...


class SimulatedViewer(Viewer):
    def __init__(self, world: "SimulatedWorld", wire: ViewerWire, *, encodings: list[int] | None = None, name: str = "viewer") -> None:
        self.world, self.wire = world, wire
        self.broke: Exception | None = None
        super().__init__(encodings=encodings, name=name)
        world.carried.append(self)
        world.wait(lambda: self.opened or self.ended, OPEN_S, f"{name} opens")
        if self.broke is not None and not self.opened:
            raise self.broke

    def work(self) -> bool:
        """Reads what has come; False: nothing."""
        if self.ended:
            return False
        try:
            data = self.wire.take()
            if data:
                self._feed(data)
            return bool(data)
        except (OSError, AssertionError, ValueError) as end:
            self.ended, self.broke = str(end) or type(end).__name__, end
            self.wire.close()
            return True

    def _write(self, data: bytes) -> None:
        self.wire.write(data)

    def _pause(self, seconds: float) -> None:
        self.world.pause(seconds)

    def _wait(self, check: Callable[[], object], within: float, what: str) -> Any:
        return self.world.wait(check, within, what, on_fail=lambda: self.ended)

    @property
    def live(self) -> bool:
        self.world.run(until=self.world.now())
        return not self.ended

    def close(self) -> None:
        self.wire.close()
        if self in self.world.carried:
            self.world.carried.remove(self)
        self.ended = self.ended or "closed by the person"
        self.world.run(until=self.world.now())


class PlainWire(ViewerWire):
    """A viewer's end of a machine's or a guest's stream."""

    def __init__(self, sock: socket.socket) -> None:
        self.carrier = Carrier(sock)

    def write(self, data: bytes) -> None:
        self.carrier.write(data)

    def take(self) -> bytes:
        _, data = self.carrier.carry()
        if not data and self.carrier.over:
            raise Gone("the end")
        return data

    def close(self) -> None:
        self.carrier.close()


class PageWire(ViewerWire, ScreenWire):
    """A WebSocket of the gate's pages."""

    def __init__(self, world: "SimulatedWorld", line: TlsLine, opening: Opening) -> None:
        self.world, self.line, self.refused = world, line, opening.refused
        self.frames = Frames()
        self.frames.rest = opening.rest
        if self.refused:
            self.close()

    def viewer(self, *, encodings: list[int] | None = None, name: str = "viewer") -> Viewer:
        return SimulatedViewer(self.world, self, encodings=encodings, name=name)

    def write(self, data: bytes) -> None:
        self.line.say(masked(2, data))

    def take(self) -> bytes:
        self.frames.rest += self.line.take()
        out = b""
        for kind, body in self.frames.take():
            if kind == "data":
                out += body
            else:
                self.line.say(masked(10, body))
        if not out and self.line.over:
            raise Gone(self.line.error or "the end")
        return out

    def close(self) -> None:
        if self.line in self.world.wires:
            self.line.gone()
            self.world.wires.remove(self.line)


class SimulatedDoor(Door):
    """`connect(address)`: a line to the page there, or OSError; `reached`: whether packets get there (now)."""

    def __init__(self, world: "SimulatedWorld", connect: Callable[[str], TlsLine]) -> None:
        self.world, self.connect = world, connect

    def _line(self, address: str) -> TlsLine:
        line = self.connect(address)
        self.world.wires.append(line)
        return line

    def _until(self, check: Callable[[], object], within: float) -> None:
        """Or until the time is over: whoever waits says what that means."""
        end = self.world.now() + datetime.timedelta(seconds=within)
        self.world.run(until=self.world.now())
        while not check() and (due := self.world.next_due()) is not None and due <= end:
            self.world.run(until=due)

    def _end(self, line: TlsLine) -> None:
        line.gone()
        self.world.wires.remove(line)

    def begin(self, address: str, said: bytes) -> Callable[[], bytes]:
        line = self._line(address)
        line.say(said)
        self.world.run(until=self.world.now())

        def answer() -> bytes:
            self._until(lambda: complete(bytes(line.heard)) or line.over, ANSWER_S)
            heard, error = bytes(line.heard), line.error
            self._end(line)
            if not complete(heard):
                raise ConnectionError(f"no answer at {address}: {error or heard!r}")
            return heard

        return answer

    def answers(self, address: str, within: float) -> bool:
        try:
            line = self._line(address)
        except OSError:
            return False
        self._until(lambda: line.ready or line.over, within)
        ready = line.ready
        self._end(line)
        return ready

    def socket(self, address: str, path: str, protocols: list[str], origin: str) -> PageWire:
        line, opening = self._line(address), Opening(address, path, protocols, origin, USER_AGENT)
        line.say(opening.request)

        def answered() -> bool:
            opening.feed(line.take())
            return opening.answer is not None or line.over

        self._until(answered, OPEN_S)
        if opening.answer is None:
            self._end(line)
            raise ConnectionError(f"no answer at {address}: {line.error}")
        return PageWire(self.world, line, opening)

    def wait(self, check: Callable[[], object], within: float, what: str) -> Any:
        return self.world.wait(check, within, what)
