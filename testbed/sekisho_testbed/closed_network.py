"""The closed network in a lab of namespaces: the carrier's line, the sites' devices (router and charon), the gate's charon, and what
passes on the line. Raised when the first story asks for it; the charons are a story's own.

    lent terminal ── site LAN ── device ══ line (IKE, ESP in UDP 4500) ══ gate: charon, then the entrance 10.95.0.1
"""
from __future__ import annotations

import contextlib
import pathlib
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import cast, cast_closed
from .charons import Charon
from .device_certificates import Device, DeviceCa
from .line_capture import LineCapture
from .netlab import Host, NetLab, Plug, wait_until
from .site_device import SiteDevice
from .vici_talk import Message

if TYPE_CHECKING:
    from .namespaces import NamespacesHouse


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


class ClosedNetwork:
    """One story's: fresh certificates, the gate's charon with its key, and the devices, which nobody has switched on yet."""

    def __init__(self, house: "NamespacesHouse", folder: pathlib.Path, uid: int = 0) -> None:
        """`uid`: of sekishod, which speaks to the gate's charon."""
        house.closed()
        self.house, self.folder = house, folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        self.life = contextlib.ExitStack()  # what the story has started or laid; it goes with the story, however that ends
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

    @contextlib.contextmanager
    def lax_gate(self) -> Iterator[Charon]:
        """Meanwhile in the place of the gate's charon one that takes whatever it can: both authorities, every version, algorithm and
        network. What it takes and the gate's does not, the gate's refuses. The gate's own is back afterwards."""
        self.gate.close()
        with contextlib.ExitStack() as life:
            life.callback(self.start)
            lax = Charon(self.house.gate, self.folder / "lax", interfaces="line", cookies=0, half_open=0, block=0, lax=True)
            life.callback(lax.close)
            lax.start()
            self._take_everything(lax)
            yield lax

    def _take_everything(self, lax: Charon) -> None:
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

    @contextlib.contextmanager
    def capture(self, wire: str = "line") -> Iterator[LineCapture]:
        """What passes meanwhile on the carrier's line; or on the LAN of Sato's site, "site1"."""
        path = self.folder / f"{wire}.pcap"
        path.unlink(missing_ok=True)
        tcpdump = self.lab.start_outside(self.house.gate, f"tcpdump-{wire}", "tcpdump", "--immediate-mode", "-i", f"br-{wire}", "-U",
                                         "-s", "0", "-w", str(path), "-Z", "root")
        with contextlib.ExitStack() as life:
            life.callback(tcpdump.stop)
            tcpdump.wait_text("listening on", 10)
            last, to = self.lab.hosts["kita-device" if wire == "line" else "sato-pc"], self.devices["sato"].host.addresses[wire]
            seen = LineCapture(path, frozenset((to, next(iter(last.addresses.values())))))
            yield seen
            last.run("ping", "-c", "1", "-W", "1", to, check=False)
            wait_until(seen.ended, 3, "the capture has the last packet")

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
        """Something listens on this host that nobody should reach. Until the story's end; what listens there anyway (a guest's own SSH)
        is as good."""
        if not only and host.run("ss", "-Hltn", f"sport = :{port}").stdout.strip():
            return
        code = ("import signal,socket,sys\n"
                "kept=[socket.create_server((a,int(sys.argv[1]))) for a in sys.argv[2:]]\n"
                "print('serving',flush=True); signal.pause()")
        program = host.start(f"careless-{port}", "/usr/bin/python3", "-c", code, str(port), *(only or ["0.0.0.0"]))
        self.life.callback(program.stop)
        program.wait_text("serving", 10)

    def stranger(self, count: int) -> tuple[Host, list[str]]:
        """A host on the carrier's line that is nobody's site, with so many addresses."""
        host = self.lab.hosts.get("hama-line") or self.lab.add_host("hama-line", [Plug("line", 66)], cast_closed.GATE_LINE)
        addresses = [self.lab.segments["line"].address(100 + n) for n in range(count)]
        self.life.callback(self.lab.take_away, host, [f"addr del {address}/24 dev eth0" for address in addresses])
        host.ip([f"addr replace {address}/24 dev eth0" for address in addresses])
        return host, addresses

    def charons(self) -> dict[str, Charon]:
        """Host -> the charon there, of those that run."""
        every = [self.gate, *(device.charon for device in self.devices.values())]
        return {charon.host.name: charon for charon in every if charon.program is not None and charon.program.running}

    def close(self) -> None:
        with contextlib.ExitStack() as last:  # each end is tried, whatever the ones before it say
            last.callback(self.gate.close)
            for device in self.devices.values():
                last.callback(device.close)
            last.callback(self.life.close)
