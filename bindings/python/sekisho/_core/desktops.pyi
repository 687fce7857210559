"""The desktop broker of a zone: prepared ahead, given once, destroyed, never handed on."""
from datetime import datetime
from typing import Optional, Sequence, Union

from sekisho._core import _Bound
from sekisho._core.seam import HyperAnswer, HyperAsk, HyperSaw
from sekisho.words import Zone

class Seat(metaclass=_Bound):
    """A place in the segment of desktops. `desktop`: whose personal one it is; empty: anybody's."""
    desktop: str
    mac: str
    address: str
    port: int
    def __init__(self, desktop: str = ..., mac: str = ..., address: str = ..., port: int = ...) -> None: ...

class Pool(metaclass=_Bound):
    """Desktops of one kind. `account` empty: they have accounts of their own; `desktops`: ids that any seat without an
    owner serves beside `name`; `spare` are prepared ahead; `start` is how long a start is thought to take."""
    name: str
    manager: str
    model: str
    account: str
    desktops: Sequence[str]
    seats: Sequence[Seat]
    spare: int
    starts_at_once: int
    start: float
    boot_limit: float
    def __init__(self, name: str = ..., manager: str = ..., model: str = ..., account: str = ...,
                 desktops: Sequence[str] = ..., seats: Sequence[Seat] = ..., spare: int = ...,
                 starts_at_once: int = ..., start: float = ..., boot_limit: float = ...) -> None: ...

class Desktop(metaclass=_Bound):
    """What person and relay are told of a session's desktop. `state`: preparing, starting, ready, ended, failed;
    `progress` in percent; machine, manager and address are set when it is ready."""
    state: str
    progress: int
    expected_s: int
    account: str
    password: str
    machine: str
    manager: str
    address: str
    port: int
    def __init__(self, state: str = ..., progress: int = ..., expected_s: int = ..., account: str = ...,
                 password: str = ..., machine: str = ..., manager: str = ..., address: str = ...,
                 port: int = ...) -> None: ...

class DesktopNote(metaclass=_Bound):
    """For log and journal: desktop.ready, .destroyed, .stopped, .failed, .stray."""
    event: str
    session: str
    desktop: str
    machine: str
    code: str
    address: str
    def __init__(self, event: str = ..., session: str = ..., desktop: str = ..., machine: str = ..., code: str = ...,
                 address: str = ...) -> None: ...

class SeatCount(metaclass=_Bound):
    """Seats of a zone by what they are, and sessions that wait for one."""
    seats: int
    spare: int
    used: int
    waiting: int
    def __init__(self, seats: int = ..., spare: int = ..., used: int = ..., waiting: int = ...) -> None: ...

_BrokerEvent = Union[HyperAsk, DesktopNote]

class Broker(metaclass=_Bound):
    """The broker of one zone: each call gives what it asks of hyperd, then what happened. Seeded: the same calls give
    the same machines and passwords."""
    def __init__(self, zone: Zone, pools: Sequence[Pool], *, seed: int = 1) -> None: ...
    def knows(self, desktop: str) -> bool:
        """Whether a pool has or serves this desktop."""
    def want(self, session: str, desktop: str, *, now: datetime) -> tuple[bool, list[_BrokerEvent]]:
        """The session shall have this desktop; False: no pool knows it. Asked again after an end or a failure, a fresh
        one is prepared."""
    def left(self, session: str, *, now: datetime) -> list[_BrokerEvent]:
        """The session is over: its desktop is destroyed."""
    def adopt(self, session: str, desktop: str, machine: str, address: str) -> bool:
        """The session lived before the gate was started anew and had this machine: it keeps it, with a new password."""
    def hyperd_here(self, *, now: datetime) -> list[_BrokerEvent]:
        """hyperd is there; nothing is started before it has listed what it has."""
    def hyperd_gone(self) -> None:
        """hyperd is gone; what was asked is not answered."""
    def answer(self, answer: HyperAnswer, *, now: datetime) -> list[_BrokerEvent]:
        """hyperd answers a question."""
    def saw(self, saw: HyperSaw, *, now: datetime) -> list[_BrokerEvent]:
        """hyperd saw something happen to a machine or a manager."""
    def tick(self, *, now: datetime) -> list[_BrokerEvent]:
        """next_deadline has come."""
    @property
    def next_deadline(self) -> Optional[datetime]:
        """When tick() wants to be called."""
    def view(self, session: str, *, now: datetime) -> Optional[Desktop]:
        """What the session is told; None: nobody wanted a desktop for it."""
    @property
    def count(self) -> SeatCount:
        """Seats of the zone by what they are."""

def pause_after(failures: int) -> float:
    """How long to wait after so many failures in a row: 2, 4 … 60 s."""
