"""R01, R03, R21: what would join zones, or give a terminal or a circuit to the wrong one, is no registry."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.world import World

import joins  # beside this file


def with_closed_side(world: World) -> joins.Registry:
    return cast_closed.add_to(world.export(), world.now(), joins.DEVICES)


def fails(*rules: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.rule(rule, must="fail") for rule in rules]


@pytest.mark.rule("R01", must="pass")
@pytest.mark.parametrize("subject", [
    pytest.param("contracts", marks=fails("R01")), pytest.param("machines", marks=fails("R01")),
    pytest.param("circuits", marks=fails("R01", "R21")), pytest.param("terminals", marks=fails("R03")),
    pytest.param("applications", marks=fails("R17", "R01"))])
def test_what_would_join_zones_or_go_to_the_wrong_one_is_no_registry(world: World, subject: str) -> None:
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
