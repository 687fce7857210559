"""R10, R15: what cannot be judged is not taken for good: a check that says nothing, one that does not say why, a store that fails."""
from __future__ import annotations

from typing import Any

import pytest
from own_agent import OwnAgent, admitted_with  # beside this file

from sekisho_testbed.gate_here import GateHere, Here, bindings


def careless() -> Here:
    """A check that says nothing of a terminal whose security nobody has looked at; where secure boot is off it says "no", and not why."""
    sekisho = bindings()

    class Careless(sekisho.PostureCheck):  # type: ignore[misc,name-defined]
        name = "careless"

        def judge(self, input: Any) -> Any:
            security = input.facts.get("security", {})
            if "secure_boot" not in security:
                return sekisho.kinds.CheckOutcome(results=[], memory=None)
            return self.passes(input) if security["secure_boot"] else self.fails(input, "", sekisho.Text())

    return Here(checks=[Careless()])


@pytest.mark.gate(here=careless)
@pytest.mark.rule("R10", must="fail")
@pytest.mark.rule("R15", must="fail")
def test_what_cannot_be_judged_admits_nobody(world: GateHere) -> None:
    """The same terminal passes when the check answers and the store keeps what was judged."""
    agent = world.pc("mori").agent
    for what, security, code in (("the check says nothing", {}, "posture.check_unavailable"),
                                 ("it does not say why", {"secure_boot": False}, "posture.failed")):
        with world.step(what):
            agent.facts({**world.good_facts("mori"), "security": security})
            report = agent.report(inside=False)
            assert report.denied, report.text
            assert [(row["check"], row["rule"], row["code"]) for row in report.failing()] == [("careless", "R10", code)], report.text
            assert all(row["remedy"]["ja"] and row["remedy"]["en"] for row in report.failing()), report.text
    with world.step("the store fails"):
        mine = OwnAgent(world)
        sealed, before = mine.sealed(), len(world.journal(event="posture.reported"))
        with world.at_gate() as gate:
            gate.store.fail_next("store.unavailable")
        status, text = mine.report(sealed)
        assert status == 503 and "gate.unavailable" in text, text
        assert len(world.journal(event="posture.reported")) == before, "a verdict that nobody keeps was given"
        world.story.add("must_not", "be judged: a report that the store does not keep: gate.unavailable")
    admitted_with(world, "the same terminal, when all of it can be judged", mine.report(mine.sealed()))
