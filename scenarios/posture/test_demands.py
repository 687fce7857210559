"""R03, R08: what a site demands of terminals beyond the least: keys in a TPM, and the updates of a table."""
from __future__ import annotations

import datetime
import json

import pytest

from sekisho_testbed.people import Report
from sekisho_testbed.world import World


def table_of_updates(world: World, ubr: int, released_days_ago: int) -> str:
    """A file as an operator gets it; 25H2 has had one update."""
    def day(ago: int) -> str:
        return (world.now() - datetime.timedelta(days=ago)).date().isoformat()

    file = world.folder / "updates.json"
    file.write_text(json.dumps({"updated": day(1), "releases": [{"builds": [26200], "ubr": ubr, "released": day(released_days_ago)}]}))
    file.chmod(0o644)
    return str(file)


def row_of(report: Report, check: str, rule: str) -> dict[str, str]:
    row = next(row for row in report.checks if row["check"] == check and row["rule"] == rule)
    assert row["verdict"] == "pass" or row["remedy"]["ja"] and row["remedy"]["en"], row
    return {"verdict": row["verdict"], "code": row["code"]}


@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R08", must="fail")
@pytest.mark.rule("R08", must="pass")
def test_what_a_stricter_site_demands_is_asked_of_everybody(world: World) -> None:
    """The operator demands keys of a TPM and gives the gate a table of updates: the terminal that passed is behind; updated, it
    passes with a warning until it has been restarted; its key in software does not."""
    agent, facts = world.pc("mori").agent, world.good_facts("mori")
    agent.facts(facts)
    assert agent.report(inside=False).ok
    world.restart(checks={"registered_terminal": {"min_binding": 2},
                          "windows_update": {"updates_file": table_of_updates(world, facts["os"]["ubr"] + 100, 40)}})
    denied = agent.report(inside=False)
    assert denied.denied and row_of(denied, "windows_update", "R08") == {"verdict": "fail", "code": "update.behind"}, denied.text
    assert row_of(denied, "registered_terminal", "R03") == {"verdict": "fail", "code": "device.binding_too_low"}, denied.text

    facts["os"]["ubr"] += 100
    facts["updates"]["pending_reboot"] = True
    agent.facts(facts)
    updated = agent.report(inside=False)
    assert row_of(updated, "windows_update", "R08") == {"verdict": "warn", "code": "update.reboot_pending"}, updated.text
    assert [row["code"] for row in updated.failing()] == ["device.binding_too_low"], updated.text
    facts["updates"]["pending_reboot"] = False
    agent.facts(facts)
    assert row_of(agent.report(inside=False), "windows_update", "R08") == {"verdict": "pass", "code": ""}
