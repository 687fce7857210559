#!/usr/bin/python3
"""`./dev fuzz`: builds every fuzzer with clang and runs each for a while on its seeds.

Prints a table; what was found is kept under evidence/fuzz/<fuzzer>/ (the input and what the sanitizer said) and makes the exit status 1.
What a run has learnt stays in build/fuzz/corpus/ for the next one; seeds are never changed.

`--total S` is the long form: turns of `--seconds` for whichever fuzzer had least, until each had S seconds of a processor (not of a
clock: on a busy machine those differ). What each had is kept in build/fuzz/had/, so a long run may be cut and go on.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/fuzz"
EVIDENCE = ROOT / "evidence/fuzz"
LAST_CALL_S = 60
SLOW_S = 10  # of a processor: an input that costs more is a finding


@dataclasses.dataclass
class Fuzzer:
    name: str
    seeds: pathlib.Path


@dataclasses.dataclass
class Outcome:
    fuzzer: Fuzzer
    seconds: float    # by the clock
    processor: float  # seconds
    runs: int
    covered: int
    inputs: int
    findings: list[pathlib.Path]
    failed: str  # why the run is no good although nothing was found


def build(only: list[str] | None) -> list[Fuzzer]:
    """Configures the preset and builds its fuzzers, or these alone."""
    call(["cmake", "--preset", "fuzz"])
    lines = (BUILD / "fuzzers/list.txt").read_text(encoding="utf-8").splitlines()
    fuzzers = [Fuzzer(name, pathlib.Path(seeds)) for name, seeds in (line.split("\t") for line in lines)]
    if unknown := set(only or []) - {f.name for f in fuzzers}:
        sys.exit(f"no such fuzzer: {', '.join(sorted(unknown))}; there are {', '.join(f.name for f in fuzzers)}")
    fuzzers = [f for f in fuzzers if not only or f.name in only]
    call(["cmake", "--build", "--preset", "fuzz", "--target", *(["sekisho_fuzzers"] if not only else [f"fuzz_{f.name}" for f in fuzzers])])
    return fuzzers


def call(argv: list[str]) -> None:
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        sys.exit(done.stdout[-8000:] + f"\n{' '.join(argv)} failed")


def held_up(fuzzer: Fuzzer, file: pathlib.Path) -> bool:
    """Whether an input that libFuzzer calls slow, by the clock, costs no such time of a processor: the machine was busy with others."""
    if not file.name.startswith(("slow-unit-", "timeout-")):
        return False
    child = subprocess.Popen([str(BUILD / "fuzzers" / fuzzer.name), str(file)], cwd=BUILD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    outer = threading.Timer(SLOW_S * 60, child.kill)
    outer.start()
    try:
        _, status, used = os.wait4(child.pid, 0)
    finally:
        outer.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode == 0 and used.ru_utime + used.ru_stime < SLOW_S / 2


def run(fuzzer: Fuzzer, seconds: int) -> Outcome:
    corpus, evidence = BUILD / "corpus" / fuzzer.name, EVIDENCE / fuzzer.name
    corpus.mkdir(parents=True, exist_ok=True)
    evidence.mkdir(parents=True, exist_ok=True)
    before = set(evidence.iterdir())
    longest = max((file.stat().st_size for file in fuzzer.seeds.iterdir()), default=0)
    argv = [str(BUILD / "fuzzers" / fuzzer.name), f"-max_total_time={seconds}", f"-max_len={max(4096, 2 * longest)}",
            f"-timeout={SLOW_S}", f"-report_slow_units={SLOW_S}", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={evidence}/", str(corpus),
            str(fuzzer.seeds)]
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0",
                       UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
    if symbolizer := shutil.which("llvm-symbolizer-14"):
        environment["ASAN_SYMBOLIZER_PATH"] = symbolizer
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(argv, cwd=BUILD, env=environment, stdout=out, stderr=subprocess.STDOUT)
        # The harness's own limit ends it; the outer one is for a fuzzer that hangs in its own machinery. On a machine that stood
        # still both are over at once, and its own one comes first.
        outer = threading.Timer(seconds * 3 + 300, lambda: threading.Timer(LAST_CALL_S, child.kill).start())
        outer.start()
        try:
            _, status, used = os.wait4(child.pid, 0)
        finally:
            outer.cancel()
        child.returncode = code = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode(errors="replace")
    took = time.monotonic() - begun
    findings, dismissed = [], 0
    for file in sorted(set(evidence.iterdir()) - before):
        if held_up(fuzzer, file):
            file.unlink()
            dismissed += 1
        else:
            findings.append(file)
    failed = ""
    if findings or (code != 0 and not dismissed):
        log = evidence / f"said-{time.strftime('%Y%m%d-%H%M%S')}.txt"
        log.write_text(said, encoding="utf-8")
        findings.append(log)
    if runs := re.search(r"stat::number_of_executed_units:\s*(\d+)", said) or re.search(r"Done (\d+) runs", said):
        count = int(runs.group(1))
    else:
        count = 0
    if code == 0 and count == 0:
        failed = "it ran nothing"
    covered = re.findall(r"cov: (\d+)", said)
    return Outcome(fuzzer, took, used.ru_utime + used.ru_stime, count, int(covered[-1]) if covered else 0, len(list(corpus.iterdir())), findings, failed)


def had(name: str) -> dict[str, float]:
    """What all turns of `--total` gave this fuzzer: processor seconds and runs."""
    try:
        return dict(json.loads((BUILD / "had" / name).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {"processor": 0.0, "runs": 0}


def turns(fuzzers: list[Fuzzer], seconds: int, total: int, jobs: int) -> int:
    """The long form: the fuzzer that had least is next. A finding ends its fuzzer's turns, not the others'."""
    (BUILD / "had").mkdir(exist_ok=True)
    bad: dict[str, str] = {}
    running: set[str] = set()
    lock = threading.Lock()

    def worker() -> None:
        while True:
            with lock:
                open_ = [f for f in fuzzers if f.name not in bad and f.name not in running and had(f.name)["processor"] < total]
                if not open_:
                    return
                fuzzer = min(open_, key=lambda f: had(f.name)["processor"])
                running.add(fuzzer.name)
            outcome = run(fuzzer, seconds)
            with lock:
                running.discard(fuzzer.name)
                what = outcome.failed or ", ".join(str(f.relative_to(ROOT)) for f in outcome.findings)
                if what:
                    bad[fuzzer.name] = what
                so_far = had(fuzzer.name)
                so_far = {"processor": so_far["processor"] + outcome.processor, "runs": so_far["runs"] + outcome.runs}
                beside = BUILD / "had" / f".{fuzzer.name}"
                beside.write_text(json.dumps(so_far), encoding="utf-8")
                beside.replace(BUILD / "had" / fuzzer.name)
                print(f"{fuzzer.name:20} {so_far['processor']:7.0f} of {total} s, {so_far['runs']} runs, {outcome.covered} covered, "
                      f"{what or 'nothing found'}", flush=True)

    threads = [threading.Thread(target=worker) for _ in range(max(1, jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"\n{len(fuzzers) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each fuzzer (default 60)")
    parser.add_argument("--total", type=int, metavar="S", help="turns until each fuzzer had S seconds of a processor, over all such runs")
    parser.add_argument("--only", action="append", metavar="NAME", help="this fuzzer alone; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="fuzzers at a time")
    parser.add_argument("--list", action="store_true", help="name the fuzzers and stop")
    options = parser.parse_args()
    fuzzers = build(options.only)
    if options.list:
        for fuzzer in fuzzers:
            print(f"{fuzzer.name:20} {fuzzer.seeds.relative_to(ROOT)}")
        return 0
    if not fuzzers:
        sys.exit("no fuzzer was built")
    if options.total:
        return turns(fuzzers, options.seconds, options.total, options.jobs)

    print(f"{len(fuzzers)} fuzzers, {options.seconds} s each, {options.jobs} at a time\n\n"
          f"{'fuzzer':20} {'seconds':>8} {'runs':>10} {'a second':>9} {'covered':>8} {'inputs':>7}  found", flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, options.jobs)) as pool:
        for end in concurrent.futures.as_completed([pool.submit(run, f, options.seconds) for f in fuzzers]):
            outcome = end.result()
            what = outcome.failed or (", ".join(str(f.relative_to(ROOT)) for f in outcome.findings) or "nothing")
            bad += 1 if outcome.failed or outcome.findings else 0
            print(f"{outcome.fuzzer.name:20} {outcome.seconds:8.1f} {outcome.runs:10} "
                  f"{outcome.runs / max(outcome.seconds, 0.001):9.0f} {outcome.covered:8} {outcome.inputs:7}  {what}", flush=True)
    print(f"\n{len(fuzzers) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
