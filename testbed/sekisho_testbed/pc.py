"""Contractor PCs: hosts with real VPN clients and the posture agent."""
from __future__ import annotations

import contextlib
import json
import pathlib
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import cast, netlab, people
from .netlab import Host, Program, wait_until
from .people import ClientRun, Report
from .talks import Identity

SAML_CLIENT = pathlib.Path(__file__).parent / "programs" / "saml_client.py"
SEND = pathlib.Path(__file__).parent / "programs" / "send_packets.py"
HEARS = """
import socket, sys
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.bind(("0.0.0.0", int(sys.argv[1])))
print("listening", flush=True)
while True:
    print(line.recv(2000).decode(), end="", flush=True)
"""
SCRIPT = pathlib.Path(__file__).parent / "programs" / "vpnc-script"


class Vpn(people.Login):
    """One run of openconnect. The person at the keyboard is stdin."""

    def __init__(self, pc: "ContractorPc", program: Program, device: str) -> None:
        self.pc, self.program, self.device = pc, program, device

    def type(self, line: str) -> "Vpn":
        stdin = self.program.process.stdin
        assert stdin is not None
        try:
            stdin.write(line.encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            pass  # the client has ended: refused() or up() will say so with its output
        return self

    def asked(self, within: float = 15, prompt: str = "code") -> "Vpn":
        wait_until(lambda: prompt in self.program.text(), within, f"the question for the {prompt}",
                   on_fail=self.program.text, alive=lambda: self.program.running)
        return self

    def up(self, within: float = 15) -> "Vpn":
        self.program.wait_text("tunnel up", within)
        return self

    @property
    def address(self) -> str:
        found = re.search(r"tunnel up ([0-9.]+)", self.program.text())
        assert found, self.program.text()
        return found.group(1)

    @property
    def inside(self) -> bool:
        return self.program.running

    @property
    def was_told(self) -> bool:
        text = self.program.text()
        return "terminates with reason" in text or "rejected" in text

    @property
    def answers(self) -> list[str]:
        """Only once the first answer is there: the client shows it when it has read it."""
        wait_until(lambda: "/remote/logincheck" in self.program.text(), 5, "the client has been answered", on_fail=self.program.text)
        return [line for line in self.program.text().splitlines()
                if line.startswith(("Got HTTP", "Content-", "HTTP body", "Unexpected"))]

    def refused(self, within: float = 15) -> str:
        code = self.program.wait_end(within)
        assert code != 0, f"the client ended 0:\n{self.program.text()}"
        assert "tunnel up" not in self.program.text(), self.program.text()
        return self.program.text()

    def ended(self, within: float = 15) -> str:
        self.program.wait_end(within)
        return self.program.text()

    def send(self, packets: Sequence[bytes]) -> None:
        self.pc.host.run("/usr/bin/python3", str(SEND), input=json.dumps({"device": self.device, "packets": [p.hex() for p in packets]}))

    @contextlib.contextmanager
    def hears(self, port: int) -> Iterator[Callable[[], bytes]]:
        listener = self.pc.host.start("hears", "/usr/bin/python3", "-c", HEARS, str(port))
        try:
            begun = len(listener.wait_text("listening\n", 10))
            yield lambda: listener.text()[begun:].encode()
        finally:
            listener.stop()

    def hang_up(self, within: float = 10) -> None:
        if self.program.running:
            self.program.signal(signal.SIGINT)
            self.program.wait_end(within)

    def cut(self) -> None:
        self.program.signal(signal.SIGKILL)
        self.program.process.wait(5)


class SamlClient(people.SamlListener):
    """A client that opened the browser and waits on loopback for what it brings."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def cookie(self, within: float = 15) -> str:
        found = re.search(r"fetched (\d+) (\S*)", self.program.wait_text("fetched ", within))
        assert found and found.group(1) == "200" and found.group(2), self.program.text()
        return found.group(2)

    def again(self, within: float = 10) -> int:
        stdin = self.program.process.stdin
        assert stdin is not None
        stdin.write(b"\n")
        stdin.flush()
        found = re.search(r"again (\d+)", self.program.wait_text("again ", within))
        assert found
        return int(found.group(1))


class TerminalAgent(people.Agent):
    """sekisho-agent with a facts file, beside the VPN client."""

    def __init__(self, pc: "ContractorPc", binary: pathlib.Path) -> None:
        self.pc, self.binary = pc, binary
        folder = pc.host.folder
        self.facts_file, self.key, self.state = folder / "facts.json", folder / "agent.key", folder / "agent.state"
        self.running: Program | None = None

    def facts(self, document: dict[str, Any]) -> None:
        part = self.facts_file.with_suffix(".part")
        part.write_text(json.dumps(document, ensure_ascii=False))
        part.rename(self.facts_file)

    def argv(self, *words: str, inside: bool) -> list[str]:
        argv = [str(self.binary), "--facts", str(self.facts_file), "--key", str(self.key), "--state", str(self.state),
                "--gate", f"https://{cast.GATE_NAME}:{cast.POSTURE_PORT}", "--ca", str(self.pc.gate_ca), "--json"]
        if inside:
            argv += ["--connect-to", f"{cast.GATE_INNER}:{cast.POSTURE_PORT}"]
        return argv + list(words)

    def enrol(self, token: str) -> subprocess.CompletedProcess[str]:
        token_file = self.pc.host.folder / "enrolment.token"
        token_file.write_text(token)
        token_file.chmod(0o600)
        done = self.pc.host.run(*self.argv("enrol", "--token-file", str(token_file), inside=False), check=False, within=30)
        token_file.unlink()
        return done

    def report(self, *, inside: bool) -> Report:
        """One report: the program ends 0 when every check passed, 3 when denied."""
        words = ["report", "--once"] + ([] if inside else ["--pre-login"])
        done = self.pc.host.run(*self.argv(*words, inside=inside), check=False, within=30)
        try:
            checks = list(json.loads(done.stdout)["checks"])
        except (ValueError, KeyError, TypeError):
            checks = []
        return Report(done.returncode == 0, done.returncode == 3, checks, done.stdout + done.stderr)

    def start(self, within: float = 10) -> None:
        self.running = self.pc.host.start("agent", *self.argv("run", inside=True))
        self.running.wait_text("admitted", within)

    def event(self) -> None:
        assert self.running is not None
        self.running.signal(signal.SIGUSR1)

    def stop(self) -> None:
        if self.running is not None:
            self.running.stop()


class ContractorPc(people.Pc):
    agent: TerminalAgent
    entrance = cast.GATE_INNER  # address of the desktops' entrance on his path

    def __init__(self, host: Host, who: str, identity: Identity | None, gate_ca: pathlib.Path,
                 agent_binary: pathlib.Path, password: str | None = None) -> None:
        self.host, self.who, self.identity, self.gate_ca = host, who, identity, gate_ca
        self.password = cast.PEOPLE[who]["password"] if password is None else password
        self.agent = TerminalAgent(self, agent_binary)
        self.runs = 0
        self.dtls = False  # whether his client may use UDP

    def login(self, password: str | None = None, *, login: str | None = None, certificate: object = "own") -> Vpn:
        assert certificate is None or isinstance(certificate, (str, Identity)), certificate
        return self.openconnect(password, login=login, identity=certificate, dtls=self.dtls)

    def resume(self, cookie: str, *, certificate: object = "own") -> Vpn:
        assert certificate is None or isinstance(certificate, (str, Identity)), certificate
        return self.openconnect(cookie=cookie, identity=certificate)

    def desktop_answers(self, within: float = 3) -> bool:
        # A refusal greets as well, and then names no way in (RFC 6143 §7.1.2).
        heard = self.reaches(self.entrance, cast.ENTRANCE_PORT, within, answer=b"RFB 003.008\n") or b""
        return heard.startswith(b"RFB 003.008\n") and len(heard) > 12 and heard[12] != 0

    def openconnect(self, password: str | None = None, *, login: str | None = None,
                    identity: Identity | None | str = "own", extra: list[str] | None = None,
                    cookie: str | None = None, dtls: bool = False) -> Vpn:
        """Starts openconnect as the person would and types the password; returns at once."""
        self.runs += 1
        device = f"oc{self.runs}"
        used = self.identity if identity == "own" else (None if identity is None else identity)
        argv = ["openconnect", "--protocol=fortinet", "--cafile", str(self.gate_ca), "--script", str(SCRIPT), "-i", device,
                "--reconnect-timeout", "60", *([] if dtls else ["--no-dtls"]), "-v"]
        if isinstance(used, Identity):
            argv += ["-c", str(used.certificate), "-k", str(used.key)]
        if cookie is not None:
            argv += ["--cookie-on-stdin"]
        else:
            argv += ["-u", login if login is not None else self.who, "--passwd-on-stdin"]
        argv += (extra or []) + [f"https://{cast.GATE_NAME}/"]
        program = self.host.start(f"openconnect-{self.runs}", *argv, stdin=subprocess.PIPE)
        vpn = Vpn(self, program, device)
        if cookie is None:
            vpn.type(password if password is not None else self.password)
        else:
            vpn.type(f"SVPNCOOKIE={cookie}")
        return vpn

    def openfortivpn(self, password: str, code: Callable[[], str] | None) -> ClientRun:
        """Its HTTP part: the kernel may have no PPP, and where it has, the client is ended there."""
        config = self.host.folder / "openfortivpn.conf"
        text = [f"host = {cast.GATE_NAME}", f"port = {cast.VPN_PORT}", f"username = {self.who}", f"password = {password}",
                f"ca-file = {self.gate_ca}", "set-dns = 0", "pppd-use-peerdns = 0"]
        if self.identity is not None:
            text += [f"user-cert = {self.identity.certificate}", f"user-key = {self.identity.key}"]
        config.write_text("\n".join(text) + "\n")
        config.chmod(0o600)
        return self._openfortivpn(["-c", str(config)], code)

    def _openfortivpn(self, words: list[str], said: Callable[[], str] | None, within: float = 25) -> ClientRun:
        self.runs += 1
        program = self.host.start(f"openfortivpn-{self.runs}", "openfortivpn", *words, "-v", "-v", stdin=subprocess.PIPE)
        stdin = program.process.stdin
        assert stdin is not None
        if said is not None:
            try:
                stdin.write(said().encode() + b"\n")
                stdin.flush()
            except BrokenPipeError:
                pass
        stdin.close()
        allocated = "Remote gateway has allocated a VPN"
        wait_until(lambda: not program.running or "Tunnel is up and running" in program.text(), within, "the client has ended, or its tunnel is up",
                   on_fail=program.text)
        program.stop(10)
        shown = program.text()
        return ClientRun("Authenticated" in shown or allocated in shown, allocated in shown, shown)

    def openfortivpn_tunnel(self, code: Callable[[], str], within: float = 60) -> Program:
        """openfortivpn through to its tunnel, which stands when this returns: pppd and a kernel with PPP are needed."""
        assert self.identity is not None
        config = self.host.folder / "openfortivpn.conf"
        config.write_text("\n".join([f"host = {cast.GATE_NAME}", f"port = {cast.VPN_PORT}", f"username = {self.who}",
                                     f"password = {self.password}", f"ca-file = {self.gate_ca}", "set-dns = 0", "pppd-use-peerdns = 0",
                                     f"user-cert = {self.identity.certificate}", f"user-key = {self.identity.key}"]) + "\n")
        config.chmod(0o600)
        self.runs += 1
        program = self.host.start(f"openfortivpn-{self.runs}", "openfortivpn", "-c", str(config), "-v", stdin=subprocess.PIPE)
        stdin = program.process.stdin
        assert stdin is not None
        stdin.write(code().encode() + b"\n")
        stdin.flush()
        program.wait_text("Tunnel is up and running", within)
        return program

    def openfortivpn_with_cookie(self, cookie: str) -> ClientRun:
        assert self.identity is not None
        return self._openfortivpn([f"{cast.GATE_NAME}:{cast.VPN_PORT}", f"--ca-file={self.gate_ca}",
                                   f"--user-cert={self.identity.certificate}", f"--user-key={self.identity.key}", "--set-dns=0",
                                   "--pppd-use-peerdns=0", "--cookie-on-stdin"], lambda: f"SVPNCOOKIE={cookie}")

    def saml_client(self) -> SamlClient:
        assert self.identity is not None
        self.runs += 1
        program = self.host.start(f"saml-client-{self.runs}", "/usr/bin/python3", str(SAML_CLIENT), cast.GATE_NAME,
                                  str(self.gate_ca), str(self.identity.certificate), str(self.identity.key),
                                  stdin=subprocess.PIPE)
        program.wait_text("listening", 10)
        return SamlClient(program)

    def reaches(self, address: str, port: int, within: float = 3, *, answer: bytes = b"") -> bytes | None:
        """Opens TCP to address:port from this PC; the first bytes that come, or None when nothing answers. With `answer` that is said
        to them, and what comes then is there too."""
        # A shell starts in a tenth of an interpreter's time, which counts where the PC is emulated. "+" says that it connected.
        code = 'exec 3<>"/dev/tcp/$0/$1" && printf + && dd bs=64 count=1 status=none <&3 || exit 0'
        said = "".join(f"\\x{byte:02x}" for byte in answer)
        code += '; printf "$2" >&3 && dd bs=64 count=1 status=none <&3' if said else ""
        limit = within + 0.5 * (self.host.patience - 1)  # it has to start within it as well
        done = subprocess.run(self.host.argv(["timeout", f"{limit:g}", "bash", "-c", code, address, str(port), said]), capture_output=True,
                              timeout=limit * 3 + 20 * netlab.patience)
        return done.stdout[1:] if done.stdout.startswith(b"+") else None
