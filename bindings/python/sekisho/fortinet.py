"""Fortinet's SSL-VPN in both roles, and a contractor's PC that speaks it to a gate: the real bytes on virtual time."""
from __future__ import annotations

from types import TracebackType
from typing import Callable, Optional, Union

from sekisho._core.fortinet import (ClientClosed, ClientConnects, ClientDown, ClientEnded, ClientPacket,
                                    ClientPasswordWanted, ClientQuestion, ClientUp, ClientWrote, FortinetClient,
                                    FrameReader, PppDown, PppEnded, PppLink, PppOptions, PppSend, PppUp, fortinet_path,
                                    write_frame)
from sekisho._core.paths import (LoadedAccessPath, PathAsked, PathAttached, PathClosed, PathDelivered, PathDetached,
                                 PathLarge, PathLine, PathNoticed, PathWrote)
from sekisho._core.sdk import Arrival
from sekisho.errors import NotInTime
from sekisho.gate import Front
from sekisho.lines import ClientRun, Lines
from sekisho.words import ClientManner

__all__ = ["ClientClosed", "ClientConnects", "ClientDown", "ClientEnded", "ClientPacket", "ClientPasswordWanted",
           "ClientQuestion", "ClientUp", "ClientWrote", "FortinetClient", "FrameReader", "PathAsked", "PathAttached",
           "PathClosed", "PathDelivered", "PathDetached", "PathLarge", "PathLine", "PathNoticed", "PathWrote", "Pc",
           "PppDown", "PppEnded", "PppLink", "PppOptions", "PppSend", "PppUp", "fortinet_path", "write_frame"]


class Pc:
    """A contractor's PC: a client's machine against an access path that stands at a front of the gate (ClientRun), with a
    person who answers its questions and the gate's time.

        with Pc(gate.front("internet"), arrival, user="mori", password="right", code=gate.last_code) as pc:
            pc.connect(within=10)
            pc.send(packet)
    """

    def __init__(self, front: Front, arrival: Arrival, *, user: str, password: str,
                 code: Union[str, Callable[[], str]] = "", manner: ClientManner = "openconnect",
                 path: Optional[Union[LoadedAccessPath, object]] = None) -> None:
        given = code
        self.run = ClientRun(front, path if path is not None else fortinet_path(), arrival,
                             FortinetClient(manner=manner, user=user, password=password),
                             person=lambda: given() if callable(given) else given)
        self.lines = Lines(front.gate.clock, [self.run])

    def __enter__(self) -> "Pc":
        """Nothing yet: connect() begins."""
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        """The PC is switched off: its connection is gone without a word."""
        self.run.cut()
        self.lines.settle()

    @property
    def tunnel(self) -> Optional[ClientUp]:
        """The tunnel, while it stands."""
        return self.run.tunnel

    @property
    def ended(self) -> Optional[ClientEnded]:
        """How the client ended, once it has."""
        return self.run.ended

    @property
    def delivered(self) -> list[bytes]:
        """Packets that the client sent into the gate."""
        return self.run.delivered

    @property
    def received(self) -> list[bytes]:
        """Packets that came to the client."""
        return self.run.received

    @property
    def prompts(self) -> list[str]:
        """Questions that the person was asked."""
        return self.run.prompts

    def connect(self, *, within: float = 10.0) -> ClientUp:
        """Goes through the gate: login, question, tunnel. NotInTime when no tunnel stands by then; `ended` says why."""
        self.run.start()
        self.pass_time(within, until=lambda: self.tunnel is not None or self.ended is not None)
        if self.tunnel is None:
            why = f"{self.ended.why} {self.ended.status}: {self.ended.text}" if self.ended else "still waiting"
            raise NotInTime("client.no_tunnel", f"no tunnel within {within} s", why)
        return self.tunnel

    def send(self, packet: bytes) -> bool:
        """One IPv4 packet into the tunnel; False: no tunnel, or too large."""
        sent = self.run.send(packet)
        self.lines.settle()
        return sent

    def receive(self, packets: list[bytes]) -> None:
        """Packets from inside, through the tunnel to the client."""
        self.run.receive(packets)
        self.lines.settle()

    def leave(self, *, within: float = 5.0) -> None:
        """The person ends it: logout and goodbye."""
        self.run.stop()
        self.pass_time(within, until=lambda: self.ended is not None)

    def pass_time(self, seconds: float, *, until: Callable[[], object] = lambda: False) -> None:
        """Time passes for PC and gate, until it is over or `until` holds."""
        self.lines.pass_time(seconds, until=until)
