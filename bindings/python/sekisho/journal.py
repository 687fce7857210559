"""The journal: what happened, in an order nobody can change unnoticed."""
from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Optional, Sequence, Union

from sekisho._core.journal import (Entry, FileJournal, MemoryJournal, Query, StoredEntry, Trust, Verification,
                                   search_journal, verify_journal)

__all__ = ["Entry", "Journal", "MemoryJournal", "Query", "StoredEntry", "Trust", "Verification", "search_journal",
           "trust_of", "verify_journal"]

PathLike = Union[str, Path]


def trust_of(signing_key_file: PathLike, *, published_heads: Sequence[str] = ()) -> Trust:
    """What stands beside a signing key: the anchor, the newest published head, the tail. Heads kept elsewhere
    (`published_heads`) show also what was cut off together with the key's folder."""
    key = str(signing_key_file)
    heads = list(published_heads)
    if Path(key + ".head").exists():
        heads.append(Path(key + ".head").read_text(encoding="utf-8"))
    tail = Path(key + ".tail")
    return Trust(public_key_pem=Path(key + ".pub").read_text(encoding="utf-8"), published_heads=heads,
                 tail=tail.read_bytes() if tail.exists() else None)


class Journal:
    """A journal in a directory, open for writing, with the production's own writer.

        with Journal(directory=folder, signing_key_file=key) as journal:
            journal.write("session.granted", session="S20261122-1-000042", result="ok")
    """

    def __init__(self, *, directory: PathLike, signing_key_file: PathLike,
                 clock: Optional[Callable[[], datetime]] = None, node: str = "1",
                 segment_bytes: int = 16 << 20) -> None:
        self.directory = Path(directory)
        self.signing_key_file = Path(signing_key_file)
        self.clock = clock or (lambda: datetime.now(timezone.utc))
        self._node = node
        self._segment_bytes = segment_bytes
        self._open: Optional[FileJournal] = None

    def __enter__(self) -> "Journal":
        """Opens (makes, recovers) it."""
        self._open = FileJournal(directory=str(self.directory), signing_key_file=str(self.signing_key_file),
                                 clock=self.clock, node=self._node, segment_bytes=self._segment_bytes)
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        """Writes what waits, signs it and ends the writer."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @property
    def healthy(self) -> bool:
        """False: full, unwritable or stalled; new grants are refused then."""
        return self._open is not None and self._open.healthy

    def write(self, event: str, *, at: Optional[datetime] = None, within: float = 5.0, **fields: Any) -> int:
        """Writes one entry and returns its number once it is on the disk. `fields` are those of Entry."""
        if self._open is None:
            raise RuntimeError("the journal is written inside `with` only")
        return self._open.append(Entry(at=at or self.clock(), event=event, **fields), within=within)

    def search(self, **query: Any) -> list[StoredEntry]:
        """What matches, in ascending order; `query` are the fields of Query."""
        return search_journal(str(self.directory), Query(**query))

    def verify(self, *, published_heads: Sequence[str] = ()) -> Verification:
        """Proves every byte against what stands beside the signing key."""
        return verify_journal(str(self.directory), trust_of(self.signing_key_file, published_heads=published_heads))
