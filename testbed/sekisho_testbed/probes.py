"""Looks whether something answers: TCP from a host to many places at once, and the beginning of a connection under a forged source.

Every probe has a number of its own, so that an answer to an earlier one, come late or sent again, is no answer to it.
"""
from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence

from . import netlab
from .netlab import Host

# Runs on the host. Connects everywhere at once; what connects is printed.
REACH = """
import json, selectors, socket, sys, time
job = json.load(sys.stdin)
eyes, found, until = selectors.DefaultSelector(), [], time.monotonic() + job["within"]
for target in job["targets"]:
    line = socket.socket()
    line.setblocking(False)
    try:
        line.connect(tuple(target))
    except BlockingIOError:
        eyes.register(line, selectors.EVENT_WRITE, target)
    except OSError:
        line.close()
while eyes.get_map() and (left := until - time.monotonic()) > 0:
    for key, _ in eyes.select(left):
        eyes.unregister(key.fileobj)
        if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            found.append(key.data)
print(json.dumps(found))
"""
# Sends the packets in turn, as they are; out of one card, whatever the routes say, where one is named.
SEND = """
import json, socket, sys
job = json.load(sys.stdin)
line = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
if job["card"]:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, job["card"].encode())
for packet in job["packets"]:
    line.sendto(bytes.fromhex(packet), (job["to"], 0))
"""
FENCE = 12_000  # from a probe's port to that of what follows it


def reach_all(host: Host, targets: Collection[tuple[str, int]], within: float) -> set[tuple[str, int]]:
    """Those (address, port) that take a TCP connection from this host."""
    job = json.dumps({"targets": sorted(targets), "within": within * netlab.patience})
    done = host.run("/usr/bin/python3", "-c", REACH, input=job, within=within + 20)
    return {(address, port) for address, port in json.loads(done.stdout)}


def forged(source: str, to: str, port: int, mark: int) -> list[bytes]:
    """The beginning of a TCP connection from the port `mark`, and behind it three resets of none, to the same port and so by the same
    way: nobody answers those, and who has seen the last of them has had the first before."""
    from scapy.layers.inet import IP, TCP

    begin = IP(src=source, dst=to) / TCP(sport=mark, dport=port, flags="S", seq=mark * 1000)
    return [bytes(begin), *(bytes(IP(src=source, dst=to) / TCP(sport=mark + FENCE, dport=port, flags="R", seq=n)) for n in (1, 2, 3))]


def answer_to(mark: int, heard: Sequence[str]) -> bool:
    """Whether one of tcpdump's lines is the answer to the beginning with this mark."""
    return any(f".{mark}: Flags [S.]" in line and f" ack {mark * 1000 + 1}," in line for line in heard)


def syn_is_answered(gate: Host, host: Host, source: str, to: str, port: int, *, card: str = "") -> bool:
    """The host begins a TCP connection under that source: whether the gate answers it, wherever its answer goes. That the probe has
    come to the gate's cards is seen there; else this fails. `card`: of the host, past its routes and tunnels."""
    mark = 20_000 + secrets.randbelow(12_000)  # below what a host takes for its own connections
    look = gate.start("tcpdump-answers", "tcpdump", "--immediate-mode", "-l", "-n", "-S", "-i", "any", "-Z", "root",
                      f"tcp and (dst port {mark} or src port {mark + FENCE})")
    try:
        look.wait_text("listening on", 10)
        packets = [packet.hex() for packet in forged(source, to, port, mark)]
        host.run("/usr/bin/python3", "-c", SEND, input=json.dumps({"to": to, "card": card, "packets": packets}))
        look.wait_text(f".{mark + FENCE} > {to}.{port}: Flags [R], seq 3,", 5)
    finally:
        look.stop()
    return answer_to(mark, look.text().splitlines())
