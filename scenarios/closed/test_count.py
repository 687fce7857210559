"""R01: how many different attempts to cross this journey holds (each is made, and judged, in the other files)."""
from __future__ import annotations

import pytest

from sekisho_testbed.world import World

import elsewhere  # beside this file
import entrance_tries
import joins
from targets import beyond, closed_side, internet_side


@pytest.mark.gate(closed=True)
def test_sixty_attempts_and_more_of_different_kinds(world: World) -> None:
    """By what each is about: an edit of the registry, a person at a door, a packet to a target."""
    edits = {(subject, what) for subject, rows in joins.JOINS.items() for what, _, _ in rows}
    people = {each.what for each in (*entrance_tries.MIXED, *entrance_tries.OWN, *entrance_tries.STRANGE, *elsewhere.SATOS)}
    packets = {(side.__name__, what) for side in (closed_side, internet_side, beyond) for what, _, _ in side(world)}
    world.story.facts["試み Attempts"] = f"{len(edits)} edits, {len(people)} people at a door, {len(packets)} targets"
    assert len(edits) == sum(len(rows) for rows in joins.JOINS.values()), "two have one name"
    assert len(edits) >= 40 and len(people) >= 18 and len(packets) >= 60, world.story.facts
