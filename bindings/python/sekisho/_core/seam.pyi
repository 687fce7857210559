"""Messages between processes, and their codec."""
from typing import Mapping, Sequence, Union

from sekisho._core import _Bound
from sekisho._core.screens import (ConsoleNotice, ConsoleReply, ConsoleRequest, RecordingNote, RecordingNoted,
                                   ScreenEnd)
from sekisho._core.sdk import Arrival, Ask, Refusal, Text
from sekisho.words import MachineState, PowerAction, ScreenKind, SessionState

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

class RdpRight(metaclass=_Bound):
    """RDP over TCP from one address to another (R13)."""
    source: str
    destination: str
    ttl_s: int
    def __init__(self, source: str = ..., destination: str = ..., ttl_s: int = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class DesiredRdp(metaclass=_Bound):
    """To netd: all RDP that may be."""
    number: int
    rights: list[RdpRight]
    def __init__(self, number: int = ..., rights: Sequence[RdpRight] = ...) -> None: ...

class RdpTry(metaclass=_Bound):
    """RDP that the kernel refused: who asked whom."""
    source: str
    destination: str
    protocol: int
    tries: int
    packets: int
    def __init__(self, source: str = ..., destination: str = ..., protocol: int = ..., tries: int = ...,
                 packets: int = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class RdpRefused(metaclass=_Bound):
    """From netd: what was refused since the last word."""
    tries: list[RdpTry]
    def __init__(self, tries: Sequence[RdpTry] = ...) -> None: ...

class BarredSource(metaclass=_Bound):
    """A source whose openings are left unanswered for so long; 0: no longer."""
    source: str
    seconds: int
    def __init__(self, source: str = ..., seconds: int = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class BarSources(metaclass=_Bound):
    """From a front: what has changed."""
    sources: list[BarredSource]
    def __init__(self, sources: Sequence[BarredSource] = ...) -> None: ...

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

class HyperList(metaclass=_Bound):
    """To hyperd: all machines of a manager."""
    def __init__(self) -> None: ...

class HyperLook(metaclass=_Bound):
    """To hyperd: one machine."""
    uuid: str
    def __init__(self, uuid: str = ...) -> None: ...

class HyperPower(metaclass=_Bound):
    """To hyperd: its power."""
    uuid: str
    action: PowerAction
    def __init__(self, uuid: str = ..., action: PowerAction = ...) -> None: ...

class HyperTakeSnapshot(metaclass=_Bound):
    """To hyperd: keep its state."""
    uuid: str
    name: str
    def __init__(self, uuid: str = ..., name: str = ...) -> None: ...

class HyperRevert(metaclass=_Bound):
    """To hyperd: back to a state."""
    uuid: str
    name: str
    def __init__(self, uuid: str = ..., name: str = ...) -> None: ...

class HyperCreate(metaclass=_Bound):
    """To hyperd: a new desktop."""
    uuid: str
    model: str
    mac: str
    def __init__(self, uuid: str = ..., model: str = ..., mac: str = ...) -> None: ...

class HyperDestroy(metaclass=_Bound):
    """To hyperd: the end of a desktop."""
    uuid: str
    def __init__(self, uuid: str = ...) -> None: ...

class HyperSetLogin(metaclass=_Bound):
    """To hyperd: a desktop's one-session password."""
    uuid: str
    account: str
    password: str
    def __init__(self, uuid: str = ..., account: str = ..., password: str = ...) -> None: ...

class HyperAllow(metaclass=_Bound):
    """To hyperd: a relay may open this once."""
    ticket: str
    session: str
    uuid: str
    relay: str
    kind: ScreenKind
    life_s: int
    def __init__(self, ticket: str = ..., session: str = ..., uuid: str = ..., relay: str = ...,
                 kind: ScreenKind = ..., life_s: int = ...) -> None: ...

class HyperWithdraw(metaclass=_Bound):
    """To hyperd: a session's tickets are void."""
    session: str
    def __init__(self, session: str = ...) -> None: ...

_HyperVerb = Union[HyperList, HyperLook, HyperPower, HyperTakeSnapshot, HyperRevert, HyperCreate, HyperDestroy,
                   HyperSetLogin, HyperAllow, HyperWithdraw]

class HyperAsk(metaclass=_Bound):
    """sekishod asks hyperd."""
    number: int
    zone: str
    manager: str
    verb: _HyperVerb
    def __init__(self, number: int = ..., zone: str = ..., manager: str = ..., verb: _HyperVerb = ...) -> None: ...

class HyperMachine(metaclass=_Bound):
    """A machine as hyperd sees it."""
    uuid: str
    name: str
    state: MachineState
    answers: bool
    def __init__(self, uuid: str = ..., name: str = ..., state: MachineState = ..., answers: bool = ...) -> None: ...

class HyperDone(metaclass=_Bound):
    """From hyperd: it is done."""
    def __init__(self) -> None: ...

class HyperMachines(metaclass=_Bound):
    """From hyperd: machines."""
    machines: Sequence[HyperMachine]
    more: bool
    def __init__(self, machines: Sequence[HyperMachine] = ..., more: bool = ...) -> None: ...

class HyperFailed(metaclass=_Bound):
    """From hyperd: it is not done."""
    code: str
    detail: str
    def __init__(self, code: str = ..., detail: str = ...) -> None: ...

_HyperResult = Union[HyperDone, HyperMachines, HyperFailed]

class HyperAnswer(metaclass=_Bound):
    """hyperd answers."""
    number: int
    zone: str
    result: _HyperResult
    def __init__(self, number: int = ..., zone: str = ..., result: _HyperResult = ...) -> None: ...

class HyperSaw(metaclass=_Bound):
    """From hyperd: what happened to a machine or a manager."""
    zone: str
    manager: str
    uuid: str
    state: MachineState
    manager_lost: bool
    def __init__(self, zone: str = ..., manager: str = ..., uuid: str = ..., state: MachineState = ...,
                 manager_lost: bool = ...) -> None: ...

class ScreenAsk(metaclass=_Bound):
    """A relay shows a ticket to hyperd."""
    number: int
    zone: str
    manager: str
    session: str
    uuid: str
    kind: ScreenKind
    ticket: str
    def __init__(self, number: int = ..., zone: str = ..., manager: str = ..., session: str = ..., uuid: str = ...,
                 kind: ScreenKind = ..., ticket: str = ...) -> None: ...

class ScreenAnswer(metaclass=_Bound):
    """To a relay: the screen, or why not."""
    number: int
    zone: str
    ok: bool
    media_type: str
    refusal: Refusal
    def __init__(self, number: int = ..., zone: str = ..., ok: bool = ..., media_type: str = ...,
                 refusal: Refusal = ...) -> None: ...

_Message = Union[Hello, Heartbeat, Request, Reply, Push, Notice, DesiredNet, NetApplied, KernelRefused, EntranceAsk,
                EntranceGrant, EntranceClosed, EntranceEnd, Handover, Ready, HyperAsk, HyperAnswer, HyperSaw, ScreenAsk,
                ScreenAnswer, DesiredRdp, RdpRefused, ConsoleRequest, ConsoleReply, ConsoleNotice, RecordingNote,
                RecordingNoted, ScreenEnd, BarSources]
SEAM_VERSION: int

def encode_message(message: _Message) -> bytes:
    """One packet. seam.malformed when something is over its cap."""
def decode_message(packet: bytes) -> _Message:
    """The message of a packet. seam.malformed for anything else."""
