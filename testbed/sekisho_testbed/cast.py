"""The constant cast and map (decisions.md, "Cast"): who is who in every scenario, and where they live."""
from __future__ import annotations

import copy
import datetime
from typing import Any

from .netlab import Plug, Segment

GATE_NAME = "gate.seki.test"
GATE_PUBLIC = "198.18.0.1"
GATE_INNER = "10.202.0.1"
VPN_PORT, POSTURE_PORT, ENTRANCE_PORT = 443, 8443, 5900
#: The desktop page is in the tunnel, the console page in the desktops' segment (R11, R12).
DESKTOP_PAGE, CONSOLE_PAGE = f"{GATE_INNER}:8444", "10.40.0.1:8444"
VDI_SIDE = "10.40.0.1"
MAIL_NAME = "post.seki.test"

SEGMENTS = [
    Segment("inet", "198.18.0.0/24"),
    Segment("vdi", "10.40.0.0/24"),
    Segment("web1", "10.50.1.0/24"),
    Segment("web2", "10.50.2.0/24"),
    Segment("dmz1", "10.51.1.0/24"),
    Segment("phys1", "10.52.1.0/24"),
    Segment("num1", "10.60.1.0/24"),
    Segment("num2", "10.60.2.0/24"),
    Segment("ops", "10.30.0.0/24"),
]

GATE_PLUGS = [Plug(segment.name, 1) for segment in SEGMENTS]

# name -> (plug, default gateway's last octet is always 1)
PCS = {
    "mori-pc": Plug("inet", 11, "3c:7c:3f:1a:2b:01"),
    "tani-pc": Plug("inet", 12, "3c:7c:3f:1a:2b:02"),
    "hama-pc": Plug("inet", 66, "3c:7c:3f:66:66:66"),
}
DESKTOPS = {"vdi-01": Plug("vdi", 11), "vdi-02": Plug("vdi", 12)}
SERVERS = {
    "web-01": Plug("web1", 11),
    "web-02": Plug("web2", 11),
    "dmz-01": Plug("dmz1", 11),
    "phys-01": Plug("phys1", 11),
    "num-01": Plug("num1", 11),
    "num-02": Plug("num2", 11),
}
#: Servers that are machines of the lab's hypervisor, under the UUIDs by which the registry knows them.
MACHINES = {
    "web-01": {"manager": "servers", "machine": "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01"},
    "web-02": {"manager": "servers", "machine": "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a02"},
    "dmz-01": {"manager": "dmz-servers", "machine": "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a03"},
}
POST = Plug("ops", 25)
INSIDE = {**DESKTOPS, **SERVERS, "post": POST}
#: What listens on an inside host, so that a scan of an unguarded house has something to find.
SERVER_PORTS = [22, 80, 443, 3389, 8006]

PEOPLE = {
    "mori": {"pc": "mori-pc", "terminal": "pc-mori", "desktop": "vdi-01", "password": "quiet river under cedar 12"},
    "tani": {"pc": "tani-pc", "terminal": "pc-tani", "desktop": "vdi-02", "password": "seven lanterns by the gate"},
}


def address(plug: Plug) -> str:
    return next(s for s in SEGMENTS if s.name == plug.segment).address(plug.last)


def inside(host: str) -> str:
    """The address of a desktop, a server or the mail server."""
    return address(INSIDE[host])


def instant(at: datetime.datetime) -> str:
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def registry(now: datetime.datetime) -> dict[str, Any]:
    """The registry that every namespaces scenario starts with; password hashes and keys are added by the gatehouse."""
    day = datetime.timedelta(days=1)
    period = {"from": instant(now - 30 * day), "until": instant(now + 150 * day)}
    people = [
        {"id": who, "contractor": contractor, "login": who, "name": name, "mail": f"{who}@{contractor}.test",
         "roles": ["contractor"], "valid": period}
        for who, contractor, name in (("mori", "mori-kogyo", "森 一郎"), ("tani", "tani-denki", "谷 二葉"))
    ] + [
        {"id": "yama", "contractor": "", "login": "yama", "name": "山 三奈", "mail": "yama@seki.test",
         "roles": ["staff", "approver"], "valid": period},
        {"id": "kato", "contractor": "", "login": "kato", "name": "加藤 四郎", "mail": "kato@seki.test",
         "roles": ["auditor"], "valid": period},
    ]
    return {
        "schema": "sekisho.registry/1",
        "contractors": [{"id": "mori-kogyo", "name": "森工業"}, {"id": "tani-denki", "name": "谷電機"}],
        "systems": [
            {"id": "web", "name": "施設予約システム", "department": "情報政策課", "zone": "internet_business"},
            {"id": "dmz", "name": "公開サーバ", "department": "広報課", "zone": "internet_dmz"},
            {"id": "num", "name": "税務システム", "department": "税務課", "zone": "my_number"},
        ],
        "servers": [
            {"id": "web-01", "system": "web", "kind": "virtual_machine", "address": address(SERVERS["web-01"]),
             **MACHINES["web-01"]},
            {"id": "web-02", "system": "web", "kind": "virtual_machine", "address": address(SERVERS["web-02"]),
             **MACHINES["web-02"]},
            {"id": "phys-01", "system": "web", "kind": "physical", "manager": "", "machine": "",
             "address": address(SERVERS["phys-01"])},
            {"id": "dmz-01", "system": "dmz", "kind": "virtual_machine", "address": address(SERVERS["dmz-01"]),
             **MACHINES["dmz-01"]},
        ],
        "contracts": [
            {"id": "c-web-2026", "contractor": "mori-kogyo", "title": "施設予約システム保守", "period": period,
             "number_handling": False, "systems": ["web"]},
            {"id": "c-dmz-2026", "contractor": "tani-denki", "title": "公開サーバ保守", "period": period,
             "number_handling": False, "systems": ["dmz"]},
        ],
        "people": people,
        "terminals": [
            {"id": p["terminal"], "contractor": contractor, "name": p["pc"], "kind": "own",
             "macs": [PCS[p["pc"]].mac]}
            for p, contractor in ((PEOPLE["mori"], "mori-kogyo"), (PEOPLE["tani"], "tani-denki"))
        ],
        "desktops": [
            {"id": "vdi-01", "person": "mori", "zone": "internet_business", "address": address(DESKTOPS["vdi-01"]),
             "port": 5900},
            {"id": "vdi-02", "person": "tani", "zone": "internet_dmz", "address": address(DESKTOPS["vdi-02"]),
             "port": 5900},
        ],
        "applications": [
            {"id": "a-mori", "contract": "c-web-2026", "people": ["mori"], "terminals": ["pc-mori"],
             "systems": ["web"], "period": period, "purpose": "maintenance", "summary": "定期保守", "state": "accepted",
             "decided_by": "yama", "decided_at": instant(now - 20 * day)},
            {"id": "a-tani", "contract": "c-dmz-2026", "people": ["tani"], "terminals": ["pc-tani"],
             "systems": ["dmz"], "period": period, "purpose": "maintenance", "summary": "定期保守", "state": "accepted",
             "decided_by": "yama", "decided_at": instant(now - 20 * day)},
        ],
    }


def good_facts(now: datetime.datetime, mac: str, hostname: str) -> dict[str, Any]:
    """A terminal that passes every check at `now`; scenarios change one thing at a time."""
    hour, day = datetime.timedelta(hours=1), datetime.timedelta(days=1)

    def short(at: datetime.datetime) -> str:
        return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    facts: dict[str, Any] = {
        "schema": "sekisho.device-facts/1.0",
        "collected_at": short(now),
        "collector": {"name": "sekisho-agent", "version": "1.0.0", "source": "simulator", "privilege": "system"},
        "device": {"hostname": hostname, "manufacturer": "Example Computer", "model": "NB-14", "serial": "EX" + hostname,
                   "smbios_uuid": "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11", "virtual": False},
        "os": {"family": "windows", "product_type": "workstation", "major": 10, "minor": 0, "build": 26200, "ubr": 9700,
               "display_version": "25H2", "edition": "Professional", "channel": "general", "arch": "x64"},
        "network": {"forwarding": False, "interfaces": [
            {"name": "イーサネット", "mac": mac, "permanent_mac": mac, "kind": "ethernet", "bus": "pci",
             "hardware": True, "up": True}]},
        "antivirus": {"products": [
            {"name": "Windows Defender", "guid": "{D68DDC3A-831F-4FAE-9E44-DA132C1ACF46}", "via": "defender",
             "raw_state": 397568, "state": "on", "realtime": True, "signatures": "up_to_date",
             "signature_version": "1.441.210.0", "signature_updated_at": short(now - 6 * hour), "mode": "normal",
             "program_present": True, "signer": "Microsoft Corporation", "signer_valid": True}]},
        "updates": {"last_installed_at": short(now - 10 * day), "last_searched_at": short(now - 2 * hour),
                    "pending_reboot": False,
                    "installed": [{"kb": "KB5100001", "at": short(now - 10 * day), "via": "wua"}]},
        "browsers": [{"name": "edge", "version": "142.0.3595.80"}],
        "security": {"secure_boot": True, "tpm_version": "2.0", "firewall_on": True, "disk_encrypted": True},
        "errors": [],
    }
    return copy.deepcopy(facts)
