"""Sekisho's C++ rooms, thinly. Use the package sekisho; this page says what each name of the extension does.

Times are aware datetimes (a naive one is refused), limits are seconds, JSON is dict, list and scalars, enumerations are
words. Values (Text, Arrival, …) take their fields by position or by name, all optional; lists and dicts that they give
are copies: assign them to change them. Errors are members of sekisho.Error.
"""
from datetime import datetime
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from sekisho.words import (CertificateFault, CheckMode, CheckVerdict, ClientEndWord, ClientManner, Day, LoginForm,
                           MachineState, PluginKind, PluginPosture, PluginStatus, PppState, Purpose, SessionState,
                           Verdict, WatchAction, Zone)

class _Bound(type):
    """The metaclass of every bound class."""


# --- values of the SDK ------------------------------------------------------------------------------------------------

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

# --- plugins' values --------------------------------------------------------------------------------------------------

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
    def __init__(self, uuid: str = ..., name: str = ..., state: MachineState = ...) -> None: ...

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
    console.timed_out."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    def machines(self, *, within: float) -> list[Machine]:
        """All machines."""
    def machine(self, uuid: str, *, within: float) -> Machine:
        """One machine."""
    def screen(self, uuid: str, *, within: float) -> int:
        """A connected descriptor that speaks RFB; the caller closes it."""

def console_driver_of(driver: object) -> LoadedConsoleDriver:
    """A driver as the gate's programs see it, across the border: of one written in Python a
    sekisho.Error is an answer; anything else that it raises is a RuntimeError, which whoever asked counts as a no."""

class LoadedAccessPath(metaclass=_Bound):
    """An access path that the loader or fortinet_path() made."""
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # refuses: made elsewhere
    @property
    def carries_packets(self) -> bool:
        """Whether it carries IP packets."""

# --- the seam ---------------------------------------------------------------------------------------------------------

class FilterRule(metaclass=_Bound):
    """One reachable destination of a session; protocol 6 is TCP, 17 UDP."""
    address: str
    port: int
    protocol: int
    def __init__(self, address: str = ..., port: int = ..., protocol: int = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class SessionView(metaclass=_Bound):
    """All that a tunnel needs to know, known only after a grant."""
    session: str
    state: SessionState
    address: str
    gate_address: str
    prefix: int
    mru: int
    idle_limit_s: int
    remaining_s: int
    heartbeat_s: int
    filter: list[FilterRule]
    language: str
    def __init__(self, session: str = ..., state: SessionState = ..., address: str = ..., gate_address: str = ...,
                 prefix: int = ..., mru: int = ..., idle_limit_s: int = ..., remaining_s: int = ...,
                 heartbeat_s: int = ..., filter: Sequence[FilterRule] = ..., language: str = ...) -> None: ...

class BeginLogin(metaclass=_Bound):
    """Front: a login begins."""
    arrival: Arrival
    evidence: dict[str, str]
    def __init__(self, arrival: Arrival = ..., evidence: Mapping[str, str] = ...) -> None: ...

class AnswerLogin(metaclass=_Bound):
    """Front: a question is answered; the login is found by its handle."""
    handle: str
    arrival: Arrival
    evidence: dict[str, str]
    def __init__(self, handle: str = ..., arrival: Arrival = ..., evidence: Mapping[str, str] = ...) -> None: ...

class ResumeSession(metaclass=_Bound):
    """Front: a session's cookie is shown, for its settings or to open its tunnel."""
    cookie: str
    arrival: Arrival
    open_tunnel: bool
    def __init__(self, cookie: str = ..., arrival: Arrival = ..., open_tunnel: bool = ...) -> None: ...

class LogoutSession(metaclass=_Bound):
    """Front: the person ends the session."""
    cookie: str
    arrival: Arrival
    def __init__(self, cookie: str = ..., arrival: Arrival = ...) -> None: ...

class PostureRequest(metaclass=_Bound):
    """Posture page: challenge, report, enrol or hostcheck."""
    kind: str
    arrival: Arrival
    cookie: str
    body: str
    def __init__(self, kind: str = ..., arrival: Arrival = ..., cookie: str = ..., body: str = ...) -> None: ...

class LoginAsked(metaclass=_Bound):
    """Gate: a question to the person; the handle is fresh with every one."""
    handle: str
    ask: Ask
    def __init__(self, handle: str = ..., ask: Ask = ...) -> None: ...

class Refused(metaclass=_Bound):
    """Gate: no, and why."""
    refusal: Refusal
    may_retry: bool
    def __init__(self, refusal: Refusal = ..., may_retry: bool = ...) -> None: ...

class Granted(metaclass=_Bound):
    """Gate: a session. Without a tunnel after tunnel_within_s it ends."""
    cookie: str
    session: str
    state: SessionState
    tunnel_within_s: int
    def __init__(self, cookie: str = ..., session: str = ..., state: SessionState = ..., tunnel_within_s: int = ...) -> None: ...

class Resumed(metaclass=_Bound):
    """Gate: a session's view."""
    view: SessionView
    def __init__(self, view: SessionView = ...) -> None: ...

class Done(metaclass=_Bound):
    """Gate: it is done."""
    def __init__(self) -> None: ...

class PostureAnswer(metaclass=_Bound):
    """Gate: the posture page's answer, HTTP status and JSON text."""
    status: int
    body: str
    def __init__(self, status: int = ..., body: str = ...) -> None: ...

class SessionChanged(metaclass=_Bound):
    """Gate, pushed: a session's view has changed."""
    view: SessionView
    def __init__(self, view: SessionView = ...) -> None: ...

class SessionEnded(metaclass=_Bound):
    """Gate, pushed: a session is over."""
    session: str
    code: str
    reason: Text
    def __init__(self, session: str = ..., code: str = ..., reason: Text = ...) -> None: ...

class TunnelUp(metaclass=_Bound):
    """Front, without answer: a tunnel stands."""
    session: str
    transport: str
    def __init__(self, session: str = ..., transport: str = ...) -> None: ...

class TunnelDown(metaclass=_Bound):
    """Front, without answer: a tunnel is gone; the reconnect grace begins unless its person ended it."""
    session: str
    ended_by_person: bool
    why: str
    bytes_in: int
    bytes_out: int
    dropped: int
    def __init__(self, session: str = ..., ended_by_person: bool = ..., why: str = ..., bytes_in: int = ...,
                 bytes_out: int = ..., dropped: int = ...) -> None: ...

class PacketsRefused(metaclass=_Bound):
    """Front, without answer: packets that the session's filter refused."""
    session: str
    count: int
    last: FilterRule
    def __init__(self, session: str = ..., count: int = ..., last: FilterRule = ...) -> None: ...

class TunnelActivity(metaclass=_Bound):
    """Front, without answer: traffic flows."""
    session: str
    bytes_in: int
    bytes_out: int
    def __init__(self, session: str = ..., bytes_in: int = ..., bytes_out: int = ...) -> None: ...

_GateRequest = Union[BeginLogin, AnswerLogin, ResumeSession, LogoutSession, PostureRequest]
_GateReply = Union[LoginAsked, Refused, Granted, Resumed, Done, PostureAnswer]
_GatePush = Union[SessionChanged, SessionEnded]
_FrontNotice = Union[TunnelUp, TunnelDown, PacketsRefused, TunnelActivity]

class Hello(metaclass=_Bound):
    """First message on every link."""
    version: int
    role: str
    name: str
    node: str
    def __init__(self, version: int = ..., role: str = ..., name: str = ..., node: str = ...) -> None: ...

class Heartbeat(metaclass=_Bound):
    """A side lives."""
    generation: int
    def __init__(self, generation: int = ...) -> None: ...

class Request(metaclass=_Bound):
    """A front asks; exactly one Reply has the same number."""
    number: int
    body: _GateRequest
    def __init__(self, number: int = ..., body: _GateRequest = ...) -> None: ...

class Reply(metaclass=_Bound):
    """The gatekeeper answers."""
    number: int
    body: _GateReply
    def __init__(self, number: int = ..., body: _GateReply = ...) -> None: ...

class Push(metaclass=_Bound):
    """The gatekeeper says something unasked."""
    body: _GatePush
    def __init__(self, body: _GatePush = ...) -> None: ...

class Notice(metaclass=_Bound):
    """A front says something that needs no answer."""
    body: _FrontNotice
    def __init__(self, body: _FrontNotice = ...) -> None: ...

class KernelRight(metaclass=_Bound):
    """One session's rights in the kernel."""
    address: str
    filter: list[FilterRule]
    ttl_s: int
    def __init__(self, address: str = ..., filter: Sequence[FilterRule] = ..., ttl_s: int = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class DesiredNet(metaclass=_Bound):
    """To netd: the whole desired state of one TUN."""
    number: int
    tun: str
    rights: list[KernelRight]
    def __init__(self, number: int = ..., tun: str = ..., rights: Sequence[KernelRight] = ...) -> None: ...

class NetApplied(metaclass=_Bound):
    """From netd: whether the desired state is in force."""
    number: int
    ok: bool
    error: str
    def __init__(self, number: int = ..., ok: bool = ..., error: str = ...) -> None: ...

class KernelRefused(metaclass=_Bound):
    """From netd: packets that the kernel refused."""
    tun: str
    packets: int
    def __init__(self, tun: str = ..., packets: int = ...) -> None: ...

class EntranceAsk(metaclass=_Bound):
    """From a relay: whose is this peer?"""
    number: int
    peer_address: str
    def __init__(self, number: int = ..., peer_address: str = ...) -> None: ...

class EntranceGrant(metaclass=_Bound):
    """To a relay: whose it is and where its desktop stands, or the refusal."""
    number: int
    ok: bool
    session: str
    desktop: str
    address: str
    port: int
    refusal: Refusal
    def __init__(self, number: int = ..., ok: bool = ..., session: str = ..., desktop: str = ..., address: str = ...,
                 port: int = ..., refusal: Refusal = ...) -> None: ...

class EntranceClosed(metaclass=_Bound):
    """From a relay: a stream is over."""
    session: str
    bytes_in: int
    bytes_out: int
    def __init__(self, session: str = ..., bytes_in: int = ..., bytes_out: int = ...) -> None: ...

class EntranceEnd(metaclass=_Bound):
    """To a relay: close everything of this session."""
    session: str
    def __init__(self, session: str = ...) -> None: ...

class Handover(metaclass=_Bound):
    """Supervisor to child: a descriptor."""
    kind: str
    name: str
    def __init__(self, kind: str = ..., name: str = ...) -> None: ...

class Ready(metaclass=_Bound):
    """Child to supervisor: serving."""
    def __init__(self) -> None: ...

_Message = Union[Hello, Heartbeat, Request, Reply, Push, Notice, DesiredNet, NetApplied, KernelRefused, EntranceAsk,
                EntranceGrant, EntranceClosed, EntranceEnd, Handover, Ready]
SEAM_VERSION: int

def encode_message(message: _Message) -> bytes:
    """One packet. seam.malformed when something is over its cap."""
def decode_message(packet: bytes) -> _Message:
    """The message of a packet. seam.malformed for anything else."""

# --- registry ---------------------------------------------------------------------------------------------------------

class Finding(metaclass=_Bound):
    """Something wrong with a document: where (JSON pointer), which code, in words."""
    pointer: str
    code: str
    text: Text
    def __init__(self, pointer: str = ..., code: str = ..., text: Text = ...) -> None: ...

class Rights(metaclass=_Bound):
    """What a person with a terminal may reach right now; `until` is the earliest end of contract, application, person."""
    person: str
    terminal: str
    contractor: str
    contract: str
    application: str
    zone: Zone
    systems: list[str]
    desktop: str
    until: datetime
    purpose: Purpose
    def __init__(self, person: str = ..., terminal: str = ..., contractor: str = ..., contract: str = ...,
                 application: str = ..., zone: Zone = ..., systems: Sequence[str] = ..., desktop: str = ...,
                 until: datetime = ..., purpose: Purpose = ...) -> None: ...

class RightsAnswer(metaclass=_Bound):
    """Rights, or the refusal that says why there are none: one of the two is None."""
    rights: Optional[Rights]
    refusal: Optional[Refusal]
    def __init__(self, rights: Optional[Rights] = ..., refusal: Optional[Refusal] = ...) -> None: ...

class Registry(metaclass=_Bound):
    """One consistent state of who may be let in, with what, to where, until when. It never changes: what staff may
    change gives the next one. Kinds are named as in registry_kinds(), singular or plural."""
    def __init__(self) -> None: ...
    @staticmethod
    def load(document: dict[str, Any]) -> Registry:
        """Reads the JSON form. RegistryError registry.invalid with every finding at once."""
    @property
    def generation(self) -> int:
        """Rises with every change, over all nodes."""
    def validate(self) -> list[Finding]:
        """Everything wrong with it; empty: it may be stored."""
    def export(self, *, secrets: bool = False) -> dict[str, Any]:
        """The JSON form; with `secrets` password hashes and open enrolments too."""
    def keys(self, kind: str) -> list[str]:
        """The keys of every object of a kind, sorted."""
    def get(self, kind: str, key: str, *, secrets: bool = False) -> Optional[dict[str, Any]]:
        """One object, or None."""
    def find_login(self, canonical: str) -> Optional[str]:
        """The id of the person with this canonical login, or None."""
    def rights_of(self, person: str, terminal: str, *, path: str, path_zones: Sequence[Zone], lent_only: bool = False,
                  now: datetime) -> RightsAnswer:
        """R01, R03, R16-R19, in the order in which rules.hpp lists them."""
    def replaced_by(self, next: Registry, *, if_generation: Optional[int] = None) -> Registry:
        """The whole from an import; stops, revocations and secrets that an export leaves out are kept."""
    def put(self, kind: str, object: dict[str, Any]) -> tuple[Registry, str]:
        """Adds or replaces one object; the next registry and the object's key."""
    def remove(self, kind: str, key: str) -> Registry:
        """Takes one object away; registry.in_use when others name it."""
    def end(self, kind: str, key: str, now: datetime) -> Registry:
        """Ends a contract, person, terminal, circuit, application, exception; revokes a certificate."""
    def submit_application(self, object: dict[str, Any]) -> tuple[Registry, str]:
        """A new application (R17)."""
    def accept_application(self, id: str, *, by: str, note: str = "", build_up_exception: bool = False,
                           now: datetime) -> Registry:
        """`by` is an approver in force who is no applicant."""
    def return_application(self, id: str, *, by: str, note: str = "", now: datetime) -> Registry:
        """Sends it back to the applicant."""
    def set_password_hash(self, person: str, phc: str) -> Registry:
        """`phc` is Argon2id in PHC form, m >= 47104 KiB."""
    def register_certificate(self, object: dict[str, Any], *, replace: bool = False,
                             now: datetime) -> tuple[Registry, str]:
        """One per person and terminal (R22); `replace` revokes the pair's earlier ones."""
    def open_enrolment(self, terminal: str, *, token_sha256_hex: str, until: datetime, now: datetime) -> Registry:
        """Opens the enrolment of a terminal's key."""
    def grant_exception(self, object: dict[str, Any], *, now: datetime) -> tuple[Registry, str]:
        """An exception from one posture check for one terminal."""

SAMPLE_NOW: datetime

def sample_registry() -> Registry:
    """The cast (mori, tani, sato, yama, kato) with everything in force at SAMPLE_NOW."""
def registry_findings(document: dict[str, Any]) -> list[Finding]:
    """Everything wrong with a document; empty: Registry.load() takes it."""
def registry_finding_codes() -> list[Finding]:
    """Every finding there can be."""
def registry_kinds() -> list[tuple[str, str]]:
    """Singular and plural of every kind of object."""
def rights_refusals() -> list[Refusal]:
    """Every refusal of rights_of(), in the order in which it is judged."""
def change_refusals() -> list[Refusal]:
    """Every refusal of a change."""
def canonical_login(typed: str) -> Optional[str]:
    """The one spelling of a login (T-20); None: not one."""
def parse_moment(text: str, *, day: Day = "exact") -> Optional[datetime]:
    """A day (as `day` says, in Japan) or an instant; None: neither."""
def format_moment(at: datetime, *, day: Day = "exact") -> str:
    """The shortest form that parse_moment() reads back to the same instant."""

# --- journal ----------------------------------------------------------------------------------------------------------

class Entry(metaclass=_Bound):
    """What happened. `result` is "ok", "refused", "ended" or "error"; `detail` holds no secret."""
    at: datetime
    event: str
    session: str
    person: str
    from_: str
    path: str
    rule: str
    code: str
    result: str
    detail: Any
    def __init__(self, at: datetime = ..., event: str = ..., session: str = ..., person: str = ..., from_: str = ...,
                 path: str = ..., rule: str = ..., code: str = ..., result: str = ..., detail: Any = ...) -> None: ...

class StoredEntry(metaclass=_Bound):
    """An entry as the journal holds it; `hash_hex` names it and everything before it."""
    sequence: int
    hash_hex: str
    entry: Entry
    def __init__(self, sequence: int = ..., hash_hex: str = ..., entry: Entry = ...) -> None: ...

class Query(metaclass=_Bound):
    """What to look for; everything given must match, [from_, until); the newest `limit` win."""
    session: str
    person: str
    rule: str
    event: str
    code: str
    from_: Optional[datetime]
    until: Optional[datetime]
    limit: int
    def __init__(self, session: str = ..., person: str = ..., rule: str = ..., event: str = ..., code: str = ...,
                 from_: Optional[datetime] = ..., until: Optional[datetime] = ..., limit: int = ...) -> None: ...

class Trust(metaclass=_Bound):
    """What a journal is held against: the anchor, published heads of any age, the tail beside the signing key."""
    public_key_pem: str
    published_heads: list[str]
    tail: Optional[bytes]
    def __init__(self, public_key_pem: str = ..., published_heads: Sequence[str] = ...,
                 tail: Optional[bytes] = ...) -> None: ...

class Verification(metaclass=_Bound):
    """How far a journal stands proved; when not ok, `first_bad` is the first entry that does not."""
    ok: bool
    entries: int
    heads: int
    first_bad: int
    why: str
    def __init__(self, ok: bool = ..., entries: int = ..., heads: int = ..., first_bad: int = ..., why: str = ...) -> None: ...

class FileJournal(metaclass=_Bound):
    """A journal in a directory, open for writing, with the production's writer thread; sekisho.Journal wraps it."""
    def __init__(self, *, directory: str, signing_key_file: str, clock: Callable[[], datetime], node: str = "1",
                 segment_bytes: int = 16777216) -> None: ...
    def append(self, entry: Entry, *, within: float = 5.0) -> int:
        """The entry's number once it is on the disk. audit.late, audit.full, audit.unwritable, audit.closed."""
    @property
    def healthy(self) -> bool:
        """False: full, unwritable or stalled."""
    def close(self) -> None:
        """Writes what waits, signs it, ends the thread. A second time is fine."""

class MemoryJournal(metaclass=_Bound):
    """A journal on disks in memory, moved by hand: the same seed and calls give the same bytes."""
    def __init__(self, *, seed: int = 1, start: datetime) -> None: ...
    def append(self, entry: Entry) -> int:
        """Writes and syncs at once; the entry's number."""
    def advance(self, seconds: float) -> None:
        """Time passes: heads and key steps that are due."""
    def crash(self) -> None:
        """A power cut and a new start: what was not synced survives as chance wants it."""
    @property
    def now(self) -> datetime:
        """Its time."""
    @property
    def trust(self) -> Trust:
        """What stands beside its signing key."""
    def verify(self) -> Verification:
        """Every byte."""
    def search(self, query: Query) -> list[StoredEntry]:
        """What matches, in ascending order."""
    @property
    def files(self) -> dict[str, bytes]:
        """The directory; assign it to tamper."""
    @files.setter
    def files(self, value: Mapping[str, bytes]) -> None: ...

def verify_journal(directory: str, trust: Trust) -> Verification:
    """Checks every byte of every segment; may run while a writer writes."""
def search_journal(directory: str, query: Query) -> list[StoredEntry]:
    """What matches, in ascending order; signatures are not looked at."""

# --- plugin loader ----------------------------------------------------------------------------------------------------

class Manifest(metaclass=_Bound):
    """What is known of a plugin before its library is opened."""
    name: str
    version: str
    kind: PluginKind
    status: PluginStatus
    posture: PluginPosture
    api_major: int
    api_minor: int
    fingerprint: str
    needs: str
    schema: Any
    library_sha256: str
    def __init__(self, name: str = ..., version: str = ..., kind: PluginKind = ..., status: PluginStatus = ...,
                 posture: PluginPosture = ..., api_major: int = ..., api_minor: int = ..., fingerprint: str = ...,
                 needs: str = ..., schema: Any = ..., library_sha256: str = ...) -> None: ...

class LoadedPlugin(metaclass=_Bound):
    """A plugin that lives: LoadedAuthenticator, LoadedPostureCheck, LoadedConsoleDriver or LoadedAccessPath."""
    manifest: Manifest
    object: Any
    def __init__(self, manifest: Manifest = ..., object: Any = ...) -> None: ...

class Loader(metaclass=_Bound):
    """From a name to a living object, with a distinct refusal (PluginError, plugin.*) for every defect. Libraries are
    never unloaded."""
    def __init__(self, directory: str, *, allow_wip: bool = False) -> None: ...
    def load(self, name: str, config: dict[str, Any] = ..., *, kind: Optional[PluginKind] = None) -> LoadedPlugin:
        """Manifest, hash, library, header, needs, configuration, create: in this order."""
    def manifest(self, name: str) -> Manifest:
        """The manifest alone, without opening the library."""
    @property
    def log(self) -> list[str]:
        """What the plugins logged, one JSON object a line."""

def check_config(schema: Any, config: Any) -> Any:
    """The configuration with every default filled in; config.invalid with all errors at once."""

# --- access paths -----------------------------------------------------------------------------------------------------

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

# --- admission --------------------------------------------------------------------------------------------------------

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

# --- posture ----------------------------------------------------------------------------------------------------------

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

# --- Fortinet and PPP -------------------------------------------------------------------------------------------------

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

# --- the gate ---------------------------------------------------------------------------------------------------------

class GatePath(metaclass=_Bound):
    """One access path as the gatekeeper sees it."""
    policy: PathPolicy
    tun: str
    gate_address: str
    prefix: int
    mtu: int
    posture_page: FilterRule
    entrance: FilterRule
    def __init__(self, policy: PathPolicy = ..., tun: str = ..., gate_address: str = ..., prefix: int = ...,
                 mtu: int = ..., posture_page: FilterRule = ..., entrance: FilterRule = ...) -> None: ...

class GateOptions(metaclass=_Bound):
    """What a gate is told at its start; times in seconds."""
    node: str
    gate_id: str
    paths: list[GatePath]
    posture: PostureOptions
    shared_store: bool
    generation_poll: float
    store_limit: float
    hash_limit: float
    kernel_right_ttl_s: int
    def __init__(self, node: str = ..., gate_id: str = ..., paths: Sequence[GatePath] = ...,
                 posture: PostureOptions = ..., shared_store: bool = ..., generation_poll: float = ...,
                 store_limit: float = ..., hash_limit: float = ..., kernel_right_ttl_s: int = ...) -> None: ...

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
