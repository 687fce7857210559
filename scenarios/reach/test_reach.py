"""R01, R02, R11: what a tunnel reaches, proved by scanning, and by scanning again with the guard removed."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast
from sekisho_testbed.attack import get
from sekisho_testbed.talks import Talk
from sekisho_testbed.world import World


@pytest.mark.rule("R11", must="pass")
def test_mori_reaches_his_own_desktop_through_the_entrance(world: World) -> None:
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    opened = world.entry(event="desktop.opened", person="mori")
    assert opened["detail"]["desktop"] == "vdi-01"
    vpn.hang_up()


@pytest.mark.rule("R11", must="fail")
def test_a_scan_of_the_inside_finds_the_entrance_and_the_posture_page_alone(world: World) -> None:
    """Every host, all TCP ports of two, UDP, ICMP, forged sources, another client: only two doors answer."""
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    found = world.scan(mori, tani.address)
    assert found == {("tcp", cast.GATE_INNER, cast.ENTRANCE_PORT), ("tcp", cast.GATE_INNER, cast.POSTURE_PORT)}, found
    world.entry(event="session.packets_refused", person="mori")
    mori.hang_up()
    tani.hang_up()


@pytest.mark.rule("R11", must="fail")
def test_the_same_scan_without_the_filter_reaches_more(open_world: World) -> None:
    """The guard's own proof: with the front's filter open and the kernel's rules removed the house answers."""
    mori = open_world.pass_gate("mori")
    open_world.remove_kernel_filter()
    found = open_world.scan(mori, None)
    assert len(found) > 2, found
    assert any(address == cast.address(cast.SERVERS["web-01"]) for _, address, _ in found), found
    mori.hang_up()


@pytest.mark.rule("R02", must="pass")
@pytest.mark.rule("R02", must="fail")
def test_on_the_wire_there_is_only_tls(world: World) -> None:
    """A capture of Mori's line holds TLS records and none of what he sends; the same words in clear would be seen."""
    with world.capture("mori-pc") as wire:
        vpn = world.pass_gate("mori")
        world.must_reach_desktop("mori")
        vpn.hang_up()
    assert wire.packets > 20
    for word in (cast.PEOPLE["mori"]["password"].encode(), b"RFB 003.008", b"SVPNCOOKIE", b"logincheck"):
        assert not wire.contains(word), word
    with world.capture("mori-pc") as wire:  # the check can fail: the same words without the gate's TLS
        world.say_in_clear("mori-pc", b"RFB 003.008")
    assert wire.contains(b"RFB 003.008")


@pytest.mark.needs("real_tls")
@pytest.mark.rule("R02", must="fail")
def test_clear_text_gets_no_answer(world: World) -> None:
    """HTTP without TLS at the VPN port is closed without a word."""
    heard = world.talk("mori-pc", [Talk("clear", [get("/remote/login")], tls=False), Talk("tls", [get("/remote/login")], answers=1)])
    assert heard["clear"].closed and b"HTTP/" not in heard["clear"].heard
    assert heard["tls"].status == 200  # the check can fail: with TLS the same port answers
