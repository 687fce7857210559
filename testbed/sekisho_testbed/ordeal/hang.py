"""`./dev soak hang`: the password check, an authenticator's step, the mail server or the database hangs while people are inside (R-03).

The tunnel's data goes on without a gap of 100 ms, newcomers are answered within 3 s, and 5 s after the end all is as before.
Whatever hangs, the emergency stop works: it puts everybody out within 2 s.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import pathlib
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator

from ..attack import password_round, talk
from ..netlab import wait_until
from ..talks import Talk
from .yard import PASSWORD, Insiders, Pulse, Yard, yard

ROOT = pathlib.Path(__file__).resolve().parents[3]
GAP_MS, ANSWER_S, NORMAL_S, STOP_S = 100.0, 3.0, 5.0, 2.0


class Newcomer:
    """Logs in by hand, so that the time of the answer is seen, whatever the answer is."""

    def __init__(self, site: Yard, number: int, source: str) -> None:
        self.site, self.who, self.source = site, site.gateway.who[number], source

    def answered(self, limit_s: float) -> tuple[float, bytes]:
        row = Talk("newcomer", [password_round(self.who, PASSWORD)], answers=1, source=self.source,
                   identity=self.site.gateway.identity(self.who))
        heard = talk(self.site.hall.client, self.site.hall.web_ca.certificate, [row], limit_s=limit_s)["newcomer"]
        return heard.ms / 1000 if heard.heard else limit_s, heard.heard


@contextlib.contextmanager
def hanging_password(site: Yard) -> Iterator[None]:
    """The lab's own password check waits while the file is there."""
    file = site.house.folder / "hang"
    file.write_text("")
    try:
        yield
    finally:
        file.unlink()


@contextlib.contextmanager
def hanging_database(site: Yard) -> Iterator[None]:
    """Somebody holds the database's write lock."""
    line = sqlite3.connect(site.house.state / "sekisho.db", timeout=5, isolation_level=None)
    line.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        line.execute("ROLLBACK")
        line.close()


@contextlib.contextmanager
def hanging_step(site: Yard) -> Iterator[None]:
    """An authenticator's step does not come back: it holds what a login holds, its place and the store's."""
    site.hang_step.write_text("")
    site.hang_step.chmod(0o644)
    try:
        yield
    finally:
        site.hang_step.unlink()


HANGS: dict[str, Callable[[Yard], contextlib.AbstractContextManager[None]]] = {
    "password": hanging_password, "step": hanging_step, "database": hanging_database}


def stop_while(site: Yard, sources: list[str], name: str) -> str:
    """The emergency stop does not wait for what hangs."""
    inside = Insiders(site, 1, 8, sources[:4])
    with HANGS[name](site), concurrent.futures.ThreadPoolExecutor(1) as pool:
        knock = pool.submit(Newcomer(site, 15, sources[5]).answered, 10)  # the step that does not come back
        knock.result()
        begun = time.monotonic()
        pull = pool.submit(site.house.ctl_raw, "stop", "all", "--reason", "ordeal")
        wait_until(lambda: not inside.up(), STOP_S + 10, "everybody is out", every=0.02,
                   on_fail=lambda: inside.program.text()[-2000:])
        took = time.monotonic() - begun
        heard = pull.result()  # its answer may name what did not work; the stop itself did
    assert took <= STOP_S, f"the emergency stop took {took:.2f} s while {name} hung"
    inside.close()
    begun = time.monotonic()
    while site.house.ctl_raw("release", "all").returncode != 0:
        assert time.monotonic() - begun < NORMAL_S, heard.stdout + heard.stderr
    return f"emergency stop while {name} hung: all 8 out after {took:.2f} s"


def run(build: pathlib.Path, seconds: float, gap_ms: float = GAP_MS) -> str:
    told = []
    with yard(build, people=16, relay="bench-traffic", addresses=40, hanging=True,
              factors=["certificate", "password", "hanging"]) as (site, sources):
        pulse = Pulse(site)
        number = 0
        for name, hang in HANGS.items():
            usual, first = Newcomer(site, 1, sources[0]).answered(10)
            assert b"ret=1" in first, first
            waits: list[float] = []
            with pulse.during(seconds + 1) as sample, hang(site):
                begun = time.monotonic()
                while time.monotonic() - begun < seconds:
                    number += 1
                    took, heard = Newcomer(site, 1 + number % 15, sources[number % len(sources)]).answered(10)
                    assert heard and b"ret=1" not in heard, f"{name} hangs, and yet: {heard!r}"
                    waits.append(took)
            begun = time.monotonic()
            while b"ret=1" not in Newcomer(site, 1 + (number := number + 1) % 15, sources[number % len(sources)]).answered(10)[1]:
                assert time.monotonic() - begun < NORMAL_S, f"{name}: not normal again after {NORMAL_S} s"
            normal = time.monotonic() - begun
            text = (f"{name} hung for {seconds:.0f} s: gap {sample['max_ms']:.1f} ms, newcomers answered after {max(waits):.2f} s at "
                    f"most ({usual:.2f} s before), normal after {normal:.2f} s")
            assert sample["max_ms"] < gap_ms and max(waits) <= ANSWER_S and normal <= NORMAL_S, text
            told.append(text)
        pulse.close()
        told += [stop_while(site, sources, name) for name in ("step", "database")]
        assert site.crashes() == [], site.crashes()
    return "\n".join(told)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak hang", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    print(run(args.build.resolve(), args.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
