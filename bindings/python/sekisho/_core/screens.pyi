"""What a relay and the gatekeeper say of pages, screens and recordings: the second half of the seam's messages."""
from typing import Sequence, Union

from sekisho._core import _Bound
from sekisho._core.sdk import Refusal, Text
from sekisho.words import Place

class ViewDesktop(metaclass=_Bound):
    """Desktop page: the desktop, its state and what the page shows."""
    def __init__(self) -> None: ...

class EndByPerson(metaclass=_Bound):
    """Desktop page: the person ends the session."""
    def __init__(self) -> None: ...

class ConsoleLogin(metaclass=_Bound):
    """Console page: login id and password once more (R12)."""
    login: str
    password: str
    def __init__(self, login: str = ..., password: str = ...) -> None: ...

class ListServers(metaclass=_Bound):
    """Console page: the servers of the contract."""
    def __init__(self) -> None: ...

class WantTicket(metaclass=_Bound):
    """A one-time ticket for a screen; `server` is empty for the desktop's."""
    server: str
    def __init__(self, server: str = ...) -> None: ...

class WantThumbnail(metaclass=_Bound):
    """Console page: may this peer see that server's thumbnail?"""
    server: str
    def __init__(self, server: str = ...) -> None: ...

class OpenScreen(metaclass=_Bound):
    """A WebSocket shows its ticket."""
    ticket: str
    def __init__(self, ticket: str = ...) -> None: ...

_ConsoleQuestion = Union[ViewDesktop, EndByPerson, ConsoleLogin, ListServers, WantTicket, WantThumbnail, OpenScreen]

class ConsoleRequest(metaclass=_Bound):
    """From a relay: a page's question, answered by one ConsoleReply of the same number."""
    number: int
    place: Place
    peer_address: str
    user_agent: str
    body: _ConsoleQuestion
    def __init__(self, number: int = ..., place: Place = ..., peer_address: str = ..., user_agent: str = ...,
                 body: _ConsoleQuestion = ...) -> None: ...

class ConsoleRefused(metaclass=_Bound):
    """No, and why; `unavailable`: the gate's own trouble (503), not the person's (403)."""
    refusal: Refusal
    unavailable: bool
    def __init__(self, refusal: Refusal = ..., unavailable: bool = ...) -> None: ...

class ConsoleDone(metaclass=_Bound):
    """It is done."""
    def __init__(self) -> None: ...

class DesktopView(metaclass=_Bound):
    """What the desktop page shows. `until` is RFC 3339; `state`: preparing, starting, ready, ended, failed."""
    session: str
    person: str
    language: str
    until: str
    zone: str
    left_s: int
    desktop: str
    state: str
    name: Text
    progress: int
    expected_s: int
    account: str
    password: str
    watermark: bool
    recorded: bool
    def __init__(self, session: str = ..., person: str = ..., language: str = ..., until: str = ..., zone: str = ...,
                 left_s: int = ..., desktop: str = ..., state: str = ..., name: Text = ..., progress: int = ...,
                 expected_s: int = ..., account: str = ..., password: str = ..., watermark: bool = ...,
                 recorded: bool = ...) -> None: ...

class ServerView(metaclass=_Bound):
    """A server of the contract. `kind`: vm, physical; `state`: on, off, unknown; `why_not` is set unless `may_open`."""
    id: str
    kind: str
    name: Text
    machine: str
    driver: str
    may_open: bool
    why_not: Refusal
    state: str
    def __init__(self, id: str = ..., kind: str = ..., name: Text = ..., machine: str = ..., driver: str = ...,
                 may_open: bool = ..., why_not: Refusal = ..., state: str = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class ServerList(metaclass=_Bound):
    """What the console page shows."""
    session: str
    person: str
    left_s: int
    servers: Sequence[ServerView]
    watermark: bool
    recorded: bool
    def __init__(self, session: str = ..., person: str = ..., left_s: int = ..., servers: Sequence[ServerView] = ...,
                 watermark: bool = ..., recorded: bool = ...) -> None: ...

class TicketGiven(metaclass=_Bound):
    """A one-time ticket."""
    ticket: str
    def __init__(self, ticket: str = ...) -> None: ...

class ThumbnailRight(metaclass=_Bound):
    """Whose picture it is; hyperd of `zone` shows it for `ticket`, once."""
    machine: str
    driver: str
    session: str
    zone: str
    ticket: str
    def __init__(self, machine: str = ..., driver: str = ..., session: str = ..., zone: str = ...,
                 ticket: str = ...) -> None: ...

class ScreenRight(metaclass=_Bound):
    """The journal has it: the screen is the machine's, which hyperd of `zone` hands over for `ticket`, once; with an
    empty driver whatever answers at address and port. `keys`: 0 none, 1 masked, 2 clear."""
    console: int
    session: str
    person: str
    target: str
    title: str
    machine: str
    driver: str
    address: str
    port: int
    recorded: bool
    view_only: bool
    keys: int
    zone: str
    ticket: str
    def __init__(self, console: int = ..., session: str = ..., person: str = ..., target: str = ..., title: str = ...,
                 machine: str = ..., driver: str = ..., address: str = ..., port: int = ..., recorded: bool = ...,
                 view_only: bool = ..., keys: int = ..., zone: str = ..., ticket: str = ...) -> None: ...

_ConsoleAnswer = Union[ConsoleRefused, ConsoleDone, DesktopView, ServerList, TicketGiven, ThumbnailRight, ScreenRight]

class ConsoleReply(metaclass=_Bound):
    """To a relay: the answer to a page's question."""
    number: int
    body: _ConsoleAnswer
    def __init__(self, number: int = ..., body: _ConsoleAnswer = ...) -> None: ...

class ScreenStopped(metaclass=_Bound):
    """Something did not pass; `code` is a cause of the console room ("console.clipboard")."""
    code: str
    by_guest: bool
    count: int
    bytes: int
    total: int
    def __init__(self, code: str = ..., by_guest: bool = ..., count: int = ..., bytes: int = ...,
                 total: int = ...) -> None: ...

class ScreenClosed(metaclass=_Bound):
    """A screen is over; `detail` is the guest's words, not trusted."""
    code: str
    detail: str
    bytes_in: int
    bytes_out: int
    def __init__(self, code: str = ..., detail: str = ..., bytes_in: int = ..., bytes_out: int = ...) -> None: ...

class ScreenUsed(metaclass=_Bound):
    """The person typed or pointed; at most every 10 s."""
    def __init__(self) -> None: ...

_ScreenHappening = Union[ScreenStopped, ScreenClosed, ScreenUsed]

class ConsoleNotice(metaclass=_Bound):
    """From a relay: what happened on an open screen."""
    console: int
    body: _ScreenHappening
    def __init__(self, console: int = ..., body: _ScreenHappening = ...) -> None: ...

class ScreenEnd(metaclass=_Bound):
    """To a relay: close this screen now (a session's end is EntranceEnd)."""
    console: int
    code: str
    def __init__(self, console: int = ..., code: str = ...) -> None: ...

class RecordingOpened(metaclass=_Bound):
    """A recording has its file; `id` and `header_hash` in hex, `started_at` in us since 1970."""
    id: str
    header_hash: str
    file: str
    started_at: int
    def __init__(self, id: str = ..., header_hash: str = ..., file: str = ..., started_at: int = ...) -> None: ...

class RecordingChunk(metaclass=_Bound):
    """A chunk is on the disk; `begin` and `end` in us since 1970, `hash` in hex."""
    number: int
    offset: int
    begin: int
    end: int
    length: int
    hash: str
    def __init__(self, number: int = ..., offset: int = ..., begin: int = ..., end: int = ..., length: int = ...,
                 hash: str = ...) -> None: ...

class RecordingClosed(metaclass=_Bound):
    """A recording is whole."""
    chunks: int
    why: str
    def __init__(self, chunks: int = ..., why: str = ...) -> None: ...

class RecordingFailed(metaclass=_Bound):
    """A recording could not be kept, so its screen was closed."""
    chunks: int
    code: str
    detail: str
    def __init__(self, chunks: int = ..., code: str = ..., detail: str = ...) -> None: ...

_RecordingFact = Union[RecordingOpened, RecordingChunk, RecordingClosed, RecordingFailed]

class RecordingNote(metaclass=_Bound):
    """From a relay, for the journal; answered by RecordingNoted once it is on the disk."""
    number: int
    console: int
    body: _RecordingFact
    def __init__(self, number: int = ..., console: int = ..., body: _RecordingFact = ...) -> None: ...

class RecordingNoted(metaclass=_Bound):
    """To a relay: the journal has it, or why not."""
    number: int
    ok: bool
    error: str
    def __init__(self, number: int = ..., ok: bool = ..., error: str = ...) -> None: ...
