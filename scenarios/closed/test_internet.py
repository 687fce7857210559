"""R01, R03 at the Internet's entrance: My Number people, lent terminals, and contracts of both kinds."""
from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from sekisho_testbed.world import World

from elsewhere import SATOS, Try, refused_at_moris_pc  # beside this file
from joins import Registry, row

pytestmark = pytest.mark.gate(closed=True)


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R03", must="fail")
def test_a_my_number_person_does_not_pass_over_the_internet(world: World) -> None:
    """Sato at Mori's PC: without a certificate, with Mori's, a stranger's, his lent terminal's, an own terminal's. Each try is his."""
    for each in SATOS:
        refused_at_moris_pc(world, "sato", each)
    world.pass_gate("mori").hang_up()  # the same PC and path, for whom they are


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R03", must="fail")
def test_a_second_tunnel_over_the_internet_is_refused_while_the_closed_session_stands(world: World) -> None:
    """Sato is inside over his circuit and tries the other door as well; what he has goes on."""
    world.closed.pass_gate("sato")
    before = world.session_of("sato")
    refused_at_moris_pc(world, "sato", Try("Sato over the Internet beside his session", "R03", "terminal.not_own",
                                           lambda w: w.certificate_of("sato"), True))
    assert world.session_of("sato")["number"] == before["number"]
    world.closed.must_reach_desktop("sato")


BOTH: list[tuple[str, str, str, Callable[[Registry], object]]] = [
    ("his only contract is for a My Number system", "R01", "zone.other_path",
     lambda r: (row(r, "contracts", "c-web-2026").update(systems=["num"], number_handling=True),
                row(r, "applications", "a-mori").update(systems=["num"]))),
    ("his desktop stands in the My Number zone", "R11", "desktop.none",
     lambda r: row(r, "desktops", "vdi-01").update(zone="my_number", address="10.41.0.91")),
    ("his terminal was made a lent one", "R03", "terminal.not_own",
     lambda r: row(r, "terminals", "pc-mori").update(kind="lent")),
]


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R01", must="pass")
def test_what_moves_to_the_my_number_zone_is_out_of_the_internets_reach(world: World) -> None:
    """Each change is a registry that may be: it is taken, and Mori is refused at his usual door. Undone, he passes."""
    good = world.export()
    for what, rule, code, change in BOTH:
        with world.step(what):
            edited = copy.deepcopy(good)
            change(edited)
            assert not world.refused_import(edited), what
            world.accepted("a-mori")
            login, right_code = world.as_far_as_the_code("mori")
            with world.refusal(what, code, rule):
                login.type(right_code).refused()
        world.replace(good)
        world.advance(120)
    world.accepted("a-mori")
    world.pass_gate("mori").hang_up()


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R01", must="pass")
def test_a_contractor_of_both_sides_has_over_the_internet_the_internets_part_alone(world: World) -> None:
    """Mori's company gets a My Number contract too, and he an application for it: his session is the Internet's, as before."""
    registry = world.export()
    contract = dict(row(registry, "contracts", "c-num-2026"), id="c-mori-num", contractor="mori-kogyo")
    application = dict(row(registry, "applications", "a-sato"), id="a-mori-num", contract="c-mori-num", people=["mori"], terminals=["pc-mori"])
    registry["contracts"].append(contract)
    registry["applications"].append(application)
    registry["desktops"].append(dict(row(registry, "desktops", "vdi-11"), id="vdi-19", person="mori", address="10.41.0.19"))
    world.replace(registry)
    world.accepted("a-mori-num")
    vpn = world.pass_gate("mori")
    session = world.session_of("mori")
    assert (session["zone"], session["desktop"], session["contract"]) == ("internet_business", "vdi-01", "c-web-2026"), session
    world.must_reach_desktop("mori")
    vpn.hang_up()
    world.wait_no_session("mori")
    world.advance(120)
    world.end("contract", "c-web-2026")
    login, right_code = world.as_far_as_the_code("mori")
    with world.refusal("Mori over the Internet with the My Number contract alone", "zone.other_path", "R01"):
        login.type(right_code).refused()
