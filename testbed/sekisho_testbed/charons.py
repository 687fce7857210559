"""strongSwan's charon on a host of the lab: the gate's, as its operator runs it, and those of the sites' devices.

ESP runs in user space (kernel-libipsec) in UDP 4500, so that the machine's kernel needs none; on a guest whose kernel has it, it is
the kernel's (vici_line.py). A charon belongs to one story; it ends with close(), or with the lab.
"""
from __future__ import annotations

import os
import pathlib
import shutil
from typing import Any

from .netlab import Host, LabError, Program, wait_until
from .vici_talk import Message, Vici, ViciError

CHARON = "/usr/lib/ipsec/charon"
PLUGIN = pathlib.Path("/usr/lib/ipsec/plugins")
#: What core/circuits/README.md asks of the operator, and shorter waits: nobody is far away here.
SETTINGS = """charon {{
 load_modular = no
 load = {plugins}
 install_virtual_ip = no
 hash_and_url = no
 cookie_threshold = {cookies}
 half_open_timeout = 30
 init_limit_half_open = {half_open}
 block_threshold = {block}
 retransmit_tries = {tries}
 retransmit_timeout = 1
 interfaces_use = {interfaces}
 accept_unencrypted_mainmode_messages = {lax}
 i_dont_care_about_security_and_use_aggressive_mode_psk = {lax}
 plugins {{ vici {{ socket = unix://{socket} }} kernel-libipsec {{ load = yes }} }}
 filelog {{ stderr {{ default = 1 ike = 2 cfg = 1 flush_line = yes }} }}
}}
"""
#: Without kernel-libipsec ESP is the kernel's own.
KERNEL_ESP = "random nonce x509 pem pkcs1 pkcs8 pubkey kdf openssl kernel-netlink socket-default vici constraints revocation"
PLUGINS = KERNEL_ESP.replace("kernel-netlink", "kernel-libipsec kernel-netlink")


def missing() -> str:
    """Why this machine has no charon, or ""."""
    if not os.access(CHARON, os.X_OK):
        return "strongswan-charon is not installed (testbed/packages.txt)"
    for plugin, package in (("kernel-libipsec", "libcharon-extra-plugins"), ("vici", "strongswan-swanctl")):
        if not (PLUGIN / f"libstrongswan-{plugin}.so").exists():
            return f"{package} is not installed (testbed/packages.txt)"
    return ""


class Charon:
    """Not started yet."""

    def __init__(self, host: Host, folder: pathlib.Path, *, interfaces: str, uid: int = 0, cookies: int = 10,
                 half_open: int = 500, block: int = 5, lax: bool = False, plugins: str = PLUGINS, vici: str = "",
                 tries: int = 2) -> None:
        """`interfaces`: the cards on which it hears IKE. `uid`: who may speak over its socket besides root. `cookies`, `block`: how many
        half-open associations before cookies are asked for, and from one address before it is not heard; 0: never. `lax`: takes every
        algorithm that it knows, to prove that a refusal is the gate's. `vici`: where it makes its socket, if not at `socket`, where it
        is spoken to. `tries`: how often it says again what nobody has answered."""
        self.host, self.uid = host, uid
        folder.mkdir(parents=True, exist_ok=True)
        self.socket = folder / f"{host.name}.vici"
        if len(str(self.socket)) > 100:
            raise LabError(f"a socket's path is too long: {self.socket}")
        self.config = folder / f"{host.name}.conf"
        self.config.write_text(SETTINGS.format(plugins=plugins, socket=vici or self.socket, interfaces=interfaces, cookies=cookies,
                                               half_open=half_open, block=block, lax="yes" if lax else "no", tries=tries))
        self.program: Program | None = None

    def make_way(self) -> None:
        """Nothing of an earlier charon is at its socket."""
        self.socket.unlink(missing_ok=True)

    def start(self) -> "Charon":
        self.make_way()
        # Its own /run, for its pid file; the exec keeps it the process that signals reach.
        self.program = program = self.host.start(
            "charon", "unshare", "-m", "sh", "-c", f"mount -t tmpfs run /run; exec {CHARON}", env={"STRONGSWAN_CONF": str(self.config)})
        wait_until(self._answers, 10, f"charon on {self.host.name} answers", on_fail=program.text, alive=lambda: program.running)
        if self.uid:
            shutil.chown(self.socket, self.uid, self.uid)
        return self

    def _answers(self) -> bool:
        try:
            with self.talk() as charon:
                return bool(charon.ask("version"))
        except (OSError, ViciError):
            return False

    def talk(self, within: float = 15) -> Vici:
        return Vici(self.socket, within)

    def ask(self, command: str, message: Message | None = None, within: float = 15) -> dict[str, Any]:
        with self.talk(within) as charon:
            return charon.ask(command, message)

    def load_key(self, der: bytes) -> None:
        self.ask("load-key", {"type": "any", "data": der})

    def load_authority(self, der: bytes) -> None:
        self.ask("load-cert", {"type": "X509", "flag": "CA", "data": der})

    def load_list(self, der: bytes) -> None:
        """A revocation list; charon forgets the one that it has verified before."""
        self.ask("load-cert", {"type": "X509_CRL", "data": der})
        self.ask("flush-certs", {"type": "X509_CRL"})

    def tunnels(self) -> dict[str, dict[str, Any]]:
        with self.talk() as charon:
            return charon.tunnels()

    def keys(self) -> set[str]:
        """The number of each ESP association in use: another one after a rekeying. Its predecessor is kept for a moment."""
        return {child["spi-in"] for tunnel in self.tunnels().values() for child in tunnel["child-sas"].values()
                if child["state"] == "INSTALLED"}

    def half_open(self) -> int:
        """Associations that were begun and are not established."""
        return int(self.ask("stats")["ikesas"]["half-open"])

    def connections(self) -> list[str]:
        with self.talk() as charon:
            return charon.connections()

    def log(self) -> str:
        return self.program.text() if self.program else ""

    def kill(self) -> None:
        """Nothing is said to anybody."""
        assert self.program is not None
        self.program.signal(9)
        self.program.process.wait(5)

    def close(self) -> None:
        if self.program is not None:
            self.program.stop()
