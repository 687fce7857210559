"""Values that plugins speak in, and plugins that a library holds."""
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence, Union

from sekisho._core import _Bound
from sekisho.words import CertificateFault, CheckVerdict, LoginForm, MachineState, PowerAction, Verdict

class Text(metaclass=_Bound):
    """A sentence for people; neither language may be empty when it is shown."""
    ja: str
    en: str
    def __init__(self, ja: str = ..., en: str = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class Refusal(metaclass=_Bound):
    """The one shape of no: `rule` is an id of the mission ("R04") or of the threat page ("T-20"), `code` is stable and
    dotted, `what` says what was refused, `why` the reason, `remedy` what the person can do."""
    rule: str
    code: str
    what: Text
    why: Text
    remedy: Text
    def __init__(self, rule: str = ..., code: str = ..., what: Text = ..., why: Text = ..., remedy: Text = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class Arrival(metaclass=_Bound):
    """Where and as what somebody stands before the gate. All of it is a claim but the peer's address and port and a
    chain, which the TLS handshake proved: DER, leaf first."""
    path: str
    peer_address: str
    peer_port: int
    circuit: str
    user_agent: str
    language: str
    tls_version: str
    tls_cipher: str
    certificate_chain: list[bytes]
    certificate_fault: CertificateFault
    form: LoginForm
    def __init__(self, path: str = ..., peer_address: str = ..., peer_port: int = ..., circuit: str = ...,
                 user_agent: str = ..., language: str = ..., tls_version: str = ..., tls_cipher: str = ...,
                 certificate_chain: Sequence[bytes] = ..., certificate_fault: CertificateFault = ...,
                 form: LoginForm = ...) -> None: ...

class KnownCertificate(metaclass=_Bound):
    """A client certificate that the registry knows (R04, R22)."""
    fingerprint_sha256: str
    serial_hex: str
    person: str
    terminal: str
    not_before: datetime
    not_after: datetime
    revoked: bool
    def __init__(self, fingerprint_sha256: str = ..., serial_hex: str = ..., person: str = ..., terminal: str = ...,
                 not_before: datetime = ..., not_after: datetime = ..., revoked: bool = ...) -> None: ...

class Subject(metaclass=_Bound):
    """Who a login is about. For an unknown login `known` is False and the rest is empty; a factor then takes the same
    path and gives the same answer as for a wrong proof."""
    known: bool
    person: str
    name: str
    mail: str
    password_hash: str
    certificates: list[KnownCertificate]
    def __init__(self, known: bool = ..., person: str = ..., name: str = ..., mail: str = ...,
                 password_hash: str = ..., certificates: Sequence[KnownCertificate] = ...) -> None: ...

class SendMail(metaclass=_Bound):
    """An effect: one mail, to one address."""
    to: str
    subject: str
    body: str
    def __init__(self, to: str = ..., subject: str = ..., body: str = ...) -> None: ...

class VerifyPassword(metaclass=_Bound):
    """An effect: the host compares a password with its hash and comes back with EffectResult.matched."""
    encoded_hash: str
    candidate: str
    def __init__(self, encoded_hash: str = ..., candidate: str = ...) -> None: ...

class EffectResult(metaclass=_Bound):
    """How an effect ended. `done` False: the service failed or was late; a factor then refuses."""
    done: bool
    matched: bool
    error_code: str
    def __init__(self, done: bool = ..., matched: bool = ..., error_code: str = ...) -> None: ...

class Ask(metaclass=_Bound):
    """A question to the person; `field` names the evidence that answers it."""
    factor: str
    field: str
    prompt: Text
    resend_after_s: int
    def __init__(self, factor: str = ..., field: str = ..., prompt: Text = ..., resend_after_s: int = ...) -> None: ...

class AuthRequest(metaclass=_Bound):
    """What a factor is asked in one step. The states belong to this factor alone and are stored with the step."""
    arrival: Arrival
    evidence: dict[str, str]
    subject: Subject
    now: datetime
    transaction: str
    account_state: Any
    source_state: Any
    transaction_state: Any
    effect: Optional[EffectResult]
    owner_certificate: bool
    def __init__(self, arrival: Arrival = ..., evidence: Mapping[str, str] = ..., subject: Subject = ...,
                 now: datetime = ..., transaction: str = ..., account_state: Any = ..., source_state: Any = ...,
                 transaction_state: Any = ..., effect: Optional[EffectResult] = ..., owner_certificate: bool = ...) -> None: ...

class AuthStep(metaclass=_Bound):
    """What a factor answers: `no` with a refusal, `ask` with a question, `wait` with one VerifyPassword, or `yes`.
    sekisho.Authenticator makes them."""
    verdict: Verdict
    refusal: Optional[Refusal]
    may_retry: bool
    ask: Optional[Ask]
    effects: list[Union[SendMail, VerifyPassword]]
    account_state: Any
    source_state: Any
    transaction_state: Any
    terminal: str
    detail: Any
    def __init__(self, verdict: Verdict = ..., refusal: Optional[Refusal] = ..., may_retry: bool = ...,
                 ask: Optional[Ask] = ..., effects: Sequence[Union[SendMail, VerifyPassword]] = ...,
                 account_state: Any = ..., source_state: Any = ..., transaction_state: Any = ...,
                 terminal: str = ..., detail: Any = ...) -> None: ...

class CheckInput(metaclass=_Bound):
    """What a posture check judges: a device-facts document and what is known of the terminal."""
    facts: Any
    now: datetime
    terminal: str
    registered_macs: list[str]
    signed_by_terminal: str
    binding: int
    user_agent: str
    memory: Any
    path: str
    def __init__(self, facts: Any = ..., now: datetime = ..., terminal: str = ...,
                 registered_macs: Sequence[str] = ..., signed_by_terminal: str = ..., binding: int = ...,
                 user_agent: str = ..., memory: Any = ..., path: str = ...) -> None: ...

class CheckResult(metaclass=_Bound):
    """One row of a verdict; `code` is empty with pass."""
    check: str
    rule: str
    verdict: CheckVerdict
    code: str
    observed: str
    required: str
    remedy: Text
    until: Optional[datetime]
    def __init__(self, check: str = ..., rule: str = ..., verdict: CheckVerdict = ..., code: str = ...,
                 observed: str = ..., required: str = ..., remedy: Text = ..., until: Optional[datetime] = ...) -> None: ...

class CheckOutcome(metaclass=_Bound):
    """What a check answers: at least one row, all reasons, and what it wants to remember of the terminal."""
    results: list[CheckResult]
    memory: Any
    def __init__(self, results: Sequence[CheckResult] = ..., memory: Any = ...) -> None: ...

class Machine(metaclass=_Bound):
    """One machine of a virtualisation manager."""
    uuid: str
    name: str
    state: MachineState
    answers: bool
    def __init__(self, uuid: str = ..., name: str = ..., state: MachineState = ..., answers: bool = ...) -> None: ...

class DesktopOrder(metaclass=_Bound):
    """A desktop that does not exist yet."""
    uuid: str
    model: str
    mac: str
    def __init__(self, uuid: str = ..., model: str = ..., mac: str = ...) -> None: ...

class MachineEvent(metaclass=_Bound):
    """What a console driver saw; without uuid: about the manager itself."""
    uuid: str
    state: MachineState
    manager_lost: bool
    def __init__(self, uuid: str = ..., state: MachineState = ..., manager_lost: bool = ...) -> None: ...

class LoadedAuthenticator(metaclass=_Bound):
    """An authenticator that the loader made."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    @property
    def factor(self) -> str:
        """How policies name it."""
    @property
    def weight(self) -> int:
        """How many real factors it counts for; a mailed code counts 0."""
    def step(self, request: AuthRequest) -> AuthStep:
        """One step."""
    def refresh(self, now: datetime) -> None:
        """Reads changed files again."""

class LoadedPostureCheck(metaclass=_Bound):
    """A posture check that the loader made."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    @property
    def name(self) -> str:
        """How policies name it."""
    def judge(self, input: CheckInput) -> CheckOutcome:
        """Facts in, verdicts out."""

class LoadedConsoleDriver(metaclass=_Bound):
    """A console driver that the loader or console_driver_of() made. Errors: console.unreachable, console.no_such_machine, console.refused,
    console.busy, console.not_supported, console.timed_out."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def machines(self, *, within: float) -> list[Machine]:
        """All machines."""
    def machine(self, uuid: str, *, within: float) -> Machine:
        """One machine."""
    def screen(self, uuid: str, *, within: float) -> int:
        """A connected descriptor that speaks RFB; the caller closes it."""
    def serial(self, uuid: str, *, within: float) -> int:
        """A connected descriptor that carries the serial console's bytes; the caller closes it."""
    def picture(self, uuid: str, *, within: float) -> tuple[str, bytes]:
        """Media type and bytes of a still of the screen."""
    def power(self, uuid: str, action: PowerAction, *, within: float) -> None:
        """Switches a machine, as far as the driver's configuration allows."""
    def take_snapshot(self, uuid: str, name: str, *, within: float) -> None:
        """Keeps the machine's state under a name."""
    def revert(self, uuid: str, name: str, *, within: float) -> None:
        """Back to that state, running; every screen of the machine ends."""
    def create(self, order: DesktopOrder, *, within: float) -> Machine:
        """Makes and starts a desktop over a fresh overlay."""
    def destroy(self, uuid: str, *, within: float) -> None:
        """Ends a desktop that create() made and removes what its session wrote."""
    def set_login(self, uuid: str, account: str, password: str, *, within: float) -> None:
        """Gives the desktop's local account this password."""
    def events(self, *, within: float) -> list[MachineEvent]:
        """What happened since the last call."""

def console_driver_of(driver: object) -> LoadedConsoleDriver:
    """A driver as the gate's programs see it, across the border: of one written in Python a
    sekisho.Error is an answer; anything else that it raises is a RuntimeError, which whoever asked counts as a no."""
