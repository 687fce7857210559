"""Two hosts, `client` and `gate`, and the gateways that are compared on them: one runs at a time, started afresh.

Every gateway ends its tunnel at an inner address of its own host; the same traffic server stands there. CPU and memory of
a gateway are those of all its processes, the traffic server's left out.
"""
from __future__ import annotations

import json
import pathlib
import secrets
import subprocess
from collections.abc import Sequence
from typing import Any, Self

from .. import cast
from ..gatehouse import Gatehouse, WebCa
from ..netlab import Host, LabError, NetLab, Plug, Program, Segment, wait_until
from ..pc import SCRIPT, ContractorPc
from ..talks import Identity
from .accounting import Group

CIPHER = "NORMAL:-CIPHER-ALL:+AES-256-GCM"
TRAFFIC_PORT = cast.ENTRANCE_PORT


class Hall:
    """The network of a run and the files that all gateways share."""

    def __init__(self, folder: pathlib.Path, build: pathlib.Path) -> None:
        self.folder, self.build = folder, build
        self.lab = NetLab(folder / "net")

    def __enter__(self) -> "Hall":
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in [self.folder, *self.folder.parents]:
            if str(part).startswith("/tmp/") and not part.stat().st_mode & 0o001:
                part.chmod(part.stat().st_mode | 0o011)
        lab = self.lab.__enter__()
        try:
            lab.add_segment(Segment("inet", "198.18.0.0/24"))
            self.client = lab.add_host("client", [Plug("inet", 11)])
            self.gate = lab.add_host("gate", [Plug("inet", 1)])
            names = self.folder / "hosts"
            names.write_text(f"127.0.0.1 localhost\n{cast.GATE_PUBLIC} {cast.GATE_NAME}\n")
            lab.run("mount", "--bind", str(names), "/etc/hosts")
            self.web_ca = WebCa(self.folder / "web")
            self.server = self.web_ca.server(cast.GATE_NAME, [cast.GATE_PUBLIC])
        except BaseException:
            lab.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.lab.close()

    def traffic(self, host: Host, *words: str, within: float = 60, before: Sequence[str] = ()) -> dict[str, Any]:
        """`before`: a program that starts it in another way, such as nice(1)."""
        done = host.run(*before, str(self.build / "bin" / "bench-traffic"), *words, within=within)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


class Gateway:
    """One product under measurement. `inner` is where the traffic server answers through the tunnel."""

    name = ""
    protocol = ""
    inner = ""

    def __init__(self, hall: Hall, folder: pathlib.Path) -> None:
        self.hall, self.folder = hall, folder
        self.group = Group(self.name)
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self.group.__enter__()
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self.group.__exit__()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def client_words(self) -> list[str]:
        """What openconnect needs to log in as this gateway's person."""
        raise NotImplementedError

    password = ""

    def connect(self, group: Group, *, dtls: bool = False) -> Program:
        """Stock openconnect with one tunnel; returns when the tunnel carries bytes (with `dtls`: over UDP)."""
        program = self.hall.client.start(
            f"openconnect-{self.name}-{secrets.token_hex(3)}", "openconnect", f"--protocol={self.protocol}",
            "--passwd-on-stdin", "--cafile", str(self.hall.web_ca.certificate), "--script", str(SCRIPT), "-i", "vpn0",
            "--gnutls-priority", CIPHER, *([] if dtls else ["--no-dtls"]), *self.client_words(),
            f"https://{cast.GATE_NAME}/", stdin=subprocess.PIPE)
        assert program.process.stdin is not None
        program.process.stdin.write(self.password.encode() + b"\n")
        program.process.stdin.flush()
        program.wait_text("tunnel up", 20)
        if dtls:
            program.wait_text("Established DTLS connection", 10)
        group.add(program.pid)
        self.hall.client.run("ip", "route", "replace", f"{self.inner}/32", "dev", "vpn0")
        wait_until(lambda: self.hall.client.run(str(self.hall.build / "bin" / "bench-traffic"), "echo", self.inner,
                                                str(TRAFFIC_PORT), "1", "1", check=False).returncode == 0,
                   15, f"the tunnel of {self.name} carries bytes", every=0.1, on_fail=program.text)
        return program


class Sekisho(Gateway):
    """The gate, with its access path in `fortinet_sslvpn`. Endpoint checks are off: no peer has them."""

    name, protocol, inner = "sekisho", "fortinet", cast.GATE_INNER

    def __init__(self, hall: Hall, folder: pathlib.Path, *, factors: list[str] | None = None, people: int = 1,
                 crypt_hash: str | None = None, path: dict[str, Any] | None = None,
                 relay: str = "bench-traffic", env: dict[str, str] | None = None,
                 more_authenticators: list[dict[str, Any]] | None = None) -> None:
        super().__init__(hall, folder)
        self.more_authenticators = more_authenticators
        self.env = env or {}
        self.relay = relay  # bench-traffic: the traffic server stands where people's desktops do
        self.factors = factors or ["certificate", "password"]
        self.people, self.crypt_hash, self.path = people, crypt_hash, path or {}
        self.password = "quiet river under cedar 12"

    def start(self) -> None:
        programs = self.folder / "programs"
        programs.mkdir(parents=True)
        for name, target in (("sekishod", "lab-sekishod"), ("sekisho-netd", "sekisho-netd"),
                             ("sekisho-front", "sekisho-front"), ("sekisho-relay", self.relay)):
            (programs / name).symlink_to(self.hall.build / "bin" / target)
        self.house = Gatehouse(self.hall.gate, self.folder / "gate", self.hall.build, self.hall.web_ca, self.hall.server,
                               programs)
        self.house.make_ca()
        self.house.write_config(factors=self.factors, path={"checks": [], **self.path},
                                more_authenticators=self.more_authenticators)
        self.house.start(env={**({"SEKISHO_LAB_CRYPT": "1"} if self.crypt_hash else {}), **self.env}, movable_clock=False)
        registry = cast.registry(self.house.now())
        base = next(p for p in registry["people"] if p["id"] == "mori")
        application = next(a for a in registry["applications"] if a["id"] == "a-mori")
        self.who = ["mori"] + [f"user{n:03d}" for n in range(1, self.people)]
        for number, who in enumerate(self.who[1:], start=1):
            registry["people"].append(dict(base, id=who, login=who, mail=f"{who}@mori-kogyo.test"))
            registry["terminals"].append({"id": f"pc-{who}", "contractor": "mori-kogyo", "name": f"pc-{who}", "kind": "own",
                                          "macs": [f"3c:7c:3f:b0:{number >> 8:02x}:{number & 255:02x}"]})
            registry["desktops"].append({"id": f"vdi-{who}", "person": who, "zone": "internet_business",
                                         "address": f"10.40.{1 + number // 200}.{1 + number % 200}", "port": 5900})
            if len(application["people"]) == 200:  # as many as one application names
                application = dict(application, id=f"{application['id']}-{number}", people=[], terminals=[])
                registry["applications"].append(application)
            application["people"].append(who)
            application["terminals"].append(f"pc-{who}")
        self.house.import_registry(registry)
        for who in self.who:
            self.house.issue(who, f"pc-{who}")
        if self.crypt_hash is None:
            self.house.set_password("mori", self.password)
        stored = self.house.ctl("export", "--with-secrets")
        chosen = self.crypt_hash or next(p for p in stored["people"] if p["id"] == "mori")["password_hash"]
        for person in stored["people"]:
            if person["id"] in self.who:
                person["password_hash"] = chosen
        self.house.import_registry(stored)
        # A session without a report stays in quarantine, where the traffic server is out of reach.
        agent = ContractorPc(self.hall.client, "mori", self.identity("mori"), self.hall.web_ca.certificate,
                             self.hall.build / "bin" / "sekisho-agent").agent
        self.agent = agent
        for old in (agent.key, agent.state):
            old.unlink(missing_ok=True)
        agent.facts(cast.good_facts(self.house.now(), "3c:7c:3f:1a:2b:01", "client"))
        token = self.house.ctl("terminal", "enrol-token", "pc-mori")["token"]
        done = agent.enrol(token)
        if done.returncode != 0:
            raise LabError(f"the agent: {done.stdout}{done.stderr}")
        if not (report := agent.report(inside=False)).ok:
            raise LabError(f"the agent: {report.text}")
        assert self.house.supervisor is not None
        self.group.add(self.house.supervisor.pid)
        for pid in self.group.pids():
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
            if command.endswith(b"sekisho-relay") and self.group.folder is not None:
                (self.group.folder.parent / "cgroup.procs").write_text(str(pid))  # the traffic server is no part of it

    def stop(self) -> None:
        if hasattr(self, "house"):
            self.house.stop()

    def identity(self, who: str) -> Identity:
        return self.house.identities[who]

    def client_words(self) -> list[str]:
        mine = self.identity("mori")
        return ["-u", "mori", "-c", str(mine.certificate), "-k", str(mine.key)]

    def load_job(self, **job: Any) -> str:
        """A job for sekisho-load with everybody of this gate."""
        people = [{"user": who, "password": self.password, "certificate": str(self.identity(who).certificate),
                   "key": str(self.identity(who).key)} for who in self.who]
        return json.dumps({"address": cast.GATE_PUBLIC, "port": cast.VPN_PORT, "host": cast.GATE_NAME,
                           "ca": str(self.hall.web_ca.certificate), "people": people, **job}) + "\n"


class Ocserv(Gateway):
    """ocserv as shipped (worker isolation on), its rate limits off."""

    name, protocol, inner = "ocserv", "anyconnect", "10.98.0.1"
    password = "secret"

    def __init__(self, hall: Hall, folder: pathlib.Path, *, certificate: bool = False, password: bool = True) -> None:
        super().__init__(hall, folder)
        self.with_certificate, self.with_password = certificate, password

    def start(self) -> None:
        users = self.folder / "passwd"
        done = subprocess.run(["ocpasswd", "-c", str(users), "user"], input="secret\nsecret\n", capture_output=True, text=True)
        if done.returncode != 0:
            raise LabError(f"ocpasswd: {done.stderr}")
        users.chmod(0o644)
        self.folder.chmod(0o777)
        self.client_certificate = client_certificate(self.folder)
        auth = ([f'auth = "plain[passwd={users}]"'] if self.with_password else []) + \
            (['auth = "certificate"'] if self.with_certificate else [])
        config = self.folder / "ocserv.conf"
        config.write_text("\n".join(auth) + f"""
tcp-port = 443
udp-port = 443
run-as-user = nobody
run-as-group = nogroup
socket-file = {self.folder}/ocserv.sock
server-cert = {self.hall.server[0]}
server-key = {self.hall.server[1]}
ca-cert = {self.folder}/client-ca.pem
cert-user-oid = 0.9.2342.19200300.100.1.1
isolate-workers = true
max-clients = 0
max-same-clients = 0
rate-limit-ms = 0
max-ban-score = 0
keepalive = 3600
dpd = 300
mobile-dpd = 300
try-mtu-discovery = false
tls-priorities = "NORMAL:%SERVER_PRECEDENCE:-CIPHER-ALL:+AES-256-GCM"
auth-timeout = 60
min-reauth-time = 0
cookie-timeout = 300
rekey-time = 172800
use-occtl = false
pid-file = {self.folder}/ocserv.pid
log-level = 1
device = vpns
predictable-ips = false
ipv4-network = 10.98.0.0
ipv4-netmask = 255.255.0.0
ping-leases = false
route = 10.98.0.1/32
dtls-legacy = true
cisco-client-compat = true
""")
        self.program = self.hall.gate.start(f"ocserv-{secrets.token_hex(3)}", "ocserv", "-f", "-c", str(config))
        self.server = self.hall.gate.start(f"traffic-{secrets.token_hex(3)}", str(self.hall.build / "bin" / "bench-traffic"),
                                           "server", self.inner, str(TRAFFIC_PORT))
        self.server.wait_text("serving", 5)
        wait_until(lambda: self.hall.client.run("openssl", "s_client", "-connect", f"{cast.GATE_PUBLIC}:443", check=False,
                                                input="").returncode == 0,
                   10, "ocserv answers", on_fail=self.program.text, alive=lambda: self.program.running)
        self.group.add(self.program.pid)

    def stop(self) -> None:
        for program in (getattr(self, "program", None), getattr(self, "server", None)):
            if program is not None:
                program.stop(5)

    def client_words(self) -> list[str]:
        return ["-u", "user", "--non-inter"]


class Nginx(Gateway):
    """A web server that asks for a client certificate and answers one request: the floor of what a login may cost."""

    name = "nginx"

    def start(self) -> None:
        self.client_certificate = client_certificate(self.folder)
        self.folder.chmod(0o777)
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(f"""
daemon off;
worker_processes 1;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  {temporary}
  server {{
    listen 443 ssl;
    ssl_protocols TLSv1.3;
    ssl_certificate {self.hall.server[0]};
    ssl_certificate_key {self.hall.server[1]};
    ssl_client_certificate {self.folder}/client-ca.pem;
    ssl_verify_client on;
    ssl_session_cache off;
    ssl_session_tickets off;
    location / {{ return 200 "ok"; }}
  }}
}}
""")
        self.program = self.hall.gate.start(f"nginx-{secrets.token_hex(3)}", "nginx", "-c", str(config))
        wait_until(lambda: self.hall.client.run("openssl", "s_client", "-connect", f"{cast.GATE_PUBLIC}:443", check=False,
                                                input="").returncode == 0,
                   10, "nginx answers", on_fail=self.program.text, alive=lambda: self.program.running)
        self.group.add(self.program.pid)

    def stop(self) -> None:
        if hasattr(self, "program"):
            self.program.stop(5)


def client_certificate(folder: pathlib.Path) -> Identity:
    """A CA and a client certificate in ocserv's form (UID in the subject)."""
    script = """set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client-ca.key -out client-ca.pem -days 9 -subj '/CN=bench'
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client.key -out client.csr -subj '/CN=user/UID=user'
printf 'basicConstraints=CA:FALSE\\nextendedKeyUsage=clientAuth\\n' > client.ext
openssl x509 -req -in client.csr -CA client-ca.pem -CAkey client-ca.key -CAcreateserial -days 9 -extfile client.ext -out client.pem
"""
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(done.stderr)
    return Identity(folder / "client.pem", folder / "client.key")


__all__ = ["Gateway", "Hall", "Nginx", "Ocserv", "Sekisho"]
