"""The namespaces lab: hosts are network namespaces with real programs; the gate runs as it does in production."""
from __future__ import annotations

import contextlib
import pathlib
import threading
import time
from collections.abc import Callable
from typing import Any

from . import cast, cast_closed
from .gate_programs import unbuilt
from .gatehouse import CHECKS, Gatehouse
from .labs import NotHere
from .namespaces_closed import NamespacesClosed
from .namespaces_consoles import NamespacesConsoles
from .namespaces_evidence import NamespacesEvidence
from .namespaces_faults import NamespacesFaults, NamespacesSecond
from .namespaces_house import NamespacesHouse
from .namespaces_people import NamespacesPeople
from .namespaces_wire import NamespacesWire
from .netlab import probe

__all__ = ["NamespacesHouse", "NamespacesWorld", "raise_lab"]

#: What is preloaded into a gatekeeper that has forgotten R01: by the guard that a story takes away.
FORGETFUL: dict[str, list[str]] = {"": [], "admission": ["open-admission"], "gatekeeper": ["open-admission", "open-consoles"]}


def raise_lab(folder: pathlib.Path, build: pathlib.Path) -> "NamespacesHouse":
    if (reason := probe()) is not None:
        raise NotHere(reason)
    if missing := unbuilt(build):
        raise NotHere(f"not built yet: {', '.join(missing)}")
    return NamespacesHouse(folder, build)


class NamespacesWorld(NamespacesPeople, NamespacesWire, NamespacesEvidence):
    """A fresh gate in the shared house: its life from the first configuration to the last program's end."""

    def open(self, *, desktops: str = "", closed: bool | dict[str, Any] = False, without: str = "", behind_s: float = 0, two: bool = False,
             store: str = "", **config: Any) -> "NamespacesWorld":
        """`desktops`: model of the desktops that the gate makes on the lab's hypervisor (hypervisor.py: plain, login), or
        "host" for those that stand in the registry; with it come consoles, pages and recordings, on the closed path too. `closed`:
        with the closed path; keys of its entry in the configuration. `without`: "admission", whose rule of paths and zones is taken
        out, or "gatekeeper", whose rule of a path's screens as well. `behind_s`: how much the gate's clock is behind the front's. `two`:
        with a second gate. `store`: in a file it is always, unless there are two. Throws NotHere."""
        if desktops:
            _ = self.house.hypervisor  # before there is anything to clear away
        self.house.wires.mark()
        self.gatehouse = Gatehouse(self.house.gate, self.folder / "gate", self.house.build, self.house.web_ca,
                                   self.house.gate_tls, self.programs)
        self.gatehouse.clock_offset.write_text(f"{-behind_s}")
        self.gatehouse.make_ca()
        if desktops:
            self._consoles = NamespacesConsoles(self, desktops, self.house.hypervisor, self.house.gate_tls)
            self.gatehouse.bare_entrance = False
        registry, people = cast.registry(self.gatehouse.now()), ["mori", "tani"]
        if closed:
            self._closed = NamespacesClosed(self, self.house.web_ca, desktops)
            self._closed.network.start()
            cast_closed.add_to(registry, self.gatehouse.now(), self._closed.network.certificates(), machines=bool(desktops))
            people += cast_closed.PEOPLE
            self.closed_keys = closed if isinstance(closed, dict) else {}
        if two:
            self._second = NamespacesSecond(self)
        self.write_config(**config)
        forgets = [str(self.house.build / "lib" / f"{name}.so") for name in FORGETFUL[without]]
        self.gatehouse.start(env={"LD_PRELOAD": ":".join(forgets)} if forgets else {})
        self.gatehouse.settle(registry, people)
        for who in ("mori", "tani"):
            self.enrol(who)
        self.faults = NamespacesFaults(self, self.gatehouse)
        if self._second is not None:
            self._second.start()
        return self

    @property
    def second(self) -> NamespacesSecond:
        assert self._second is not None, "the story's mark says nothing of a second gate"
        return self._second

    def write_config(self, **config: Any) -> None:
        if self._second is not None:
            config["site"] = {**config.get("site", {}), **self._second.site}
        told = [side.configuration() for side in self.both_consoles()]
        consoles: dict[str, Any] | None = None
        if told:
            site = {"hypervisors": [side["zone"] for side in told], "consoles": told[0]["consoles"]}
            consoles = {"path": told[0]["path"], "site": site}
        pages = told[1]["path"] if len(told) > 1 else {}
        more = [self._closed.path(CHECKS, **pages, **self.closed_keys)] if self._closed else []
        self.gatehouse.write_config(**config, more_paths=more, consoles=consoles)

    def restart(self, *, bare_entrance: bool = False, away_s: float = 0, **config: Any) -> None:
        self.gatehouse.stop()
        if away_s:
            self.advance(away_s)
        self.gatehouse.bare_entrance = self.gatehouse.bare_entrance or bare_entrance
        self.write_config(**config)
        self.gatehouse.start()

    def close(self) -> None:
        with contextlib.ExitStack() as last:  # each end is tried, whatever those before it say; the last that is named comes first
            if self._closed is not None:
                last.callback(self._closed.close)
            if self._second is not None:
                last.callback(self._second.close)
            if hasattr(self, "gatehouse"):
                last.callback(self.gatehouse.stop)
            last.callback(self.end_clients)
            last.callback(self.life.close)
            for page in self.browsers:
                last.callback(page.close)
            for side in self.both_consoles():
                for viewer in side.viewers:
                    last.callback(viewer.close)

    def end_clients(self) -> None:
        for program in self.house.lab.programs:
            if program.running and program.name.startswith(("openconnect", "openfortivpn", "saml-client", "agent", "supervise")):
                program.stop(8)

    def ends_within(self, seconds: float, what: str, end: Callable[[], object], gone: dict[str, Callable[[], object]]) -> None:
        """Each is watched by a thread of its own, since looking at one takes time."""
        begun, took = time.monotonic(), {name: float("inf") for name in gone}

        def watch(name: str) -> None:
            while time.monotonic() - begun < seconds + 3:
                if gone[name]():
                    took[name] = time.monotonic() - begun
                    return
                self.pause(0.02)

        watches = [threading.Thread(target=watch, args=(name,)) for name in gone]
        for one in watches:
            one.start()
        end()
        for one in watches:
            one.join()
        self._ended_within(seconds, what, took, gone)
