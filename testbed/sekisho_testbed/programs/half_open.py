"""Begins IKE many times and never goes on. One JSON job on stdin, one line of JSON on stdout (half_open.py)."""
import json
import os
import select
import socket
import sys
import time

COOKIE = 16390  # RFC 7296, 3.10.1


def asks_for_cookie(answer: bytes) -> bool:
    """Its first payload is a notify (41) of that type."""
    return len(answer) >= 36 and answer[16] == 41 and int.from_bytes(answer[34:36], "big") == COOKIE


def main() -> None:
    job = json.load(sys.stdin)
    first = bytes.fromhex(job["first"])
    lines = []
    for address in job["addresses"]:
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.bind((address, 0))
        line.setblocking(False)
        lines.append(line)
    told = {"sent": 0, "answers": 0, "cookies": 0}
    begun, pause = time.monotonic(), job["seconds"] / job["count"]

    def hear(wait: float) -> None:
        for line in select.select(lines, [], [], wait)[0]:
            answer = line.recv(4096)
            told["answers"] += 1
            told["cookies"] += asks_for_cookie(answer)

    for n in range(job["count"]):
        lines[n % len(lines)].sendto(os.urandom(8) + first[8:], (job["gate"], 500))
        told["sent"] += 1
        while (left := begun + (n + 1) * pause - time.monotonic()) > 0:
            hear(left)
    end = time.monotonic() + 1
    while (left := end - time.monotonic()) > 0:
        hear(left)
    print(json.dumps(told))


main()
