"""Recordings: written by hand, read, played, verified against what the journal says. Ids and hashes are hex."""
from datetime import datetime
from os import PathLike
from typing import Optional, Sequence, Union

from sekisho._core import _Bound
from sekisho._core.journal import Entry
from sekisho.words import RecordedKeys, RecorderState, RecordingDamage

_Recording = Union[bytes, str, PathLike[str]]

class RecordingHeader(metaclass=_Bound):
    """Whose recording it is; `id` is 32 hex digits, `target` whose screen."""
    id: str
    started_at: datetime
    session: str
    person: str
    target: str
    def __init__(self, id: str = ..., started_at: datetime = ..., session: str = ..., person: str = ...,
                 target: str = ...) -> None: ...

class Picture(metaclass=_Bound):
    """What a screen shows: rows top first, three bytes a pixel."""
    width: int
    height: int
    rgb: bytes
    def __init__(self, width: int = ..., height: int = ..., rgb: bytes = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class ChunkInfo(metaclass=_Bound):
    """Where a chunk lies and what it covers. flags: 1 whole picture, 2 picture changes, 4 input, 8 the last."""
    number: int
    offset: int
    length: int
    flags: int
    width: int
    height: int
    begin: datetime
    end: datetime
    def __init__(self, number: int = ..., offset: int = ..., length: int = ..., flags: int = ..., width: int = ...,
                 height: int = ..., begin: datetime = ..., end: datetime = ...) -> None: ...

class Contents(metaclass=_Bound):
    """What a recording holds. `complete`: it has its last chunk; `loose_bytes` lie behind the last whole one; width and
    height of the largest screen in it."""
    header: RecordingHeader
    header_hash: str
    chunks: Sequence[ChunkInfo]
    complete: bool
    indexed: bool
    loose_bytes: int
    begin: datetime
    end: datetime
    width: int
    height: int
    def __init__(self, header: RecordingHeader = ..., header_hash: str = ..., chunks: Sequence[ChunkInfo] = ...,
                 complete: bool = ..., indexed: bool = ..., loose_bytes: int = ..., begin: datetime = ...,
                 end: datetime = ..., width: int = ..., height: int = ...) -> None: ...

class ChunkNote(metaclass=_Bound):
    """What the journal says of a chunk."""
    number: int
    offset: int
    length: int
    begin: datetime
    end: datetime
    hash: str
    def __init__(self, number: int = ..., offset: int = ..., length: int = ..., begin: datetime = ...,
                 end: datetime = ..., hash: str = ...) -> None: ...

class Notes(metaclass=_Bound):
    """Everything that the journal says of one recording. `header` is "" when its opening is not there, `closed` None
    without a good end; `faults` are entries that contradict one another."""
    header: str
    chunks: Sequence[ChunkNote]
    closed: Optional[int]
    faults: Sequence[str]
    def __init__(self, header: str = ..., chunks: Sequence[ChunkNote] = ..., closed: Optional[int] = ...,
                 faults: Sequence[str] = ...) -> None: ...

class Finding(metaclass=_Bound):
    """What was done to a recording, and where; `chunk` 0: to none."""
    what: RecordingDamage
    chunk: int
    offset: int
    why: str
    def __init__(self, what: RecordingDamage = ..., chunk: int = ..., offset: int = ..., why: str = ...) -> None: ...

class Verification(metaclass=_Bound):
    """How far a recording stands proved: `chunks` of it, without a gap until `proved_until`."""
    ok: bool
    closed: bool
    chunks: int
    proved_until: datetime
    unproved_bytes: int
    findings: Sequence[Finding]
    def __init__(self, ok: bool = ..., closed: bool = ..., chunks: int = ..., proved_until: datetime = ...,
                 unproved_bytes: int = ..., findings: Sequence[Finding] = ...) -> None: ...

class Recorder(metaclass=_Bound):
    """One screen's recording with its file, in memory or in a directory. Every call moves its time on to `now` in the
    recorder's own steps; a chunk is written as soon as there is one. Pixels: B, G, R and one that counts nothing."""
    def __init__(self, header: RecordingHeader, width: int, height: int, *, keys: RecordedKeys = "none",
                 directory: Optional[str] = None, seed: int = 1) -> None: ...
    def paint(self, x: int, y: int, width: int, height: int, pixels: bytes, *, now: datetime) -> None:
        """A part of the screen; outside of it the recording fails."""
    def copy(self, x: int, y: int, width: int, height: int, from_x: int, from_y: int, *, now: datetime) -> None:
        """A part of the screen from elsewhere on it."""
    def resize(self, width: int, height: int, *, now: datetime) -> None:
        """A new size: black until it is drawn anew."""
    def pointer(self, x: int, y: int, buttons: int = 0, *, now: datetime) -> None:
        """A move or click."""
    def key(self, down: bool, keysym: int, scancode: int = 0, *, now: datetime) -> None:
        """A key; what is kept of it is the policy's."""
    def set_keys(self, keys: RecordedKeys, *, now: datetime) -> None:
        """Another policy from now on; leaves an event."""
    def event(self, code: str, text: str = "", *, now: datetime) -> None:
        """What gate or relay did beside the picture."""
    def close(self, why: str = "session.ended", *, now: datetime) -> None:
        """The last picture and the last chunk."""
    def tick(self, *, now: datetime) -> None:
        """Time passes."""
    def crash(self) -> None:
        """A power cut: what was not synced survives as chance wants it, nothing is written any more. In memory only."""
    @property
    def data(self) -> bytes:
        """The file, as a reader would find it now."""
    @property
    def header(self) -> RecordingHeader:
        """Whose recording it is."""
    @property
    def file(self) -> str:
        """The file's name."""
    @property
    def entries(self) -> list[Entry]:
        """What a journal was to be told: opened, each chunk once it is on the disk, closed or failed."""
    @property
    def picture(self) -> Picture:
        """What the screen shows now."""
    @property
    def state(self) -> RecorderState:
        """Where it stands; a failed one never becomes good again, and its console is closed at once."""
    @property
    def failure(self) -> str:
        """The code with which it failed ("recording.stalled"); "" before."""
    @property
    def next_deadline(self) -> Optional[datetime]:
        """When tick() wants to be called."""
    @property
    def durable_until(self) -> datetime:
        """Everything before it is on the disk."""
    @property
    def disk_works(self) -> bool:
        """Assign False: the disk refuses every write."""
    @disk_works.setter
    def disk_works(self, value: bool) -> None: ...

class PictureChanged(metaclass=_Bound):
    """The picture has changed: in these tiles, or everywhere when `whole`."""
    at: datetime
    whole: bool
    tiles: Sequence[int]
    def __init__(self, at: datetime = ..., whole: bool = ..., tiles: Sequence[int] = ...) -> None: ...

class PointerMoved(metaclass=_Bound):
    """The pointer moved or clicked; with a whole picture it is said again."""
    at: datetime
    x: int
    y: int
    buttons: int
    def __init__(self, at: datetime = ..., x: int = ..., y: int = ..., buttons: int = ...) -> None: ...

class KeyUsed(metaclass=_Bound):
    """A key was used; `masked`: not which."""
    at: datetime
    down: bool
    masked: bool
    keysym: int
    scancode: int
    def __init__(self, at: datetime = ..., down: bool = ..., masked: bool = ..., keysym: int = ...,
                 scancode: int = ...) -> None: ...

class PolicyEvent(metaclass=_Bound):
    """What gate or relay did beside the picture."""
    at: datetime
    code: str
    text: str
    def __init__(self, at: datetime = ..., code: str = ..., text: str = ...) -> None: ...

class RecordingEnd(metaclass=_Bound):
    """A good end, and why."""
    at: datetime
    why: str
    def __init__(self, at: datetime = ..., why: str = ...) -> None: ...

class Effort(metaclass=_Bound):
    """What reading has cost."""
    chunks: int
    bytes: int
    tiles: int
    def __init__(self, chunks: int = ..., bytes: int = ..., tiles: int = ...) -> None: ...

_Moment = Union[PictureChanged, PointerMoved, KeyUsed, PolicyEvent, RecordingEnd]

class Player(metaclass=_Bound):
    """Any moment of a recording (its bytes or its file), and what follows it."""
    def __init__(self, recording: _Recording) -> None: ...
    def seek(self, to: datetime) -> None:
        """Picture and pointer are as they were then; step() goes on behind it. RecordingError: the file is damaged."""
    def step(self) -> Optional[_Moment]:
        """The next thing that happens; None at the end of what there is."""
    @property
    def picture(self) -> Picture:
        """What the screen showed."""
    @property
    def pointer(self) -> Optional[tuple[int, int]]:
        """Where the pointer was, as far as it is known."""
    @property
    def effort(self) -> Effort:
        """What reading has cost so far."""

def read_contents(recording: _Recording) -> Contents:
    """What a recording (its bytes or its file) holds. RecordingError: it is no recording, or damaged."""
def notes_of(id: str, entries: Sequence[Entry]) -> Notes:
    """What these entries say of the recording; those of other events and recordings change nothing."""
def verify_recording(recording: _Recording, notes: Notes) -> Verification:
    """Every byte of a recording (its bytes or its file) against what the journal says was recorded."""
