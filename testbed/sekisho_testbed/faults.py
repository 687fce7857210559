"""What a story can break at a gate, and a second gate over the same store. `world.faults`, `world.second`."""
from __future__ import annotations

import abc
import contextlib
import pathlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import World

KERNEL_LIMIT_S = 2  # a gate waits so long for netd
Meanwhile = Callable[[], object]


class Faults(abc.ABC):
    """Each fault lasts as long as its block."""

    def __init__(self, world: "World") -> None:
        self.world = world

    @abc.abstractmethod
    def journal_fails(self) -> contextlib.AbstractContextManager[None]:
        """Nothing that the gate writes into its journal reaches the disk. A gate that has not written since does not know it yet."""

    @abc.abstractmethod
    def while_written(self, event: str, action: Callable[[], object]) -> contextlib.AbstractContextManager[None]:
        """The next entry of this event is on its way to the disk while `action` is done; only then the gate hears that it is there."""

    @abc.abstractmethod
    def kernel_waits(self) -> contextlib.AbstractContextManager[None]:
        """netd answers nothing: nobody knows what the kernel lets pass."""

    @property
    @abc.abstractmethod
    def store_file(self) -> pathlib.Path:
        """Of a gate that keeps its store in a file of SQLite: in a story that is marked `gate(store="file")`."""

    @contextlib.contextmanager
    def store_takes_no_session(self) -> Iterator[None]:
        """The store reads and writes as ever, but for the row of an open session."""
        self._say_to_store("CREATE TRIGGER no_session BEFORE INSERT ON sessions WHEN NEW.state <> 'ended' "
                           "BEGIN SELECT abs(-9223372036854775807 - 1); END")  # of which there is no absolute value
        try:
            yield
        finally:
            self._say_to_store("DROP TRIGGER no_session")

    def _say_to_store(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.store_file)) as store, store:
            store.execute(statement)


class SecondGate(abc.ABC):
    """In a story that is marked `gate(two=True)`: node 2 beside the world's own gate, node 1, over one store. Both stand behind the one
    public address; where that leads is said for each host."""

    faults: Faults

    @abc.abstractmethod
    def leads(self, host: str, *, to_second: bool = True) -> None:
        """From now on this host's connections to the public address come to this gate, or to the first one again."""

    @abc.abstractmethod
    def sessions(self) -> list[dict[str, Any]]: ...

    @abc.abstractmethod
    def journal(self, **wanted: str) -> list[dict[str, Any]]: ...

    @abc.abstractmethod
    def end_session(self, number: str, *, reason: str = "test") -> None: ...

    @abc.abstractmethod
    def store_lost(self) -> contextlib.AbstractContextManager[None]:
        """The store answers nobody."""

    @abc.abstractmethod
    def first_dies(self) -> None:
        """Node 1 is gone without a word, until the story's end."""
