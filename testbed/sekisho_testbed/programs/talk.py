"""Says exact bytes through TLS, one connection a talk; runs on a PC of the lab. Job on stdin, JSON answers on stdout.

Job: {"address", "port", "host", "ca", "together": bool, "lanes"?, "limit_s", "talks": [{"name", "say": [hex], "answers": n, "source"?,
"identity"?: [certificate, key], "pause_s"?, "tls"?: false, "offer"?: [ALPN]}]}. `answers`: stop after so many complete HTTP answers; 0: read until the gate
closes. `together`: all handshakes first, then everybody speaks at the same moment. `lanes`: so many talks beside each other (1).
Each result: {"name", "heard": hex, "closed", "ms", "error", "agreed": ALPN, "ready": whether the handshake came to its end}.
"""
from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
import time
from typing import Any

from answers import complete

job: dict[str, Any] = json.load(sys.stdin)
LIMIT = float(job.get("limit_s", 5))
pace = threading.Event()  # nobody sets it: whoever waits for it is slow
contexts: dict[str, ssl.SSLContext] = {}


def context(identity: list[str] | None, offer: list[str] | None) -> ssl.SSLContext:
    key = json.dumps([identity, offer])
    if key not in contexts:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.load_verify_locations(job["ca"])
        if offer:
            made.set_alpn_protocols(offer)
        if identity:
            made.set_ciphers("DEFAULT:@SECLEVEL=0")  # a stranger's library shows keys and signatures that ours would not
            made.load_cert_chain(*identity)
        contexts[key] = made
    return contexts[key]


def talk(row: dict[str, Any], start: threading.Barrier | None, results: list[dict[str, Any]]) -> None:
    result: dict[str, Any] = {"name": row["name"], "heard": "", "closed": False, "ms": 0.0, "error": "", "agreed": "", "ready": False}
    heard = bytearray()
    ready = False
    try:
        source = (row["source"], 0) if row.get("source") else None
        plain = socket.create_connection((job["address"], job["port"]), LIMIT, source)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = plain if not row.get("tls", True) else context(row.get("identity"), row.get("offer")).wrap_socket(
            plain, server_hostname=job["host"])
        with wrapped as line:
            line.settimeout(LIMIT)
            ready = result["ready"] = True
            if isinstance(line, ssl.SSLSocket):
                result["agreed"] = line.selected_alpn_protocol() or ""
            if start is not None:
                start.wait(60)
            begun = time.monotonic()
            for piece in row["say"]:
                line.sendall(bytes.fromhex(piece))
                if row.get("pause_s"):
                    pace.wait(row["pause_s"])
            while row["answers"] == 0 or complete(heard) < row["answers"]:
                more = line.recv(16384)
                if not more:
                    result["closed"] = True
                    break
                heard += more
            result["ms"] = (time.monotonic() - begun) * 1000
    except (ConnectionError, ssl.SSLEOFError) as error:
        result["closed"], result["error"] = True, str(error)
    except OSError as error:
        result["error"] = str(error) or type(error).__name__
    if not ready and start is not None:
        try:
            start.wait(60)
        except threading.BrokenBarrierError:
            pass
    result["heard"] = heard.hex()
    results.append(result)


found: list[dict[str, Any]] = []
if job.get("together"):
    barrier = threading.Barrier(len(job["talks"]))
    threads = [threading.Thread(target=talk, args=(row, barrier, found)) for row in job["talks"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
else:
    lanes = int(job.get("lanes", 1))

    def lane(number: int) -> None:
        for each in job["talks"][number::lanes]:
            talk(each, None, found)

    threads = [threading.Thread(target=lane, args=(number,)) for number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(json.dumps(found))
