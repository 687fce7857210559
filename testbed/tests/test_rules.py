"""`./dev rules`: what it calls a problem, and what it does not."""
from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import pytest

from sekisho_testbed import rules

WHY = {"ja": "後の段階", "en": "a later step"}


def row(rule: str = "R04", *, code: bool = True, passed: str = "passed", failed: str = "passed") -> dict[str, Any]:
    def cell(result: str) -> list[dict[str, str]]:
        return [{"scenario": "s", "lab": "namespaces", "result": result}] if result else []
    return {"rule": rule, "code": ["login.expired (x)"] if code else [], "must_pass": cell(passed), "must_fail": cell(failed)}


def test_a_rule_with_both_kinds_of_scenario_is_no_problem() -> None:
    assert rules.problems([row()], {}) == []


@pytest.mark.parametrize("broken,said", [
    (row(passed=""), "lacks a must-pass"), (row(failed=""), "lacks a must-fail"), (row(code=False), "enforced nowhere"),
    (row(failed="failed"), "did not pass")])
def test_a_rule_that_lacks_something_is_named(broken: dict[str, Any], said: str) -> None:
    assert any(said in line and line.startswith("R04") for line in rules.problems([broken], {}))


def test_a_waiting_rule_lacks_nothing_until_all_of_it_is_shown() -> None:
    assert rules.problems([row(passed="")], {"R04": WHY}) == []
    assert "take it off" in rules.problems([row()], {"R04": WHY})[0]


def test_the_list_may_only_shrink() -> None:
    assert rules.list_problems({"R12": WHY}, [{"R12", "R13"}, {"R12"}]) == []
    assert "only shrink" in rules.list_problems({"R12": WHY, "R13": WHY}, [{"R12", "R13"}, {"R12"}])[0]


def test_a_waiting_rule_needs_its_reason_in_both_languages() -> None:
    assert rules.list_problems({"R12": {"ja": "", "en": "x"}}, []) and rules.list_problems({"R99": WHY}, [])


def test_every_rule_has_its_text_in_both_languages() -> None:
    texts = rules.texts()
    assert sorted(texts) == rules.RULES
    for rule, words in texts.items():
        for part in (words["ja"], words["en"], words["title"]["ja"], words["title"]["en"]):
            assert part, rule
        assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", words["ja"]), rule


def test_marks_are_read_with_their_first_sentence(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "scenarios" / "x"
    folder.mkdir(parents=True)
    (folder / "test_x.py").write_text('@pytest.mark.rule("R04", must="fail")\n@pytest.mark.rule("R10", must="pass")\n'
                                      'def test_one(world):\n    """He is\n    refused.\n\n    More."""\n')
    found = rules.marks(tmp_path)
    assert [(m["rule"], m["must"], m["story"]) for m in found] == [("R04", "fail", "He is refused."), ("R10", "pass", "He is refused.")]


def test_a_lab_that_cannot_tell_a_story_says_nothing_about_its_rule(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = {"rule": "R04", "must": "fail", "story": "s", "scenario": "scenarios/x/test_x.py::test_one"}
    result = {"rule": "R04", "must": "fail", "scenario": "x/test_x.py::test_one[a]", "lab": "simulated", "result": "skipped"}
    monkeypatch.setattr(rules, "points", lambda build: [])
    monkeypatch.setattr(rules, "marks", lambda: [mark])
    (tmp_path / "rule_results.json").write_text(json.dumps({"results": [result]}))

    def cells() -> list[dict[str, str]]:
        return list(next(r for r in rules.table(tmp_path)["rules"] if r["rule"] == "R04")["must_fail"])

    assert cells() == [{"scenario": mark["scenario"], "lab": "namespaces", "result": "failed"}], "it ran nowhere"
    (tmp_path / "rule_results.json").write_text(json.dumps({"results": [{**result, "unfit": True}]}))
    assert cells() == [], "no lab of the last runs could tell it"
    (tmp_path / "rule_results.json").write_text(json.dumps({"results": [result, {**result, "lab": "namespaces", "result": "passed"}]}))
    assert cells() == [{"scenario": mark["scenario"], "lab": "namespaces", "result": "passed"}]
