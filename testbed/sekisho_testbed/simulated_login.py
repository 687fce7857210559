"""A VPN client of the simulated lab: the product's client machine on a real TLS line to the production's front."""
from __future__ import annotations

import contextlib
import datetime
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import cast
from .people import Login
from .simulated_wire import TlsLine
from .talks import Identity

if TYPE_CHECKING:
    from sekisho.words import ClientManner as Manner

    from .simulated_pc import SimulatedPc


class SimulatedLogin(Login):
    def __init__(self, pc: "SimulatedPc", identity: Identity | None, manner: Manner, words: dict[str, str]) -> None:
        import sekisho.fortinet

        self.pc, self.world, self.identity = pc, pc.world, identity
        self.client: Any = sekisho.fortinet.FortinetClient(manner=manner, host=cast.GATE_NAME, seed=self.world.next_port(), **words)
        self.line: TlsLine | None = None
        self.begun = self.told = False  # the client knows that its line stands, that it is gone
        self.todo: deque[Callable[[], None]] = deque()
        self.prompts: list[str] = []
        self.waits = False          # for a code
        self.typed: deque[str] = deque()
        self.tunnel_up: Any = None
        self.last_address = ""
        self.end: Any = None
        self.heard = bytearray()    # from the gate, until the tunnel stands
        self.packets: list[bytes] = []  # that have come through the tunnel
        self.is_cut = False
        self._of_client(self.client.start(now=self.world.now()))

    # --- the person -----------------------------------------------------------------------------------------------------------
    def asked(self, within: float = 15, prompt: str = "code") -> "SimulatedLogin":
        self.world.wait(lambda: self.prompts or self.end, within, f"the question for the {prompt}", on_fail=self.shown)
        assert any(prompt in asked for asked in self.prompts), f"no such question: {self.prompts} {self.shown()}"
        return self

    def type(self, line: str) -> "SimulatedLogin":
        self.typed.append(line)
        self.world.run(until=self.world.now())
        return self

    def up(self, within: float = 15) -> "SimulatedLogin":
        self.world.wait(lambda: self.tunnel_up or self.end, within, "the tunnel stands", on_fail=self.shown)
        assert self.tunnel_up, self.shown()
        return self

    @property
    def stands(self) -> bool:
        return self.tunnel_up is not None and not self.is_cut

    @property
    def has_said_all(self) -> bool:
        """Everything that the client wrote has been carried to the front."""
        return not self.todo and self.line is not None and not self.line.to_say

    @property
    def address(self) -> str:
        return self.last_address

    @property
    def inside(self) -> bool:
        return self.end is None and not self.is_cut

    def refused(self, within: float = 15) -> str:
        self.world.wait(lambda: self.end, within, "the client has given up", on_fail=self.shown)
        assert self.end.why == "login_refused" or self.end.why == "session_refused", self.shown()
        assert not self.last_address, "a tunnel stood"
        return self.shown()

    def ended(self, within: float = 15) -> str:
        self.world.wait(lambda: self.end, within, "the client has stopped", on_fail=self.shown)
        return self.shown()

    @property
    def was_told(self) -> bool:
        return self.end is not None and self.end.why in ("by_gate", "session_refused")

    @property
    def answers(self) -> list[str]:
        self.world.run(until=self.world.now())
        return [line for line in self.heard.decode(errors="replace").splitlines() if not line.lower().startswith("date:")]

    def hang_up(self, within: float = 10) -> None:
        if self.end is None:
            self._of_client(self.client.stop(now=self.world.now()))
            self.world.wait(lambda: self.end, within, "the client has ended")

    def cut(self) -> None:
        self.is_cut = True
        self._drop()

    def shown(self) -> str:
        if self.end:
            return f"{self.end.why} {self.end.status} {self.end.text}"
        return f"still waiting; heard {bytes(self.heard[-600:])!r} {self.line.error if self.line else ''}"

    # --- packets ----------------------------------------------------------------------------------------------------------------
    def send(self, packets: Sequence[bytes]) -> None:
        for packet in packets:
            _, events = self.client.send_packet(packet)
            self._of_client(events)
        self.world.run(until=self.world.now())

    @contextlib.contextmanager
    def hears(self, port: int) -> Iterator[Callable[[], bytes]]:
        begun = len(self.packets)

        def heard() -> bytes:
            self.world.run(until=self.world.now())
            return b"".join(p[28:] for p in self.packets[begun:] if p[9] == 17 and int.from_bytes(p[22:24], "big") == port)

        yield heard

    def passes(self, address: str, port: int) -> bool:
        """One packet for there comes out of the front, and the kernel knows its right."""
        with self.world.capture("gate", "sekisho0") as behind:
            self.send([syn(self.address, address, port)])
        return any(same_flow(packet, self.address, address, port) for packet in behind.chunks) and \
            self.world.kernel_lets(self.address, address, port)

    # --- the machinery ------------------------------------------------------------------------------------------------------------
    def deadline(self) -> datetime.datetime | None:
        found: datetime.datetime | None = None if self.is_cut else self.client.next_deadline
        return found

    def on_deadline(self) -> None:
        due = self.deadline()
        if due is not None and due <= self.world.now():
            self._of_client(self.client.on_deadline(now=self.world.now()))

    def work(self) -> bool:
        """Does what waits; False when nothing did."""
        if self.is_cut:
            return False
        if self.waits and self.typed:
            self.waits = False
            self._of_client(self.client.give_code(self.typed.popleft(), now=self.world.now()))
        moved = bool(self.todo)
        while self.todo:
            self.todo.popleft()()
        line = self.line
        if line is None:
            return moved
        if line.ready and not self.begun:
            self.begun = moved = True
            self._of_client(self.client.on_connected(now=self.world.now()))
        if data := line.take():
            moved = True
            if not self.last_address:
                self.heard += data
            self._of_client(self.client.on_bytes(data, now=self.world.now()))
        if line.over and line is self.line and not self.todo:
            moved = True
            self._drop()
            self._of_client(self.client.on_gone(now=self.world.now()))
        return moved

    def _of_client(self, events: list[Any]) -> None:
        for event in events:
            name = type(event).__name__
            if name == "ClientConnects":
                self.todo.append(self._connect)
            elif name == "ClientWrote":
                self.todo.append(lambda data=event.data: self._say(data))  # type: ignore[misc]
            elif name == "ClientClosed":
                self.todo.append(self._drop)
            elif name == "ClientQuestion":
                self.prompts.append(event.prompt)
                self.waits = True
            elif name == "ClientUp":
                self.tunnel_up, self.last_address = event, event.address
            elif name == "ClientPacket":
                self.packets.append(event.packet)
            elif name == "ClientDown":
                self.tunnel_up = None
            elif name == "ClientEnded":
                self.end, self.tunnel_up = event, None

    def _connect(self) -> None:
        self._drop()
        self.begun = False
        self.line = self.world.line(self.pc.host, self.identity)

    def _say(self, data: bytes) -> None:
        if self.line is not None:
            self.line.say(data)

    def _drop(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            line.gone()
            self.world.wires.remove(line)


def ones_complement(data: bytes) -> int:
    value = sum(int.from_bytes(data[n:n + 2], "big") for n in range(0, len(data), 2))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return ~value & 0xFFFF


def octets(address: str) -> bytes:
    return bytes(int(part) for part in address.split("."))


def syn(source: str, to: str, port: int, source_port: int = 41_000) -> bytes:
    """An IPv4 packet with a TCP SYN (RFC 791, RFC 9293)."""
    src, dst = octets(source), octets(to)
    tcp = source_port.to_bytes(2, "big") + port.to_bytes(2, "big") + bytes(8) + b"\x50\x02\xff\xff" + bytes(4)
    tcp = tcp[:16] + ones_complement(src + dst + b"\0\x06" + len(tcp).to_bytes(2, "big") + tcp).to_bytes(2, "big") + tcp[18:]
    head = b"\x45\0" + (20 + len(tcp)).to_bytes(2, "big") + b"\0\x01\x40\0\x40\x06\0\0" + src + dst
    return head[:10] + ones_complement(head).to_bytes(2, "big") + head[12:] + tcp


def same_flow(packet: bytes, source: str, to: str, port: int) -> bool:
    """Whether it is a TCP packet from there to there (no IP options)."""
    return len(packet) >= 24 and packet[9] == 6 and packet[12:20] == octets(source) + octets(to) and \
        int.from_bytes(packet[22:24], "big") == port
