"""`./dev soak [NAME …] [--seconds N]`: the long forms of tests, again and again with a new seed each time.

Each named run goes on until its seconds are over (at least one round) or a round fails; the seed is printed, so that
`--seed` repeats a failed round. `./dev test` runs the short forms of the same tests.
"""
from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import random
import subprocess
import sys
import time
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"


@dataclasses.dataclass
class Round:
    argv: list[str]
    environment: dict[str, str]


def tests(build: pathlib.Path, label: str) -> dict[str, str]:
    """Name -> program of every test with the label, as ctest knows them."""
    text = subprocess.run(["ctest", "--test-dir", str(build), "-L", f"^{label}$", "--show-only=json-v1"], capture_output=True,
                          text=True, check=True).stdout
    return {t["name"]: t["command"][0] for t in json.loads(text)["tests"] if "command" in t}


def audit_tamper(build: pathlib.Path, seed: int) -> list[Round]:
    """10,000 random changes to a journal: each is told, with the first entry that is no longer proved."""
    return [Round([str(build / "tests/audit_tamper_test")], {"SEKISHO_TAMPERINGS": "10000", "SEKISHO_SEED": str(seed)})]


def audit_kill(build: pathlib.Path, seed: int) -> list[Round]:
    """1,000 kills of a writing process: nothing that was acknowledged is lost."""
    return [Round([str(build / "tests/audit_file_journal_test"), "--gtest_filter=*Killed"],
                  {"SEKISHO_KILLS": "1000", "SEKISHO_SEED": str(seed)})]


def units(build: pathlib.Path, seed: int) -> list[Round]:
    """Every unit test in another order: finds tests that lean on each other and races that show once in a thousand."""
    return [Round([program, "--gtest_shuffle", f"--gtest_random_seed={seed % 99999 + 1}", "--gtest_brief=1"], {})
            for program in tests(build, "unit").values()]


def scenarios(build: pathlib.Path, seed: int) -> list[Round]:
    """Every scenario in its lab again (root): what one run leaves behind disturbs the next."""
    return [Round([PYTHON, "-m", "pytest", "-q", "-x", "-c", "scenarios/pytest.ini", "--build", str(build), "scenarios"], {})]


def ordeal(name: str, build: pathlib.Path, *words: str) -> list[Round]:
    return [Round([PYTHON, "-m", f"sekisho_testbed.ordeal.{name}", "--build", str(build), *words],
                  {"PYTHONPATH": str(ROOT / "testbed")})]


def recording(build: pathlib.Path, seed: int) -> list[Round]:
    """Ten minutes of gate time in every encoding, then ten real minutes at a real QEMU's console: 20 still points play back as they were (root)."""
    return [Round([str(build / "tests/screens_test"), "--gtest_filter=LongSession.*"], {"SEKISHO_SEED": str(seed)}),
            *ordeal("recording", build, "--seconds", "600", "--points", "20", "--seed", str(seed))]


def recording_kills(build: pathlib.Path, seed: int) -> list[Round]:
    """50 kills of sekisho-relay at random moments while it records: at most 10 s are lost, every file verifies (root)."""
    return [Round([str(build / "tests/recording_fault_test"), "--gtest_filter=*Killed*"], {"SEKISHO_KILLS": "200"}),
            *ordeal("recording", build, "--kills", "50", "--seed", str(seed))]


def recording_tamper(build: pathlib.Path, seed: int) -> list[Round]:
    """1,000 edits of each kind to a recording of 1,000 chunks: each is told, and its chunk named."""
    return [Round([str(build / "tests/recording_verify_test")], {"SEKISHO_TAMPERINGS": "1000", "SEKISHO_SEED": str(seed)})]


def recording_seek(build: pathlib.Path, seed: int) -> list[Round]:
    """Eight hours at 1920x1080, 300 moments of them sought: each is shown in less than a second."""
    return [Round([str(build / "tests/recording_seek_test")],
                  {"SEKISHO_RECORDED_S": "28800", "SEKISHO_SEEKS": "300", "SEKISHO_SEEK_LIMIT_MS": "1000", "SEKISHO_SEED": str(seed)})]


def kill(build: pathlib.Path, seed: int) -> list[Round]:
    """190 kills of the gate's processes under login load, 10 with openconnect inside (root)."""
    return ordeal("kill", build, "--kills", "190", "--openconnect-kills", "10", "--seed", str(seed))


def flood(build: pathlib.Path, seed: int) -> list[Round]:
    """3,000 slow connections, 500 bad TLS openings and 200 bad logins a second for ten minutes (root)."""
    return ordeal("flood", build, "--seconds", "600")


def faults(build: pathlib.Path, seed: int) -> list[Round]:
    """1,000 runs in which the n-th write, fsync, open, accept, connect or send of a process fails (root)."""
    return ordeal("faults", build, "--runs", "1000", "--seed", str(seed))


def hang(build: pathlib.Path, seed: int) -> list[Round]:
    """Password check, an authenticator's step, database and mail server hang for 60 s each while people are inside (root)."""
    mail = Round([PYTHON, "-m", "pytest", "-q", "-c", "scenarios/pytest.ini", "--build", str(build), "scenarios/ordeal", "-k", "hanging_mail"],
                 {"SEKISHO_MAIL_HANG_S": "60"})
    return [*ordeal("hang", build, "--seconds", "60"), mail]


RUNS: dict[str, Callable[[pathlib.Path, int], list[Round]]] = {
    "audit_tamper": audit_tamper, "audit_kill": audit_kill, "units": units, "scenarios": scenarios,
    "recording": recording, "recording_kills": recording_kills, "recording_tamper": recording_tamper, "recording_seek": recording_seek,
    "kill": kill, "flood": flood, "faults": faults, "hang": hang}


def figures(part: Round, text: str) -> list[str]:
    """What a good round tells of itself: an ordeal says little else, a test program has lines for it."""
    ordeals = any("sekisho_testbed.ordeal." in word for word in part.argv)
    return [line for line in text.splitlines() if ordeals or "[ NUMBERS" in line]


def soak(name: str, build: pathlib.Path, seconds: int, seed: int) -> bool:
    begun, rounds = time.monotonic(), 0
    while rounds == 0 or time.monotonic() - begun < seconds:
        for part in RUNS[name](build, seed):
            done = subprocess.run(part.argv, cwd=ROOT, env=os.environ | part.environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace")
            if done.returncode != 0:
                print(done.stdout[-8000:])
                print(f"FAILED  {name}: round {rounds + 1}, seed {seed}: {' '.join(part.argv)}", flush=True)
                return False
            for line in figures(part, done.stdout):
                print(f"        {name}: {line}", flush=True)
        rounds += 1
        seed += 1
    print(f"ok      {name}: {rounds} rounds in {time.monotonic() - begun:.0f} s", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak", description="long runs", epilog="\n".join(
        f"{name}: {run.__doc__}" for name, run in RUNS.items()), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*RUNS, []], metavar="NAME", help="which runs; none: all")
    parser.add_argument("--seconds", type=int, default=600, help="how long each goes on (600)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000_000), help="the first round's")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    args = parser.parse_args()
    ends = [soak(name, args.build.resolve(), args.seconds, args.seed) for name in (args.names or RUNS)]
    return 0 if all(ends) else 1


if __name__ == "__main__":
    sys.exit(main())
