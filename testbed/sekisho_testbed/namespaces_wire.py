"""The namespaces lab's world: what is sent, seen and scanned on its wires, and the kernel's filter between them."""
from __future__ import annotations

import concurrent.futures
import contextlib
from collections.abc import Iterator, Sequence

from . import attack, cast, scan
from .faults import Meanwhile
from .halted import halted
from .namespaces_gate import NamespacesGate
from .own_wire import Wire
from .pc import Vpn
from .people import Login
from .talks import Heard, Talk

MISROUTED = 100  # table and preference of misrouted(): before charon's own, 220


class NamespacesWire(NamespacesGate):
    @contextlib.contextmanager
    def capture(self, host: str, device: str = "eth0") -> Iterator[Wire]:
        path = self.folder / f"{host}.pcap"
        tcpdump = self.house.lab.hosts[host].start("tcpdump", "tcpdump", "--immediate-mode", "-i", device, "-U", "-s", "0", "-w",
                                                   str(path), "-Z", "root")
        tcpdump.wait_text("listening on", 10)
        wire = Wire(path)
        try:
            yield wire
        finally:
            time_to_flush = self.house.lab.hosts[host].run("ping", "-c", "2", "-i", "0.2", cast.GATE_PUBLIC, check=False)
            assert time_to_flush.returncode in (0, 1)
            tcpdump.stop()
            wire.read()

    def say_in_clear(self, host: str, words: bytes) -> None:
        """Sends one UDP packet with `words` from the host to the gate's address."""
        code = "import socket,sys; socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(bytes.fromhex(sys.argv[1]),(sys.argv[2],9))"
        self.house.lab.hosts[host].run("/usr/bin/python3", "-c", code, words.hex(), cast.GATE_PUBLIC)

    def say_inside(self, desktop: str, to: str, port: int) -> None:
        code = "import socket,sys; socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(b'sekisho?',(sys.argv[1],int(sys.argv[2])))"
        self.house.lab.hosts[desktop].run("/usr/bin/python3", "-c", code, to, str(port))

    def talk(self, host: str, talks: Sequence[Talk], *, together: bool = False, port: int = cast.VPN_PORT, lanes: int = 1,
             inside: bool = False, limit_s: float = 5, within: float = 120, meanwhile: Meanwhile | None = None) -> dict[str, Heard]:
        def say() -> dict[str, Heard]:
            return attack.talk(self.house.lab.hosts[host], self.house.web_ca.certificate, talks, together=together, port=port,
                               address=cast.GATE_INNER if inside else cast.GATE_PUBLIC, lanes=lanes, limit_s=limit_s, within=within)

        if meanwhile is None:
            return say()
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            saying = beside.submit(say)
            meanwhile()
            return saying.result()

    @contextlib.contextmanager
    def misrouted(self, host: str, address: str) -> Iterator[None]:
        lab, there, gate = self.house.lab, self.house.lab.hosts[host], self.house.gate
        own = [f"addr add {address}/32 dev eth0"]
        way = [f"route add {address}/32 via {there.addresses['inet']} table {MISROUTED}",
               f"rule add to {address}/32 lookup {MISROUTED} pref {MISROUTED}"]
        with self.without_kernel_filter():
            there.ip(own)
            gate.ip(way)
            try:
                yield
            finally:
                lab.take_away(gate, [line.replace(" add ", " del ") for line in way])
                lab.take_away(there, [line.replace(" add ", " del ") for line in own])

    def more_addresses(self, host: str, count: int, first: int = 0) -> list[str]:
        return attack.more_addresses(self.house.lab.hosts[host], count, first)

    def front_life(self) -> object:
        return self.gatehouse.pids()["front"]

    def scan(self, login: Login, neighbour: str | None) -> set[tuple[str, str, int]]:
        assert isinstance(login, Vpn)
        return scan.scan_everything(login, neighbour, self.house.scanned)

    @contextlib.contextmanager
    def netd_halted(self) -> Iterator[None]:
        """Meanwhile nobody puts back what is changed in the kernel's table; netd does it afterwards."""
        netd = self.gatehouse.pids()["sekisho-netd"]
        self.allow_event("netd.table_restored", "the story changes the kernel's table")
        with halted(netd):
            yield

    def remove_kernel_filter(self) -> None:
        self.life.enter_context(self.netd_halted())
        self.house.gate.run("nft", "delete", "table", "inet", "sekisho")

    @contextlib.contextmanager
    def without_kernel_filter(self) -> Iterator[None]:
        def is_there() -> bool:
            return self.house.gate.run("nft", "list", "table", "inet", "sekisho", check=False).returncode == 0

        assert is_there(), "the kernel's table is not there"
        with self.netd_halted():
            self.house.gate.run("nft", "delete", "table", "inet", "sekisho")
            yield
        self.wait(is_there, 10, "netd has put the kernel's rules back")
