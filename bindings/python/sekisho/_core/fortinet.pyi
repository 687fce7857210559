"""Fortinet's machines in both roles, and PPP."""
from datetime import datetime
from typing import Any, Optional, Union

from sekisho._core import _Bound
from sekisho._core.paths import LoadedAccessPath
from sekisho.words import ClientEndWord, ClientManner, PppState

class PppOptions(metaclass=_Bound):
    """How one end of a link behaves; the defaults are the server's. own_address empty: ask for one; peer_address None:
    any."""
    mru: int
    large_mru: int
    insist_mru: bool
    nak_smaller_mru: bool
    own_address: str
    keep_own_address: bool
    peer_address: Optional[str]
    offer_vj: bool
    echo_interval: float
    echo_misses: int
    echo_at_open: bool
    open_limit: float
    def __init__(self, mru: int = ..., large_mru: int = ..., insist_mru: bool = ..., nak_smaller_mru: bool = ...,
                 own_address: str = ..., keep_own_address: bool = ..., peer_address: Optional[str] = ...,
                 offer_vj: bool = ..., echo_interval: float = ..., echo_misses: int = ..., echo_at_open: bool = ...,
                 open_limit: float = ...) -> None: ...

class PppSend(metaclass=_Bound):
    """A control packet for the peer."""
    protocol: int
    packet: bytes
    def __init__(self, protocol: int = ..., packet: bytes = ...) -> None: ...

class PppUp(metaclass=_Bound):
    """IPv4 may flow."""
    own_address: str
    peer_address: str
    peer_mru: int
    def __init__(self, own_address: str = ..., peer_address: str = ..., peer_mru: int = ...) -> None: ...

class PppDown(metaclass=_Bound):
    """IPv4 may not flow until the next PppUp."""
    def __init__(self) -> None: ...

class PppEnded(metaclass=_Bound):
    """The link is over."""
    by_peer: bool
    peer_knows: bool
    why: str
    def __init__(self, by_peer: bool = ..., peer_knows: bool = ..., why: str = ...) -> None: ...

_PppEvent = Union[PppSend, PppUp, PppDown, PppEnded]

class PppLink(metaclass=_Bound):
    """One PPP link, in either role: frames and now in, events out."""
    def __init__(self, options: PppOptions, *, seed: int = 1) -> None: ...
    def start(self, *, now: datetime) -> list[_PppEvent]:
        """Begins to negotiate."""
    def feed(self, protocol: int, payload: bytes, *, now: datetime) -> list[_PppEvent]:
        """One frame from the peer (IPv4 goes to take_data())."""
    def on_deadline(self, *, now: datetime) -> list[_PppEvent]:
        """next_deadline has come."""
    def terminate(self, why: str, *, now: datetime) -> list[_PppEvent]:
        """Says why and ends within a second."""
    def take_data(self, size: int) -> bool:
        """An IPv4 packet has come: whether it may be delivered."""
    @property
    def next_deadline(self) -> Optional[datetime]:
        """When on_deadline() wants to be called."""
    @property
    def state(self) -> PppState:
        """Where the link stands."""
    @property
    def largest_packet(self) -> int:
        """The largest IP packet that may be sent."""
    @property
    def dropped(self) -> int:
        """What did not fit."""

class FrameReader(metaclass=_Bound):
    """Frames out of a byte stream; `largest_total` is the largest frame accepted."""
    def __init__(self, largest_total: int = 1364) -> None: ...
    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Protocol and payload of every whole frame. fortinet.broken, for good."""
    @property
    def in_frame(self) -> bool:
        """A frame has begun and is not complete."""

def write_frame(protocol: int, payload: bytes, *, address_control: bool = False) -> bytes:
    """One frame; with address_control as openconnect writes it."""

class ClientConnects(metaclass=_Bound):
    """The client wants a connection: on_connected() or on_gone() answers."""
    def __init__(self) -> None: ...

class ClientWrote(metaclass=_Bound):
    """Plaintext for the gate."""
    data: bytes
    def __init__(self, data: bytes = ...) -> None: ...

class ClientClosed(metaclass=_Bound):
    """The client closes its connection."""
    def __init__(self) -> None: ...

class ClientQuestion(metaclass=_Bound):
    """The person is asked: give_code() answers."""
    prompt: str
    def __init__(self, prompt: str = ...) -> None: ...

class ClientPasswordWanted(metaclass=_Bound):
    """The password is asked for again: give_password() answers."""
    def __init__(self) -> None: ...

class ClientUp(metaclass=_Bound):
    """The tunnel stands."""
    address: str
    route: str
    mask: str
    heartbeat_s: int
    mru: int
    def __init__(self, address: str = ..., route: str = ..., mask: str = ..., heartbeat_s: int = ..., mru: int = ...) -> None: ...

class ClientPacket(metaclass=_Bound):
    """A packet from inside."""
    packet: bytes
    def __init__(self, packet: bytes = ...) -> None: ...

class ClientDown(metaclass=_Bound):
    """The tunnel is gone; the client goes on."""
    why: str
    def __init__(self, why: str = ...) -> None: ...

class ClientEnded(metaclass=_Bound):
    """The client is done."""
    why: ClientEndWord
    status: int
    text: str
    def __init__(self, why: ClientEndWord = ..., status: int = ..., text: str = ...) -> None: ...

_ClientEvent = Union[ClientConnects, ClientWrote, ClientClosed, ClientQuestion, ClientPasswordWanted, ClientUp,
                    ClientPacket, ClientDown, ClientEnded]

class FortinetClient(metaclass=_Bound):
    """The client role, in the manner of openconnect or of openfortivpn with pppd: each call gives what the client did."""
    def __init__(self, *, manner: ClientManner = "openconnect", user: str = "", password: str = "", cookie: str = "",
                 host: str = "vpn.test", realm: str = "", user_agent: str = "Mozilla/5.0 SV1",
                 accept_language: str = "", hostcheck: str = "", seed: int = 1) -> None: ...
    def start(self, *, now: datetime) -> list[_ClientEvent]:
        """The person starts it."""
    def on_connected(self, *, now: datetime) -> list[_ClientEvent]:
        """The connection stands."""
    def on_bytes(self, data: bytes, *, now: datetime) -> list[_ClientEvent]:
        """Bytes from the gate."""
    def on_gone(self, *, now: datetime) -> list[_ClientEvent]:
        """The connection is gone or was refused."""
    def on_deadline(self, *, now: datetime) -> list[_ClientEvent]:
        """next_deadline has come."""
    def give_code(self, code: str, *, now: datetime) -> list[_ClientEvent]:
        """The person types the code."""
    def give_password(self, password: str, *, now: datetime) -> list[_ClientEvent]:
        """The person types the password again."""
    def send_packet(self, packet: bytes) -> tuple[bool, list[_ClientEvent]]:
        """One IPv4 packet; False: no tunnel, or too large."""
    def stop(self, *, now: datetime) -> list[_ClientEvent]:
        """The person ends it."""
    @property
    def next_deadline(self) -> Optional[datetime]:
        """When on_deadline() wants to be called."""
    @property
    def up(self) -> bool:
        """The tunnel stands."""
    @property
    def cookie(self) -> str:
        """The session's cookie, once granted."""

def fortinet_path(config: dict[str, Any] = ...) -> LoadedAccessPath:
    """The server role: the access path of plugin fortinet_sslvpn with this configuration."""
