"""The rule table's page and the evidence, as an auditor opens them: in a real browser, both languages, by axe."""
from __future__ import annotations

import pathlib

import pytest

from sekisho_testbed import axe, browser, evidence, rules, rules_page, stories
from sekisho_testbed.browser import Browser
from sekisho_testbed.namespaces import NamespacesHouse

pytestmark = pytest.mark.needs("browser")


def an_evidence(folder: pathlib.Path) -> pathlib.Path:
    """A page with something in each of its parts."""
    story = evidence.Story("login/test_x.py::test_one", "Three wrong codes end the login.", "namespaces", [("R04", "fail")],
                           journey="# Login\n\nMori logs in.", folder=folder)
    with story, story.step("the login"):
        story.did("types a wrong code")
        story.add("must", "mori passes with all factors", 1.25)
        story.add("must_not", "get in: R04 code.wrong", 0.5, False)
    story.outcome, story.failure = "failed", "AssertionError"
    story.allowed.append(("netd.table_restored", "the story removes the table"))
    story.packets = {"inet": 2, "vdi": 0}
    folder.mkdir(parents=True)
    (folder / "journal.json").write_text('{"entries": [{"event": "login.refused", "code": "code.wrong", "rule": "R04", "result": "refused"}]}')
    (folder / "events.jsonl").write_text('{"at":"2026-11-26T16:51:55.046202Z","event":"front.gate_there","level":"warning","program":"x"}\n')
    picture = folder / "x.png"
    picture.write_bytes(bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63606060f80f00"
                                      "010401005fe5c34b0000000049454e44ae426082"))
    story.pictures.append(("the login page", picture))
    return evidence.write(story)


def test_axe_finds_nothing_on_the_reports(house: NamespacesHouse, tmp_path: pathlib.Path) -> None:
    """Both languages of the rule table and a page of evidence, wide and narrow; pictures are kept beside the results."""
    script, reason = axe.source(house.build)
    if script is None:
        pytest.skip(f"no axe-core here: {reason}")
    if lacking := browser.probe():
        pytest.skip(f"no browser here: {lacking}")
    pending = rules.waiting()
    rows = rules.table(house.build)["rules"]
    table = rules_page.write(tmp_path / "rules.html", house.build, rows, pending, rules.problems(rows, pending))
    pages = {"rules-ja": f"file://{table}", "rules-en": f"file://{table}#en", "evidence": f"file://{an_evidence(tmp_path / 'story')}"}
    told = [{"scenario": "login/test_x.py::test_one", "lab": lab, "result": result, "reason": "" if result == "passed" else "no browser",
             "took_s": 1.5} for lab, result in (("namespaces", "passed"), ("simulated", "skipped"), ("libvirt", "failed"))]
    index = stories.write_index({"written_at": stories.now(), "stories": told}, {"login/test_x.py::test_one": {"browser"}}, tmp_path / "index.html")
    pages["index"] = f"file://{index}"
    pictures = house.build / "report-pages"
    pictures.mkdir(exist_ok=True)
    found: list[str] = []
    with Browser(house.lab.hosts["hama-pc"], None, house.web_ca.certificate) as page:
        for name, url in pages.items():
            page.open("about:blank").open(url)
            found += axe.looked_at(page, name, script, pictures)
            page.shows("R04" if name != "index" else "test_x.py", "Evidence" if name == "rules-en" else "証跡")
            if name == "rules-en":
                assert "証跡" not in page.text, "one language at a time"
    assert not found, "\n".join(found)
