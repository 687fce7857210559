"""Faults of a gate that runs as processes, and a second gate on a host of its own, over one PostgreSQL."""
from __future__ import annotations

import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from . import cast, database
from .faults import Faults, SecondGate
from .gatehouse import Gatehouse
from .halted import halted
from .labs import NotHere
from .netlab import Host, Plug

if TYPE_CHECKING:
    from .namespaces import NamespacesWorld
    from .namespaces_house import NamespacesHouse

SECOND = [Plug(segment.name, 2) for segment in cast.SEGMENTS]
DATABASE = Plug("ops", 30)
HELD_S = 20  # a sync at most, if nobody lets it go


def second_host(house: "NamespacesHouse") -> Host:
    if "gate2" not in house.lab.hosts:
        host = house.lab.add_host("gate2", SECOND)
        host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.ip_nonlocal_bind=1")
        house.lab.add_host("db", [DATABASE])
    return house.lab.hosts["gate2"]


class NamespacesFaults(Faults):
    def __init__(self, world: "NamespacesWorld", gatehouse: Gatehouse) -> None:
        super().__init__(world)
        self.gatehouse = gatehouse

    @property
    def store_file(self) -> pathlib.Path:
        return self.gatehouse.state / "sekisho.db"

    @contextlib.contextmanager
    def _journal_calls(self, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], pathlib.Path]]:
        """The gatekeeper's system calls on the journal's files go through strace; what it says of them."""
        pid = next(pid for name, pid in self.gatehouse.pids().items() if name.endswith("sekishod"))
        files = [word for file in sorted((self.gatehouse.state / "journal").iterdir()) for word in ("-P", str(file))]
        said = self.gatehouse.folder / "journal.strace"
        strace = subprocess.Popen(["strace", "-f", "-qq", "-p", str(pid), "-o", str(said), "-s", "65536", "-e", "signal=none", *files, *words],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        status = pathlib.Path(f"/proc/{pid}/status")
        try:
            self.world.wait(lambda: "TracerPid:\t0\n" not in status.read_text(), 10, "strace has attached")
            yield strace, said
        finally:
            strace.send_signal(signal.SIGINT)
            strace.wait(10)

    @contextlib.contextmanager
    def journal_fails(self) -> Iterator[None]:
        """No sync of a segment succeeds, as on a disk that dies."""
        self.world.story.did("the journal cannot be written")
        self.world.allow_event("journal.unhealthy", "the story makes the journal fail")
        # The gatekeeper's sandbox knows no call without a number, which strace would put in its place.
        with self._journal_calls("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:syscall=getpid"):
            yield
        self.world.wait(lambda: "journal.unwritable" not in self.gatehouse.ctl("health")["conditions"], 40, "the journal is written again")

    @contextlib.contextmanager
    def while_written(self, event: str, action: Callable[[], object]) -> Iterator[None]:
        """The sync behind the entry waits until the action is done."""
        with self._journal_calls("-e", "trace=pwrite64,fdatasync", "-e", f"inject=fdatasync:delay_enter={HELD_S * 1_000_000}") as (strace, said), \
                concurrent.futures.ThreadPoolExecutor(1) as beside:
            def watch() -> None:
                self.world.wait(lambda: event in said.read_text(errors="replace"), HELD_S / 2, f"the entry {event} is written")
                action()
                strace.send_signal(signal.SIGINT)

            done = beside.submit(watch)
            yield
            done.result()

    @contextlib.contextmanager
    def kernel_waits(self) -> Iterator[None]:
        self.world.story.did("netd answers nothing")
        netd = self.gatehouse.pids()["sekisho-netd"]
        with halted(netd):
            yield


class NamespacesSecond(SecondGate):
    def __init__(self, world: "NamespacesWorld") -> None:
        """The database stands when this returns; start() comes once the first gate runs."""
        if reason := database.probe():
            raise NotHere(reason)
        self.world, self.host = world, second_host(world.house)
        self.database = database.Database(world.house.lab.hosts["db"], world.folder / "database", cast.address(DATABASE))
        self.gatehouse: Gatehouse | None = None
        self.led: set[str] = set()

    @property
    def site(self) -> dict[str, Any]:
        return {"store_url": self.database.url}

    def start(self) -> None:
        world = self.world
        # The public address is here too, without a word about it on the wire: who is led here comes by a route of his own.
        self.host.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
        self.host.ip([f"addr replace {cast.GATE_PUBLIC}/32 dev lo"])
        made = self.gatehouse = Gatehouse(self.host, world.folder / "gate2", world.house.build, world.house.web_ca, world.house.gate_tls,
                                          world.programs)
        made.ca = world.gatehouse.ca
        made.write_config(site={**self.site, "node": "2"})
        for name in ("code.pepper", "totp.key"):
            shutil.copyfile(world.gatehouse.etc / name, made.etc / name)  # into the file that is there, with its owner
        made.clock_offset.write_text(world.gatehouse.clock_offset.read_text())
        made.start()
        self.faults = NamespacesFaults(world, made)

    def _ctl(self, *words: str) -> Any:
        assert self.gatehouse is not None
        return self.gatehouse.ctl(*words)

    def leads(self, host: str, *, to_second: bool = True) -> None:
        here = self.world.house.lab.hosts[host]
        if to_second:
            here.ip([f"route replace {cast.GATE_PUBLIC}/32 via {self.host.addresses['inet']}"])
            self.led.add(host)
        else:
            self._lead_back(host)

    def _lead_back(self, host: str) -> None:
        self.led.discard(host)
        self.world.house.lab.take_away(self.world.house.lab.hosts[host], [f"route del {cast.GATE_PUBLIC}/32"])

    def sessions(self) -> list[dict[str, Any]]:
        return list(self._ctl("sessions")["sessions"])

    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        words = [word for name, value in wanted.items() for word in (f"--{name}", value)]
        return list(self._ctl("journal", "search", *words)["entries"])

    def end_session(self, number: str, *, reason: str = "test") -> None:
        self.world.story.did(f"session end {number} at the second gate")
        self._ctl("session", "end", number, "--reason", reason)

    @contextlib.contextmanager
    def store_lost(self) -> Iterator[None]:
        self.world.story.did("the store is lost")
        self.database.kill()
        yield
        self.database.start()
        self.world.wait(lambda: not any(gate.ctl("health")["conditions"] for gate in self.world.gatehouses()), 10, "both gates have their store again")

    def first_dies(self) -> None:
        self.world.story.did("the first gate dies")
        first = self.world.gatehouse
        pids = first.pids().values()
        assert first.supervisor is not None
        first.supervisor.signal(signal.SIGKILL)  # first: it would start others, and end some itself
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it has gone with another
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        for host in list(self.led):
            self._lead_back(host)
        if self.gatehouse is not None:
            if self.gatehouse.supervisor is not None:
                self.gatehouse.stop()
                shutil.copy(self.gatehouse.supervisor.log, self.world.story.folder / "logs" / "gate2-supervise.log")
            self.world.house.lab.take_away(self.host, [f"addr del {cast.GATE_PUBLIC}/32 dev lo"])
        self.database.stop()


__all__ = ["NamespacesFaults", "NamespacesSecond", "second_host"]
