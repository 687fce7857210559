"""`./dev soak faults`: the n-th write, fsync, open, accept, connect, send or allocation of a running gate fails (R-02).

strace makes the system call of one process fail while people log in; a preloaded library the allocation. After each run: no
process has crashed or ended, a person is let in within 5 s, and every grant that a client saw stands in the journal, which
verifies. A process without memory may end itself if it says so (core/run/loop.hpp).
"""
from __future__ import annotations

import argparse
import dataclasses
import pathlib
import random
import signal
import subprocess
import sys
import time

from ..netlab import wait_until
from .yard import BROKE_EXIT, Yard, yard

ROOT = pathlib.Path(__file__).resolve().parents[3]
HANG_S = 5.0
# What each process does with these calls: journal, key and database files (sekishod), sockets and the TUN queue (front).
PLACES: list[tuple[str, str, tuple[str, ...]]] = [
    ("sekishod", "pwrite64", ("ENOSPC", "EIO", "EDQUOT")),
    ("sekishod", "fdatasync", ("EIO", "ENOSPC")),
    ("sekishod", "fsync", ("EIO", "ENOSPC")),
    ("sekishod", "write", ("EIO", "ENOSPC", "EINTR")),
    ("sekishod", "openat", ("EMFILE", "ENOSPC", "EACCES", "ENOMEM")),
    ("sekishod", "accept", ("EMFILE", "ENFILE", "ENOMEM", "ENOBUFS")),
    ("sekishod", "connect", ("ECONNREFUSED", "ENETUNREACH", "EMFILE", "ETIMEDOUT")),
    ("sekishod", "sendmsg", ("ENOBUFS", "EAGAIN")),
    ("front:internet", "accept4", ("EMFILE", "ENFILE", "ENOMEM", "ECONNABORTED", "EPERM")),
    ("front:internet", "epoll_ctl", ("ENOSPC", "ENOMEM")),
    ("front:internet", "sendto", ("ECONNRESET", "ENOBUFS", "EPIPE", "EAGAIN")),
    ("front:internet", "recvfrom", ("ECONNRESET", "EINTR", "ENOMEM")),
    ("front:internet", "sendmsg", ("ENOBUFS", "EAGAIN")),
    ("front:internet", "write", ("EIO", "ENOBUFS", "EAGAIN")),
    ("netd", "sendto", ("ENOBUFS", "EPERM")),
    ("netd", "sendmsg", ("ENOBUFS", "EAGAIN")),
    ("sekishod", "malloc", ("ENOMEM",)),
    ("front:internet", "malloc", ("ENOMEM",)),
]
ALLOCATING = {"sekishod": "sekishod", "front:internet": "sekisho-front"}
ALLOCATIONS = {"sekishod": 6000, "front:internet": 3000}  # about what some logins make
SELDOM = {"accept": 1, "connect": 2, "epoll_ctl": 4}  # made so often in a run


@dataclasses.dataclass
class Fault:
    child: str
    call: str
    error: str
    when: str

    def __str__(self) -> str:
        return f"{self.child} {self.call} {self.error} when={self.when}"


def faults(count: int, seed: int) -> list[Fault]:
    """Every place in turn; the n-th call alone, or each from the n-th on."""
    chance = random.Random(seed)
    out = []
    for number in range(count):
        child, call, errors = PLACES[number % len(PLACES)]
        if call == "malloc":
            out.append(Fault(child, call, errors[0], str(chance.randint(1, ALLOCATIONS[child]))))
            continue
        first = 1 + (number // len(PLACES)) % SELDOM.get(call, 12)
        when = f"{first}+" if chance.random() < 0.2 else str(first)
        out.append(Fault(child, call, chance.choice(errors), when))
    return out


class Injector:
    def __init__(self, pid: int, fault: Fault, log: pathlib.Path) -> None:
        self.log = log
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-p", str(pid), "-o", str(log), "-e", f"trace={fault.call}", "-e", "signal=none", "-e",
             f"inject={fault.call}:error={fault.error}:syscall=getpid:when={fault.when}"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{pid}/status")
        wait_until(lambda: "TracerPid:\t0\n" not in status.read_text(), 10, f"strace has attached for {fault}", every=0.005,
                   alive=lambda: self.process.poll() is None)

    def stop(self) -> int:
        """How many calls were made to fail."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return self.log.read_text(errors="replace").count("(INJECTED)")


class AllocationInjector:
    def __init__(self, site: Yard, fault: Fault) -> None:
        self.allocations = site.allocations[ALLOCATING[fault.child]]
        self.before = self.allocations.failed
        self.allocations.fail_at(int(fault.when))

    def stop(self) -> int:
        self.allocations.fail_at(0)
        return self.allocations.failed - self.before


def one(site: Yard, fault: Fault, number: int, sources: list[str], log: pathlib.Path) -> tuple[int, int, float]:
    """(logins seen by clients, calls failed, seconds until somebody was let in again)."""
    person = site.people(number % len(site.gateway.who), 1)[0]
    source = sources[number % len(sources)]
    pids = {name: site.pid(name) for name in ("sekishod", "front:internet", "netd")}
    injector: AllocationInjector | Injector
    injector = AllocationInjector(site, fault) if fault.call == "malloc" else Injector(pids[fault.child], fault, log)
    try:
        staff = subprocess.Popen([str(site.hall.build / "bin" / "sekishoctl"), "--json", "--socket", str(site.house.socket), "sessions"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        during = site.login(person, 0.25, source)
    finally:
        failed = injector.stop()
    begun = time.monotonic()
    try:
        staff.wait(HANG_S)  # refused or answered, but not left waiting once the fault is over
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{fault}: staff got no answer for {HANG_S} s\n{site.log()[-2500:]}")
    finally:
        staff.kill()
        staff.wait()
    seen = during["done"]
    while True:
        after = site.login(person, 0.05, source)
        seen += after["done"]
        if after["done"]:
            break
        assert time.monotonic() - begun < HANG_S, f"{fault}: nobody was let in for {HANG_S} s: {after}\n{site.log()[-2500:]}"
    now = {name: site.pid(name) for name in pids}
    if fault.child == "netd":
        pids["netd"] = now["netd"]  # without its rules it ends in order and is started anew (decision 0006)
    if fault.call == "malloc" and now != pids:
        assert failed == 1, f"{fault}: a process ended and no allocation had failed\n{site.log()[-4000:]}"
        pids[fault.child] = now[fault.child]
    assert now == pids, f"{fault}: a process ended\n{site.log()[-4000:]}"
    return seen, failed, time.monotonic() - begun


def run(build: pathlib.Path, count: int, seed: int) -> str:
    with yard(build, people=16, addresses=60, failing=tuple(ALLOCATING.values())) as (site, sources):
        log = site.hall.folder / "strace.out"
        seen = failed = 0
        slowest, hits = 0.0, 0
        for number, fault in enumerate(faults(count, seed)):
            more, calls, took = one(site, fault, number, sources, log)
            seen, failed, slowest = seen + more, failed + calls, max(slowest, took)
            hits += calls > 0
            if number % 25 == 24 or number == count - 1:
                written = len(site.grants())
                assert seen <= written, f"{fault}: clients saw {seen} grants, the journal holds {written}"
                site.verify_journal()
        assert site.crashes() == [], site.crashes()
        ended = sum(f'"code":{BROKE_EXIT}' in line.replace(" ", "") and "supervise.child_ended" in line for line in site.log().splitlines())
        assert hits >= count // 3, f"only {hits} of {count} runs made a call fail"
        return (f"{count} runs, {failed} calls failed in {hits} of them: no crash, {ended} announced ends for want of memory, let in again after {slowest:.2f} s at most, "
                f"{seen} grants seen, {written} in the journal")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak faults", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(run(args.build.resolve(), args.runs, args.seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
