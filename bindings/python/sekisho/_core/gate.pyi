"""The gatekeeper on virtual time, and what is handed to it."""
from datetime import datetime
from typing import Any, Callable, Optional, Sequence

from sekisho._core import _Bound
from sekisho._core.desktops import Pool
from sekisho._core.sdk import SendMail
from sekisho._core.seam import FilterRule, KernelRight, RdpRight, _Message
from sekisho._core.registry import Registry
from sekisho._core.journal import MemoryJournal
from sekisho._core.login import PathPolicy
from sekisho._core.posture import PostureOptions
from sekisho.words import RecordedKeys, SessionState, Zone

class GatePath(metaclass=_Bound):
    """One access path as the gatekeeper sees it."""
    policy: PathPolicy
    tun: str
    gate_address: str
    prefix: int
    mtu: int
    posture_page: FilterRule
    entrance: FilterRule
    desktop_page: FilterRule
    closed: bool
    def __init__(self, policy: PathPolicy = ..., tun: str = ..., gate_address: str = ..., prefix: int = ...,
                 mtu: int = ..., posture_page: FilterRule = ..., entrance: FilterRule = ...,
                 desktop_page: FilterRule = ..., closed: bool = ...) -> None: ...

class ConsolePolicy(metaclass=_Bound):
    """What pages and screens go by. `keys`: what a recording keeps of the keyboard."""
    watermark: bool
    recorded: bool
    keys: RecordedKeys
    screens_per_session: int
    def __init__(self, watermark: bool = ..., recorded: bool = ..., keys: RecordedKeys = ...,
                 screens_per_session: int = ...) -> None: ...

class HyperZone(metaclass=_Bound):
    """A zone that has a hyperd; without pools it has servers alone."""
    zone: Zone
    pools: Sequence[Pool]
    def __init__(self, zone: Zone = ..., pools: Sequence[Pool] = ...) -> None: ...

class GateOptions(metaclass=_Bound):
    """What a gate is told at its start; times in seconds."""
    node: str
    gate_id: str
    paths: list[GatePath]
    posture: PostureOptions
    shared_store: bool
    generation_poll: float
    authenticator_refresh: float
    store_limit: float
    hash_limit: float
    kernel_right_ttl_s: int
    bare_entrance: bool
    consoles: ConsolePolicy
    hypervisors: Sequence[HyperZone]
    def __init__(self, node: str = ..., gate_id: str = ..., paths: Sequence[GatePath] = ...,
                 posture: PostureOptions = ..., shared_store: bool = ..., generation_poll: float = ...,
                 authenticator_refresh: float = ..., store_limit: float = ..., hash_limit: float = ..., kernel_right_ttl_s: int = ...,
                 bare_entrance: bool = ..., consoles: ConsolePolicy = ...,
                 hypervisors: Sequence[HyperZone] = ...) -> None: ...

class SessionInfo(metaclass=_Bound):
    """A session as staff see it."""
    number: str
    person: str
    terminal: str
    contractor: str
    contract: str
    application: str
    path: str
    zone: str
    desktop: str
    address: str
    peer: str
    node: str
    state: SessionState
    tunnel_up: bool
    granted_at: datetime
    until: datetime
    bytes_in: int
    bytes_out: int
    refused_packets: int
    def __init__(self, number: str = ..., person: str = ..., terminal: str = ..., contractor: str = ...,
                 contract: str = ..., application: str = ..., path: str = ..., zone: str = ..., desktop: str = ...,
                 address: str = ..., peer: str = ..., node: str = ..., state: SessionState = ...,
                 tunnel_up: bool = ..., granted_at: datetime = ..., until: datetime = ..., bytes_in: int = ...,
                 bytes_out: int = ..., refused_packets: int = ...) -> None: ...

class VirtualTime(metaclass=_Bound):
    """The services around a gate on one thread: a clock that moves only when told, timers, mail, seeded chance. Several
    gates may share one."""
    def __init__(self, *, seed: int = 1, start: datetime) -> None: ...
    @property
    def now(self) -> datetime:
        """Its time."""
    @property
    def next(self) -> Optional[datetime]:
        """When the next thing is due."""
    def settle(self) -> None:
        """Runs what is due now."""
    def step(self) -> bool:
        """Moves to the next instant at which something is due; False: nothing waits."""
    def advance(self, seconds: float) -> None:
        """Moves time, stopping wherever something is due."""
    def at(self, at: datetime, call: Callable[[], object]) -> None:
        """Calls at or after that instant."""
    @property
    def mails(self) -> list[SendMail]:
        """Every mail that was sent."""
    @property
    def mail_works(self) -> bool:
        """Assign False and the next hop refuses mails."""
    @mail_works.setter
    def mail_works(self, value: bool) -> None: ...
    @property
    def blocking_held(self) -> bool:
        """Assign True and store and hash jobs wait for finish_blocking() or their limit."""
    @blocking_held.setter
    def blocking_held(self, value: bool) -> None: ...
    def finish_blocking(self) -> bool:
        """Runs the oldest held job; False: none waits."""
    def random(self, size: int) -> bytes:
        """Bytes of its chance."""

class Store(metaclass=_Bound):
    """What survives a process, or is shared between nodes."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def registry(self) -> Registry:
        """The stored registry."""
    def replace_registry(self, next: Registry) -> None:
        """Stores another one; registry.invalid when it may not be stored."""
    def open_sessions(self) -> dict[str, str]:
        """Number and state of every open session."""

class MemoryStore(Store, metaclass=_Bound):
    """A store without a file, with the same semantics."""
    def __init__(self) -> None: ...
    def fail_next(self, code: str) -> None:
        """The next transaction keeps nothing and ends with this error."""

def open_store(url: str) -> Store:
    """sqlite:///path or postgresql://… (a libpq URI): opens, migrates, verifies. store.unavailable, store.corrupt."""

class Neighbour(metaclass=_Bound):
    """A process beside the gate, played by Python; every message passes the codec."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def send(self, message: _Message) -> None:
        """To the gate. seam.malformed, gate.closed."""
    def close(self) -> None:
        """The process is gone."""
    @property
    def open(self) -> bool:
        """Whether the link stands."""

class GateHouse(metaclass=_Bound):
    """The production's gatekeeper on virtual time; sekisho.Gate wraps it."""
    def __init__(self, *, options: GateOptions, time: VirtualTime, store: Store, journal: MemoryJournal,
                 authenticators: Sequence[object], checks: Sequence[object] = ...,
                 verify_password: Optional[Callable[[str, str], bool]] = None) -> None: ...
    def attach(self, role: str, name: str, hear: Callable[[_Message], object]) -> Neighbour:
        """A neighbour: role front, posture, relay or netd; `hear` is called with every message."""
    def close(self) -> None:
        """Ends the gate; sessions stay in the store."""
    @property
    def netd_works(self) -> bool:
        """Assign False and the kernel takes nothing."""
    @netd_works.setter
    def netd_works(self, value: bool) -> None: ...
    @property
    def kernel(self) -> dict[str, list[KernelRight]]:
        """What the kernel was told last, by TUN."""
    @property
    def rdp(self) -> list[RdpRight]:
        """The RDP that the kernel was told last to let through."""
    def set_line(self, path: str, circuit: str, line: str) -> None:
        """The tunnel of a circuit is up, down or unknown."""
    def circuits(self) -> str:
        """What staff see of the circuits, JSON."""
    def refuse_rdp(self, source: str, destination: str, protocol: int = ...) -> None:
        """The kernel that the house plays has refused RDP."""
    @property
    def registry(self) -> Registry:
        """The newest snapshot."""
    def sessions(self) -> list[SessionInfo]:
        """Every open session."""
    def health(self) -> dict[str, Any]:
        """What staff see of the gate's health."""
    def change_registry(self, change: Callable[[Registry], Registry], *, by: str, what: str) -> int:
        """Applies a change; ends who lost his right; the new generation."""
    def end_session(self, number: str, *, by: str, reason: str) -> None:
        """Ends one session. gate.no_such_session."""
    def stop(self, scope: str, target: str = "", *, by: str, reason: str) -> int:
        """R19: stops all, a path, contractor, person, terminal or desktop; how many sessions ended."""
    def release(self, scope: str, target: str = "", *, by: str) -> None:
        """Takes a stop away."""
    def enrol_factor(self, person: str, factor: str, *, by: str) -> str:
        """Hands a factor out (an authenticator app): what the person is given, once."""
    def end_factor(self, person: str, factor: str, *, by: str) -> None:
        """Takes it away."""

def hash_password(password: str, *, memory_kib: int = 65536, passes: int = 2) -> str:
    """Argon2id in PHC form."""
def verify_password(encoded: str, candidate: str) -> bool:
    """Whether it is that password. password.profile for a hash below the floor."""
