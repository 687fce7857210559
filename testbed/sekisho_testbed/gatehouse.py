"""The gate under test: certificates, configuration, registry, the supervised programs, and sekishoctl."""
from __future__ import annotations

import datetime
import json
import os
import pathlib
import secrets
import subprocess
from typing import Any

from . import cast, cast_closed, netlab
from .netlab import Host, LabError, Program, wait_until
from .talks import Identity

UIDS = {"sekishod": 64101, "netd": 64102, "front": 64103, "relay": 64104, "posture": 64105, "hyperd": 64106,
        "closed-front": 64107, "closed-relay": 64108, "closed-hyperd": 64109}


CHECKS = [{"check": name, "mode": "enforce"} for name in
          ("registered_terminal", "windows_version", "antivirus", "windows_update", "browser")]


class WebCa:
    """The CA of servers (gate, mail) in the lab: not the environment's CA of client certificates."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = folder / "web-ca.pem", folder / "web-ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-subj", "/CN=lab web CA", "-keyout", str(self.key), "-out", str(self.certificate))

    def _openssl(self, *argv: str) -> None:
        done = subprocess.run(["openssl", *argv], capture_output=True, text=True)
        if done.returncode != 0:
            raise LabError(f"openssl {argv[0]}: {done.stderr}")

    def server(self, name: str, addresses: list[str]) -> tuple[pathlib.Path, pathlib.Path]:
        certificate, key, request, extensions = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
        sans = ",".join([f"DNS:{name}"] + [f"IP:{a}" for a in addresses])
        extensions.write_text(f"subjectAltName={sans}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", str(key), "-out", str(request))
        self._openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
                      "-CAcreateserial", "-days", "20", "-extfile", str(extensions), "-out", str(certificate))
        return certificate, key


class Gatehouse:
    """One gate with fresh state in `folder`, on the lab's host `gate`."""

    def __init__(self, host: Host, folder: pathlib.Path, build: pathlib.Path, web_ca: WebCa,
                 server: tuple[pathlib.Path, pathlib.Path], programs: pathlib.Path) -> None:
        self.host, self.folder, self.build, self.web_ca, self.server = host, folder, build, web_ca, server
        self.programs = programs
        folder.mkdir(parents=True, exist_ok=True)
        self.state, self.run_dir, self.etc, self.ca = (folder / n for n in ("state", "run", "etc", "ca"))
        for part in (self.state, self.run_dir, self.etc):
            part.mkdir(exist_ok=True)
        os.chown(self.state, UIDS["sekishod"], UIDS["sekishod"])
        os.chown(self.run_dir, UIDS["sekishod"], UIDS["sekishod"])
        for part in [folder, *folder.parents]:  # the gate's users must be able to pass down to their files
            if part.stat().st_uid == 0 and str(part).startswith("/tmp/") and not part.stat().st_mode & 0o001:
                part.chmod(part.stat().st_mode | 0o011)
        self.clock_offset = folder / "clock_offset"
        self.clock_offset.write_text("0")
        self.socket = self.run_dir / "control.sock"
        self.bare_entrance = True  # for stories that look no further than a desktop's entrance; never where there are pages (R15)
        self.supervisor: Program | None = None
        self.identities: dict[str, Identity] = {}
        self.start_env: dict[str, str] = {}  # of every start, the first and the later ones

    # --- files ------------------------------------------------------------------------------------------------------------
    def make_ca(self) -> None:
        self.offline("ca", "init", "--dir", str(self.ca), "--name", "Sekisho lab CA")

    def write_config(self, *, factors: list[str] | None = None, path: dict[str, Any] | None = None,
                     authenticators: list[dict[str, Any]] | None = None,
                     more_authenticators: list[dict[str, Any]] | None = None, site: dict[str, Any] | None = None,
                     consoles: dict[str, Any] | None = None, more_paths: list[dict[str, Any]] | None = None,
                     options: dict[str, dict[str, Any]] | None = None, authority: pathlib.Path | None = None,
                     checks: dict[str, dict[str, Any]] | None = None) -> None:
        """`consoles`: what belongs to the Internet's path ("path": pages and recordings) and to the site ("site": hypervisors).
        `options`: plugin of a factor -> what its site has set. `checks`: the same of a posture check, by its name. `authority`: folder of the
        CA that the certificate's factor is told of, where it is not the front's."""
        consoles, options, authority = consoles or {}, options or {}, authority or self.ca
        pepper = self.etc / "code.pepper"
        pepper.write_text(secrets.token_hex(32))
        pepper.chmod(0o600)
        os.chown(pepper, UIDS["sekishod"], UIDS["sekishod"])
        totp_key = self.etc / "totp.key"
        totp_key.write_text(secrets.token_hex(32))
        totp_key.chmod(0o600)
        tls = {"certificate_file": str(self.server[0]), "key_file": str(self.server[1])}
        files: dict[str, dict[str, Any]] = {
            "client_certificate": {"ca_file": str(authority / "ca.pem"), "crl_file": str(authority / "crl.pem")}, "password": {},
            "email_code": {"pepper_file": str(pepper)}, "totp": {"key_file": str(totp_key)}}
        document = {
            "node": "1", "gate_id": cast.GATE_NAME,
            "plugin_directory": str(self.build / "plugins"),
            "state_directory": str(self.state), "control_socket": str(self.socket),
            "store_url": f"sqlite://{self.state}/sekisho.db",
            "sekishod_uid": UIDS["sekishod"], "netd_uid": UIDS["netd"],
            "journal": {"directory": str(self.state / "journal"),
                        "signing_key_file": str(self.state / "journal.key"), "segment_bytes": 1 << 20},
            "mail": {"url": f"smtp://{cast.MAIL_NAME}:25", "from": "sekisho@seki.test",
                     "ca_file": str(self.web_ca.certificate), "limit_s": 10},
            "authenticators": authenticators or [
                *({"plugin": name, "config": {**its, **options.get(name, {})}} for name, its in files.items()),
                *(more_authenticators or []),
            ],
            "posture_checks": [{"plugin": row["check"], "config": (checks or {}).get(row["check"], {})} for row in CHECKS],
            "paths": [{
                "name": "internet", "plugin": {"plugin": "fortinet_sslvpn", "config": {}},
                "listen": [f"{cast.GATE_PUBLIC}:{cast.VPN_PORT}"],
                "tls": dict(tls, client_ca_file=str(self.ca / "ca.pem")),
                "tun": {"name": "sekisho0", "gate_address": cast.GATE_INNER, "prefix": 24, "mtu": 1354},
                "uid": UIDS["front"], "relay_uid": UIDS["relay"],
                "zones": ["internet_business", "internet_dmz"], "factors": factors or ["certificate", "password", "code"],
                "least_factors": 1 if factors else 2,  # stories with fewer factors say so by naming them
                "checks": CHECKS,
                "entrance": f"{cast.GATE_INNER}:{cast.ENTRANCE_PORT}", **consoles.get("path", {}), **(path or {}),
            }, *(more_paths or [])],
            "posture": {"listen": [f"{cast.GATE_PUBLIC}:{cast.POSTURE_PORT}", f"{cast.GATE_INNER}:{cast.POSTURE_PORT}"],
                        "tls": tls, "uid": UIDS["posture"]},
            **consoles.get("site", {}), **(site or {}),
        }
        self.config = self.etc / "sekisho.json"
        self.config.write_text(json.dumps(document, ensure_ascii=False, indent=1))

    # --- processes ----------------------------------------------------------------------------------------------------------
    def start(self, within: float = 20, env: dict[str, str] | None = None, under: list[str] | None = None,
              movable_clock: bool = True) -> None:
        """`env`: besides the lab's own; later starts have it too. `under`: a program that starts the supervisor in its own place (setpriv, strace -D). Without `movable_clock` the
        gate's time is the machine's: the lab's clock opens a file at each look, which a measurement would count."""
        if env is not None:
            self.start_env = env
        self.supervisor = self.host.start(
            "supervise", *(under or []), str(self.build / "bin" / "sekisho"), "supervise", "--config", str(self.config),
            "--programs", str(self.programs), "--status", str(self.run_dir / "status.json"),
            env={**({"SEKISHO_LAB_CLOCK_OFFSET": str(self.clock_offset)} if movable_clock else {}),
                 **({"SEKISHO_LAB_PATIENCE": f"{netlab.patience:.0f}"} if netlab.patience > 1 else {}),
                 **({"SEKISHO_LAB_BARE_ENTRANCE": "1"} if self.bare_entrance else {}),
                 "SEKISHO_LAB_HANG": str(self.folder / "hang"), **self.start_env})
        supervisor = self.supervisor
        wait_until(lambda: self.serves() and self.is_healthy(), within, "the gate is up and healthy", every=0.05,
                   on_fail=lambda: supervisor.text()[-6000:], alive=lambda: supervisor.running)

    def serves(self) -> bool:
        """Every program is ready."""
        status = self.run_dir / "status.json"
        return status.exists() and all(c["state"] == "ready" for c in json.loads(status.read_text())["children"])

    def is_healthy(self) -> bool:
        done = self.ctl_raw("health")
        # The registry, and with it the desktops of the pools, comes after the start; refused RDP is a finding, for an hour, of a try
        # that may have been an earlier gate's: its kernel tells the next one. A stop is what a story has pulled.
        return done.returncode == 0 and all(
            condition.startswith(("desktop.not_registered:", "circuits.line_down:", "stop:")) or condition == "rdp.refused"
            for condition in json.loads(done.stdout)["conditions"])

    def stop(self) -> None:
        if self.supervisor is not None:
            self.supervisor.stop(10)

    # --- sekishoctl ----------------------------------------------------------------------------------------------------------
    def offline(self, *words: str) -> str:
        done = subprocess.run([str(self.build / "bin" / "sekishoctl"), "--json", *words], capture_output=True, text=True,
                              timeout=30)
        if done.returncode != 0:
            raise LabError(f"sekishoctl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def ctl_raw(self, *words: str, input: str | None = None, within: float = 30) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(self.build / "bin" / "sekishoctl"), "--json", "--socket", str(self.socket), *words],
                              capture_output=True, text=True, timeout=within, input=input)

    def ctl(self, *words: str, input: str | None = None) -> Any:
        done = self.ctl_raw(*words, input=input)
        if done.returncode != 0:
            raise LabError(f"sekishoctl {' '.join(words)} ended {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    # --- the cast --------------------------------------------------------------------------------------------------------------
    def import_registry(self, registry: dict[str, Any]) -> None:
        path = self.etc / "registry.json"
        path.write_text(json.dumps(registry, ensure_ascii=False))
        self.ctl("import", str(path))

    def issue(self, person: str, terminal: str) -> Identity:
        out = self.etc / "issued"
        out.mkdir(exist_ok=True)
        self.ctl("ca", "issue", "--dir", str(self.ca), "--person", person, "--terminal", terminal, "--out", str(out))
        identity = Identity(out / f"{person}-{terminal}.pem", out / f"{person}-{terminal}.key")
        self.identities[person] = identity
        return identity

    def set_password(self, person: str, password: str) -> None:
        self.ctl("person", "passwd", person, input=password + "\n")

    def settle(self, registry: dict[str, Any], people: list[str]) -> None:
        """Imports the registry, issues certificates and sets passwords."""
        self.import_registry(registry)
        for person in people:
            row = {**cast.PEOPLE, **cast_closed.PEOPLE}[person]
            self.issue(person, row["terminal"])
            self.set_password(person, row["password"])

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
            seconds=float(self.clock_offset.read_text() or 0))

    # --- the running programs -----------------------------------------------------------------------------------------------
    def pids(self) -> dict[str, int]:
        """Program name (with the path a front serves) -> pid as this test sees it, of everything below the supervisor."""
        assert self.supervisor is not None
        found: dict[str, int] = {}
        waiting = [self.supervisor.process.pid]
        while waiting:
            pid = waiting.pop()
            try:
                children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            waiting += [int(child) for child in children]
            name = os.path.basename(words[0])
            if name == "sekisho-front":
                name = "posture-front" if "--posture" in words else "front"
            if name.startswith(("sekisho", "lab-", "front", "posture")):
                found[name] = pid
        return found
