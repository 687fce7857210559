"""Consoles: a relay that reads, filters and may record every message, beside websockify, which passes bytes.

Both over TLS, each repetition one after the other: CPU of a session that shows 20 small changes a second, bulk raw pictures,
memory of a session that rests, time to set one up; ours with recording on once more; and 50 recorded consoles at once, of
which every picture must have reached its viewer and its file.
"""
from __future__ import annotations

import pathlib
import select
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ..gatehouse import WebCa
from ..netlab import wait_until
from .accounting import middle
from .console_peers import ADDRESS, Between, Direct, Guest, Relay, Websockify
from .report import Figure

SESSIONS = 20        # at once, where one session's share is measured
RATE = 20            # small changes a second of each
SETUPS = 40
RECORDED = 30.0      # s: a recording's key picture comes every 30 s
SETTLE = 6.0         # s: the first one is on the disk after at most 5
CROWD, CROWD_RATE, CROWD_SECONDS = 50, 5, 30.0


def settled(between: Between) -> float:
    """KiB once two looks half a second apart agree within 1 %."""
    last = [0.0]

    def calm() -> float | None:
        now = between.group.memory_kib()
        same = abs(now - last[0]) <= now * 0.01
        last[0] = now
        return max(now, 1.0) if same else None  # nothing between needs none

    return float(wait_until(calm, 30, "the memory stands still", every=0.5))


def pause(seconds: float) -> None:
    select.select([], [], [], seconds)


def small(between: Between, guest: Guest, seconds: float, recorded: bool = False) -> dict[str, float]:
    """SESSIONS at once: their memory at rest, then their CPU for RATE changes a second, by what was shown: a busy machine shows
    less."""
    with between.viewers(guest, "--setups", "2", "--viewers", "0", recorded=recorded) as warm:
        warm.end()
    before = settled(between)
    with between.viewers(guest, "--viewers", str(SESSIONS), "--seconds", str(seconds), recorded=recorded) as viewers:
        viewers.hear()
        if recorded:
            pause(SETTLE)
        memory = settled(between)
        spent = between.group.cpu()
        viewers.say()
        seen = viewers.hear()
        spent = between.group.cpu() - spent
    expected = SESSIONS * RATE * seen["seconds"]
    assert not seen["lost"], f"{between.name} lost {seen['lost']} updates"
    return {"cpu_percent": 100 * RATE * spent / max(1, seen["updates"]), "memory_kib": (memory - before) / SESSIONS,
            "shown": seen["updates"] / expected, "delay_ms_p50": seen["delay_ms_p50"], "delay_ms_p99": seen["delay_ms_p99"]}


def bulk(between: Between, guest: Guest, seconds: float) -> dict[str, float]:
    with between.viewers(guest, "--seconds", str(seconds)) as viewer:
        viewer.hear()
        spent = between.group.cpu()
        viewer.say()
        seen = viewer.hear()
        spent = between.group.cpu() - spent
    return {"bulk_mbyte_s": seen["bytes"] / seen["seconds"] / 1e6, "bulk_cpu_s_gb": spent / (seen["bytes"] / 1e9)}


def setups(between: Between, guest: Guest) -> dict[str, float]:
    spent = between.group.cpu()
    with between.viewers(guest, "--setups", str(SETUPS), "--viewers", "0") as viewer:
        took = viewer.hear()
        viewer.end()
    pause(0.5)  # what was forked for them ends
    return {"setup_ms": took["setup_ms_p50"], "setup_cpu_ms": (between.group.cpu() - spent) * 1000 / SETUPS}


def crowd(between: Between, guest: Guest, recorded: bool) -> dict[str, Any]:
    with between.viewers(guest, "--viewers", str(CROWD), "--seconds", str(CROWD_SECONDS), recorded=recorded) as viewers:
        viewers.hear()
        if recorded:
            pause(SETTLE)
        spent = between.group.cpu()
        viewers.say()
        seen = viewers.hear()
        seen["cpu_percent"] = 100 * (between.group.cpu() - spent) / seen["seconds"]
    return seen


def whole_crowd(make: Callable[[type[Between], str], Between], build: pathlib.Path, say: Callable[[str], Any]) -> list[Figure]:
    """50 recorded consoles, then the same changes without recording through websockify and through nothing."""
    seen: dict[str, dict[str, Any]] = {}
    with Guest(build, CROWD_RATE) as guest:
        for kind in (Direct, Relay, Websockify):
            with make(kind, f"crowd-{kind.name}") as between:
                seen[kind.name] = crowd(between, guest, recorded=kind is Relay)
                if isinstance(between, Relay):
                    kept = between.close()
            one = seen[kind.name]
            say(f"  {CROWD} consoles, {kind.name:10}  updates {one['updates']}  lost {one['lost']}  cpu_percent "
                f"{one['cpu_percent']:.3g}  delay_ms_p50 {one['delay_ms_p50']:.3g}  p99 {one['delay_ms_p99']:.3g}")
    say(f"  {CROWD} recordings: {json_words(kept)}")
    # What did not pass is noted too: noVNC asks for encodings that no recorder decodes.
    ends = {why for why in kept["ends"] if not why.startswith("stopped: ")}
    whole = kept["verified"] == CROWD and not kept["missing"] and ends == {"console.viewer_gone"}
    assert whole and not seen["sekisho"]["lost"], f"not whole: {kept}"
    added = {name: max(0.0, one["delay_ms_p99"] - seen["direct"]["delay_ms_p99"]) for name, one in seen.items()}
    say(f"  added delay p99 of {CROWD} recorded consoles: {added['sekisho']:.3g} ms (websockify, unrecorded: "
        f"{added['websockify']:.3g} ms)")
    return [Figure("console.delay_p99", seen["sekisho"]["delay_ms_p99"], seen["websockify"]["delay_ms_p99"], "websockify wss",
                   "ms", "low", None, f"{CROWD} consoles at {CROWD_RATE}/s, ours recorded; direct "
                   f"{seen['direct']['delay_ms_p99']:.3g}")]


def json_words(found: dict[str, Any]) -> str:
    return "  ".join(f"{key} {value}" for key, value in found.items())


def run(build: pathlib.Path, folder: pathlib.Path, repetitions: int, seconds: float, say: Callable[[str], Any]) -> list[Figure]:
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    folder.mkdir(parents=True, exist_ok=True)
    ca = WebCa(folder / "web")
    server = ca.server("console.bench", [ADDRESS])

    def make(kind: type[Between], name: str) -> Between:
        return kind(build, folder / name, ca, server)

    with Guest(build, RATE) as typing, Guest(build, 0) as painting:
        for repetition in range(repetitions):
            for kind in (Relay, Websockify):
                with make(kind, f"{kind.name}-{repetition}") as between:
                    rows = {kind.name: small(between, typing, seconds) | setups(between, typing) | bulk(between, painting, seconds)}
                    if kind is Relay:
                        rows["recorded"] = small(between, typing, max(seconds, RECORDED), recorded=True)
                for name, found in rows.items():
                    say(f"  {name:10} " + "  ".join(f"{key} {value:.3g}" for key, value in found.items()))
                    for key, value in found.items():
                        samples[(name, key)].append(value)

    def pair(name: str, key: str, unit: str, aim: str, must: float | None, ours: str = "sekisho", note: str = "") -> Figure:
        return Figure(f"console.{name}", middle(samples[(ours, key)]), middle(samples[("websockify", key)]), "websockify wss",
                      unit, aim, must, note)

    shown = min(value for (_, key), values in samples.items() if key == "shown" for value in values)
    at_rate = f"{SESSIONS} sessions, {RATE} small changes a second each" + (
        "" if shown > 0.95 else f"; the machine was busy: {shown:.0%} of them shown in the worst repetition")
    return [pair("cpu_per_session", "cpu_percent", "%", "low", 0.6, note=at_rate),
            pair("bulk", "bulk_mbyte_s", "MB/s", "high", 0.95, note="raw pictures"),
            pair("bulk_cpu", "bulk_cpu_s_gb", "s/GB", "low", 0.95),
            pair("memory", "memory_kib", "KiB", "low", 1 / 20, note=f"each of {SESSIONS}, proportional set size"),
            pair("setup", "setup_ms", "ms", "low", 1 / 5, note="TCP to the screen's size, p50"),
            pair("setup_cpu", "setup_cpu_ms", "CPU ms", "low", None),
            pair("recording_cpu", "cpu_percent", "%", "low", 1.2, "recorded", "ours recorded, websockify not"),
            pair("recording_memory", "memory_kib", "KiB", "low", None, "recorded"),
            *whole_crowd(make, build, say)]
