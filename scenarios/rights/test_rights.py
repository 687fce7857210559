"""R03, R16, R17: without the paper no right, before the login and in the middle of a session."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sekisho_testbed.world import World

Registry = dict[str, Any]


def row(registry: Registry, kind: str, key: str) -> dict[str, Any]:
    return next(r for r in registry[kind] if r["id"] == key)


def past(world: World, registry: Registry, *keys: tuple[str, str]) -> None:
    """Each of (kind, id) was in force and is no more; an application lies within its contract."""
    period = {"from": world.at(days=-20), "until": world.at(days=-1)}
    for kind, key in keys:
        row(registry, kind, key)["period"] = period


def undecided(registry: Registry, key: str) -> None:
    application = row(registry, "applications", key)
    application.update(state="submitted")
    for field in ("decided_by", "decided_at"):
        application.pop(field)


BEFORE: list[tuple[str, str, Callable[[World, Registry], object]]] = [
    ("R16", "contract.not_in_force", lambda w, r: past(w, r, ("contracts", "c-web-2026"), ("applications", "a-mori"))),
    ("R17", "application.not_accepted", lambda w, r: undecided(r, "a-mori")),
    ("R17", "application.not_accepted", lambda w, r: row(r, "applications", "a-mori").update(state="returned")),
    ("R17", "application.not_in_period", lambda w, r: past(w, r, ("applications", "a-mori"))),
    ("R17", "application.terminal_missing", lambda w, r: row(r, "applications", "a-mori").update(terminals=["pc-other"])),
]


@pytest.mark.rule("R16", must="fail")
@pytest.mark.rule("R17", must="fail")
@pytest.mark.parametrize("rule,code,spoil", BEFORE, ids=[f"{c[1]}-{n}" for n, c in enumerate(BEFORE)])
def test_without_the_paper_all_factors_do_not_help(world: World, rule: str, code: str,
                                                   spoil: Callable[[World, Registry], object]) -> None:
    registry = world.export()
    other = dict(row(registry, "terminals", "pc-mori"), id="pc-other", macs=["3c:7c:3f:0f:0f:0f"])
    for key in ("key_thumbprint", "key_jwk", "enrolment_hash", "enrolment_until", "binding"):
        other.pop(key, None)
    registry["terminals"].append(other)
    spoil(world, registry)
    world.replace(registry)
    if code in ("application.not_in_period", "application.terminal_missing"):
        world.accept("a-mori")  # an edit voids the earlier decision
    login, right_code = world.as_far_as_the_code("mori")
    login.type(right_code).refused()
    world.refused(code, rule=rule)
    world.nobody_is_inside()


@pytest.mark.rule("R16", must="pass")
@pytest.mark.rule("R17", must="pass")
def test_with_contract_and_accepted_application_he_passes(world: World) -> None:
    vpn = world.pass_gate("mori")
    session = world.session_of("mori")
    assert session["contract"] == "c-web-2026" and session["application"] == "a-mori"
    vpn.hang_up()


@pytest.mark.rule("R03", must="pass")
@pytest.mark.rule("R03", must="fail")
def test_only_a_registered_terminal_passes(world: World) -> None:
    """Mori's own registered PC passes; after its registration ends the same PC does not."""
    world.pass_gate("mori").hang_up()
    world.wait_no_session("mori")
    world.end("terminal", "pc-mori")
    world.advance(120)
    login, right_code = world.as_far_as_the_code("mori")
    login.type(right_code).refused()
    world.refused("terminal.ended", rule="R03")


ENDS = [("contract", "c-web-2026", "contract."), ("application", "a-mori", "application."),
        ("person", "mori", "person."), ("terminal", "pc-mori", "terminal.")]


@pytest.mark.rule("R16", must="fail")
@pytest.mark.rule("R17", must="fail")
@pytest.mark.parametrize("kind,key,code", ENDS, ids=[e[0] for e in ENDS])
def test_ending_a_right_ends_the_session_within_two_seconds(world: World, kind: str, key: str, code: str) -> None:
    vpn = world.pass_gate("mori")
    world.must_reach_desktop("mori")
    with world.limit(2, f"the session ends with its {kind}"):
        world.end(kind, key)
        world.wait_no_session("mori", within=2)
        world.must_not_reach_desktop("mori")
    assert vpn.ended(10) and vpn.was_told
    assert world.entry(event="session.ended", person="mori")["code"].startswith(code)
