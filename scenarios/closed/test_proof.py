"""R01: the gate proves from what is in force that no address of one zone reaches the other, and says so when it cannot."""
from __future__ import annotations

import json
from typing import Any

import pytest

from sekisho_testbed.namespaces_closed import NamespacesClosed
from sekisho_testbed.world import World

pytestmark = [pytest.mark.needs("charon", "kernel_filter"), pytest.mark.gate(closed=True)]


def check_zones(world: World) -> tuple[int, dict[str, Any]]:
    """`sekishoctl check zones` as root on the gate's machine."""
    assert isinstance(world.closed, NamespacesClosed)
    here: Any = world
    house = here.gatehouse
    done = world.closed.network.house.gate.run(str(house.build / "bin" / "sekishoctl"), "--json", "--socket", str(house.socket), "check",
                                               "zones", "--config", str(house.config), check=False, within=60)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.rule("R01", must="pass")
def test_the_zones_are_proved_apart_while_both_entrances_serve(world: World) -> None:
    """Mori and Sato are inside; every claim holds, and each names the rules that show it."""
    vpn = world.pass_gate("mori")
    world.closed.pass_gate("sato")
    code, proof = check_zones(world)
    for claim in proof["claims"]:
        world.story.add("must", f"{claim['from']} {claim['to']} {claim['claim']}: {claim['kinds']} ({claim['shown_by']})", ok=claim["holds"])
    assert code == 0 and proof["holds"], [c for c in proof["claims"] if not c["holds"]]
    paths = {(c["from"], c["to"]) for c in proof["claims"]}
    assert {("internet", "closed"), ("closed", "internet")} <= paths, paths
    assert sum(c["kinds"] for c in proof["claims"]) > 1000, proof
    vpn.hang_up()


@pytest.mark.rule("R01", must="fail")
def test_a_rule_of_somebody_else_that_sends_packets_across_is_named(world: World) -> None:
    """netd's table is whole, and a table of somebody else redirects what comes for the gate to a desktop of My Number."""
    world.closed.line_up("sato")
    here: Any = world
    gate = here.house.gate
    gate.run("nft", "add table ip other; add chain ip other in { type nat hook prerouting priority dstnat; }; "
                    "add rule ip other in tcp dport 3390 dnat to 10.40.0.11")
    try:
        code, proof = check_zones(world)
    finally:
        gate.run("nft", "delete table ip other")
    against = [line for claim in proof["claims"] if not claim["holds"] for line in claim["against"]]
    world.story.add("must_not", f"with a redirection: {against}", ok=bool(against))
    assert code == 1 and not proof["holds"]
    assert [line for line in against if line.startswith("ip other in ") and line.endswith(": dnat")], against
    code, proof = check_zones(world)
    assert code == 0, [c for c in proof["claims"] if not c["holds"]]


@pytest.mark.rule("R01", must="fail")
def test_with_one_of_the_kernels_rules_gone_there_is_no_proof(world: World) -> None:
    """Somebody empties the chain of the Internet's tunnels while netd is halted: the proof fails and names a packet."""
    world.closed.line_up("sato")
    here: Any = world
    with here.netd_halted():  # netd would mend it at once
        here.house.gate.run("nft", "flush", "chain", "inet", "sekisho", "from_internet")
        code, proof = check_zones(world)
    against = [c for c in proof["claims"] if not c["holds"]]
    world.story.add("must_not", f"without a rule: {against[0]['claim']} {against[0]['against']}", ok=bool(against))
    assert code == 1 and not proof["holds"]
    assert any(c["from"] == "internet" and c["against"] for c in against), against
    world.must("once netd has mended it the proof holds again", lambda: check_zones(world)[0] == 0, within=15)
