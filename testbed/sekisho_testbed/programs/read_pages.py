"""Somebody reads the gate's pages on a PC that has no browser: one JSON order a line, one JSON line back, as drive_chromium.py.

First line: {"ca", "identity": [certificate, key] or null, "user_agent", "languages"}. Real TLS, one connection a request.
"""
from __future__ import annotations

import http.client
import json
import ssl
import sys
import urllib.parse
from typing import Any

from forms import Fields, Reader, obey


def fetcher(order: dict[str, Any]) -> Any:
    context = ssl.create_default_context(cafile=order["ca"])
    if order["identity"]:
        context.load_cert_chain(*order["identity"])

    def fetch(method: str, url: str, fields: Fields, body: bytes) -> tuple[int, Fields, bytes]:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
        line: http.client.HTTPConnection
        if parts.scheme == "https":
            line = http.client.HTTPSConnection(host, port or 443, context=context, timeout=30)
        else:
            line = http.client.HTTPConnection(host, port or 80, timeout=30)
        line.putrequest(method, urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")), skip_accept_encoding=True)
        for name, value in fields:
            line.putheader(name, value)
        if method == "POST":
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body if method == "POST" else None)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        return answer.status, answer.getheaders(), content

    return fetch


def main() -> None:
    order = json.loads(sys.stdin.readline())
    reader = Reader(fetcher(order), user_agent=order["user_agent"], languages=order["languages"])
    print(json.dumps({"value": reader.agent}), flush=True)
    for line in sys.stdin:
        try:
            answer = obey(reader, json.loads(line))
        except (LookupError, OSError, http.client.HTTPException) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
