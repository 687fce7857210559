"""Puts raw packets on a tunnel device, bytes as given, one after the other: the next one once the device's reader has had time for
the one before. Job on stdin: {"device", "packets": [hex]}."""
from __future__ import annotations

import json
import socket
import sys
import threading

GAP_S = 0.002

job = json.load(sys.stdin)
pace = threading.Event()  # nobody sets it
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
for text in job["packets"]:
    packet = bytes.fromhex(text)
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    line.sendto(packet, (job["device"], kind))
    pace.wait(GAP_S)
print(json.dumps({"sent": len(job["packets"])}))
