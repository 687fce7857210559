"""Keys, reports, verdicts, the watch."""
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence

from sekisho._core import _Bound
from sekisho._core.sdk import CheckResult, Refusal
from sekisho._core.registry import Registry
from sekisho._core.login import PathPolicy
from sekisho.words import WatchAction

class PostureOptions(metaclass=_Bound):
    """What a gate demands of reports; times in seconds."""
    gate_id: str
    server_fingerprints: list[str]
    allow_simulator: bool
    nonce_life: float
    clock_tolerance: float
    nonces: int
    def __init__(self, gate_id: str = ..., server_fingerprints: Sequence[str] = ..., allow_simulator: bool = ...,
                 nonce_life: float = ..., clock_tolerance: float = ..., nonces: int = ...) -> None: ...

class SessionRef(metaclass=_Bound):
    """The session that a posture request inside a tunnel belongs to."""
    number: str
    address: str
    terminal: str
    path: str
    def __init__(self, number: str = ..., address: str = ..., terminal: str = ..., path: str = ...) -> None: ...

class TerminalPosture(metaclass=_Bound):
    """What the store keeps of a terminal."""
    last_seq: int
    memory: Any
    def __init__(self, last_seq: int = ..., memory: Any = ...) -> None: ...

class ReportPayload(metaclass=_Bound):
    """What an agent signs; iat in whole seconds since 1970."""
    aud: str
    sid: str
    nonce: str
    ip: Optional[str]
    srv: str
    iat: int
    seq: int
    reason: str
    facts: Any
    def __init__(self, aud: str = ..., sid: str = ..., nonce: str = ..., ip: Optional[str] = ..., srv: str = ...,
                 iat: int = ..., seq: int = ..., reason: str = ..., facts: Any = ...) -> None: ...

class ReportVerdict(metaclass=_Bound):
    """What the desk says to a report; `answer` is the JSON for the agent, `refusal` that of the worst check."""
    http_status: int
    answer: str
    counted: bool
    passed: bool
    terminal: str
    reason: str
    results: list[CheckResult]
    refusal: Optional[Refusal]
    clone_suspected: bool
    posture: TerminalPosture
    def __init__(self, http_status: int = ..., answer: str = ..., counted: bool = ..., passed: bool = ...,
                 terminal: str = ..., reason: str = ..., results: Sequence[CheckResult] = ...,
                 refusal: Optional[Refusal] = ..., clone_suspected: bool = ..., posture: TerminalPosture = ...) -> None: ...

class EnrolVerdict(metaclass=_Bound):
    """What the desk says to an enrolment; `terminal` is the registry's object with its new key."""
    http_status: int
    answer: Any
    terminal: Any
    def __init__(self, http_status: int = ..., answer: Any = ..., terminal: Any = ...) -> None: ...

class WatchStep(metaclass=_Bound):
    """What the watch wants done with the session."""
    action: WatchAction
    refusal: Optional[Refusal]
    def __init__(self, action: WatchAction = ..., refusal: Optional[Refusal] = ...) -> None: ...

class DeviceKey(metaclass=_Bound):
    """A terminal's P-256 key."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    @staticmethod
    def generate() -> DeviceKey:
        """A new one."""
    @staticmethod
    def from_pem(pem: str) -> DeviceKey:
        """PKCS#8 or SEC 1, unencrypted. device_key.malformed."""
    def to_pem(self) -> str:
        """The private key: a secret."""
    @property
    def jwk(self) -> dict[str, str]:
        """The public key."""
    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
    def sign(self, message: bytes) -> bytes:
        """ES256: 64 bytes."""

def seal_report(payload: ReportPayload, key: DeviceKey) -> str:
    """The compact JWS that an agent sends."""

class PostureDesk(metaclass=_Bound):
    """Judges reports by the real rules: challenge, envelope, facts, checks; `stored` is what the store would keep."""
    def __init__(self, *, options: PostureOptions, checks: Sequence[object], seed: int = 1) -> None: ...
    def challenge(self, *, session: Optional[SessionRef] = None, now: datetime) -> dict[str, Any]:
        """A nonce, good for one correctly signed use."""
    def report(self, jws: str, *, registry: Registry, policy: PathPolicy, session: Optional[SessionRef] = None,
               user_agent: str = "", now: datetime) -> ReportVerdict:
        """An agent's report."""
    def hostcheck(self, form: str, *, registry: Registry, policy: PathPolicy, session: SessionRef,
                  now: datetime) -> ReportVerdict:
        """An older client's unsigned claim: it can deny, never admit without an accepted exception."""
    def enrol(self, body: dict[str, Any], *, registry: Registry, now: datetime) -> EnrolVerdict:
        """A terminal's key: {"token", "jwk"}."""
    @property
    def stored(self) -> dict[str, TerminalPosture]:
        """By terminal; assign it to begin elsewhere."""
    @stored.setter
    def stored(self, value: Mapping[str, TerminalPosture]) -> None: ...

class PostureWatch(metaclass=_Bound):
    """Watches one session's reports: when it is admitted, in quarantine, closed."""
    def __init__(self, policy: PathPolicy, *, granted_at: datetime) -> None: ...
    def begin_admitted(self, reported_at: datetime) -> None:
        """A good report before login was found."""
    def on_report(self, verdict: ReportVerdict, *, now: datetime) -> WatchStep:
        """A report was judged."""
    def on_sign_of_life(self, *, now: datetime) -> None:
        """The agent fetched a challenge."""
    def on_unjudged_report(self, *, now: datetime) -> None:
        """A report came that the gate could not judge."""
    def on_time(self, *, now: datetime) -> WatchStep:
        """next_deadline has come."""
    @property
    def next_deadline(self) -> datetime:
        """When on_time() wants to be called."""
    @property
    def admitted(self) -> bool:
        """Whether the session is admitted."""

def check_facts(facts: Any) -> None:
    """The strict check of a device-facts document. report.malformed with a JSON pointer, report.other_schema."""
def facts_of_hostcheck(form: str, *, now: datetime) -> dict[str, Any]:
    """The facts of an older client's claim."""
