"""The closed side of the cast: the carrier's closed network, two contractors' sites with their lent terminals, and the My Number
zone behind the gate. Nothing of it touches the Internet's segments but the gate's host."""
from __future__ import annotations

import datetime
from typing import Any

from . import cast
from .netlab import Plug, Segment

#: Where IKE arrives at the gate, and the only address that a circuit reaches.
GATE_LINE, ENTRANCE = "10.98.0.1", "10.95.0.1"
GATE_IKE_NAME = "gate.closed.test"      # of charon's certificate
GATE_NAME = "closed.seki.test"          # of the entrance's and the pages'
VDI_SIDE = "10.41.0.1"
PATH = "closed"
#: The circuits' networks and the gate's own inner address stand in one network (core/decisions/0020-ip-vpn.md).
NETWORK_PREFIX = 16
IKE_DEVICE, DEVICE = "line", "ipsec0"
ORIGIN = f"https://{ENTRANCE}"
DESKTOP_PAGE, CONSOLE_PAGE = f"{ENTRANCE}:8444", f"{VDI_SIDE}:8444"

SEGMENTS = [
    Segment("line", "10.98.0.0/24"),    # the carrier's closed network
    Segment("site1", "10.95.1.0/24"),
    Segment("site2", "10.95.2.0/24"),
    Segment("numvdi", "10.41.0.0/24"),
]
GATE_PLUGS = [Plug("line", 1), Plug("numvdi", 1)]
#: site -> the device's plugs (on the line, in the site), the terminal's plug, what the registry calls them
SITES = {
    "sato": {"line": Plug("line", 11), "inside": Plug("site1", 1), "pc": Plug("site1", 10, "3c:7c:3f:5a:70:01"), "circuit": "line-sato",
             "device": "line-sato.closed.test", "contractor": "sato-joho", "prefix": "10.95.1.0/24"},
    "kita": {"line": Plug("line", 12), "inside": Plug("site2", 1), "pc": Plug("site2", 10, "3c:7c:3f:5a:70:02"), "circuit": "line-kita",
             "device": "line-kita.closed.test", "contractor": "kita-denshi", "prefix": "10.95.2.0/24"},
}
DESKTOPS = {"vdi-11": Plug("numvdi", 11), "vdi-12": Plug("numvdi", 12)}
PEOPLE = {
    "sato": {"pc": "sato-pc", "terminal": "pc-sato", "desktop": "vdi-11", "password": "white heron over the ford 5"},
    "kita": {"pc": "kita-pc", "terminal": "pc-kita", "desktop": "vdi-12", "password": "nine bells before the snow 8"},
}
NAMES = {"sato": "佐藤 五月", "kita": "北 六郎"}
SYSTEMS = {"sato": ("num", "税務システム", "税務課", "c-num-2026"), "kita": ("aid", "福祉システム", "福祉課", "c-aid-2026")}
SERVERS = {"sato": "num-01", "kita": "num-02"}
#: A My Number server that is a machine of that zone's own hypervisor. Its screen alone is there: no host stands at its address.
MACHINES = {"num-11": {"manager": "number-servers", "machine": "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9b11"}}
MACHINE_ADDRESS = "10.60.1.21"


def address(plug: Plug) -> str:
    return next(s for s in SEGMENTS if s.name == plug.segment).address(plug.last)


def site_plug(who: str, which: str) -> Plug:
    plug = SITES[who][which]
    assert isinstance(plug, Plug)
    return plug


def pc_address(who: str) -> str:
    return address(site_plug(who, "pc"))


def mail_of(who: str) -> str:
    """Of everybody in the cast; "" of others."""
    if who in SITES:
        return f"{who}@{SITES[who]['contractor']}.test"
    return {"mori": "mori@mori-kogyo.test", "tani": "tani@tani-denki.test"}.get(who, "")


def add_to(registry: dict[str, Any], now: datetime.datetime, devices: dict[str, str], *, machines: bool = False) -> dict[str, Any]:
    """Puts the closed side into a registry of cast.registry(). `devices`: the certificate of each site's device, DER in base64.
    `machines`: with the servers that are machines of a hypervisor."""
    day = datetime.timedelta(days=1)
    period = {"from": cast.instant(now - 30 * day), "until": cast.instant(now + 150 * day)}
    for who, site in SITES.items():
        system, name, department, contract = SYSTEMS[who]
        contractor, terminal = str(site["contractor"]), PEOPLE[who]["terminal"]
        registry["contractors"].append({"id": contractor, "name": {"sato": "佐藤情報", "kita": "北電子"}[who]})
        if not any(row["id"] == system for row in registry["systems"]):
            registry["systems"].append({"id": system, "name": name, "department": department, "zone": "my_number"})
        registry["servers"].append({"id": SERVERS[who], "system": system, "kind": "physical", "manager": "", "machine": "",
                                    "address": cast.address(cast.SERVERS[SERVERS[who]])})
        registry["contracts"].append({"id": contract, "contractor": contractor, "title": f"{name}保守", "period": period,
                                      "number_handling": True, "systems": [system]})
        registry["people"].append({"id": who, "contractor": contractor, "login": who, "name": NAMES[who],
                                   "mail": mail_of(who), "roles": ["contractor"], "valid": period})
        registry.setdefault("circuits", []).append({
            "id": site["circuit"], "contractor": contractor, "site": f"{NAMES[who]}の拠点", "prefixes": [site["prefix"]],
            "ordered_at": cast.instant(now - 110 * day), "planned_at": cast.instant(now - 25 * day),
            "usable_at": cast.instant(now - 20 * day), "device_name": site["device"], "device_certificate": devices[who]})
        registry["terminals"].append({
            "id": terminal, "contractor": contractor, "name": PEOPLE[who]["pc"], "kind": "lent", "macs": [site_plug(who, "pc").mac],
            "circuit": site["circuit"], "lent_to": who, "place": "本社 3階", "handed_over_at": cast.instant(now - 15 * day),
            "due_at": cast.instant(now + 140 * day)})
        registry["desktops"].append({"id": PEOPLE[who]["desktop"], "person": who, "zone": "my_number",
                                     "address": address(DESKTOPS[PEOPLE[who]["desktop"]]), "port": 5900})
        registry["applications"].append({
            "id": f"a-{who}", "contract": contract, "people": [who], "terminals": [terminal], "systems": [system], "period": period,
            "purpose": "maintenance", "summary": "定期保守", "state": "accepted", "decided_by": "yama",
            "decided_at": cast.instant(now - 20 * day)})
    for name, row in MACHINES.items() if machines else []:
        registry["servers"].append({"id": name, "system": "num", "kind": "virtual_machine", "address": MACHINE_ADDRESS, **row})
    return registry
