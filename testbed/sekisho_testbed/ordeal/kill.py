"""`./dev soak kill`: kill -9 of each process at random moments under login load (R-01, T-71).

The journal verifies after each kill and holds an entry for every grant that a client saw; no newcomer's connection is refused;
who is inside comes back with his cookie, without a new login; the killed process serves again within 3 s.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import random
import select
import signal
import subprocess
import sys
import time

from .. import cast
from ..netlab import wait_until
from ..pc import SCRIPT
from .yard import GROUP_S, PASSWORD, Insiders, Knocker, Yard, yard

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHILDREN = ("sekishod", "front:internet", "netd", "relay:internet", "posture")
BACK_S, RESUMED_S = 3.0, 10.0


def kill_one(site: Yard, child: str) -> float:
    """Seconds from the kill until the process is ready again and the gate is healthy."""
    before = site.children()
    pid = site.pid(child)
    begun = time.monotonic()
    os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        now = site.children()
        return bool(now[child]["state"] == "ready" and now[child]["pid"] != before[child]["pid"])

    wait_until(back, 20, f"{child} is back", every=0.01, on_fail=lambda: site.log()[-3000:])
    took = time.monotonic() - begun
    wait_until(site.healthy, 20, f"the gate is healthy after a kill of {child}", every=0.05, on_fail=lambda: site.log()[-3000:])
    fallen = [other for other, row in site.children().items() if other != child and row["pid"] != before[other]["pid"]]
    assert not fallen, f"{fallen} fell with {child}"
    return took


def with_load_clients(build: pathlib.Path, kills: int, seed: int, back_s: float = BACK_S, order: list[str] | None = None) -> str:
    chance = random.Random(seed)
    with yard(build, people=20) as (site, sources):
        knockers = [Knocker(site.hall.client, cast.GATE_PUBLIC, port, f"knock-{port}") for port in (cast.VPN_PORT, cast.POSTURE_PORT)]
        load = site.start("logins", mode="login", people=site.people(9, 11), concurrency=3, seconds=100_000, sources=sources[6:12])
        took: list[float] = []
        groups = resumed = 0
        while len(took) < kills:
            inside, groups, begun = Insiders(site, 1, 8, sources[:4]), groups + 1, time.monotonic()
            while len(took) < kills and time.monotonic() - begun < GROUP_S:
                child = order[len(took) % len(order)] if order else chance.choice(CHILDREN)
                select.select([], [], [], chance.uniform(0.0, 1.0))
                took.append(kill_one(site, child))
                assert took[-1] <= back_s, f"kill {len(took)}: {child} was back after {took[-1]:.2f} s"
                inside.all_up(RESUMED_S)
                site.verify_journal()
            assert inside.ended() == [], inside.ended()
            resumed += inside.downs()
            inside.close()
        summary = site.finish(load)
        grants = site.grants()
        of_load = {p["user"] for p in site.people(9, 11)}
        seen, written = summary["done"], sum(e["person"] in of_load for e in grants)
        assert seen > 0 and seen <= written, f"{seen} grants were seen, {written} are in the journal"
        new_logins = [e for e in grants if e["person"] in inside.who]
        assert len(new_logins) == inside.count * groups, f"{len(new_logins)} logins of {groups} times {inside.count} people inside"
        refused = {ending: n for ending, n in summary["ends"].items() if ending not in ("lost", "login_refused 503", "login_refused 403")}
        assert not refused, refused
        for knocker in knockers:
            found = knocker.stop()
            assert found["came"] > 10 and found["refused"] == 0, found
        assert site.crashes() == [], site.crashes()
        return (f"{kills} kills: back after {max(took):.2f} s at most, {resumed} tunnels resumed, {seen} logins seen, "
                f"{written} in the journal, {found['came']:.0f} newcomers at each door and none refused")


def with_openconnect(build: pathlib.Path, kills: int, seed: int, back_s: float = BACK_S) -> str:
    """A stock client is inside; after each kill it reaches the gate's inner side again, in the same session."""
    chance = random.Random(seed)
    with yard(build, people=1) as (site, _):
        words = ["openconnect", "--protocol=fortinet", "--passwd-on-stdin", "--cafile", str(site.hall.web_ca.certificate), "--script",
                 str(SCRIPT), "-i", "vpn0", "--no-dtls", "--reconnect-timeout", "60", *site.gateway.client_words(),
                 f"https://{cast.GATE_NAME}/"]
        client = site.hall.client.start("openconnect", *words, stdin=subprocess.PIPE)
        assert client.process.stdin is not None
        client.process.stdin.write(PASSWORD.encode() + b"\n")
        client.process.stdin.flush()
        client.wait_text("tunnel up", 20)

        def reaches() -> bool:
            code = ("import socket,sys\ns=socket.create_connection((sys.argv[1],int(sys.argv[2])),1)\n")
            return site.hall.client.run("/usr/bin/python3", "-c", code, cast.GATE_INNER, str(cast.POSTURE_PORT),
                                        check=False).returncode == 0

        wait_until(reaches, 10, "the tunnel carries packets", on_fail=client.text)
        slowest = 0.0
        for number in range(kills):
            child = CHILDREN[number % len(CHILDREN)]
            select.select([], [], [], chance.uniform(0.0, 1.0))
            took = kill_one(site, child)
            assert took <= back_s, f"kill {number + 1}: {child} was back after {took:.2f} s"
            begun = time.monotonic()
            wait_until(reaches, 30, f"openconnect carries packets after a kill of {child}", every=0.1, on_fail=lambda: client.text()[-3000:],
                       alive=lambda: client.running)
            slowest = max(slowest, time.monotonic() - begun)
            site.verify_journal()
        assert len(site.grants()) == 1, "openconnect had to log in again"
        client.stop(15)
        assert site.crashes() == [], site.crashes()
        return f"{kills} kills with openconnect inside: one login, packets again {slowest:.2f} s after the process at most"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak kill", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--kills", type=int, default=190)
    parser.add_argument("--openconnect-kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(with_load_clients(args.build.resolve(), args.kills, args.seed), flush=True)
    print(with_openconnect(args.build.resolve(), args.openconnect_kills, args.seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
