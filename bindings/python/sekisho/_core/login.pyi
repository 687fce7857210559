"""The login machine and its refusals."""
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence, Union

from sekisho._core import _Bound
from sekisho._core.sdk import Arrival, Ask, EffectResult, Refusal, SendMail, Text, VerifyPassword
from sekisho._core.registry import Registry
from sekisho.words import CheckMode, Zone

class CheckPolicy(metaclass=_Bound):
    """A posture check of a path."""
    check: str
    mode: CheckMode
    def __init__(self, check: str = ..., mode: CheckMode = ...) -> None: ...

class PathPolicy(metaclass=_Bound):
    """What a path demands; times in seconds."""
    path: str
    zones: list[Zone]
    lent_only: bool
    factors: list[str]
    least_factors: int
    checks: list[CheckPolicy]
    login_life: float
    prelogin_max_age: float
    first_report_limit: float
    report_interval: float
    heartbeat: float
    silence_to_quarantine: float
    silence_to_close: float
    mend_limit: float
    reconnect_grace: float
    idle_limit: float
    absolute_limit: float
    first_tunnel_limit: float
    def __init__(self, path: str = ..., zones: Sequence[Zone] = ..., lent_only: bool = ...,
                 factors: Sequence[str] = ..., least_factors: int = ..., checks: Sequence[CheckPolicy] = ...,
                 login_life: float = ..., prelogin_max_age: float = ..., first_report_limit: float = ...,
                 report_interval: float = ..., heartbeat: float = ..., silence_to_quarantine: float = ...,
                 silence_to_close: float = ..., mend_limit: float = ..., reconnect_grace: float = ...,
                 idle_limit: float = ..., absolute_limit: float = ..., first_tunnel_limit: float = ...) -> None: ...

class LoginQuestion(metaclass=_Bound):
    """A login's step: a factor asks."""
    ask: Ask
    handle: str
    def __init__(self, ask: Ask = ..., handle: str = ...) -> None: ...

class LoginRefused(metaclass=_Bound):
    """A login's step: a factor says no."""
    refusal: Refusal
    may_retry: bool
    def __init__(self, refusal: Refusal = ..., may_retry: bool = ...) -> None: ...

class LoginWaiting(metaclass=_Bound):
    """A login's step: a hash is to be compared; go on with resume()."""
    work: VerifyPassword
    def __init__(self, work: VerifyPassword = ...) -> None: ...

class LoginPassed(metaclass=_Bound):
    """A login's step: every factor said yes for the same identity."""
    person: str
    terminal: str
    certificate_fingerprint: str
    def __init__(self, person: str = ..., terminal: str = ..., certificate_fingerprint: str = ...) -> None: ...

class LoginOutcome(metaclass=_Bound):
    """Where a login stands; `document` is kept with a question and while waiting."""
    end: Union[LoginQuestion, LoginRefused, LoginWaiting, LoginPassed]
    document: Any
    expires_at: datetime
    mails: list[SendMail]
    person: str
    journal: Any
    def __init__(self, end: Union[LoginQuestion, LoginRefused, LoginWaiting, LoginPassed] = ..., document: Any = ...,
                 expires_at: datetime = ..., mails: Sequence[SendMail] = ..., person: str = ..., journal: Any = ...) -> None: ...

class LoginMachine(metaclass=_Bound):
    """One path's logins, moved by hand: no store, no clock, factor states in memory beside it (`states`)."""
    def __init__(self, *, registry: Registry, policy: PathPolicy, authenticators: Sequence[object],
                 seed: int = 1) -> None: ...
    def begin(self, arrival: Arrival, evidence: Mapping[str, str], *, now: datetime) -> LoginOutcome:
        """A login begins."""
    def answer(self, document: Any, arrival: Arrival, evidence: Mapping[str, str], *, now: datetime) -> LoginOutcome:
        """A question is answered."""
    def resume(self, document: Any, arrival: Arrival, evidence: Mapping[str, str], effect: EffectResult, *,
               now: datetime) -> LoginOutcome:
        """The hash was compared."""
    def assurance_fault(self) -> Optional[Text]:
        """Why the policy's factors are not worth what it wants (T-29); None: they are."""
    @property
    def registry(self) -> Registry:
        """Who is judged; assign the next one to change it."""
    @registry.setter
    def registry(self, value: Registry) -> None: ...
    @property
    def policy(self) -> PathPolicy:
        """What is demanded."""
    @policy.setter
    def policy(self, value: PathPolicy) -> None: ...
    @property
    def states(self) -> dict[tuple[str, str, str], Any]:
        """(scope, key, factor) and what the factor keeps there."""

def admission_refusals() -> list[Refusal]:
    """Every refusal of admission, gate, registry rights and posture."""
def find_refusal(code: str) -> Optional[Refusal]:
    """The words of a code; None: unknown."""
def source_network(address: str) -> str:
    """The network that counters hang on: the IPv4 address or the IPv6 /64."""
def enforcement_points() -> list[tuple[str, str, str]]:
    """Rule, name (the refusal code it guards) and place of every point that enforces a rule."""
