"""What this journey's stories try: edits that join zones, and everything of one side that the other could aim at."""
from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sekisho_testbed import cast, cast_closed
from sekisho_testbed.device_certificates import DeviceCa
from sekisho_testbed.netlab import Host
from sekisho_testbed.pc import ContractorPc, TerminalAgent
from sekisho_testbed.people import Login
from sekisho_testbed.world import World

Registry = dict[str, Any]
CA = DeviceCa()
DEVICES = {who: CA.issue(str(site["device"])).base64 for who, site in cast_closed.SITES.items()}


def row(registry: Registry, kind: str, key: str) -> dict[str, Any]:
    return next(r for r in registry[kind] if r["id"] == key)


def edit(kind: str, key: str, **values: Any) -> Callable[[Registry], object]:
    return lambda r: row(r, kind, key).update(values)


def add(kind: str, like: str, **values: Any) -> Callable[[Registry], object]:
    return lambda r: r[kind].append({**copy.deepcopy(row(r, kind, like)), **values})


def certificate(person: str, terminal: str) -> Callable[[Registry], object]:
    return lambda r: r.setdefault("certificates", []).append(
        {"fingerprint_sha256": "ab" * 32, "serial_hex": "0a", "person": person, "terminal": terminal,
         "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"})


WEB_MACHINE = cast.MACHINES["web-01"]
#: what is tried, the finding's code, the edit
Join = tuple[str, str, Callable[[Registry], object]]
CONTRACTS: list[Join] = [
    ("an Internet contract with a My Number system", "zone.contract", edit("contracts", "c-web-2026", systems=["web", "num"],
                                                                             number_handling=True)),
    ("a My Number contract with an Internet system", "zone.contract", edit("contracts", "c-num-2026", systems=["num", "web"])),
    ("a My Number contract with a DMZ system", "zone.contract", edit("contracts", "c-num-2026", systems=["dmz", "num"])),
    ("one contract for all three zones", "zone.contract", edit("contracts", "c-dmz-2026", systems=["dmz", "web", "num"],
                                                               number_handling=True)),
    ("a system moved below a contract of two systems", "zone.contract",
     lambda r: (row(r, "contracts", "c-web-2026").update(systems=["web", "dmz"], number_handling=True),
                row(r, "systems", "dmz").update(zone="my_number"))),
    ("My Number data without the contract saying so", "contract.number_handling", edit("contracts", "c-num-2026", number_handling=False)),
    ("an Internet system moved to the My Number zone", "contract.number_handling", edit("systems", "web", zone="my_number")),
    ("a zone that is both", "field.choice", edit("systems", "num", zone="both")),
    ("a system in two zones", "field.type", edit("systems", "num", zone=["my_number", "internet_business"])),
]
MACHINES: list[Join] = [
    ("a My Number server at an Internet server's address", "zone.server",
     edit("servers", "num-01", address=cast.address(cast.SERVERS["phys-01"]))),
    ("one virtual machine in two zones", "zone.server",
     lambda r: r["servers"].append({"id": "zz-01", "system": "num", "kind": "virtual_machine", "manager": "numbers",
                                    "machine": WEB_MACHINE["machine"]})),
    ("one virtualisation manager for two zones", "zone.server",
     lambda r: r["servers"].append({"id": "zz-01", "system": "num", "kind": "virtual_machine", "manager": WEB_MACHINE["manager"],
                                    "machine": "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9aff"})),
    ("a My Number desktop at an Internet desktop's address", "zone.desktop",
     edit("desktops", "vdi-11", address=cast.address(cast.DESKTOPS["vdi-01"]), port=5901)),
    ("a My Number desktop on an Internet server", "zone.desktop",
     edit("desktops", "vdi-11", address=cast.address(cast.SERVERS["phys-01"]))),
    ("an Internet desktop on a My Number server", "zone.desktop",
     edit("desktops", "vdi-01", address=cast.address(cast.SERVERS["num-01"]))),
    ("two people's desktops at one screen", "desktop.address_taken",
     edit("desktops", "vdi-11", address=cast.address(cast.DESKTOPS["vdi-01"]))),
]
CIRCUITS: list[Join] = [
    ("a circuit over the Internet desktops' network", "zone.circuit", edit("circuits", "line-sato", prefixes=["10.40.0.0/24"])),
    ("a circuit over the My Number desktops' network", "zone.circuit",
     edit("circuits", "line-sato", prefixes=["10.95.1.0/24", "10.41.0.0/24"])),
    ("a circuit over Internet servers", "zone.circuit", edit("circuits", "line-sato", prefixes=["10.52.0.0/16"])),
    ("a circuit over everything", "zone.circuit", edit("circuits", "line-sato", prefixes=["0.0.0.0/0"])),
    ("a circuit over another contractor's", "circuit.overlap", edit("circuits", "line-sato", prefixes=["10.95.2.0/25"])),
    ("one site device on two circuits", "circuit.device_name_taken",
     edit("circuits", "line-sato", device_name=cast_closed.SITES["kita"]["device"])),
    ("one device certificate on two circuits", "circuit.device_certificate_taken",
     edit("circuits", "line-sato", device_certificate=DEVICES["kita"])),
    ("a device without a certificate", "circuit.device_certificate", edit("circuits", "line-sato", device_certificate="")),
    ("a device that is anybody", "circuit.device_name", edit("circuits", "line-sato", device_name="%any")),
    ("a circuit of nobody", "reference.unknown", edit("circuits", "line-sato", contractor="nobody")),
    ("a circuit usable before its order", "circuit.order", edit("circuits", "line-sato", usable_at="2020-01-01")),
    ("a second circuit under the same name", "key.duplicate", add("circuits", "line-sato", contractor="mori-kogyo")),
]
TERMINALS: list[Join] = [
    ("a lent terminal on another contractor's circuit", "terminal.loan_contractor", edit("terminals", "pc-sato", circuit="line-kita")),
    ("a lent terminal lent to another contractor's person", "terminal.loan_contractor", edit("terminals", "pc-sato", lent_to="mori")),
    ("a handed-over terminal without a circuit", "terminal.loan_incomplete", edit("terminals", "pc-sato", circuit="")),
    ("a handed-over terminal that nobody answers for", "terminal.loan_incomplete", edit("terminals", "pc-sato", lent_to="")),
    ("a terminal returned before it was handed over", "terminal.loan_order", edit("terminals", "pc-sato", returned_at="2020-01-01")),
    ("an own terminal with a circuit", "terminal.own_has_no_loan", edit("terminals", "pc-mori", circuit="line-sato")),
    ("a terminal of both kinds", "field.choice", lambda r: row(r, "terminals", "pc-sato").update(kind="both")),
    ("one PC as own and lent terminal", "zone.terminal", edit("terminals", "pc-sato", macs=[cast.PCS["mori-pc"].mac])),
    ("an Internet person's certificate for a lent terminal", "certificate.contractor", certificate("mori", "pc-sato")),
    ("a My Number person's certificate for an own terminal", "certificate.contractor", certificate("sato", "pc-mori")),
]
APPLICATIONS: list[Join] = [
    ("an Internet application for a My Number system", "application.system", edit("applications", "a-mori", systems=["web", "num"])),
    ("an Internet application for a My Number person", "application.other_contractor",
     edit("applications", "a-mori", people=["mori", "sato"])),
    ("an Internet application with a lent terminal", "application.other_contractor",
     edit("applications", "a-mori", terminals=["pc-mori", "pc-sato"])),
    ("a My Number application for an Internet person", "application.other_contractor",
     edit("applications", "a-sato", people=["sato", "mori"])),
    ("a My Number application with an own terminal", "application.other_contractor",
     edit("applications", "a-sato", terminals=["pc-sato", "pc-mori"])),
    ("another contractor's person in a My Number application", "application.other_contractor",
     edit("applications", "a-sato", people=["kita"])),
    ("a contractor's person as staff", "person.mixed_roles", edit("people", "sato", roles=["contractor", "staff"])),
]
JOINS = {"contracts": CONTRACTS, "machines": MACHINES, "circuits": CIRCUITS, "terminals": TERMINALS, "applications": APPLICATIONS}


def refused_as(world: World, registry: Registry, what: str, code: str, join: Callable[[Registry], object]) -> None:
    """The registry with this edit alone is not taken, and the finding has the code."""
    edited = copy.deepcopy(registry)
    join(edited)
    found = world.refused_import(edited)
    assert code in [each for _, each in found], f"{what}: {found or 'was taken'}"
    world.story.add("must_not", f"{what}: {code}")


# --- packets ----------------------------------------------------------------------------------------------------------------

Target = tuple[str, str, int]  # what it is, address, TCP port


def server(name: str) -> str:
    return cast.address(cast.SERVERS[name])


#: Everything of the closed side that something on the Internet side could aim at.
CLOSED: list[Target] = [
    *((f"{name}, port {port}", server(name), port) for name in ("num-01", "num-02") for port in (22, 443, 3389)),
    *((f"{name}'s screen", cast_closed.address(plug), 5900) for name, plug in cast_closed.DESKTOPS.items()),
    *((f"the closed entrance, port {port}", cast_closed.ENTRANCE, port) for port in (443, 5900, 8444)),
    ("the gate on the carrier's line", cast_closed.GATE_LINE, 443),
    *((f"{who}'s lent terminal", cast_closed.pc_address(who), 22) for who in cast_closed.PEOPLE),
]
#: And the other way round.
INTERNET: list[Target] = [
    *((f"{name}, port {port}", server(name), port) for name in ("web-01", "web-02", "dmz-01", "phys-01") for port in (22, 3389)),
    *((f"{name}'s screen", cast.address(plug), 5900) for name, plug in cast.DESKTOPS.items()),
    ("the Internet gate", cast.GATE_PUBLIC, cast.VPN_PORT), ("the Internet gate's posture page", cast.GATE_PUBLIC, cast.POSTURE_PORT),
    *((f"the Internet tunnel's side of the gate, port {port}", cast.GATE_INNER, port) for port in (cast.ENTRANCE_PORT, cast.POSTURE_PORT)),
    ("the mail server", cast.address(cast.POST), 25),
]
#: What stands behind the gate on the closed side itself: R11 leads to the desktop's entrance alone.
BEYOND: list[Target] = [
    *((f"{name} itself", server(name), 22) for name in ("num-01", "num-02")),
    *((f"{name}'s screen itself", cast_closed.address(plug), 5900) for name, plug in cast_closed.DESKTOPS.items()),
    ("Kita's terminal", cast_closed.pc_address("kita"), 22),
    ("the entrance's SSH", cast_closed.ENTRANCE, 22),
]


def reached(pc: ContractorPc, targets: list[Target], within: float = 0.4) -> list[str]:
    found = pc.reach_all([(address, port) for _, address, port in targets], within)
    return [what for what, address, port in targets if (address, port) in found]


def route(host: Host, targets: list[Target], *words: str) -> None:
    host.ip([f"route replace {address}/32 {' '.join(words)}" for address in sorted({a for _, a, _ in targets})])


def unroute(host: Host, targets: list[Target]) -> None:
    host.ip([f"route del {address}/32" for address in sorted({a for _, a, _ in targets})])


def sato_at_moris_pc(world: World) -> Login:
    """Sato, with everything that is his but the path: his lent terminal's agent, certificate, ID, password and code, over the Internet."""
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    agent = world.fresh_agent(mori)
    assert isinstance(agent, TerminalAgent)
    mac = cast_closed.site_plug("sato", "pc").mac
    assert mac is not None
    agent.facts_file = mori.host.folder / "sato-facts.json"
    agent.facts(cast.good_facts(world.now(), mac, "sato-pc"))
    done = agent.enrol(world.enrolment_token("sato"))
    assert done.returncode == 0, done.stdout + done.stderr
    report = agent.report(inside=False)
    assert report.ok, report.text
    mailbox = world.mailbox("sato")
    login = mori.login(world.people["sato"]["password"], login="sato", certificate=world.certificate_of("sato"))
    return login.asked().type(mailbox.next_code()).up()
