"""The gate of an ordeal: the bench's two hosts, real programs, people with cheap password hashes, and who stays inside."""
from __future__ import annotations

import contextlib
import json
import mmap
import os
import pathlib
import struct
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

from .. import cast
from ..attack import more_addresses
from ..bench.peers import Hall, Sekisho
from ..gatehouse import Gatehouse
from ..netlab import Host, Program, wait_until
from ..niceness import give_way

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it leaves Python with 3.13; Debian 12 has 3.11
    import crypt

WIDE_TUN = {"name": "sekisho0", "gate_address": cast.GATE_INNER, "prefix": 20, "mtu": 1354}
BROKE_EXIT = 70  # core/run/loop.hpp
PASSWORD = "quiet river under cedar 12"


def cheap_hash() -> str:
    """A hash of PASSWORD that costs a millisecond: an ordeal is about the gate, not about Argon2id."""
    return crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_SHA256, rounds=1000))


class Allocations:
    """How one program of the gate allocates: shared with testbed/programs/fail_malloc.cpp."""

    def __init__(self, path: pathlib.Path) -> None:
        path.write_bytes(bytes(16))
        with path.open("r+b") as file:
            self.page = mmap.mmap(file.fileno(), 16)

    def fail_at(self, number: int) -> None:
        """The so-many-th allocation from now on fails, and no other; 0: none."""
        self.page[:8] = struct.pack("=q", number)

    @property
    def failed(self) -> int:
        return int(struct.unpack("=q", self.page[8:])[0])


class Yard:
    def __init__(self, hall: Hall, gateway: Sekisho, allocations: dict[str, Allocations],
                 hang_step: pathlib.Path) -> None:
        self.hall, self.gateway, self.allocations, self.hang_step = hall, gateway, allocations, hang_step
        self.house: Gatehouse = gateway.house

    def people(self, first: int, count: int) -> list[dict[str, str]]:
        return [{"user": who, "password": PASSWORD, "certificate": str(self.gateway.identity(who).certificate),
                 "key": str(self.gateway.identity(who).key)} for who in self.gateway.who[first:first + count]]

    def job(self, **job: Any) -> str:
        return json.dumps({"address": cast.GATE_PUBLIC, "port": cast.VPN_PORT, "host": cast.GATE_NAME,
                           "ca": str(self.hall.web_ca.certificate), **job}) + "\n"

    def start(self, name: str, *, elsewhere: bool = False, **job: Any) -> Program:
        """sekisho-load in the background, weaker than the gate: an ordeal does not measure its own tools.

        `elsewhere`: it stands for other people's machines, so it gives way to everybody here; what it achieves must be
        asserted.
        """
        nice = 13 if elsewhere else 10  # before what `./dev test` builds behind the stories
        program = self.hall.client.start(name, "nice", "-n", str(nice), str(self.hall.build / "bin" / "sekisho-load"), stdin=subprocess.PIPE)
        give_way(program.process.pid, nice)
        assert program.process.stdin is not None
        program.process.stdin.write(self.job(**job).encode())
        program.process.stdin.flush()
        return program

    def finish(self, program: Program, within: float = 20) -> dict[str, Any]:
        """Ends a load program and reads its summary."""
        program.stop(within)
        return self.summary(program.text())

    @staticmethod
    def summary(text: str) -> dict[str, Any]:
        last = [json.loads(line) for line in text.splitlines() if line.startswith('{"') and '"ends"' in line]
        assert last, f"the load program gave no summary:\n{text[-2000:]}"
        return dict(last[-1])

    def login(self, person: dict[str, str], seconds: float = 1.0, source: str | None = None, logins: int = 0) -> dict[str, Any]:
        """One person logs in over and over for `seconds`, or until he has done so `logins` times; the summary."""
        more: dict[str, Any] = {"sources": [source]} if source else {}
        if logins:
            more["logins"] = logins
        done = self.hall.client.run(str(self.hall.build / "bin" / "sekisho-load"), within=seconds + 60,
                                    input=self.job(mode="login", people=[person], seconds=seconds, concurrency=1, **more))
        return self.summary(done.stdout)

    def first_login(self, person: dict[str, str], within: float, source: str | None = None) -> float:
        """Seconds until this person has logged in."""
        begun = time.monotonic()
        while not self.login(person, within, source, logins=1)["done"]:
            assert time.monotonic() - begun < within + 10, f"{person['user']} is not let in"
        return time.monotonic() - begun

    # --- what must stay true
    def verify_journal(self) -> dict[str, Any]:
        done: dict[str, Any] = self.house.ctl("journal", "verify", "--dir", str(self.house.state / "journal"))
        assert done["ok"], done
        return done

    def grants(self) -> list[dict[str, Any]]:
        found = self.house.ctl("journal", "search", "--event", "session.granted", "--limit", "100000")
        return list(found["entries"] if isinstance(found, dict) else found)

    def healthy(self) -> bool:
        done = self.house.ctl_raw("health")
        return done.returncode == 0 and not json.loads(done.stdout)["conditions"]

    def children(self) -> dict[str, dict[str, Any]]:
        status = json.loads((self.house.run_dir / "status.json").read_text())
        return {child["name"]: child for child in status["children"]}

    def pid(self, child: str) -> int:
        """As this side sees it; `child` is the supervisor's name for it."""
        name = {"sekishod": "sekishod", "netd": "sekisho-netd", "relay:internet": "sekisho-relay", "front:internet": "front",
                "posture": "posture-front"}[child]
        return self.house.pids()[name]

    def log(self) -> str:
        assert self.house.supervisor is not None
        return self.house.supervisor.text()

    def crashes(self) -> list[str]:
        """Ends of the gate's programs that nobody ordered by SIGKILL or SIGTERM, and that they did not announce."""
        out = []
        for line in self.log().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                if "AddressSanitizer" in line or "terminate called" in line or "assertion" in line.lower():
                    out.append(line)
                continue
            in_order = row.get("child") == "netd" and row.get("signal") == 0  # it cannot keep its rules: decision 0006
            in_order = in_order or (row.get("signal") == 0 and row.get("code") == BROKE_EXIT)
            if row.get("event") in ("supervise.child_ended", "supervise.child_breach") and row.get("signal") not in (9, 15) and not in_order:
                out.append(line)
        return out


#: So long may a group of Insiders stay: their terminals never report, and two minutes later the gate shows them out.
GROUP_S = 75.0


class Insiders:
    """People in their tunnels, held by one load program; what happens to them is read from its output."""

    def __init__(self, yard: Yard, first: int, count: int, sources: list[str]) -> None:
        self.yard, self.count = yard, count
        people = yard.people(first, count)
        self.who = {person["user"] for person in people}
        self.program = yard.start("insiders", mode="hold", people=people, concurrency=8, sources=sources)
        self.all_up(60)

    def rows(self) -> list[dict[str, Any]]:
        text = self.program.text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines() if line.startswith("{")]

    def up(self) -> set[str]:
        inside: set[str] = set()
        for row in self.rows():
            if "up" in row:
                inside.add(row["up"])
            inside.discard(row.get("down", ""))
            inside.discard(row.get("ended", ""))
        return inside

    def all_up(self, within: float) -> None:
        wait_until(lambda: len(self.up()) == self.count, within, f"{self.count} people are in their tunnels", every=0.05,
                   on_fail=lambda: self.program.text()[-2000:], alive=lambda: self.program.running)

    def ended(self) -> list[dict[str, Any]]:
        return [row for row in self.rows() if "ended" in row]

    def downs(self) -> int:
        return sum("down" in row for row in self.rows())

    def close(self) -> None:
        assert self.program.process.stdin is not None
        self.program.process.stdin.close()
        self.program.wait_end(30)


class Knocker:
    """Newcomers: TCP connections from the client's host all the time; none may be refused."""

    CODE = ("import socket,sys,time,json,threading\npace=threading.Event()\ncame=refused=0\nworst=0.0\n"
            "import signal\nsignal.signal(signal.SIGTERM, lambda *_: (print(json.dumps({'came':came,'refused':refused,'worst_ms':worst*1000}),flush=True), sys.exit(0)))\n"
            "print('knocking',flush=True)\n"
            "while True:\n  t=time.monotonic()\n  try:\n    s=socket.create_connection((sys.argv[1],int(sys.argv[2])),5); s.close(); came+=1\n"
            "  except OSError: refused+=1\n  worst=max(worst,time.monotonic()-t)\n  pace.wait(0.02)\n")

    def __init__(self, host: Host, address: str, port: int, name: str) -> None:
        self.program = host.start(name, "/usr/bin/python3", "-c", self.CODE, address, str(port))
        self.program.wait_text("knocking", 10)

    def stop(self) -> dict[str, float]:
        self.program.stop(10)
        found: dict[str, float] = json.loads(self.program.text().strip().splitlines()[-1])
        return found


class Pulse:
    """One person's tunnel (openconnect) that is asked for an echo all the time; the delays as lists of seconds.

    His PC and what answers him inside are other machines: they do not wait for the gate's processor, and so what is measured is the
    gate's delay and not theirs.
    """

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.program = yard.gateway.connect(yard.gateway.group)
        for pid in (self.program.pid, yard.pid("relay:internet")):
            os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))
        self.agent = yard.gateway.agent
        self.agent.start(30)  # without a sign of life the session is in quarantine after two minutes

    def measure(self, seconds: float, every_ms: float = 5) -> dict[str, float]:
        """{"n", "p50_ms", "p99_ms", "max_ms"} of an echo every few milliseconds."""
        return self.yard.hall.traffic(self.yard.hall.client, "echo", cast.GATE_INNER, str(cast.ENTRANCE_PORT),
                                      str(int(seconds * 1000 / every_ms)), str(every_ms), within=seconds * 3 + 60, before=["chrt", "-f", "1"])

    @contextlib.contextmanager
    def during(self, seconds: float) -> Iterator[dict[str, float]]:
        """Measures while the block runs; the result is there when the block is left."""
        found: dict[str, float] = {}
        failed: list[BaseException] = []

        def work() -> None:
            try:
                found.update(self.measure(seconds))
            except BaseException as error:  # told by the block's end
                failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield found
        finally:
            thread.join()
        if failed:
            raise failed[0]

    def close(self) -> None:
        self.agent.stop()
        self.program.stop(10)


@contextlib.contextmanager
def yard(build: pathlib.Path, *, people: int, relay: str = "sekisho-relay", factors: list[str] | None = None,
         addresses: int = 100, failing: tuple[str, ...] = (), hanging: bool = False) -> Iterator[tuple[Yard, list[str]]]:
    """A gate with so many people (mori first), and further addresses of the client's host. `failing`: programs whose
    allocations can be made to fail. `hanging`: one more factor, whose step does not come back while `Yard.hang_step` is there."""
    with tempfile.TemporaryDirectory(prefix="sekisho-ordeal-") as folder:
        place = pathlib.Path(folder)
        with Hall(place / "hall", build) as hall:
            sources = more_addresses(hall.client, addresses)
            allocations = {name: Allocations(place / f"allocations.{name}") for name in failing}
            env = {"LD_PRELOAD": str(build / "lib" / "fail-malloc.so"), "SEKISHO_FAIL_MALLOC": str(place / "allocations")} if failing else {}
            hang_step = place / "hang_step"
            more = [{"plugin": "hanging_factor", "config": {"file": str(hang_step)}}] if hanging else None
            with Sekisho(hall, place / "gate", factors=factors, people=people, crypt_hash=cheap_hash(), path={"tun": WIDE_TUN},
                         relay=relay, env=env, more_authenticators=more) as gateway:
                yield Yard(hall, gateway, allocations, hang_step), sources
