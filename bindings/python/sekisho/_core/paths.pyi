"""One connection of an access path, by hand."""
from datetime import datetime
from typing import Any, Optional, Sequence, Union

from sekisho._core import _Bound
from sekisho._core.sdk import Arrival
from sekisho._core.seam import SessionView, _FrontNotice, _GatePush, _GateReply, _GateRequest

class PathHost(metaclass=_Bound):
    """What a connection written in Python may do; path.gone once the connection has died."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def write(self, plaintext: bytes) -> None:
        """Plaintext for the peer, at most 16,384 bytes: one TLS record."""
    def close(self, why: str) -> None:
        """Closes after everything written has left."""
    def ask(self, request: _GateRequest) -> int:
        """Asks the gatekeeper; one on_reply() follows with this number."""
    def notice(self, notice: _FrontNotice) -> None:
        """Tells the gatekeeper."""
    def attach_tunnel(self, view: SessionView) -> None:
        """From now on packets for view.address come to this connection."""
    def detach_tunnel(self) -> None:
        """No more packets."""
    def large_packets(self, bytes: int) -> None:
        """The peer takes packets of up to this size; 0: no more."""
    def deliver(self, packet: bytes) -> None:
        """One IPv4 packet from the client."""
    def random(self, size: int) -> bytes:
        """Unpredictable bytes."""

class PacketSource(metaclass=_Bound):
    """Packets that wait for one session, oldest first; good during fill_record() only."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def front(self) -> Optional[bytes]:
        """The next packet, or None."""
    def pop(self) -> None:
        """Takes it away."""

class PathWrote(metaclass=_Bound):
    """Plaintext for the peer."""
    data: bytes
    def __init__(self, data: bytes = ...) -> None: ...

class PathClosed(metaclass=_Bound):
    """The connection closes."""
    why: str
    def __init__(self, why: str = ...) -> None: ...

class PathAsked(metaclass=_Bound):
    """A question to the gatekeeper; answer it with on_reply()."""
    number: int
    request: _GateRequest
    def __init__(self, number: int = ..., request: _GateRequest = ...) -> None: ...

class PathNoticed(metaclass=_Bound):
    """Something the gatekeeper should know."""
    notice: _FrontNotice
    def __init__(self, notice: _FrontNotice = ...) -> None: ...

class PathAttached(metaclass=_Bound):
    """The connection carries a tunnel from now on."""
    view: SessionView
    def __init__(self, view: SessionView = ...) -> None: ...

class PathDetached(metaclass=_Bound):
    """It carries none any more."""
    def __init__(self) -> None: ...

class PathDelivered(metaclass=_Bound):
    """A packet from the client."""
    packet: bytes
    def __init__(self, packet: bytes = ...) -> None: ...

class PathLarge(metaclass=_Bound):
    """Packets of up to this size are agreed; 0: no more."""
    bytes: int
    def __init__(self, bytes: int = ...) -> None: ...

_PathEvent = Union[PathWrote, PathClosed, PathAsked, PathNoticed, PathAttached, PathDetached, PathDelivered, PathLarge]

class PathLine(metaclass=_Bound):
    """One connection of an access path, driven by hand: each call gives what the connection did."""
    def __init__(self, path: object, arrival: Arrival, *, now: datetime, seed: int = 1) -> None: ...
    def on_bytes(self, data: bytes, *, now: datetime) -> list[_PathEvent]:
        """Decrypted bytes from the peer, in any pieces."""
    def on_reply(self, number: int, reply: _GateReply, *, now: datetime) -> list[_PathEvent]:
        """The gatekeeper's answer."""
    def on_push(self, push: _GatePush, *, now: datetime) -> list[_PathEvent]:
        """What the gatekeeper says unasked."""
    def on_replaced(self, *, now: datetime) -> list[_PathEvent]:
        """Another connection has this session's tunnel."""
    def on_gone(self, *, now: datetime) -> list[_PathEvent]:
        """The transport is gone; the last call."""
    def on_deadline(self, *, now: datetime) -> list[_PathEvent]:
        """next_deadline has come."""
    def fill_record(self, packets: Sequence[bytes], *, size: int = 16384, now: datetime) -> tuple[bytes, int]:
        """One TLS record with packets for the client, and how many of them are in it."""
    @property
    def next_deadline(self) -> Optional[datetime]:
        """When on_deadline() wants to be called; None: never."""
    @property
    def closed(self) -> bool:
        """The connection has asked to be closed."""

class LoadedAccessPath(metaclass=_Bound):
    """An access path that the loader or fortinet_path() made."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    @property
    def carries_packets(self) -> bool:
        """Whether it carries IP packets."""
