"""Logs in to an AnyConnect gateway again and again over a new TLS connection each: certificate, then name and password if asked.
With `request` at the end: one request of a plain web server instead, by certificate alone.

usage: anyconnect_logins.py ADDRESS PORT HOST CA CERTIFICATE KEY SECONDS PROCESSES [request]
    {"done", "failed", "p99_ms", "first_failure"}
"""
from __future__ import annotations

import json
import multiprocessing
import re
import socket
import ssl
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def answer_of(stream: BinaryIO) -> tuple[str, list[str], str]:
    status, cookies, length = stream.readline().decode(), [], 0
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(":")
        if name.lower() == "set-cookie":
            cookies.append(value.strip().split(";")[0])
        elif name.lower() == "content-length":
            length = int(value)
    return status, cookies, stream.read(length).decode()


def open_session(context: ssl.SSLContext, address: str, port: int, host: str, tunnel: bool = False) -> ssl.SSLSocket:
    """One login; with `tunnel` the CONNECT too. The connection stays open."""
    raw = socket.create_connection((address, port), 10)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line = context.wrap_socket(raw, server_hostname=host)
    stream = line.makefile("rb")
    cookie = ""

    def post(path: str, body: str) -> str:
        nonlocal cookie
        head = (f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: AnyConnect Linux_64 4.7.00136\r\n{cookie}"
                "X-Transcend-Version: 1\r\nX-Aggregate-Auth: 1\r\nX-AnyConnect-Platform: linux-64\r\n"
                "X-Support-HTTP-Auth: false\r\nContent-Type: application/xml; charset=utf-8\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        line.sendall((head + body).encode())
        _, cookies, text = answer_of(stream)
        if cookies:
            cookie = "Cookie: " + "; ".join(cookies) + "\r\n"
        return text

    version = '<version who="vpn">v5.01</version><device-id>linux-64</device-id>'
    text = post("/", f'{XML}<config-auth client="vpn" type="init">{version}<group-access>https://{host}</group-access></config-auth>')
    for _ in range(4):
        form = re.search(r'<form[^>]*action="([^"]+)"', text)
        if form is None or 'type="complete"' in text:
            break
        fields = ("<username>user</username>" if 'name="username"' in text else "") + \
                 ("<password>secret</password>" if 'name="password"' in text else "")
        text = post(form.group(1), f'{XML}<config-auth client="vpn" type="auth-reply">{version}<auth>{fields}</auth></config-auth>')
    if "webvpn=" not in cookie:
        raise RuntimeError("no session cookie: " + text[:300])
    if tunnel:
        line.sendall((f"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: {host}\r\nUser-Agent: AnyConnect Linux_64 4.7.00136\r\n"
                      f"{cookie}X-CSTP-Version: 1\r\nX-CSTP-Hostname: bench\r\nX-CSTP-Address-Type: IPv4\r\nX-CSTP-MTU: 1399\r\n"
                      "X-CSTP-Base-MTU: 1500\r\n\r\n").encode())
        status, _, _ = answer_of(stream)
        if " 200" not in status:
            raise RuntimeError("CONNECT: " + status)
    return line


def one_request(context: ssl.SSLContext, address: str, port: int, host: str) -> ssl.SSLSocket:
    raw = socket.create_connection((address, port), 10)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line = context.wrap_socket(raw, server_hostname=host)
    line.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    status, _, _ = answer_of(line.makefile("rb"))
    if " 200" not in status:
        raise RuntimeError("request: " + status)
    return line


def context_of(ca: str, certificate: str | None = None, key: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def lane(job: tuple[str, int, str, str, str, str, float, bool]) -> tuple[list[float], int, str]:
    address, port, host, ca, certificate, key, seconds, plain = job
    meet: Callable[[ssl.SSLContext, str, int, str], ssl.SSLSocket]
    if plain:
        meet = one_request
    else:
        meet = open_session
    context, failed, first = context_of(ca, certificate, key), 0, ""
    took: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            meet(context, address, port, host).close()
            took.append((time.monotonic() - begun) * 1000)
        except (OSError, RuntimeError) as error:
            failed += 1
            first = first or repr(error)
            if failed > 20:
                break
    return took, failed, first


def main() -> None:
    address, port, host, ca, certificate, key, seconds, lanes, *what = sys.argv[1:]
    job = (address, int(port), host, ca, certificate, key, float(seconds), what == ["request"])
    with multiprocessing.Pool(int(lanes)) as pool:
        found = pool.map(lane, [job] * int(lanes))
    took = sorted(each for row in found for each in row[0])
    print(json.dumps({"done": len(took), "failed": sum(row[1] for row in found),
                      "p99_ms": took[int(0.99 * (len(took) - 1))] if took else 0,
                      "first_failure": next((row[2] for row in found if row[2]), "")}))


if __name__ == "__main__":
    main()
