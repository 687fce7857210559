"""`./dev soak flood`: 3,000 slow connections, 500 bad TLS openings and 200 bad logins a second at once (R-04, T-30, T-47).

Nobody inside loses his session, the delay of their packets stays below twice the idle one, memory is capped, and an owner
with his certificate logs in within 3 s while strangers guess his password.
"""
from __future__ import annotations

import argparse
import pathlib
import statistics
import sys
import time

from ..netlab import Program
from .yard import GROUP_S, Insiders, Pulse, Yard, yard

ROOT = pathlib.Path(__file__).resolve().parents[3]
SLOW, BAD_TLS, GUESSES = 3000, 500, 200
OWNER_S = 3.0
MEMORY_KIB = {"front:internet": 64 * 1280 + 65_536, "sekishod": 262_144}  # 64 KiB for each of the unknown (T-47), and a base


def memory_kib(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def flood(site: Yard, sources: list[str], seconds: float) -> list[Program]:
    owner = site.people(1, 1)  # the very person who logs in meanwhile
    parts = [sources[n::4] for n in range(4)]
    return [site.start("drip", elsewhere=True, seconds=seconds, mode="drip", count=SLOW, sources=parts[0] + parts[1]),
            site.start("bad-tls", elsewhere=True, seconds=seconds, mode="bad_tls", rate=BAD_TLS, sources=parts[2]),
            site.start("guess", elsewhere=True, seconds=seconds, mode="guess", rate=GUESSES, people=owner, sources=parts[3])]


def run(build: pathlib.Path, seconds: float, owner_s: float = OWNER_S, delay_ratio: float = 2.0, unfelt_ms: float = 0.0) -> str:
    """`unfelt_ms`: a delay below it counts as none, on a machine that shares its cores with the attackers."""
    with yard(build, people=14, relay="bench-traffic", addresses=220) as (site, sources):
        own, strange = sources[:4], sources[4:]
        pulse = Pulse(site)
        inside = Insiders(site, 2, 12, own[:2])
        owner = site.people(1, 1)[0]
        pids = {child: site.pid(child) for child in MEMORY_KIB}
        most = dict.fromkeys(pids, 0)
        waits: list[float] = []

        def sample() -> dict[str, float]:
            """The delay while the owner logs in: the same with strangers and without, so that what differs is theirs."""
            with pulse.during(min(4.0, seconds / 2)) as found:
                waits.append(site.first_login(owner, owner_s, own[3]))
                for child, pid in pids.items():
                    most[child] = max(most[child], memory_kib(pid))
            return found

        idle = [sample() for _ in range(5)]
        waits.clear()
        attackers = flood(site, strange, seconds + 600)
        begun = time.monotonic()
        samples = []
        groups, group_begun = 1, begun
        while time.monotonic() - begun < seconds:
            samples.append(sample())
            if time.monotonic() - group_begun > GROUP_S:  # the next group logs in under the flood
                assert inside.ended() == [] and inside.downs() == 0, (inside.ended(), inside.downs())
                inside.close()
                inside, groups, group_begun = Insiders(site, 2, 12, own[:2]), groups + 1, time.monotonic()
        assert all(program.running for program in attackers), "the flood ended before its time"
        drip, bad, guess = [site.finish(program, 60) for program in attackers]
        came, unanswered = drip["ends"].get("closed", 0), drip["ends"].get("unanswered", 0)
        assert came + unanswered > SLOW, drip
        assert unanswered > 0 and "front.sources_barred" in site.log(), drip
        assert bad["ends"].get("closed", 0) > BAD_TLS * seconds * 0.5, bad
        assert sum(guess["ends"].values()) > 0 and "granted" not in guess["ends"], guess
        assert inside.ended() == [] and inside.downs() == 0, (inside.ended(), inside.downs())
        assert {child: site.pid(child) for child in pids} == pids, "a process was started anew"
        assert site.crashes() == [], site.crashes()
        quiet, loud = (statistics.median(row["p99_ms"] for row in rows) for rows in (idle, samples))
        text = (f"{seconds:.0f} s of {SLOW} slow ({came} came, {unanswered} were left unanswered), {BAD_TLS}/s bad TLS ({bad['ends'].get('closed', 0)} came), {GUESSES}/s guesses "
                f"({sum(guess['ends'].values())} came): delay p99 {quiet:.2f} -> {loud:.2f} ms, owner in after {max(waits):.2f} s at most, "
                f"memory {', '.join(f'{c} {k // 1024} MiB' for c, k in most.items())}, 12 of 12 still inside, {groups} times")
        assert max(waits) <= owner_s, text
        assert loud < max(delay_ratio * quiet, unfelt_ms), text
        assert all(most[child] <= MEMORY_KIB[child] for child in most), text
        inside.close()
        pulse.close()
        return text


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak flood", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--seconds", type=float, default=600)
    args = parser.parse_args()
    print(run(args.build.resolve(), args.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
