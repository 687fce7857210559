"""The front without its sockets."""
from typing import Any, Optional

from sekisho._core import _Bound
from sekisho._core.gate import GateHouse

class FrontSocket(metaclass=_Bound):
    """One peer's socket at a front: ciphertext in both directions, carried by hand. Look after every event: take()."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def feed(self, ciphertext: bytes) -> None:
        """What the peer has sent."""
    def take(self) -> bytes:
        """What there is for the peer; empty: nothing now."""
    def gone(self, why: str = "the peer has closed") -> None:
        """The peer's socket is gone."""
    @property
    def open(self) -> bool:
        """Whether the front still holds it."""
    @property
    def at_end(self) -> bool:
        """Whether nothing more will come for the peer once take() is empty."""
    @property
    def why(self) -> str:
        """Why it has ended, for the operator."""

class FrontEngine(metaclass=_Bound):
    """The production's front without its sockets, on its gate's virtual time: newcomers and their penalties, TLS, the
    path's connections, every deadline, the packet filter. sekisho.Gate.front_engine() makes one."""
    def __init__(self, gate: GateHouse, path: object, *, name: str, role: str = "front", certificate_pem: str,
                 key_pem: str, client_ca_pem: str = "", filters: bool = True, seed: int = 2) -> None: ...
    def connect(self, address: str, port: int) -> Optional[FrontSocket]:
        """A stranger connects; None: he is not let in."""
    def inside(self, packet: bytes) -> None:
        """One IPv4 packet from the inside."""
    def take_packets(self) -> list[bytes]:
        """Packets for the inside since the last call, as the TUN would be given them."""
    def close(self) -> None:
        """The process is gone, and its connections with it. Before its gate's end."""
    @property
    def log(self) -> list[str]:
        """Its log, a line of JSON each."""
    @property
    def connections(self) -> int:
        """How many there are."""
    @property
    def unknown(self) -> int:
        """Of those: whose person is not known yet."""
    @property
    def tunnels(self) -> int:
        """Tunnels that stand."""
