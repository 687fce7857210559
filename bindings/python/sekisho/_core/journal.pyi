"""The journal: written, read, proved."""
from datetime import datetime
from typing import Any, Callable, Mapping, Optional, Sequence

from sekisho._core import _Bound

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
