"""The device of a contractor's site: a router whose charon asks the gate's for a tunnel, honestly or not."""
from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import re

from . import cast_closed
from .charons import Charon
from .device_certificates import Device
from .netlab import wait_until
from .vici_talk import Message, ViciError

IKE, ESP = "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384"


@dataclasses.dataclass(frozen=True)
class KernelEsp:
    """An association of ESP that a kernel holds."""
    to: str
    spi: bytes
    in_udp: bool     # in UDP 4500, both ends
    packets: int     # so far


class SiteDevice:
    """The device of one contractor's site, with its certificate."""

    def __init__(self, charon: Charon, who: str, authority: bytes) -> None:
        self.host, self.charon, self.who, self.authority = charon.host, charon, who, authority
        self.lies: list[str] = []  # addresses that this device has put behind itself

    def dial(self, identity: Device, *, ike: str = IKE, esp: str = ESP, version: str = "2", aggressive: bool = False,
             name: str | None = None, behind: str | None = None, entrance: str = f"{cast_closed.ENTRANCE}/32", within: float = 8,
             **more: str) -> str:
        """Asks the gate's charon for the tunnel; "" when it stands, else what this device's charon says about it. `behind`: the
        network that it claims to stand for. `name`: the identity that it claims."""
        within *= self.host.patience
        if self.charon.program is None:
            self.charon.start()
        if behind:  # a device that lies about what stands behind it can: charon wants an address of its own there
            first = str(ipaddress.ip_network(behind).network_address + 254)
            self.lies.append(first)
            self.host.run("ip", "addr", "replace", f"{first}/32", "dev", "lo")
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

    def kernel_esp(self) -> list[KernelEsp]:
        """What its kernel holds; nothing where its charon does ESP itself, however many tunnels stand."""
        shown = self.host.run("ip", "-s", "xfrm", "state", "list", "nokeys", check=False).stdout
        found = []
        for block in re.split(r"^(?=src )", shown, flags=re.M):
            head = re.match(r"src \S+ dst (\S+)\s+proto esp spi 0x([0-9a-f]{8})", block)
            if head:
                passed = re.search(r"lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)", block)
                assert passed, block
                found.append(KernelEsp(head.group(1), bytes.fromhex(head.group(2)), "espinudp sport 4500 dport 4500" in block,
                                       int(passed.group(1))))
        return found

    def rekey(self, *, child: bool = False) -> None:
        """New keys for its association, or for what it carries. Back when they are in use: while an association is handed over to its
        successor charon finds a child at neither of the two."""
        before = self._in_use(child)
        self.charon.ask("rekey", {"child": "site"} if child else {"ike": "closed"})
        wait_until(lambda: (now := self._in_use(child)) and not now & before, 8, f"{self.who}'s device has new keys",
                   on_fail=self.charon.log)

    def _in_use(self, child: bool) -> set[str]:
        """The numbers of its associations that carry a child, or of the children."""
        with self.charon.talk() as charon:
            rows = charon.listed("list-sas", "list-sa")
        return {under["spi-in"] if child else held["uniqueid"] for row in rows for held in row.values() if held["state"] == "ESTABLISHED"
                for under in held["child-sas"].values() if under["state"] == "INSTALLED"}

    def close(self) -> None:
        self.charon.close()
        self._forget_lies()
