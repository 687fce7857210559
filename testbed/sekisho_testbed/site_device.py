"""The device of a contractor's site: a router whose charon asks the gate's for a tunnel, honestly or not."""
from __future__ import annotations

import contextlib
import ipaddress
import pathlib

from . import cast_closed
from .charons import Charon
from .device_certificates import Device
from .netlab import Host, wait_until
from .vici_talk import Message, ViciError

IKE, ESP = "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384"


class SiteDevice:
    """The device of one contractor's site, with its certificate."""

    def __init__(self, host: Host, who: str, folder: pathlib.Path, authority: bytes) -> None:
        self.host, self.who, self.authority = host, who, authority
        self.charon = Charon(host, folder, interfaces="line")
        self.lies: list[str] = []  # addresses that this device has put behind itself

    def dial(self, identity: Device, *, ike: str = IKE, esp: str = ESP, version: str = "2", aggressive: bool = False,
             name: str | None = None, behind: str | None = None, entrance: str = f"{cast_closed.ENTRANCE}/32", within: float = 8,
             **more: str) -> str:
        """Asks the gate's charon for the tunnel; "" when it stands, else what this device's charon says about it. `behind`: the
        network that it claims to stand for. `name`: the identity that it claims."""
        if self.charon.program is None:
            self.charon.start()
        if behind:  # a device that lies about what stands behind it can: charon wants an address of its own there
            first = str(ipaddress.ip_network(behind).network_address + 254)
            self.lies.append(first)
            self.host.lab.batch([f"addr replace {first}/32 dev lo"], host=self.host.name)
        site = cast_closed.SITES[self.who]
        child: Message = {"local_ts": [behind or str(site["prefix"])], "remote_ts": [entrance], "esp_proposals": [esp], "rekey_time": "0s"}
        connection: Message = {
            "version": version, "aggressive": "yes" if aggressive else "no", "encap": "yes", "mobike": "no", "unique": "no",
            "local_addrs": [self.host.addresses["line"]], "remote_addrs": [cast_closed.GATE_LINE], "proposals": [ike], **more,
            "local": {"auth": "pubkey", "id": name or identity.name, "certs": [identity.certificate]},
            "remote": {"auth": "pubkey", "id": cast_closed.GATE_IKE_NAME}, "children": {"site": child}}
        with self.charon.talk(within + 5) as charon:
            charon.ask("clear-creds")
            charon.ask("load-key", {"type": "any", "data": identity.key})
            charon.ask("load-cert", {"type": "X509", "flag": "CA", "data": self.authority})
            try:
                charon.ask("load-conn", {"closed": connection})
                charon.ask("initiate", {"child": "site", "ike": "closed", "timeout": str(int(within * 1000))})
            except ViciError as no:
                with contextlib.suppress(ViciError):
                    charon.ask("terminate", {"ike": "closed", "force": "yes", "timeout": "500"})
                self._forget_lies()
                return str(no)
        return ""

    def hang_up(self) -> None:
        with contextlib.suppress(ViciError):
            self.charon.ask("terminate", {"ike": "closed", "timeout": "2000"})
        self._forget_lies()

    def forget_tunnel(self) -> None:
        """Its tunnel is gone here, whether the gate hears of it or not: what its terminal sends leaves as it is."""
        if self.charon.program is None:
            return
        with contextlib.suppress(ViciError):
            self.charon.ask("terminate", {"ike": "closed", "force": "yes", "timeout": "500"})
        wait_until(lambda: not self.stands(), 5, f"{self.who}'s device has no tunnel", on_fail=self.charon.log)

    def _forget_lies(self) -> None:
        self.host.lab.take_away(self.host, [f"addr del {address}/32 dev lo" for address in self.lies])
        self.lies.clear()

    def stands(self) -> bool:
        """An association of this device has a child that is installed."""
        return any(child["state"] == "INSTALLED" for tunnel in self.charon.tunnels().values()
                   for child in tunnel.get("child-sas", {}).values())

    def rekey(self, *, child: bool = False) -> None:
        self.charon.ask("rekey", {"child": "site"} if child else {"ike": "closed"})

    def close(self) -> None:
        self.charon.close()
        self._forget_lies()
