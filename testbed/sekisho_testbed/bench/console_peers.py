"""What the console bench starts: a guest, viewers, and what stands between them: a sekisho-relay, websockify, or nothing.

All of it at loopback, over TLS with one certificate. CPU and memory are those of all processes between guest and viewers:
the relay's and its gatekeeper's, or websockify's with the process it forks for each connection, as operators run it.
"""
from __future__ import annotations

import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from typing import IO, Any, Self

from ..gatehouse import WebCa
from ..netlab import wait_until
from .accounting import Group

ROOT = pathlib.Path(__file__).resolve().parents[3]
RELAY_UID = 64104
ADDRESS = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


LONGEST_S = 300.0  # no line of bench-console takes longer; a silent one is killed


class Talker:
    """A mode of bench-console: a line of JSON at a time; it ends with its stdin."""

    longest = LONGEST_S

    def __init__(self, build: pathlib.Path, *words: str, log: IO[bytes] | None = None) -> None:
        self.process = subprocess.Popen([str(build / "bin" / "bench-console"), *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=log, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _read(self, read: Callable[[], str]) -> str:
        """What is read from it, which takes no longer than `longest`."""
        silent = threading.Timer(self.longest, self.process.kill)
        silent.start()
        try:
            return read()
        finally:
            silent.cancel()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self._read(self.process.stdout.readline)
        assert line, f"bench-console ended with {self.process.wait(10)}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def say(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> str:
        """The rest of what it says."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        rest = ""
        if self.process.stdout is not None and not self.process.stdout.closed:
            rest = self._read(self.process.stdout.read)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return rest


class Guest(Talker):
    """A screen's server: `rate` changes a second of each connection; 0: raw pictures as fast as they are asked for."""

    def __init__(self, build: pathlib.Path, rate: float) -> None:
        super().__init__(build, "guest", "--rate", str(rate))
        try:
            self.port = int(self.hear()["port"])
        except BaseException:  # nobody has entered it yet
            self.end()
            raise


class Between:
    """One way from viewers to guests. `words` are what a viewer needs to take it."""

    name = ""

    def __init__(self, build: pathlib.Path, folder: pathlib.Path, ca: WebCa, server: tuple[pathlib.Path, pathlib.Path]) -> None:
        self.build, self.folder, self.ca, self.server = build, folder, ca, server
        self.group = Group(self.name)
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self.group.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.group.__exit__()

    def words(self, guest: Guest, recorded: bool = False) -> list[str]:
        raise NotImplementedError

    def viewers(self, guest: Guest, *words: str, recorded: bool = False) -> Talker:
        return Talker(self.build, "view", "--ca", str(self.ca.certificate), *self.words(guest, recorded), *words)


class Direct(Between):
    """Nothing between: what guest and viewers alone cost."""

    name = "direct"

    def words(self, guest: Guest, recorded: bool = False) -> list[str]:
        return ["--scheme", "tcp", "--port", str(guest.port)]


class Websockify(Between):
    """One listener a guest."""

    name = "websockify"

    def __enter__(self) -> Self:
        super().__enter__()
        self.ports: dict[int, int] = {}
        self.processes: list[subprocess.Popen[bytes]] = []
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.terminate()
            process.wait(10)
        super().__exit__()

    def words(self, guest: Guest, recorded: bool = False) -> list[str]:
        if guest.port not in self.ports:
            port = self.ports[guest.port] = free_port()
            certificate, key = self.server
            with (self.folder / f"websockify-{port}.log").open("wb") as log:
                process = subprocess.Popen(["websockify", "--cert", str(certificate), "--key", str(key), "--ssl-only",
                                            f"{ADDRESS}:{port}", f"{ADDRESS}:{guest.port}"], stdout=log, stderr=log)
            self.processes.append(process)
            self.group.add(process.pid)
            wait_until(lambda: self._listens(port), 20, "websockify listens", alive=lambda: process.poll() is None)
        return ["--port", str(self.ports[guest.port]), "--path", "/websockify", "--origin", f"https://{ADDRESS}"]

    @staticmethod
    def _listens(port: int) -> bool:
        wanted = f"{port:04X}"
        return any(line.split()[1].endswith(":" + wanted) and line.split()[3] == "0A"
                   for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])


class Relay(Between):
    """A sekisho-relay, whose gatekeeper answers at once; recorded where the viewer's ticket says so."""

    name = "sekisho"

    def __enter__(self) -> Self:
        super().__enter__()
        pages, self.recordings = self.folder / "pages", self.folder / "recordings"
        pages.mkdir(exist_ok=True)
        (pages / "index.html").write_text("<!doctype html><title>bench</title>")
        self.recordings.mkdir(exist_ok=True)
        os.chown(self.recordings, RELAY_UID, RELAY_UID)
        for part in [self.folder, *self.folder.parents]:  # the relay's user passes down to its folder
            if str(part).startswith("/tmp/") and not part.stat().st_mode & 0o001:
                part.chmod(part.stat().st_mode | 0o011)
        self.port = free_port()
        config = self.folder / "gate.json"
        config.write_text(json.dumps(self.config()))
        with (self.folder / "relay.log").open("wb") as log:
            self.gate = Talker(self.build, "gate", "--relay", str(self.build / "bin" / "sekisho-relay"), "--config", str(config),
                               log=log)
        self.relay_pid = int(self.gate.hear()["relay"])
        self.group.add(self.gate.process.pid)
        return self

    def config(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((ROOT / "core/base/all-keys.json").read_text())
        path = document["paths"][0]
        path["tun"]["gate_address"] = ""
        path["entrance"] = f"{ADDRESS}:{free_port()}"
        path["relay_uid"] = RELAY_UID
        certificate, key = self.server
        path["pages"] = {"recordings": str(self.recordings),
                         "console": {"listen": f"{ADDRESS}:{self.port}", "origin": f"https://{ADDRESS}:{self.port}",
                                     "files": str(self.folder / "pages"),
                                     "tls": {"certificate_file": str(certificate), "key_file": str(key)}}}
        return document

    def __exit__(self, *_: object) -> None:
        self.close()
        super().__exit__()

    def close(self) -> dict[str, Any]:
        """What the gatekeeper found once every file was verified; all screens must have ended with their viewers."""
        if not hasattr(self, "found"):
            rest = self.gate.end().strip()
            words = (self.folder / "relay.log").read_text(errors="replace")[-800:]
            assert rest and self.gate.process.returncode == 0, f"the relay's gatekeeper: {rest}\n{words}"
            self.found: dict[str, Any] = json.loads(rest)
            shutil.rmtree(self.recordings, ignore_errors=True)
        return self.found

    def words(self, guest: Guest, recorded: bool = False) -> list[str]:
        ticket = f"{guest.port:05d}{'r' if recorded else 'n'}".ljust(43, "q")
        return ["--port", str(self.port), "--origin", f"https://{ADDRESS}:{self.port}", "--ticket", ticket]
