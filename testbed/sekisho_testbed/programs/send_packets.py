"""Puts raw packets on a tunnel device, bytes as given. Job on stdin: {"device", "packets": [hex], "gap_s"}."""
from __future__ import annotations

import json
import socket
import sys
import time

job = json.load(sys.stdin)
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
for text in job["packets"]:
    packet = bytes.fromhex(text)
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    line.sendto(packet, (job["device"], kind))
    time.sleep(job.get("gap_s", 0.002))
print(json.dumps({"sent": len(job["packets"])}))
