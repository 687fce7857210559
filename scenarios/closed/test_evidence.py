"""What a story of the closed path leaves behind, however it ends: so that who looks at a failure has it all before him."""
from __future__ import annotations

import json
from typing import Any

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.world import World

pytestmark = [pytest.mark.needs("charon", "kernel_filter"), pytest.mark.gate(closed=True)]


def test_the_evidence_holds_charons_words_the_gates_and_a_capture_of_every_wire(world: World) -> None:
    """Both sites' lines are up and a login is refused; then what a failed story would keep is kept."""
    closed = world.closed
    closed.pass_gate("sato")
    closed.ready("kita")
    closed.must_be_refused("Kita with a wrong password", "kita", "password.wrong", "R04", password="not his password 1")
    world.keep_evidence()
    folder = world.story.folder
    logs = {path.name: path.read_text(errors="replace") for path in (folder / "logs").iterdir()}
    for host in ("gate", *(f"{who}-device" for who in cast_closed.SITES)):
        told = "".join(text for name, text in logs.items() if name.startswith(f"{host}-charon"))
        assert "IKE_SA" in told and "established" in told, f"{host}: {sorted(logs)}"
        state: dict[str, Any] = json.loads((folder / "closed" / f"{host}.json").read_text())
        assert state["tunnels"], f"{host}: {state}"
    assert any(name.startswith("gate-supervise") for name in logs), sorted(logs)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert {"sekishod", "sekisho-netd"} <= {str(event.get("program")) for event in events}, {event.get("program") for event in events}
    shown = json.loads((folder / "closed" / "circuits.json").read_text())
    assert {row["line"] for row in (shown["circuits"] if isinstance(shown, dict) else shown)} == {"up"}, shown
    assert "table inet sekisho" in (folder / "closed" / "rules.nft").read_text()
    codes = [entry.get("code") for entry in json.loads((folder / "journal.json").read_text())["entries"]]
    assert "password.wrong" in codes
    for segment in cast_closed.SEGMENTS:
        assert segment.name in world.story.packets, world.story.packets
    for busy in ("line", "site1", "site2"):
        assert world.story.packets[busy] > 0 and (folder / "wires" / f"{busy}.pcap").stat().st_size > 24, world.story.packets
