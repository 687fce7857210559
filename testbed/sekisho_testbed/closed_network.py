"""The closed network in a lab of namespaces: the carrier's line, the sites' devices (router and charon), the gate's charon, and what
passes on the line. Raised when the first story asks for it; the charons are a story's own.

    lent terminal ── site LAN ── device ══ line (IKE, ESP in UDP 4500) ══ gate: charon, then the entrance 10.95.0.1
"""
from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import pathlib
import re
import select
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import cast, cast_closed, netlab
from .charons import Charon
from .device_certificates import Device, DeviceCa
from .netlab import Host, NetLab, Plug, Program, wait_until
from .vici_talk import Message, ViciError

if TYPE_CHECKING:
    from .namespaces import NamespacesHouse

IKE, ESP = "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384"


def lay(house: "NamespacesHouse") -> None:
    """Puts line, sites and the My Number desktops' segment beside what stands already."""
    lab, gate = house.lab, house.gate
    for segment in cast_closed.SEGMENTS:
        lab.add_segment(segment)
    lab.plug_in(gate, cast_closed.GATE_PLUGS)
    gate.ip([f"addr add {cast_closed.ENTRANCE}/32 dev lo"])
    for who, site in cast_closed.SITES.items():
        device = house.add_site(f"{who}-device", [cast_closed.site_plug(who, "line"), cast_closed.site_plug(who, "inside")],
                                cast_closed.GATE_LINE)
        device.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        house.add(cast_closed.PEOPLE[who]["pc"], cast_closed.site_plug(who, "pc"))
        # What a story leaves unanswered is not said again in the next one, whose tunnel may not carry it.
        lab.hosts[cast_closed.PEOPLE[who]["pc"]].run("sysctl", "-qw", "net.ipv4.tcp_orphan_retries=1")
        # The carrier carries between the gate and every site, encrypted or not: that nothing passes in clear is the gate's doing.
        gate.ip([f"route add {site['prefix']} via {device.addresses['line']}"])
    for name, plug in cast_closed.DESKTOPS.items():
        house.screen(lab.add_host(name, [plug], cast_closed.VDI_SIDE))
    house.wires.add([segment.name for segment in cast_closed.SEGMENTS])


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
                return str(no)
        return ""

    def hang_up(self) -> None:
        with contextlib.suppress(ViciError):
            self.charon.ask("terminate", {"ike": "closed", "timeout": "2000"})

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
        self.charon.ask("rekey", {"child": "site"} if child else {"ike": "closed"})


class ClosedNetwork:
    """One story's: fresh certificates, the gate's charon with its key, and the devices, which nobody has switched on yet."""

    def __init__(self, house: "NamespacesHouse", folder: pathlib.Path, uid: int = 0) -> None:
        """`uid`: of sekishod, which speaks to the gate's charon."""
        house.closed()
        self.house, self.folder = house, folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        self.others: list[Program] = []
        self.ca, self.other_ca = DeviceCa(), DeviceCa("another CA")
        self.gate_identity = self.ca.issue(cast_closed.GATE_IKE_NAME)
        self.identities = {who: self.ca.issue(str(site["device"])) for who, site in cast_closed.SITES.items()}
        self.gate = Charon(house.gate, folder, interfaces="line", uid=uid)
        self.devices = {who: SiteDevice(house.charon(house.lab.hosts[f"{who}-device"], folder), who, self.ca.certificate)
                        for who in cast_closed.SITES}
        (folder / "gate-ike.pem").write_text(ssl.DER_cert_to_PEM_cert(self.gate_identity.certificate))
        (folder / "site-ca.pem").write_text(ssl.DER_cert_to_PEM_cert(self.ca.certificate))

    @property
    def lab(self) -> NetLab:
        return self.house.lab

    def path(self, *, tls: dict[str, Any], users: tuple[int, int], checks: list[dict[str, str]], **more: Any) -> dict[str, Any]:
        """The site's entry of `paths` (core/decisions/0020-ip-vpn.md). `more` replaces keys; `closed` adds to that part."""
        closed = {
            "gate_address": cast_closed.ENTRANCE, "prefix": cast_closed.NETWORK_PREFIX, "device": cast_closed.DEVICE, "esp": "libipsec",
            "ike_device": cast_closed.IKE_DEVICE, "ike_address": cast_closed.GATE_LINE, "ike_name": cast_closed.GATE_IKE_NAME,
            "ike_certificate_file": str(self.folder / "gate-ike.pem"), "ike_ca_file": str(self.folder / "site-ca.pem"),
            "revocation_lists": True, "vici_socket": str(self.gate.socket), **more.pop("closed", {})}
        return {
            "name": cast_closed.PATH, "plugin": {"plugin": "ip_vpn", "config": {
                "language": "ja", "origin": cast_closed.ORIGIN, "desktop_page": f"https://{cast_closed.DESKTOP_PAGE}"}},
            "listen": [f"{cast_closed.ENTRANCE}:443"], "tls": tls, "uid": users[0], "relay_uid": users[1], "zones": ["my_number"],
            "lent_only": True, "factors": ["certificate", "password"], "checks": checks,
            "entrance": f"{cast_closed.ENTRANCE}:{cast.ENTRANCE_PORT}", "closed": closed, **more}

    def lax_gate(self) -> Charon:
        """In the place of the gate's charon one that takes whatever it can: both authorities, every version, algorithm and network.
        What it takes and the gate's does not, the gate's refuses."""
        self.gate.close()
        lax = Charon(self.house.gate, self.folder / "lax", interfaces="line", cookies=0, half_open=0, block=0, lax=True).start()
        lax.load_key(self.gate_identity.key)
        for ca in (self.ca, self.other_ca):
            lax.load_authority(ca.certificate)
        everything = "0.0.0.0/0"
        connection: Message = {
            "version": "0", "encap": "yes", "unique": "never", "local_addrs": [cast_closed.GATE_LINE],
            "proposals": ["aes256gcm16-aes256gcm16-prfsha384-prfsha1-ecp384-modp1024-modp2048",
                          "aes256-aes128-3des-sha1-sha256-ecp384-modp2048"],
            "local": {"auth": "pubkey", "id": cast_closed.GATE_IKE_NAME, "certs": [self.gate_identity.certificate]},
            "remote": {"auth": "pubkey", "id": "%any"},
            "children": {"any": {"local_ts": [everything], "remote_ts": [everything],
                                 "esp_proposals": ["aes256gcm16-aes256gcm16-ecp384", "aes256gcm16", "aes128-3des-null-sha1-sha256"]}}}
        for name, aggressive in (("main", "no"), ("aggressive", "yes")):
            lax.ask("load-conn", {name: {**connection, "aggressive": aggressive}})
        return lax

    def certificates(self) -> dict[str, str]:
        """For the registry: the certificate of each site's device."""
        return {who: device.base64 for who, device in self.identities.items()}

    def start(self, *, lists: bool = True) -> "ClosedNetwork":
        """The operator starts the gate's charon and gives it its key; lists of revoked devices are his, too."""
        self.gate.start()
        self.gate.load_key(self.gate_identity.key)
        if lists:
            self.gate.load_list(self.ca.list())
        return self

    def dial(self, who: str, identity: Device | None = None, **how: Any) -> str:
        return self.devices[who].dial(identity or self.identities[who], **how)

    def up(self, who: str) -> SiteDevice:
        """The site's device brings its tunnel up."""
        said = self.dial(who)
        assert not said, f"{who}'s device has no tunnel: {said}\n{self.gate.log()[-3000:]}"
        return self.devices[who]

    def reaches(self, who: str, address: str = cast_closed.ENTRANCE, *, source: str | None = None, within: float = 1) -> bool:
        """One ping from the lent terminal."""
        pc = self.lab.hosts[cast_closed.PEOPLE[who]["pc"]]
        words = ["ping", "-c", "1", "-W", f"{within:g}", *(["-I", source] if source else []), address]
        return pc.run(*words, check=False).returncode == 0

    @contextlib.contextmanager
    def capture(self, wire: str = "line") -> Iterator["LineCapture"]:
        """What passes meanwhile on the carrier's line; or on the LAN of Sato's site, "site1"."""
        path = self.folder / f"{wire}.pcap"
        tcpdump = self.lab.start_outside(self.house.gate, f"tcpdump-{wire}", "tcpdump", "--immediate-mode", "-i", f"br-{wire}", "-U",
                                         "-s", "0", "-w", str(path), "-Z", "root")
        tcpdump.wait_text("listening on", 10)
        last, to = self.lab.hosts["kita-device" if wire == "line" else "sato-pc"], self.devices["sato"].host.addresses[wire]
        seen = LineCapture(path, frozenset((to, next(iter(last.addresses.values())))))
        try:
            yield seen
        finally:
            last.run("ping", "-c", "1", "-W", "1", to, check=False)
            wait_until(seen.ended, 3, "the capture has the last packet")
            tcpdump.stop()

    def say(self, who: str, words: bytes) -> None:
        """The lent terminal sends these words to the entrance, as if nothing had to be encrypted: in a segment of no connection, so that
        nobody's answer is needed for them."""
        from scapy.layers.inet import IP, TCP

        segment = TCP(sport=45_455, dport=443, flags="PA", seq=7, ack=1) / words
        packet = bytes(IP(src=cast_closed.pc_address(who), dst=cast_closed.ENTRANCE) / segment)
        self._send(self.lab.hosts[cast_closed.PEOPLE[who]["pc"]], packet, cast_closed.ENTRANCE)

    @staticmethod
    def _send(host: Host, packet: bytes, to: str) -> None:
        code = ("import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_RAW,socket.IPPROTO_RAW); "
                "s.sendto(bytes.fromhex(sys.argv[1]),(sys.argv[2],0))")
        host.run("/usr/bin/python3", "-c", code, packet.hex(), to)

    def careless(self, host: Host, port: int, only: list[str] | None = None) -> None:
        """Something listens on this host that nobody should reach. Until the story's end."""
        code = ("import socket,sys,time\n"
                "kept=[socket.create_server((a,int(sys.argv[1]))) for a in sys.argv[2:]]\n"
                "print('serving',flush=True); time.sleep(3600)")
        program = host.start(f"careless-{port}", "/usr/bin/python3", "-c", code, str(port), *(only or ["0.0.0.0"]))
        program.wait_text("serving", 10)
        self.others.append(program)

    def forged_syn(self, host: Host, source: str, to: str, port: int) -> int:
        """Sends the beginning of a TCP connection under that source; how often the gate answers it, wherever its answer goes."""
        from scapy.layers.inet import IP, TCP

        packet = bytes(IP(src=source, dst=to) / TCP(sport=45_454, dport=port, flags="S", seq=77))
        path = self.folder / "answers.pcap"
        path.unlink(missing_ok=True)
        look = self.house.gate.start("tcpdump-answers", "tcpdump", "--immediate-mode", "-i", "any", "-U", "-n", "-Z", "root", "-w",
                                     str(path), "tcp", "and", "src", "host", to, "and", "dst", "port", "45454")
        look.wait_text("listening on", 10)
        self._send(host, packet, to)
        select.select([], [], [], 0.5 * netlab.patience)
        look.stop()
        return LineCapture.count_of(path)

    def stranger(self, count: int) -> tuple[Host, list[str]]:
        """A host on the carrier's line that is nobody's site, with so many addresses."""
        host = self.lab.hosts.get("hama-line") or self.lab.add_host("hama-line", [Plug("line", 66)], cast_closed.GATE_LINE)
        addresses = [self.lab.segments["line"].address(100 + n) for n in range(count)]
        host.ip([f"addr replace {address}/24 dev eth0" for address in addresses])
        return host, addresses

    def close(self) -> None:
        for program in self.others:
            program.stop()
        for charon in [self.gate, *(device.charon for device in self.devices.values())]:
            charon.close()


class LinePacket:
    """An IPv4 packet of the line."""

    def __init__(self, frame: bytes) -> None:
        ip = frame[14:]
        head = (ip[0] & 15) * 4
        self.raw, self.protocol = ip, ip[9]
        self.source, self.destination = (".".join(str(b) for b in ip[at:at + 4]) for at in (12, 16))
        self.ports = (int.from_bytes(ip[head:head + 2], "big"), int.from_bytes(ip[head + 2:head + 4], "big"))
        self.payload = ip[head + 8:] if self.protocol == 17 else ip[head:]

    @property
    def kind(self) -> str:
        """ike, ike_encrypted, esp, keepalive, or clear: whatever else it is."""
        if self.protocol != 17 or not set(self.ports) & {500, 4500}:
            return "clear"
        ike = self.payload
        if 4500 in self.ports:
            if self.payload == b"\xff":
                return "keepalive"
            if self.payload[:4] != bytes(4):
                return "esp"
            ike = self.payload[4:]
        # Next payload 46: everything after the header is encrypted (RFC 7296, 3.14); 53 a fragment of that (RFC 7383).
        return "ike_encrypted" if len(ike) >= 28 and ike[16] in (46, 53) else "ike"


class LineCapture:
    def __init__(self, path: pathlib.Path, ends: frozenset[str]) -> None:
        """`ends`: the addresses of the ping that is the last packet."""
        self.path, self.ends = path, ends
        self.packets: list[LinePacket] = []

    def read(self) -> bool:
        from scapy.utils import RawPcapReader

        if not self.path.exists():
            return False
        with contextlib.suppress(EOFError):
            self.packets = [LinePacket(frame) for frame, _ in RawPcapReader(str(self.path)) if frame[12:14] == b"\x08\x00"]
        return True

    def ended(self) -> bool:
        """The last packet is the lab's own, which pushes the others into the file; it does not count."""
        if not self.read() or not any(self._own(packet) for packet in self.packets):
            return False
        self.packets = [packet for packet in self.packets if not self._own(packet)]
        return True

    def _own(self, packet: LinePacket) -> bool:
        return packet.protocol == 1 and {packet.source, packet.destination} == self.ends

    @staticmethod
    def count_of(path: pathlib.Path) -> int:
        from scapy.utils import RawPcapReader

        with contextlib.suppress(EOFError):
            return sum(1 for _ in RawPcapReader(str(path)))
        return 0

    def count(self, kind: str) -> int:
        return sum(packet.kind == kind for packet in self.packets)

    def of(self, prefix: str) -> list[LinePacket]:
        """Packets whose outer address begins so: of a site's inside, or of the entrance, there should be none."""
        return [p for p in self.packets if p.source.startswith(prefix) or p.destination.startswith(prefix)]

    def holds(self, words: bytes) -> bool:
        return any(words in packet.raw for packet in self.packets)
