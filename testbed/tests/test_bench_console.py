"""The console bench's own arithmetic, with viewers and processes made by hand."""
from __future__ import annotations

import pathlib
import types
from typing import Any

import pytest

from sekisho_testbed.bench import console
from sekisho_testbed.bench.console_peers import Relay, Talker

SEEN = {"updates": 1600, "bytes": 4_000_000_000, "seconds": 4.0, "lost": 0, "delay_ms_p50": 1.0, "delay_ms_p99": 2.0}


class Viewers:
    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self.answers = answers

    def __enter__(self) -> "Viewers":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def hear(self) -> dict[str, Any]:
        return self.answers.pop(0)

    def say(self) -> None:
        pass

    def end(self) -> str:
        return ""


def between(cpu: list[float], memory: list[float], seen: dict[str, Any]) -> Any:
    group = types.SimpleNamespace(cpu=lambda: cpu.pop(0), memory_kib=lambda: memory.pop(0))
    return types.SimpleNamespace(name="made", group=group, viewers=lambda *_, **__: Viewers([{"open": 20}, dict(seen)]))


def test_a_sessions_share_of_cpu_and_memory() -> None:
    found = console.small(between([10.0, 10.4], [1000, 1000, 3000, 3000], SEEN), None, 4)  # type: ignore[arg-type]
    assert found["cpu_percent"] == pytest.approx(100 * 0.4 / 4 / console.SESSIONS)
    assert found["memory_kib"] == pytest.approx(2000 / console.SESSIONS)
    assert found["shown"] == pytest.approx(1.0)


def test_a_lost_update_is_no_measurement() -> None:
    with pytest.raises(AssertionError, match="lost 1 updates"):
        console.small(between([1, 2], [1, 1, 1, 1], SEEN | {"lost": 1}), None, 4)  # type: ignore[arg-type]


def test_bulk_counts_what_arrived() -> None:
    found = console.bulk(between([1.0, 3.0], [], SEEN), None, 4)  # type: ignore[arg-type]
    assert found == pytest.approx({"bulk_mbyte_s": 1000.0, "bulk_cpu_s_gb": 0.5})


def test_a_ticket_says_where_and_whether_recorded() -> None:
    relay = Relay.__new__(Relay)
    relay.port = 443
    guest: Any = types.SimpleNamespace(port=912)
    for recorded, letter in ((False, "n"), (True, "r")):
        ticket = relay.words(guest, recorded)[-1]
        assert ticket[:6] == "00912" + letter and len(ticket) == 43


def program(folder: pathlib.Path, body: str) -> pathlib.Path:
    """A build folder whose bench-console is this."""
    file = folder / "bin" / "bench-console"
    file.parent.mkdir()
    file.write_text(f"#!/bin/bash\n{body}\n")
    file.chmod(0o755)
    return folder


def test_a_program_that_says_nothing_is_not_waited_for_for_ever(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Talker, "longest", 0.3)
    with Talker(program(tmp_path, "exec sleep 60"), "view") as silent:
        with pytest.raises(AssertionError, match="ended with -9"):
            silent.hear()
    assert silent.process.returncode == -9


def test_a_program_is_heard_line_by_line_and_to_its_end(tmp_path: pathlib.Path) -> None:
    with Talker(program(tmp_path, "echo '{\"open\": 1}'; read -r; echo '{\"lost\": 0}'; cat >/dev/null; echo rest"), "view") as viewer:
        assert viewer.hear() == {"open": 1}
        viewer.say()
        assert viewer.hear() == {"lost": 0}
        assert viewer.end() == "rest\n" and viewer.process.returncode == 0
