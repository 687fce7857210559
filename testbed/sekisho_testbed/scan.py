"""Scans the inside of the house through a tunnel: every host, all TCP ports of two, UDP, ICMP, forged sources, a neighbour."""
from __future__ import annotations

import json
import subprocess

from . import cast, netlab
from .pc import Vpn

EVERY_PORT = "1-65535"

# Runs on the contractor's PC. Every probe goes into the tunnel device; what answers is printed as JSON.
PROBE = r"""
import json, random, sys
from scapy.all import IP, ICMP, TCP, UDP, Raw, conf, sr, L3RawSocket
conf.verb = 0
job = json.loads(sys.stdin.read())
found = set()
def ask(packets, seconds):
    return sr(packets, timeout=seconds, iface=job["device"], multi=False)[0]
pings = [IP(dst=a) / ICMP(id=random.randrange(1, 65535)) for a in job["hosts"]]
for q, r in ask(pings, 1.5):
    found.add(("icmp", r.src, 0))
udp = [IP(dst=a) / UDP(sport=40001, dport=p) / Raw(b"sekisho?") for a in job["hosts"] for p in job["udp"]]
for q, r in ask(udp, 1.5):
    if r.haslayer(UDP): found.add(("udp", r.src, r[UDP].sport))
forged = [IP(src=s, dst=a) / TCP(sport=40002, dport=p, flags="S")
          for s in job["forged"] for a in job["hosts"] for p in job["few"]]
for q, r in ask(forged, 1.5):
    if r.haslayer(TCP) and r[TCP].flags == "SA": found.add(("forged", r.src, r[TCP].sport))
print(json.dumps(sorted(found)))
"""


def open_ports(vpn: Vpn, address: str, ports: str) -> set[int]:
    """nmap's connect scan through the tunnel; host routes lead there."""
    done = subprocess.run(
        vpn.pc.host.argv(["nmap", "-n", "-Pn", "-sT", "-T5", "--max-retries", "0", "--min-rate", "20000",
                          "--max-rtt-timeout", "60ms", "--initial-rtt-timeout", "30ms", "-p", ports, "-oG", "-", address]),
        capture_output=True, text=True, timeout=240 * netlab.patience)
    found = set()
    for line in done.stdout.splitlines():
        if "Ports:" in line:
            for part in line.split("Ports:")[1].split("Ignored")[0].split(","):
                bits = part.strip().split("/")
                if len(bits) > 1 and bits[1] == "open":
                    found.add(int(bits[0]))
    return found


def scan_everything(vpn: Vpn, neighbour: str | None, breadth: str = EVERY_PORT) -> set[tuple[str, str, int]]:
    """What answers inside, as (kind, address, port). The hostile PC routes the whole house into its tunnel. `breadth`: TCP
    ports of the gate and of a server, beside those on which something listens somewhere."""
    inside = [cast.address(plug) for plug in cast.INSIDE.values()]
    gate_inside = [segment.address(1) for segment in cast.SEGMENTS if segment.name != "inet"]
    hosts = [cast.GATE_INNER, *inside, *gate_inside] + ([neighbour] if neighbour else [])
    for address in hosts:
        vpn.pc.host.run("ip", "route", "replace", f"{address}/32", "dev", vpn.device)
    found: set[tuple[str, str, int]] = set()
    few = sorted({*cast.SERVER_PORTS, cast.ENTRANCE_PORT, cast.POSTURE_PORT, 25})
    all_ports = {cast.GATE_INNER, cast.address(cast.SERVERS["web-01"])}
    for address in hosts:
        ports = ",".join([*([breadth] if address in all_ports else []), *(str(p) for p in few)])
        found |= {("tcp", address, port) for port in open_ports(vpn, address, ports)}
    job = {"device": vpn.device, "hosts": hosts, "udp": [53, 123, 500, 5353], "few": few,
           "forged": [neighbour or "10.202.0.200", cast.address(cast.DESKTOPS["vdi-01"]), cast.GATE_INNER, "127.0.0.1"]}
    done = vpn.pc.host.run("/usr/bin/python3", "-c", PROBE, input=json.dumps(job), within=120)
    found |= {(kind, address, port) for kind, address, port in json.loads(done.stdout.strip().splitlines()[-1])}
    return found
