"""Children of `sekisho supervise` whose bodies are in this process: the gatekeeper, and fronts of paths written in Python.

The supervisor starts what it finds in its folder of programs. For a child that lives here it finds a stub
(programs/elsewhere.py), which hands its control link over through a Unix socket. All the rest is the protocol that every child
speaks (core/run/README.md): listeners and links by Handover, Ready, Hello, heartbeats. So the neighbours are the real programs.
No sandbox stands around what is here: it is for tests.
Threads: one of its own (Hall), which holds `Hall.lock` while it works; who touches the gate from elsewhere takes the lock.
"""
from __future__ import annotations

import abc
import contextlib
import datetime
import os
import pathlib
import selectors
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from .gate_here import bindings

LARGEST = 128 * 1024       # bytes of a packet
TICK_S = 0.02
HEARTBEAT_S, SILENCE_S = 10, 30
STUB = pathlib.Path(__file__).parent / "programs" / "elsewhere.py"


def stub(program: pathlib.Path, desk: pathlib.Path, names: dict[str, str]) -> None:
    """Puts a script in the place of `program`. `names`: words of its command line, each with a space behind it (""
    fits all) -> the name of the child that is here; with other words the program is itself."""
    real = program.resolve()
    program.unlink()
    cases = "".join(f'*" {words}"*) exec /usr/bin/python3 {STUB} {desk} {name} ;;\n' for words, name in names.items())
    program.write_text(f'#!/bin/sh\ncase " $* " in\n{cases}esac\nexec {real} "$@"\n')
    program.chmod(0o755)


class SeamSocket:
    """One end of a SOCK_SEQPACKET pair: a packet is a message, and at most one descriptor rides along."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        end.setblocking(False)

    def send(self, message: Any) -> None:
        with contextlib.suppress(OSError):  # whoever does not read is gone, or will be found silent
            self.end.send(bindings().seam.encode_message(message))

    def receive(self) -> tuple[Any, int] | None:
        """The next message and its descriptor (-1: none); None: the other end is gone. BlockingIOError: nothing waits."""
        try:
            packet, descriptors, _, _ = socket.recv_fds(self.end, LARGEST, 1)
        except BlockingIOError:
            raise
        except OSError:
            return None
        if not packet:
            return None
        return bindings().seam.decode_message(packet), descriptors[0] if descriptors else -1

    def close(self) -> None:
        self.end.close()


class Hall:
    """The thread, and the Unix socket at which stubs come in. `bodies` by the name of the child."""

    def __init__(self, desk: pathlib.Path) -> None:
        self.bodies: dict[str, Body] = {}
        self.lock = threading.RLock()
        self.ticks: list[Callable[[], None]] = []
        self.errors: list[str] = []
        self._selector = selectors.DefaultSelector()
        self._desk = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._desk.bind(str(desk))
        self._desk.listen()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="hosted", daemon=True)

    def start(self) -> None:
        self.watch(self._desk, self._come_in)
        self._thread.start()

    def stop(self) -> None:
        self._over = True
        if self._thread.is_alive():
            self._thread.join()
        for body in self.bodies.values():
            body.gone()
        self._selector.close()
        self._desk.close()

    def watch(self, what: socket.socket, call: Callable[[], None]) -> None:
        self._selector.register(what, selectors.EVENT_READ, call)

    def unwatch(self, what: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(what)

    def _run(self) -> None:
        while not self._over:
            ready = self._selector.select(TICK_S)
            with self.lock:
                for call in [key.data for key, _ in ready] + self.ticks:
                    try:
                        call()
                    except Exception:  # the story's end shows it
                        self.errors.append(traceback.format_exc())

    def _come_in(self) -> None:
        stub, _ = self._desk.accept()
        name, descriptors, _, _ = socket.recv_fds(stub, 256, 1)
        Child(self, self.bodies[name.decode()], stub, socket.socket(fileno=descriptors[0]))


class Body(abc.ABC):
    """What a child does."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall

    @abc.abstractmethod
    def on_listener(self, address: str, listener: socket.socket) -> None: ...

    @abc.abstractmethod
    def on_link(self, name: str, end: socket.socket) -> None: ...

    @abc.abstractmethod
    def gone(self) -> None:
        """The child has ended: everything that it was given is closed. A new one may come."""


class Child:
    """One life of a child, from its stub's coming to its end."""

    def __init__(self, hall: Hall, body: Body, stub: socket.socket, control: socket.socket) -> None:
        self.hall, self.body, self.stub, self.control = hall, body, stub, SeamSocket(control)
        body.gone()
        hall.watch(stub, self._end)
        hall.watch(control, self._hear)

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while (heard := self.control.receive()) is not None:
                message, descriptor = heard
                if message.kind == "end":
                    self.control.send(bindings().seam.Ready())
                elif message.kind == "link":
                    self.body.on_link(message.name, socket.socket(fileno=descriptor))
                else:
                    self.body.on_listener(message.name, socket.socket(fileno=descriptor))
            self._end()

    def _end(self) -> None:
        self.hall.unwatch(self.stub)
        self.hall.unwatch(self.control.end)
        self.stub.close()
        self.control.close()
        self.body.gone()


class Link:
    """A link to a neighbour: Hello first, both ways, a heartbeat every 10 s; who is silent for 30 s is gone."""

    def __init__(self, hall: Hall, end: socket.socket, own: tuple[str, str], peer: tuple[str, str], node: str, *,
                 greeted: Callable[[], None] = lambda: None, heard: Callable[[Any], None] = lambda message: None,
                 lost: Callable[[], None] = lambda: None) -> None:
        seam = bindings().seam
        self.hall, self.socket, self.peer = hall, SeamSocket(end), peer
        self.greeted, self.heard, self.lost = greeted, heard, lost
        self.knows_peer = False
        self.silent_since = self.beat_at = time.monotonic()
        self.send(seam.Hello(seam.SEAM_VERSION, *own, node))
        hall.watch(end, self._hear)
        hall.ticks.append(self._tick)

    def send(self, message: Any) -> None:
        self.socket.send(message)

    def close(self) -> None:
        if self._tick in self.hall.ticks:
            self.hall.ticks.remove(self._tick)
            self.hall.unwatch(self.socket.end)
            self.socket.close()
            self.lost()

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while (found := self.socket.receive()) is not None:
                message, descriptor = found
                if descriptor >= 0:
                    os.close(descriptor)  # a TUN's queue: what is here carries no packets
                self.silent_since = time.monotonic()
                if self.knows_peer:
                    self.heard(message)
                    continue
                if type(message).__name__ != "Hello" or (message.role, message.name) != self.peer:
                    break
                self.knows_peer = True
                self.greeted()
            self.close()

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self.silent_since > SILENCE_S:
            self.close()
        elif now - self.beat_at > HEARTBEAT_S:
            self.beat_at = now
            self.send(bindings().seam.Heartbeat(0))


class Gatekeeper(Body):
    """`sekishod`: the gate is a sekisho.Gate that is open; its clock follows `wall`."""

    def __init__(self, hall: Hall, gate: Any, node: str, wall: Callable[[], datetime.datetime]) -> None:
        super().__init__(hall)
        self.gate, self.node, self.wall = gate, node, wall
        self.links: dict[str, Link] = {}
        hall.ticks.append(self.catch_up)

    def catch_up(self) -> None:
        """The gate's time is the machine's, and everything due until now is done."""
        clock = self.gate.clock
        clock.advance(max(0.0, (self.wall() - clock.now).total_seconds()))

    def knows(self, names: Sequence[str]) -> bool:
        return all(name in self.links and self.links[name].knows_peer for name in names)

    def on_listener(self, address: str, listener: socket.socket) -> None:
        listener.close()  # the control socket: staff are in this process

    def on_link(self, name: str, end: socket.socket) -> None:
        role, _, path = name.partition(":")
        neighbours: list[Any] = []

        def heard(message: Any) -> None:
            self.catch_up()
            for neighbour in neighbours:
                neighbour.send(message)
            self.catch_up()

        def lost() -> None:
            for neighbour in neighbours:
                neighbour.close()

        if name in self.links:
            self.links[name].close()
        link = self.links[name] = Link(
            self.hall, end, ("sekishod", ""), (role, path), self.node, heard=heard,
            lost=lost, greeted=lambda: neighbours.append(self.gate.attach(role, path or role, link.send)))

    def gone(self) -> None:
        for link in self.links.values():
            link.close()
        self.links.clear()
