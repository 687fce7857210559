"""The namespaces lab's world, its ground: the gate's house, folder and programs, and its two sides."""
from __future__ import annotations

import contextlib
import time
from typing import Any

from . import cast, evidence
from .namespaces_consoles import NamespacesConsoles
from .gate_programs import programs_folder
from .gatehouse import Gatehouse
from .namespaces_closed import NamespacesClosed
from .namespaces_faults import NamespacesSecond
from .namespaces_house import NamespacesHouse
from .pc import ContractorPc
from .people import Page
from .world import World


class NamespacesGate(World):
    """A fresh gate in the shared house; what every room of its world stands on."""

    gatehouse: Gatehouse  # once open() has made it

    def __init__(self, house: NamespacesHouse, name: str, *, open_filter: bool = False,
                 story: evidence.Story | None = None) -> None:
        super().__init__(name, house.name, story)
        self.house = house
        clean = "".join(c if c.isalnum() else "_" for c in name)[:16]  # a control socket's path has 107 bytes
        self.folder = house.folder / f"{clean}-{time.monotonic_ns() % 10**8}"
        self.programs = programs_folder(self.folder / "programs", house.build, open_filter=open_filter)
        self.begun = time.time()
        self.pcs: dict[str, ContractorPc] = {}
        self.life = contextlib.ExitStack()  # what the story has changed in the shared house, or halted; undone with it, however it ends
        self.browsers: list[Page] = []
        self.entrance = (cast.GATE_INNER, cast.ENTRANCE_PORT)
        self._consoles: NamespacesConsoles | None = None
        self._closed: NamespacesClosed | None = None
        self.closed_keys: dict[str, Any] = {}  # of the closed path's entry in the configuration, beside the lab's
        self._second: NamespacesSecond | None = None

    @property
    def closed(self) -> NamespacesClosed:
        assert self._closed is not None, "the story's mark says nothing of a closed path"
        return self._closed

    def gatehouses(self) -> list[Gatehouse]:
        """The story's gates that have been made."""
        second = self._second.gatehouse if self._second is not None else None
        return [gate for gate in (self.gatehouse, second) if gate is not None]

    def both_consoles(self) -> list[NamespacesConsoles]:
        """The Internet's side, and the closed one's where there is one."""
        closed = self._closed.maybe_consoles if self._closed is not None else None
        return [side for side in (self._consoles, closed) if side is not None]

    @property
    def consoles(self) -> NamespacesConsoles:
        assert self._consoles is not None, "the story's mark says no desktops"
        return self._consoles
