"""R04, R11 from a guest: both stock clients complete their tunnels against the gate."""
from __future__ import annotations

import pytest

from sekisho_testbed.namespaces import NamespacesWorld

pytestmark = pytest.mark.needs("guests")


def kernel(world: NamespacesWorld, host: str) -> str:
    return world.house.lab.hosts[host].run("cat", "/proc/sys/kernel/random/boot_id").stdout


@pytest.mark.rule("R04", must="pass")
@pytest.mark.rule("R11", must="pass")
def test_openconnect_in_a_guest_reaches_the_desktop(world: NamespacesWorld) -> None:
    """His PC runs another kernel than the gate's machine; the tunnel is its own, and the desktop's screen answers."""
    assert kernel(world, "mori-pc") != kernel(world, "gate")
    with world.step("login"):
        tunnel = world.pass_gate("mori")
    with world.step("desktop"):
        world.must_reach_desktop("mori", within=10)
    with world.step("hang up"):
        tunnel.hang_up()
        world.wait_no_session("mori")
        world.must_not_reach_desktop("mori")


@pytest.mark.needs("ppp")
@pytest.mark.rule("R04", must="pass")
def test_openfortivpn_completes_its_tunnel_with_the_kernels_ppp(world: NamespacesWorld) -> None:
    """Login, mailed code, pppd, an inner address on ppp0; the desktop answers through it."""
    mori, mailbox = world.pc("mori"), world.mailbox("mori")
    assert mori.agent.report(inside=False).ok
    with world.step("login"):
        client = mori.openfortivpn_tunnel(mailbox.next_code)
    session = world.session_of("mori")
    shown = mori.host.run("ip", "-4", "-br", "addr", "show", "dev", "ppp0").stdout
    assert session["address"] in shown, shown
    with world.step("desktop"):
        world.must_reach_desktop("mori", within=10)
    with world.step("hang up"):
        client.stop(15)
        world.wait_no_session("mori")
