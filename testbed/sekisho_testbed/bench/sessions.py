"""Memory (user space and kernel) and processes for each connected, idle session."""
from __future__ import annotations

import pathlib
import subprocess
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .. import cast
from ..netlab import Program, wait_until
from .accounting import kernel_kib, middle
from .peers import Gateway, Hall, Ocserv, Sekisho
from .report import Figure

SCRIPT = pathlib.Path(__file__).parent / "hold_anyconnect.py"


def hold(hall: Hall, gateway: Gateway, count: int) -> Program:
    if isinstance(gateway, Sekisho):
        program = hall.client.start("hold-sekisho", str(hall.build / "bin" / "sekisho-load"), stdin=subprocess.PIPE)
        assert program.process.stdin is not None
        program.process.stdin.write(gateway.load_job(mode="hold", concurrency=8).encode())
        program.process.stdin.flush()
        wait_until(lambda: program.text().count('"up"') >= count, 120, f"{count} tunnels are up", every=0.2,
                   on_fail=lambda: program.text()[-1500:], alive=lambda: program.running)
    else:
        program = hall.client.start("hold-ocserv", "/usr/bin/python3", str(SCRIPT), cast.GATE_PUBLIC, "443", cast.GATE_NAME,
                                    str(hall.web_ca.certificate), str(count), stdin=subprocess.PIPE)
        program.wait_text(f"holding {count}", 180)
    return program


def settled(gateway: Gateway) -> float:
    """The gateway's memory once two looks a second apart agree within 1 %."""
    last = [0.0]

    def calm() -> float | None:
        now = gateway.group.memory_kib()
        same = abs(now - last[0]) <= now * 0.01
        last[0] = now
        return now if same else None

    return float(wait_until(calm, 30, "the memory stands still", every=1.0))


def run(hall: Hall, folder: pathlib.Path, repetitions: int, count: int, say: Callable[[str], Any]) -> list[Figure]:
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    tun = {"name": "sekisho0", "gate_address": cast.GATE_INNER, "prefix": 20, "mtu": 1354}
    made: list[tuple[type[Gateway], dict[str, Any]]] = [(Sekisho, {"people": count, "path": {"tun": tun}}), (Ocserv, {})]
    for repetition in range(repetitions):
        for make, kind in made:
            where = folder / f"{make.name}-sessions-{repetition}"
            with make(hall, where, **kind) as gateway:
                idle, slab, processes = settled(gateway), kernel_kib(), len(gateway.group.pids())
                holder = hold(hall, gateway, count)
                try:
                    found = {"user_kib": (settled(gateway) - idle) / count, "kernel_kib": (kernel_kib() - slab) / count,
                             "processes": (len(gateway.group.pids()) - processes) / count}
                finally:
                    assert holder.process.stdin is not None
                    holder.process.stdin.close()
                    holder.stop(15)
            say(f"  {gateway.name:8} " + "  ".join(f"{k} {v:.3g}" for k, v in found.items()))
            found["all_kib"] = found["user_kib"] + max(0.0, found["kernel_kib"])
            for key, value in found.items():
                samples[(gateway.name, key)].append(value)

    def pair(name: str, key: str, unit: str, must: float | None) -> Figure:
        return Figure(name, middle(samples[("sekisho", key)]), middle(samples[("ocserv", key)]), "ocserv", unit, "low", must)

    memory = pair("sessions.memory", "all_kib", "KiB", 0.1)
    memory.note = f"each of {count} idle sessions, user space + kernel"
    return [memory, pair("sessions.memory_user", "user_kib", "KiB", None), pair("sessions.processes", "processes", "each", 0.0)]
