"""The browser's part of a newer VPN client: listens on loopback for the one-time id, then fetches its session by it.

Arguments: gate's name, its CA, client certificate, key. Prints the cookie; a line on stdin makes it ask once more with the
same id and print the status. openfortivpn has this from 1.23 on; Debian 12 has 1.19.
"""
from __future__ import annotations

import http.client
import http.server
import re
import ssl
import sys
import urllib.parse

PORT = 8020


def fetch(gate: str, ca: str, certificate: str, key: str, one_time: str) -> tuple[int, str]:
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(certificate, key)
    line = http.client.HTTPSConnection(gate, 443, context=context, timeout=10)
    line.request("GET", f"/remote/saml/auth_id?id={one_time}", headers={"User-Agent": "Mozilla/5.0 SV1"})
    answer = line.getresponse()
    cookie = re.search(r"SVPNCOOKIE=([A-Za-z0-9_-]+)", answer.headers.get("Set-Cookie", ""))
    line.close()
    return answer.status, cookie.group(1) if cookie else ""


def main() -> None:
    gate, ca, certificate, key = sys.argv[1:5]
    ids: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            if "id" in query:
                ids.append(query["id"][0])
            body = b"<!DOCTYPE html><title>client</title><p>The client goes on."
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", PORT), Listener)
    print("listening", flush=True)
    while not ids:
        server.handle_request()
    assert re.fullmatch(r"[A-Za-z0-9-]{1,1024}", ids[0]), ids
    status, cookie = fetch(gate, ca, certificate, key, ids[0])
    print(f"fetched {status} {cookie}", flush=True)
    sys.stdin.readline()
    status, cookie = fetch(gate, ca, certificate, key, ids[0])
    print(f"again {status} {cookie}", flush=True)


if __name__ == "__main__":
    main()
