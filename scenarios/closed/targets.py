"""What one side could aim at on the other: every door of the lab's world, as the running gate's registry and the lab's map name them."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sekisho_testbed import cast, cast_closed
from sekisho_testbed.namespaces_closed import NamespacesClosed
from sekisho_testbed.netlab import Host
from sekisho_testbed.probes import reach_all
from sekisho_testbed.world import World

Target = tuple[str, str, int]  # what it is, address, TCP port
SSH, PAGE = 22, 8444           # PAGE: of the desktop and console pages (cast.DESKTOP_PAGE …)


def real(world: World) -> NamespacesClosed:
    assert isinstance(world.closed, NamespacesClosed)
    return world.closed


def servers_and_desktops(world: World, *, my_number: bool) -> list[Target]:
    """Of the registry: every server at every port of the map, and every desktop's screen, on one side."""
    registry = world.export()
    systems = {s["id"] for s in registry["systems"] if (s["zone"] == "my_number") == my_number}
    servers = [(s["id"], s["address"]) for s in registry["servers"] if s["system"] in systems]
    desktops = [d for d in registry["desktops"] if (d["zone"] == "my_number") == my_number]
    assert len(servers) >= 2 and len(desktops) >= 2, "the world has servers and desktops on both sides"
    return [*((f"{name}, port {port}", address, port) for name, address in servers for port in cast.SERVER_PORTS),
            *((f"{d['id']}'s screen", d["address"], d["port"]) for d in desktops)]


def own_doors_closed() -> list[Target]:
    """Of the gate itself, on the closed side."""
    return [*((f"the closed entrance, port {port}", cast_closed.ENTRANCE, port) for port in (443, cast.ENTRANCE_PORT, PAGE, SSH)),
            ("the My Number console page", cast_closed.VDI_SIDE, PAGE),
            *((f"the gate on the carrier's line, port {port}", cast_closed.GATE_LINE, port) for port in (443, PAGE, SSH))]


def closed_side(world: World) -> list[Target]:
    """Everything of it that something on the Internet side could aim at."""
    sites = cast_closed.SITES
    return [*servers_and_desktops(world, my_number=True), *own_doors_closed(),
            *((f"{who}'s lent terminal", cast_closed.pc_address(who), SSH) for who in sites),
            *((f"the device of {who}'s site", cast_closed.address(cast_closed.site_plug(who, "line")), SSH) for who in sites)]


def internet_side(world: World) -> list[Target]:
    """And the other way round."""
    return [*servers_and_desktops(world, my_number=False),
            ("the Internet gate", cast.GATE_PUBLIC, cast.VPN_PORT), ("the Internet gate's posture page", cast.GATE_PUBLIC, cast.POSTURE_PORT),
            *((f"the tunnel's side of the gate, port {port}", cast.GATE_INNER, port) for port in (cast.ENTRANCE_PORT, cast.POSTURE_PORT, PAGE)),
            ("the console page", cast.VDI_SIDE, PAGE), ("the mail server", cast.address(cast.POST), 25)]


def beyond(world: World) -> list[Target]:
    """What stands behind the gate on the closed side itself: R11 leads to the own desktop by the entrance alone."""
    return [*((f"{what}, itself", address, port) for what, address, port in servers_and_desktops(world, my_number=True)),
            ("Kita's terminal", cast_closed.pc_address("kita"), SSH), ("the entrance's SSH", cast_closed.ENTRANCE, SSH),
            ("the My Number console page from the line", cast_closed.VDI_SIDE, PAGE)]


def open_every_door(world: World) -> None:
    """What a careless administrator would leave open: SSH of the gate's host, terminals and devices, and pages at every address; so
    that behind each target there is something to find."""
    net = real(world).network
    hosts = [net.house.gate, *(net.lab.hosts[name] for who, row in cast_closed.PEOPLE.items() for name in (row["pc"], f"{who}-device"))]
    for host in hosts:
        net.careless(host, SSH)
    net.careless(net.house.gate, 443, only=[cast_closed.GATE_LINE])
    net.careless(net.house.gate, PAGE)


def reached(host: Host, targets: list[Target], within: float = 0.5) -> list[str]:
    found = reach_all(host, {(address, port) for _, address, port in targets}, within)
    return [what for what, address, port in targets if (address, port) in found]


def must_all_be_open(world: World, targets: list[Target]) -> None:
    """Nothing filters any more: from the gate's own host every target answers, so that each was one."""
    found = reached(real(world).network.house.gate, targets, 2)
    shut = [what for what, _, _ in targets if what not in found]
    world.story.add("must", f"without the kernel's filter all {len(targets)} targets answer the gate's host", ok=not shut)
    assert not shut, f"nothing listens there: {shut}"


def must_reach_none(world: World, how: str, host: Host, targets: list[Target]) -> None:
    found = reached(host, targets)
    for what, _, _ in targets:
        world.story.add("must_not", f"{how}: {what}", ok=what not in found)
    assert not found, f"{how}: {found}"


@contextlib.contextmanager
def routed(host: Host, targets: list[Target], *words: str) -> Iterator[None]:
    """Meanwhile the host sends for these targets that way; afterwards as before."""
    addresses = sorted({address for _, address, _ in targets})
    try:
        host.ip([f"route replace {address}/32 {' '.join(words)}" for address in addresses])
        yield
    finally:
        host.lab.take_away(host, [f"route del {address}/32 {' '.join(words)}" for address in addresses])
