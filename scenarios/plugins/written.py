"""The plugins of the stories here: the examples of the bindings, and some that break. Nothing is imported before a lab has made
the bindings importable."""
from __future__ import annotations

import importlib
import importlib.util
import pathlib
import socket
from collections.abc import Callable
from typing import Any

from sekisho_testbed import cast
from sekisho_testbed.gate_here import Here, bindings

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "bindings/python/examples"
UUIDS = {name: f"5f1d0c5e-2a6b-4c3e-9f10-00000000{n:04d}" for n, name in enumerate(cast.DESKTOPS, 1)}


def example(module: str) -> Any:
    """A module of bindings/python/examples."""
    spec = importlib.util.spec_from_file_location(f"example_{module}", EXAMPLES / f"{module}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def findings(plugin: Any) -> list[str]:
    """What the conformance kit says."""
    conformance = importlib.import_module("sekisho.conformance")
    return list(conformance.findings(plugin))


# --- factors ----------------------------------------------------------------------------------------------------------------

def badge() -> Here:
    return Here(authenticators=[example("badge").Badge()])


#: number of a badge -> the terminal that it names
BADGES = {"4711": "pc-mori", "4712": "pc-tani", "4713": "pc-nowhere"}


def badges() -> Here:
    """A factor that says yes to each badge, and names the terminal at which it is shown."""
    class Badges(bindings().Authenticator):  # type: ignore[misc]
        factor = "badge"

        def step(self, request: Any) -> Any:
            shown = request.evidence.get("badge", "")
            if not shown:
                return self.ask(request, "badge", bindings().Text("職員証の番号", "Number of your badge"))
            return self.yes(request, terminal=BADGES[shown])

    return Here(authenticators=[Badges()])


def last_badge() -> Here:
    """Says yes to every badge; `then` is called once that yes is kept, before anything follows from it."""
    class Last(bindings().Authenticator):  # type: ignore[misc]
        factor = "badge"
        clock: Any = None

        @staticmethod
        def then() -> None: ...

        def step(self, request: Any) -> Any:
            if not request.evidence.get("badge", ""):
                return self.ask(request, "badge", bindings().Text("職員証の番号", "Number of your badge"))
            self.clock.at(self.clock.now, self.then)
            return self.yes(request)

    return Here(authenticators=[Last()])


def broken_factor() -> Here:
    class Broken(bindings().Authenticator):  # type: ignore[misc]
        factor = "broken"

        def step(self, request: Any) -> Any:
            raise RuntimeError("a factor broke")

    return Here(authenticators=[Broken()])


def odd_factor() -> Here:
    class Odd(bindings().Authenticator):  # type: ignore[misc]
        factor = "odd"

        def step(self, request: Any) -> Any:
            return "yes"

    return Here(authenticators=[Odd()])


# --- checks -----------------------------------------------------------------------------------------------------------------

def disk() -> Here:
    return Here(checks=[example("disk_encryption").DiskEncryption()])


def broken_check() -> Here:
    class Broken(bindings().PostureCheck):  # type: ignore[misc]
        name = "broken"

        def judge(self, input: Any) -> Any:
            raise RuntimeError("a check broke")

    return Here(checks=[Broken()])


# --- access paths -----------------------------------------------------------------------------------------------------------

def line() -> Here:
    return Here(paths={"line": example("telnet_path").Telnet()})


def answering_line() -> Here:
    """It begins no login: its one line is the handle of another path's question, and a code."""
    telnet, seam = example("telnet_path"), bindings().seam

    class Answering(telnet.Line):  # type: ignore[misc,name-defined]
        def on_bytes(self, plaintext: bytes, now: Any) -> None:
            self.text += plaintext
            if b"\n" in self.text and not self.asking:
                handle, _, code = self.text.decode().strip().partition(" ")
                self.asking = True
                self.host.ask(seam.AnswerLogin(handle, self.arrival, {"code": code} if code else {}))

    class Path(telnet.Telnet):  # type: ignore[misc,name-defined]
        def open(self, host: Any, arrival: Any, now: Any) -> Any:
            return Answering(host, arrival, now)

    return Here(paths={"line": Path()})


def claiming_line() -> Here:
    """Claims of whoever begins with "closed " that he comes over Sato's circuit of the closed network."""
    telnet = example("telnet_path")

    class Claiming(telnet.Line):  # type: ignore[misc,name-defined]
        def on_bytes(self, plaintext: bytes, now: Any) -> None:
            if plaintext.startswith(b"closed "):
                self.arrival = bindings().Arrival(path=self.arrival.path, peer_address=self.arrival.peer_address,
                                                  peer_port=self.arrival.peer_port, circuit="line-sato",
                                                  certificate_chain=self.arrival.certificate_chain)
            super().on_bytes(plaintext.removeprefix(b"closed "), now)

    class Path(telnet.Telnet):  # type: ignore[misc,name-defined]
        def open(self, host: Any, arrival: Any, now: Any) -> Any:
            return Claiming(host, arrival, now)

    return Here(paths={"line": Path()})


def breaking_line() -> Here:
    """Breaks when it hears "break", and when the gatekeeper says no."""
    telnet = example("telnet_path")

    class Breaking(telnet.Line):  # type: ignore[misc,name-defined]
        def on_bytes(self, plaintext: bytes, now: Any) -> None:
            if b"break" in plaintext:
                raise RuntimeError("a path broke")
            super().on_bytes(plaintext, now)

        def on_reply(self, request: int, reply: Any, now: Any) -> None:
            if type(reply).__name__ != "Granted":
                raise RuntimeError("a path broke")
            super().on_reply(request, reply, now)

    class Path(telnet.Telnet):  # type: ignore[misc,name-defined]
        def open(self, host: Any, arrival: Any, now: Any) -> Any:
            return Breaking(host, arrival, now)

    return Here(paths={"line": Path()})


def telling_line() -> Here:
    """Tells its client the session's cookie, as one would that has a client of its own."""
    telnet = example("telnet_path")

    class Telling(telnet.Line):  # type: ignore[misc,name-defined]
        def on_reply(self, request: int, reply: Any, now: Any) -> None:
            if type(reply).__name__ == "Granted":
                self.host.write(f"{reply.cookie} ".encode())
            super().on_reply(request, reply, now)

    class Path(telnet.Telnet):  # type: ignore[misc,name-defined]
        def open(self, host: Any, arrival: Any, now: Any) -> Any:
            return Telling(host, arrival, now)

    return Here(paths={"line": Path()})


# --- console drivers --------------------------------------------------------------------------------------------------------

def desks(dial: Callable[[str], socket.socket]) -> Any:
    """The desktops of the cast as one virtualisation manager; `dial` connects to a screen."""
    sekisho = bindings()

    class Desks(sekisho.ConsoleDriver):  # type: ignore[misc,name-defined]
        def machines(self, *, within: float) -> list[Any]:
            return [self._machine(uuid, name) for name, uuid in UUIDS.items()]

        def machine(self, uuid: str, *, within: float) -> Any:
            for name, known in UUIDS.items():
                if uuid == known:
                    return self._machine(uuid, name)
            raise sekisho.Error("console.no_such_machine", "none of this manager")

        def screen(self, uuid: str, *, within: float) -> socket.socket:
            return dial(self.machine(uuid, within=within).name)

        def _machine(self, uuid: str, name: str) -> Any:
            try:
                dial(name).close()
            except OSError:
                return sekisho.Machine(uuid, name, "stopped")
            return sekisho.Machine(uuid, name, "running")

    return Desks()


def broken_driver() -> Any:
    class Broken(bindings().ConsoleDriver):  # type: ignore[misc]
        def machines(self, *, within: float) -> list[Any]:
            raise RuntimeError("a driver broke")

        def machine(self, uuid: str, *, within: float) -> Any:
            raise RuntimeError("a driver broke")

        def screen(self, uuid: str, *, within: float) -> int:
            raise RuntimeError("a driver broke")

    return Broken()
