"""Which lab can tell a story, what is counted, and what is not."""
from __future__ import annotations

import json
import pathlib
import tempfile

import pytest

from sekisho_testbed import lab_table, labs, talks

KNOWN: dict[str, set[str]] = {"a::every": set(), "a::two": {"packets"}, "a::one": {"guests"}}


def test_a_need_that_a_lab_has_not_is_told_in_words() -> None:
    assert labs.not_for("simulated", {"packets"}) == "the simulated lab has not: real packets on real wires"
    assert labs.not_for("simulated", {"real_tls", "pages", "clock"}) == ""
    assert all(not labs.unknown(kind.gives) for kind in labs.LABS.values())


def test_a_story_counts_where_all_its_cases_have_passed(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "rule_results.json"
    rows = [("a::every[x]", "simulated", "passed"), ("a::every[y]", "simulated", "failed"), ("a::every[x]", "namespaces", "passed"),
            ("a::every[x]", "libvirt", "passed"), ("a::two", "namespaces", "passed"), ("a::two", "libvirt", "skipped")]
    file.write_text(json.dumps({"stories": [{"scenario": s, "lab": lab, "result": r} for s, lab, r in rows]}))
    counted = lab_table.measured(KNOWN, lab_table.results(file))
    assert (counted["stories"], counted["two"], counted["all"]) == (3, 2, 1)
    assert (counted["passed_two"], counted["passed_all"]) == (1, 0)
    assert "2 (67 %) can be told unchanged in two labs, 1 (33 %) in all three" in lab_table.said(counted)
    assert lab_table.measured(KNOWN, lab_table.results(tmp_path / "none"))["passed_two"] == 0


def test_what_a_killed_run_has_left_goes_with_the_next(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "sekisho-lab-left"
    left.mkdir()
    (left / "owner").write_text("")
    (tmp_path / "sekisho-lab-being-made").mkdir()
    with labs.folder_of_its_own() as first:
        (first / "file").write_text("x")
        with labs.folder_of_its_own() as second:
            assert first.is_dir() and second.is_dir() and not left.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["sekisho-lab-being-made"]


def test_hosts_do_not_share_further_addresses() -> None:
    assert talks.further("hama-pc", "198.18.0.66", 2) == ["198.18.0.100", "198.18.0.101"]
    spans = sorted(talks.FURTHER[name] for name in ("hama-pc", "mori-pc"))
    assert spans[0][1] < spans[1][0]


def test_answers_are_counted_when_they_are_whole() -> None:
    from sekisho_testbed.programs.answers import complete

    one = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nabc"
    assert complete(one[:-1]) == 0 and complete(one + one[:20]) == 1 and complete(one * 2) == 2
    heard = talks.Heard("x", one + b"HTTP/1.1 200 OK\r\n\r\n[R04 code.wrong]", False, 0, "")
    assert heard.status == 403 and heard.code == "code.wrong" and len(heard.answers) == 2
