"""Durable journal appends against SQLite (WAL, synchronous=FULL), each writer waiting for its own entry."""
from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .accounting import middle
from .report import Figure

MUST = {1: 0.75, 16: 3.0, 64: 3.0}


def run(build: pathlib.Path, folder: pathlib.Path, repetitions: int, seconds: float, say: Callable[[str], Any]) -> list[Figure]:
    samples: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(repetitions):
        for writers in MUST:
            for peer in ("sekisho", "sqlite"):
                where = folder / "journal"
                shutil.rmtree(where, ignore_errors=True)
                where.mkdir()
                done = subprocess.run([str(build / "bin" / "bench-journal"), peer, str(writers), str(seconds), str(where)],
                                      capture_output=True, text=True, check=True, timeout=seconds + 30)
                answer = json.loads(done.stdout)
                say(f"  {peer:8} {writers:3} writers  " + "  ".join(f"{k} {v:.4g}" for k, v in answer.items()))
                samples[(peer, writers)].append(answer["appends_per_s"])
    return [Figure(f"journal.appends_{n}", middle(samples[("sekisho", n)]), middle(samples[("sqlite", n)]), "SQLite WAL FULL",
                   "1/s", "high", must) for n, must in MUST.items()]
