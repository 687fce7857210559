"""A real SMTP server for the lab: STARTTLS before anything else, one file for each mail, in order of arrival.

Usage: mail_server.py ADDRESS PORT CERTIFICATE KEY FOLDER
"""
from __future__ import annotations

import asyncio
import pathlib
import signal
import ssl
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class Deliver:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.count = folder, 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.count += 1
        name = f"{self.count:06d}"
        head = "".join(f"X-Envelope-To: {to}\n" for to in envelope.rcpt_tos)
        part = self.folder / f".{name}"
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        part.write_bytes(head.encode() + content)
        part.rename(self.folder / f"{name}.eml")
        return "250 delivered"


async def main() -> None:
    address, port, certificate, key, folder = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    deliver = Deliver(pathlib.Path(folder))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(deliver, hostname="post.seki.test", tls_context=context, require_starttls=True), address, int(port))
    print("serving", flush=True)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    server.close()


asyncio.run(main())
