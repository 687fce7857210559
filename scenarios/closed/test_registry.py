"""R01, R03, R21: what would join zones, or give a terminal or a circuit to the wrong one, is no registry."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.world import World

import joins  # beside this file


def with_closed_side(world: World) -> joins.Registry:
    return cast_closed.add_to(world.export(), world.now(), joins.DEVICES)


def must_be_refused(world: World, subject: str) -> None:
    """Each edit of this subject alone is refused with the place and the code; the same registry without it is taken."""
    good = with_closed_side(world)
    for what, code, join in joins.JOINS[subject]:
        with world.step(what):
            joins.refused_as(world, good, what, code, join)
    with world.step("the registry itself"):
        found = world.refused_import(good)
        assert not found, found
        world.story.add("must", "a registry that keeps to the zones is taken")
    assert {c["id"] for c in world.export()["circuits"]} == {"line-sato", "line-kita"}


@pytest.mark.rule("R01", must="pass")
@pytest.mark.rule("R01", must="fail")
def test_contracts_and_systems_keep_to_their_side(world: World) -> None:
    must_be_refused(world, "contracts")


@pytest.mark.rule("R01", must="fail")
def test_servers_and_desktops_keep_to_their_side(world: World) -> None:
    must_be_refused(world, "machines")


@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R21", must="fail")
def test_circuits_and_devices_keep_to_their_side(world: World) -> None:
    must_be_refused(world, "circuits")


@pytest.mark.rule("R03", must="fail")
def test_lent_terminals_keep_to_their_circuit(world: World) -> None:
    must_be_refused(world, "terminals")


@pytest.mark.rule("R17", must="fail")
@pytest.mark.rule("R01", must="fail")
def test_applications_keep_to_their_side(world: World) -> None:
    must_be_refused(world, "applications")
