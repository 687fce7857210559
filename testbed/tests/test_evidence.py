"""The evidence of a run: what a story hears, and what its page tells."""
from __future__ import annotations

import json
import pathlib
import struct

import pytest

from sekisho_testbed import evidence, labs, stories, wires
from sekisho_testbed.netlab import wait_until


def a_story(folder: pathlib.Path) -> evidence.Story:
    return evidence.Story("login/test_x.py::test_one", "He <is> refused.", "namespaces", [("R04", "fail")], folder=folder)


def test_a_story_hears_its_named_waits_and_no_others(tmp_path: pathlib.Path) -> None:
    story = a_story(tmp_path)
    with story:
        with story.step("login"), pytest.raises(AssertionError):
            wait_until(lambda: False, 0.01, "the question")
    with pytest.raises(AssertionError):
        wait_until(lambda: False, 0, "after its end")
    assert [(line.kind, line.what, line.ok, line.depth) for line in story.lines] == [
        ("step", "login", True, 0), ("waited", "the question", False, 1)]


def test_a_step_that_fails_is_told_as_failed(tmp_path: pathlib.Path) -> None:
    story = a_story(tmp_path)
    with pytest.raises(ValueError), story.step("breaks"):
        raise ValueError
    assert not story.lines[0].ok


def test_the_page_tells_the_story_and_escapes_what_it_shows(tmp_path: pathlib.Path) -> None:
    story = a_story(tmp_path)
    story.outcome, story.failure = "failed", "assert <b> & c"
    story.add("must_not", "get in: R04 code.wrong")
    story.allowed.append(("netd.table_restored", "the story removes it"))
    picture = tmp_path / "page.png"
    picture.write_bytes(b"png")
    story.pictures.append(("the login page", picture))
    (tmp_path / "journal.json").write_text(json.dumps({"entries": [{"event": "login.refused", "code": "code.wrong", "rule": "R04"}]}))
    (tmp_path / "events.jsonl").write_text('{"at":"2026-11-26T16:51:55.046202Z","event":"front.gate_there","level":"error"}\nnot json\n')
    page = evidence.write(story).read_text()
    for words in ("He &lt;is&gt; refused.", "assert &lt;b&gt; &amp; c", "R04 must fail", "netd.table_restored", "login.refused", "front.gate_there",
                  'alt="the login page"', "get in: R04 code.wrong"):
        assert words in page, words
    assert "<is>" not in page and "http" not in page.replace("https://", ""), "nothing is fetched from elsewhere"


def pcap(*packets: bytes) -> bytes:
    return b"".join(struct.pack("<IIII", 0, 0, len(p), len(p)) + p for p in packets)


def test_a_cut_holds_whole_packets_of_the_storys_time_alone(tmp_path: pathlib.Path) -> None:
    cut = wires.Wires(None, tmp_path)  # type: ignore[arg-type]
    cut.programs["inet"] = None  # type: ignore[assignment]
    file = tmp_path / "inet.pcap"
    file.write_bytes(b"H" * wires.HEAD + pcap(b"before"))
    cut.mark()
    with open(file, "ab") as more:
        more.write(pcap(b"during", b"too") + pcap(b"half")[:-2])
    assert cut.cut(tmp_path / "out") == {"inet": 2}
    assert (tmp_path / "out" / "inet.pcap").read_bytes() == b"H" * wires.HEAD + pcap(b"during", b"too")


def test_a_lab_says_why_a_story_is_not_for_it() -> None:
    assert labs.not_for("namespaces", {"packets", "clock"}) == ""
    assert "real packets" in labs.not_for("simulated", {"packets", "clock"})
    counted = labs.coverage({"a": set(), "b": {"packets"}, "c": {"browser"}})
    assert (counted["stories"], counted["two"], counted["all"]) == (3, 2, 1)


def test_results_of_earlier_runs_stay_until_the_same_story_runs_again(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "r.json"
    one = {"rule": "R04", "must": "fail", "scenario": "a", "lab": "namespaces", "result": "failed"}
    stories.merge(file, [one, {**one, "scenario": "b"}], [])
    document = stories.merge(file, [{**one, "result": "passed"}], [])
    assert [(r["scenario"], r["result"]) for r in document["results"]] == [("a", "passed"), ("b", "failed")]
