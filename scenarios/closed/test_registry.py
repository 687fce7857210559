"""R01, R03, R21: what would join zones, or give a terminal or a circuit to the wrong one, is no registry."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.world import World

import crossing  # beside this file


def with_closed_side(world: World) -> crossing.Registry:
    return cast_closed.add_to(world.export(), world.now(), crossing.DEVICES)


@pytest.mark.rule("R01", must="pass")
@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R21", must="fail")
def test_a_registry_that_joins_zones_is_refused(world: World) -> None:
    """Each edit alone is refused with the place and the code; the same registry without it is taken."""
    good = with_closed_side(world)
    for what, code, join in crossing.JOINS:
        with world.step(what):
            crossing.refused_as(world, good, what, code, join)
    with world.step("the registry itself"):
        found = world.refused_import(good)
        assert not found, found
        world.story.add("must", "a registry that keeps to the zones is taken")
    stored = world.export()
    assert {c["id"] for c in stored["circuits"]} == {"line-sato", "line-kita"}
