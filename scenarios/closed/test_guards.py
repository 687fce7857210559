"""R01: registry, admission and the kernel's filter each keep the two sides apart; with any one of them gone the others still do."""
from __future__ import annotations

import sqlite3

import pytest

from sekisho_testbed import cast, cast_closed
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.pc import ContractorPc, Vpn
from sekisho_testbed.world import World

import crossing  # beside this file


@pytest.mark.gate(closed=True)
@pytest.mark.rule("R01", must="fail")
def test_without_the_kernels_filter_registry_and_admission_hold(world: World) -> None:
    world.remove_kernel_filter()
    good = world.export()
    for what, code, join in crossing.JOINS["contracts"]:
        crossing.refused_as(world, good, what, code, join)
    mailbox = world.mailbox("sato")
    login = world.pc("mori").login(world.people["sato"]["password"], login="sato", certificate=world.certificate_of("sato"))
    login.asked().type(mailbox.next_code()).refused()
    world.refused("terminal.not_own", rule="R03")
    world.nobody_is_inside()
    # Admission asks the line too: over no tunnel nobody passes, though the kernel now lets him speak to the entrance.
    assert "接続中です" not in world.closed.log_in("sato").text
    world.nobody_is_inside()


@pytest.mark.gate(closed=True)
@pytest.mark.needs("packets", "processes", "kernel_filter", "charon")
@pytest.mark.rule("R01", must="fail")
def test_without_the_registrys_guard_admission_and_the_kernels_filter_hold(world: World) -> None:
    """A contract and an application over both sides are written into the store past the gate: Mori has the Internet's part alone."""
    assert isinstance(world, NamespacesWorld)
    world.gatehouse.stop()
    with sqlite3.connect(world.gatehouse.state / "sekisho.db") as store:
        for table, owner in (("contract_systems", "c-web-2026"), ("application_systems", "a-mori")):
            last = store.execute(f"SELECT MAX(position) FROM {table} WHERE owner = ?", (owner,)).fetchone()[0]
            store.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (owner, last + 1, "num"))
        store.execute("UPDATE contracts SET number_handling = 1 WHERE id = 'c-web-2026'")
        store.execute("UPDATE registry_state SET generation = generation + 1")
    world.gatehouse.start()
    joined = next(c for c in world.export()["contracts"] if c["id"] == "c-web-2026")
    assert joined["systems"] == ["web", "num"], joined
    vpn = world.pass_gate("mori")
    assert isinstance(vpn, Vpn)
    session = world.session_of("mori")
    assert session["zone"] == "internet_business" and session["desktop"] == "vdi-01", session
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    crossing.route(mori.host, crossing.CLOSED, "dev", vpn.device)
    assert not crossing.reached(mori, crossing.CLOSED)
    crossing.unroute(mori.host, crossing.CLOSED)
    world.must_reach_desktop("mori")
    vpn.hang_up()


@pytest.mark.gate(closed=True, without="admission")
@pytest.mark.needs("packets", "processes", "kernel_filter", "charon")
@pytest.mark.rule("R01", must="fail")
def test_without_admissions_guard_the_registry_and_the_kernels_filter_hold(world: World) -> None:
    """Sato is let in over the Internet by a gatekeeper that forgot R01: he reaches nothing of the My Number zone, and no desktop."""
    vpn = crossing.sato_at_moris_pc(world)
    assert isinstance(vpn, Vpn)
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    crossing.route(mori.host, crossing.CLOSED, "dev", vpn.device)
    found = crossing.reached(mori, crossing.CLOSED)
    crossing.unroute(mori.host, crossing.CLOSED)
    assert not found, found
    mori.reaches(cast.GATE_INNER, cast.ENTRANCE_PORT, 1)  # the relay greets, asks, and is told no
    world.refused("console.other_zone", rule="R01")
    world.must_not("a My Number desktop is opened over the Internet", lambda: world.journal(event="desktop.opened", person="sato"))
    vpn.hang_up()
    good = world.export()
    for what, code, join in crossing.JOINS["contracts"]:
        crossing.refused_as(world, good, what, code, join)
    assert cast_closed.PATH not in {s["path"] for s in world.sessions()}
