"""Server CPU for one login: client certificate + password (the same crypt hash on both sides), and certificate alone.

nginx (mutual TLS 1.3, one request) is the floor of the latter and stands beside it. The clients are a load generator each; only the
servers' CPU counts.
"""
from __future__ import annotations

import json
import pathlib
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .. import cast
from ..netlab import wait_until
from .accounting import middle
from .peers import Gateway, Hall, Nginx, Ocserv, Sekisho
from .report import Figure

ANYCONNECT = pathlib.Path(__file__).parent / "anyconnect_logins.py"


def crypt_hash(folder: pathlib.Path) -> str:
    """ocserv's own hash of "secret", so that both sides verify the very same one."""
    users = folder / "hash"
    subprocess.run(["ocpasswd", "-c", str(users), "user"], input="secret\nsecret\n", capture_output=True, text=True, check=True)
    return users.read_text().strip().split(":")[2]


def ours(hall: Hall, gateway: Sekisho, seconds: float) -> tuple[int, float]:
    done = hall.client.run(str(hall.build / "bin" / "sekisho-load"), within=seconds + 30,
                           input=gateway.load_job(mode="login", seconds=seconds, concurrency=8))
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer["done"] and not answer["ends"], done.stdout[-600:]
    return answer["done"], answer["p99_ms"]


def theirs(hall: Hall, gateway: Ocserv | Nginx, seconds: float) -> tuple[int, float]:
    what = ["request"] if isinstance(gateway, Nginx) else []
    done = hall.client.run("/usr/bin/python3", str(ANYCONNECT), cast.GATE_PUBLIC, "443", cast.GATE_NAME,
                           str(hall.web_ca.certificate), str(gateway.client_certificate.certificate),
                           str(gateway.client_certificate.key), str(seconds), "8", *what, within=seconds + 30)
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer["done"] and not answer["failed"], done.stdout[-600:]
    return answer["done"], answer["p99_ms"]


def settled_cpu(gateway: Gateway) -> float:
    """CPU seconds once a look half a second later finds less than 5 ms more: workers may still be ending."""
    last = [-1.0]

    def calm() -> float | None:
        now = gateway.group.cpu()
        same = now - last[0] < 0.005
        last[0] = now
        return now if same else None

    return float(wait_until(calm, 10, "the gateway rests", every=0.5))


def cost(gateway: Gateway, work: Callable[[float], tuple[int, float]], seconds: float,
         say: Callable[[str], Any] | None = None) -> dict[str, float]:
    work(0.3)  # warm
    parts = gateway.group.cpu_by_program()
    before = gateway.group.cpu()
    count, slowest = work(seconds)
    found = {"cpu_ms": (settled_cpu(gateway) - before) * 1000 / count, "per_s": count / seconds, "p99_ms": slowest}
    if say is not None:
        each = {name: (spent - parts.get(name, 0)) * 1000 / count for name, spent in gateway.group.cpu_by_program().items()}
        say("    CPU ms by program: " + "  ".join(f"{name} {ms:.3f}" for name, ms in sorted(each.items()) if ms >= 0.001))
    return found


def run(hall: Hall, folder: pathlib.Path, repetitions: int, seconds: float, say: Callable[[str], Any]) -> list[Figure]:
    samples: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    hashed = crypt_hash(folder)
    for repetition in range(repetitions):
        for kind in ("both", "certificate"):
            where = folder / f"sekisho-login-{kind}-{repetition}"
            factors = ["certificate", "password"] if kind == "both" else ["certificate"]
            with Sekisho(hall, where, factors=factors, people=16, crypt_hash=hashed) as gate:
                gate.password = "secret"
                found = cost(gate, lambda s, gate=gate: ours(hall, gate, s), seconds, say)  # type: ignore[misc]
            rows = [("sekisho", found)]
            where = folder / f"ocserv-login-{kind}-{repetition}"
            with Ocserv(hall, where, certificate=True, password=kind == "both") as peer:
                rows.append(("ocserv", cost(peer, lambda s, peer=peer: theirs(hall, peer, s), seconds)))  # type: ignore[misc]
            if kind == "certificate":
                with Nginx(hall, folder / f"nginx-{repetition}") as floor:
                    rows.append(("nginx", cost(floor, lambda s, floor=floor: theirs(hall, floor, s), seconds)))  # type: ignore[misc]
            for name, found in rows:
                say(f"  {name:8} {kind:12} " + "  ".join(f"{k} {v:.3g}" for k, v in found.items()))
                for key, value in found.items():
                    samples[(name, kind, key)].append(value)

    def pair(name: str, kind: str, key: str, unit: str, aim: str, must: float | None, peer: str = "ocserv") -> Figure:
        return Figure(name, middle(samples[("sekisho", kind, key)]), middle(samples[(peer, kind, key)]), peer, unit, aim, must)

    scheme = re.match(r"\$(\w+)\$", hashed)
    figure = pair("login.cpu", "both", "cpu_ms", "CPU ms", "low", 0.5)
    figure.note = f"crypt ${scheme.group(1) if scheme else '?'}$ on both sides"
    return [figure, pair("login.cpu_certificate", "certificate", "cpu_ms", "CPU ms", "low", 0.25),
            pair("login.cpu_certificate_floor", "certificate", "cpu_ms", "CPU ms", "low", None, "nginx"),
            pair("login.p99", "both", "p99_ms", "ms", "low", None)]
