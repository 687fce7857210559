"""R01: registry, admission and the kernel's filter each keep the two sides apart; with any one of them gone the others still do, and
a relay shows no screen of the other side though all of them are gone."""
from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from sekisho_testbed import cast, cast_closed, guest_screen
from sekisho_testbed.guest_screen import GuestScreen
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.pc import ContractorPc, Vpn
from sekisho_testbed.viewer import Gone
from sekisho_testbed.world import World

import joins  # beside this file
from elsewhere import SATOS, refused_at_moris_pc, sato_at_moris_pc
from targets import closed_side, must_reach_none, open_every_door, routed


def the_registry_refuses(world: World) -> None:
    good = world.export()
    for what, code, join in joins.JOINS["contracts"]:
        joins.refused_as(world, good, what, code, join)
    assert world.export() == good


def through_his_tunnel(world: World, vpn: Vpn, how: str) -> None:
    """The kernel's filter, and the front's of his session: nothing of the closed side answers."""
    targets = closed_side(world)
    with routed(vpn.pc.host, targets, "dev", vpn.device):
        must_reach_none(world, how, vpn.pc.host, targets)


@pytest.mark.gate(closed=True)
@pytest.mark.rule("R01", must="fail")
def test_without_the_kernels_filter_registry_and_admission_hold(world: World) -> None:
    world.remove_kernel_filter()
    the_registry_refuses(world)
    for each in SATOS:
        refused_at_moris_pc(world, "sato", each)
    # Admission asks the line too: over no tunnel nobody passes, though the kernel now lets him speak to the entrance.
    world.closed.line_down("sato")
    world.closed.must_be_refused("Sato over no tunnel", "sato", "circuit.line_down", "R02")


@pytest.mark.gate(closed=True)
@pytest.mark.needs("packets", "processes", "kernel_filter", "charon")
@pytest.mark.rule("R01", must="fail")
def test_without_the_registrys_guard_admission_and_the_kernels_filter_hold(world: World) -> None:
    """A contract and an application over both sides are written into the store past the gate: Mori has the Internet's part alone."""
    assert isinstance(world, NamespacesWorld)
    open_every_door(world)
    world.gatehouse.stop()
    with contextlib.closing(sqlite3.connect(world.gatehouse.state / "sekisho.db")) as store, store:
        for table, owner in (("contract_systems", "c-web-2026"), ("application_systems", "a-mori")):
            last = store.execute(f"SELECT MAX(position) FROM {table} WHERE owner = ?", (owner,)).fetchone()[0]
            store.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (owner, last + 1, "num"))
        store.execute("UPDATE contracts SET number_handling = 1 WHERE id = 'c-web-2026'")
        store.execute("UPDATE registry_state SET generation = generation + 1")
    world.gatehouse.start()
    joined = joins.row(world.export(), "contracts", "c-web-2026")
    assert joined["systems"] == ["web", "num"], joined
    vpn = world.pass_gate("mori")
    assert isinstance(vpn, Vpn)
    session = world.session_of("mori")
    assert session["zone"] == "internet_business" and session["desktop"] == "vdi-01", session
    through_his_tunnel(world, vpn, "through Mori's tunnel, with a contract over both sides")
    world.must_reach_desktop("mori")
    vpn.hang_up()
    world.wait_no_session("mori")
    for each in SATOS[:4]:  # the fifth writes the registry, which would judge the joined contract too
        refused_at_moris_pc(world, "sato", each)


@pytest.mark.gate(closed=True, without="admission")
@pytest.mark.needs("packets", "processes", "kernel_filter", "charon")
@pytest.mark.rule("R01", must="fail")
def test_without_admissions_guard_the_registry_and_the_kernels_filter_hold(world: World) -> None:
    """Sato is let in over the Internet by a gatekeeper that forgot R01: he reaches nothing of the My Number zone, and no desktop. The
    gatekeeper forgets it after a restart as well."""
    assert isinstance(world, NamespacesWorld)
    open_every_door(world)
    for again in (False, True):
        if again:
            world.restart()
        vpn = sato_at_moris_pc(world)
        assert isinstance(vpn, Vpn)
        through_his_tunnel(world, vpn, "through Sato's tunnel over the Internet")
        mori = world.pc("mori")
        assert isinstance(mori, ContractorPc)
        count = len(world.journal(code="console.other_zone"))
        mori.reaches(cast.GATE_INNER, cast.ENTRANCE_PORT, 1)  # the relay greets, asks, and is told no
        world.refused("console.other_zone", rule="R01", count=count + 1)
        world.must_not("a My Number desktop is opened over the Internet", lambda: world.journal(event="desktop.opened", person="sato"))
        vpn.hang_up()
        world.wait_no_session("sato")
        world.advance(61)
    the_registry_refuses(world)
    assert cast_closed.PATH not in {s["path"] for s in world.sessions()}


DESKTOP, SCREEN_PORT = "vdi-11", 5901  # Sato's, in the My Number zone


@pytest.fixture
def guest(world: World) -> Iterator[GuestScreen]:
    assert isinstance(world, NamespacesWorld)
    with guest_screen.in_place_of(world, DESKTOP, SCREEN_PORT) as screen:
        yield screen


@pytest.mark.gate(closed=True, desktops="host", without="gatekeeper")
@pytest.mark.needs("packets", "processes", "kernel_filter", "charon", "consoles")
@pytest.mark.rule("R01", must="fail")
def test_with_every_other_guard_gone_the_relay_shows_no_screen_of_the_other_side(world: World, guest: GuestScreen) -> None:
    """A gatekeeper that forgot R01 altogether lets Sato in over the Internet, gives him the screen of his My Number desktop, and
    writes it down as opened; no rule of the kernel is left. The Internet's relay knows its own zones and opens nothing."""
    assert isinstance(world, NamespacesWorld)
    world.allow_event("relay.screen_not_opened", "the relay refuses what the gatekeeper gives")
    vpn = sato_at_moris_pc(world)
    assert isinstance(vpn, Vpn)
    world.remove_kernel_filter()
    address = cast_closed.address(cast_closed.DESKTOPS[DESKTOP])
    with world.house.gate.connect(address, SCREEN_PORT, 5) as bare:
        world.must("the gate's host, where the relay stands, reaches that screen", lambda: bare.recv(12) == b"RFB 003.008\n")
    page = world.consoles.desktop_page("mori")  # from Mori's PC, in Sato's tunnel
    view = page.ready()
    assert view["zone"] == "my_number" and view["desktop"]["id"] == DESKTOP, view
    for count in (1, 2):
        with pytest.raises(Gone, match="console.other_zone"):
            page.open()
        world.wait(lambda count=count: len(world.journal(event="desktop.closed", person="sato")) == count, 5, "the journal has its end")
    assert len(world.journal(event="desktop.opened", person="sato")) == 2, "the gatekeeper gave it"
    assert {entry["code"] for entry in world.journal(event="desktop.closed", person="sato")} == {"console.other_zone"}
    world.must_not("anybody has come to the guest's screen", lambda: guest.connections)
    vpn.hang_up()
