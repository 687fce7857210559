"""The relay without its listeners, and hyperd without its process."""
from typing import Any, Callable, Optional, Protocol, Sequence

from sekisho._core import _Bound
from sekisho._core.gate import GateHouse
from sekisho._core.sdk import MachineEvent
from sekisho._core.seam import _Message
from sekisho.words import ManagerRole, Place, Zone

class _Given(Protocol):
    """A socket."""
    def detach(self) -> int:
        """Gives its descriptor away."""

class RelaySocket(metaclass=_Bound):
    """One browser's socket at a page: ciphertext in both directions, carried by hand. Look after every event: take()."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def feed(self, ciphertext: bytes) -> None:
        """What the browser has sent."""
    def take(self) -> bytes:
        """What there is for the browser; empty: nothing now."""
    def gone(self) -> None:
        """The browser's socket is gone."""
    @property
    def open(self) -> bool:
        """Whether the browser still holds it."""
    @property
    def at_end(self) -> bool:
        """Whether nothing more will come for the browser."""

class RelayPage(metaclass=_Bound):
    """One page of a relay: its place, its origin ("https://10.202.0.1:8444") and the folder of its built files; ""
    where it has none, so that its API alone answers."""
    place: Place
    origin: str
    files: str
    def __init__(self, place: Place = ..., origin: str = ..., files: str = ...) -> None: ...

class RelayEngine(metaclass=_Bound):
    """The production's relay of one path without its listeners, on its gate's virtual time: pages in TLS, screens,
    WebSockets, RFB both ways, recordings. sekisho.Gate.relay_engine() makes one."""
    def __init__(self, gate: GateHouse, *, name: str, zones: Sequence[Zone], pages: Sequence[RelayPage],
                 certificate_pem: str, key_pem: str, recordings: str = "",
                 dial: Optional[Callable[[str, int], Optional[_Given]]] = None,
                 hear: Optional[Callable[[_Message], object]] = None, seed: int = 3) -> None: ...
    def connect(self, place: Place, address: str) -> Optional[RelaySocket]:
        """Somebody at this address connects to the page; None: there is no such page."""
    def send(self, message: _Message) -> None:
        """Of the bare entrance, which the caller plays. relay.closed."""
    def close(self) -> None:
        """The process is gone, its connections and screens with it. Before its gate's end, after every hyperd's."""
    def kill(self) -> None:
        """The same, with nothing written any more, as kill -9 does it."""
    @property
    def disk_has_room(self) -> bool:
        """Assign False: the disk of the recordings is full."""
    @disk_has_room.setter
    def disk_has_room(self, value: bool) -> None: ...
    @property
    def log(self) -> list[str]:
        """Its log, a line of JSON each."""
    @property
    def screens(self) -> int:
        """How many are open or about to be."""

class HyperEngine(metaclass=_Bound):
    """The production's hyperd of one zone without its process, over console drivers: written in Python, or loaded.
    sekisho.Gate.hyper_engine() makes one."""
    def __init__(self, gate: GateHouse, *, zone: Zone, managers: Sequence[tuple[str, ManagerRole, object]]) -> None: ...
    def attach(self, relay: RelayEngine) -> None:
        """This relay may show tickets from now on; once more after either has been made anew."""
    def saw(self, manager: str, event: MachineEvent) -> None:
        """That manager's driver saw something. hyper.closed."""
    def close(self) -> None:
        """The process is gone; the machines stay. Before its gate's end."""
    @property
    def log(self) -> list[str]:
        """Its log, a line of JSON each."""
