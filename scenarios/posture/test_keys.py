"""R03, R10: whose key it is decides the registry; who copies a key, loses his terminal or reports without end is found out."""
from __future__ import annotations

import copy
from typing import Any

import pytest
from own_agent import OwnAgent, admitted_with, refused_with  # beside this file

from sekisho_testbed.world import World

Rows = dict[str, dict[str, Any]]


def give(rows: Rows, *members: str) -> None:
    """Mori's terminal is given these of Tani's terminal."""
    rows["pc-mori"].update({name: rows["pc-tani"][name] for name in members})


def rows_of(registry: dict[str, Any]) -> Rows:
    return {row["id"]: row for row in registry["terminals"]}


def both_with_one_key(rows: Rows) -> None:
    rows["pc-tani"].update(key_jwk=rows["pc-mori"]["key_jwk"], key_thumbprint=rows["pc-mori"]["key_thumbprint"])


@pytest.mark.rule("R03", must="fail")
def test_a_key_counts_for_the_one_terminal_that_the_registry_says(world: World) -> None:
    """A copy of the key falls behind; an import gives it to two terminals, or puts another under its name; then the terminal ends."""
    mine = OwnAgent(world)
    admitted_with(world, "the terminal's own key", mine.report(mine.sealed()))
    with world.step("a copy of the key reports with a number that was used"):
        refused_with(world, "an earlier number", "device.clone_suspected", mine.report(mine.sealed(seq=1)))
    with world.step("an import"):
        good = world.export()
        spoilt = copy.deepcopy(good)
        both_with_one_key(rows_of(spoilt))
        findings = world.refused_import(spoilt)
        assert [code for _, code in findings] == ["terminal.key_taken"], findings
        assert findings[0][0].endswith("/key_thumbprint"), findings
        world.story.add("must_not", "be taken: two terminals with one key: terminal.key_taken")
        admitted_with(world, "after an import that was not taken", mine.report(mine.sealed()))
        spoilt = copy.deepcopy(good)
        give(rows_of(spoilt), "key_jwk")
        world.replace(spoilt)
        refused_with(world, "another key under its name", "device.key_unknown", mine.report(mine.sealed()))
        world.replace(good)
        admitted_with(world, "with its own key again", mine.report(mine.sealed()))
    with world.step("the terminal ends"):
        world.end("terminal", "pc-mori")
        refused_with(world, "the key of a terminal that has ended", "device.key_revoked", mine.report(mine.sealed()))


@pytest.mark.rule("R10", must="fail")
def test_a_terminal_that_reports_without_end_is_slowed_down(world: World) -> None:
    """Good reports, but 90 in a row: the first 60 are judged; after ten seconds it may report again."""
    mine = OwnAgent(world)
    codes = [(answer.split(b" ")[1], b"report.too_many" in answer) for answer in mine.many(90)]
    assert codes[:60] == [(b"200", False)] * 60, codes
    assert set(codes[60:]) <= {(b"200", False), (b"429", True)} and codes[60:].count((b"429", True)) >= 10, codes
    world.story.add("must_not", "be judged: more than 60 reports in a row: report.too_many")
    world.advance(10)
    admitted_with(world, "ten seconds later", mine.report(mine.sealed()))
