"""One stock openconnect over TLS: upload, download, server CPU per GB, and the delay under an equal load; over DTLS: CPU per GB.

The gate stands there twice: with large packets offered (`large_mru`, `large_uploads`, core/decisions/0007), and as it is by default (`_usual`).
"""
from __future__ import annotations

import pathlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .accounting import Group, middle
from .peers import TRAFFIC_PORT, Gateway, Hall, Ocserv, Sekisho
from .report import Figure

LOAD_MBIT = "400"
LARGE_MRU = 8000
EVERY_MS = 1


def measure(hall: Hall, gateway: Gateway, seconds: float) -> dict[str, float]:
    found: dict[str, float] = {}
    with Group("client") as clients:
        vpn = gateway.connect(clients)
        try:
            for way in ("up", "down"):
                hall.traffic(hall.client, way, gateway.inner, str(TRAFFIC_PORT), "0.5")  # windows open, caches warm
                before = gateway.group.cpu()
                moved = hall.traffic(hall.client, way, gateway.inner, str(TRAFFIC_PORT), str(seconds))
                found[way] = moved["mbit"]
                found[f"cpu_{way}"] = (gateway.group.cpu() - before) / (moved["bytes"] / 1e9)
            found["delay_idle"] = hall.traffic(hall.client, "echo", gateway.inner, str(TRAFFIC_PORT), "200", "5")["p50_ms"]
            for way in ("up", "down"):
                load = hall.client.start(f"load-{gateway.name}", str(hall.build / "bin" / "bench-traffic"), way, gateway.inner,
                                         str(TRAFFIC_PORT), str(seconds + 2), LOAD_MBIT)
                count = int(seconds * 1000 / EVERY_MS)  # of some hundred echoes the 99th percentile would be a matter of chance
                hall.traffic(hall.client, "echo", gateway.inner, str(TRAFFIC_PORT), "100", "5")  # the load has settled
                delay = hall.traffic(hall.client, "echo", gateway.inner, str(TRAFFIC_PORT), str(count), str(EVERY_MS))
                found[f"delay_p99_{way}"] = delay["p99_ms"]
                load.wait_end(seconds + 10)
        finally:
            vpn.stop(5)
    return found


def with_datagrams(make: type[Gateway], hall: Hall, folder: pathlib.Path) -> Gateway:
    return Sekisho(hall, folder, path={"dtls": True}) if make is Sekisho else Ocserv(hall, folder)


def measure_datagrams(hall: Hall, gateway: Gateway, seconds: float) -> dict[str, float]:
    """Over DTLS: what moved, and the server's CPU for it."""
    found: dict[str, float] = {}
    with Group("client") as clients:
        vpn = gateway.connect(clients, dtls=True)
        try:
            for way in ("up", "down"):
                hall.traffic(hall.client, way, gateway.inner, str(TRAFFIC_PORT), "0.5")
                before = gateway.group.cpu()
                moved = hall.traffic(hall.client, way, gateway.inner, str(TRAFFIC_PORT), str(seconds))
                found[f"dtls_{way}"] = moved["mbit"]
                found[f"dtls_cpu_{way}"] = (gateway.group.cpu() - before) / (moved["bytes"] / 1e9)
        finally:
            vpn.stop(5)
    return found


def run(hall: Hall, folder: pathlib.Path, repetitions: int, seconds: float, say: Callable[[str], Any]) -> list[Figure]:
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    large = {"plugin": {"plugin": "fortinet_sslvpn", "config": {"large_mru": LARGE_MRU, "large_uploads": True}}}
    made: list[tuple[str, type[Gateway], dict[str, Any]]] = [("large", Sekisho, {"path": large}), ("usual", Sekisho, {}),
                                                             ("ocserv", Ocserv, {})]
    for repetition in range(repetitions):
        for name, make, kind in made:
            with make(hall, folder / f"{name}-tls-{repetition}", **kind) as gateway:
                found = measure(hall, gateway, seconds)
            if name != "large":  # over DTLS nothing is large
                with with_datagrams(make, hall, folder / f"{name}-dtls-{repetition}") as gateway:
                    found |= measure_datagrams(hall, gateway, seconds)
            say(f"  {gateway.name + ' ' + name if make is Sekisho else name:14} " +
                "  ".join(f"{k} {v:.3g}" for k, v in found.items()))
            for key, value in found.items():
                samples[(name, key)].append(value)

    def pair(name: str, key: str, unit: str, aim: str, must: float | None, ours: str = "large") -> Figure:
        return Figure(name, middle(samples[(ours, key)]), middle(samples[("ocserv", key)]), "ocserv TLS", unit, aim, must,
                      f"large_mru {LARGE_MRU}, large_uploads" if ours == "large" and must is not None else "")

    datagrams = [Figure(f"dtls.{key}", middle(samples[("usual", f"dtls_{key}")]), middle(samples[("ocserv", f"dtls_{key}")]),
                        "ocserv DTLS", unit, aim, must)
                 for key, unit, aim, must in (("up", "Mbit/s", "high", None), ("down", "Mbit/s", "high", None),
                                              ("cpu_up", "s/GB", "low", 0.5), ("cpu_down", "s/GB", "low", 0.5))]
    delays = [pair(f"tunnel.delay_p99_{way}", f"delay_p99_{way}", "ms", "low", None) for way in ("up", "down")]
    worst = max(delays, key=lambda f: f.ratio or 0)
    return [pair("tunnel.up", "up", "Mbit/s", "high", 1.5), pair("tunnel.down", "down", "Mbit/s", "high", 2.0),
            pair("tunnel.cpu_up", "cpu_up", "s/GB", "low", 0.5), pair("tunnel.cpu_down", "cpu_down", "s/GB", "low", 0.5),
            Figure("tunnel.delay_p99_loaded", worst.ours, worst.peer, worst.peer_name, "ms", "low", 0.5,
                   f"{LOAD_MBIT} Mbit/s TCP, worse direction ({worst.name.rsplit('_', 1)[1]})"),
            *delays, pair("tunnel.delay_idle", "delay_idle", "ms", "low", None),
            pair("tunnel.up_usual", "up", "Mbit/s", "high", None, "usual"),
            pair("tunnel.down_usual", "down", "Mbit/s", "high", None, "usual"),
            pair("tunnel.cpu_up_usual", "cpu_up", "s/GB", "low", None, "usual"),
            pair("tunnel.cpu_down_usual", "cpu_down", "s/GB", "low", None, "usual"),
            *(pair(f"tunnel.delay_p99_{way}_usual", f"delay_p99_{way}", "ms", "low", None, "usual") for way in ("up", "down")),
            *datagrams]
