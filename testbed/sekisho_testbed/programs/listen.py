"""Listens on many TCP ports (and UDP ports) of a host and answers a line, so that a scan has something to find. At port 3389
it goes on as RDP does: it repeats what it hears until the other side has gone.

Usage: listen.py NAME TCP_PORT[,TCP_PORT…] [UDP_PORT[,UDP_PORT…]]
"""
from __future__ import annotations

import asyncio
import sys


async def main() -> None:
    name, ports = sys.argv[1], [int(p) for p in sys.argv[2].split(",")]

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{name}\n".encode())
        try:
            await writer.drain()
            while writer.get_extra_info("sockname")[1] == 3389 and (words := await reader.read(4096)):
                writer.write(words)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
            self.transport.sendto(name.encode(), address)  # type: ignore[attr-defined]

    servers = [await asyncio.start_server(greet, "0.0.0.0", port) for port in ports]
    if len(sys.argv) > 3:
        for port in sys.argv[3].split(","):
            await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("0.0.0.0", int(port)))
    print("serving", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
