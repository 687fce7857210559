"""The labs behind the scenarios, the rule marks, and the record of results that `./dev rules` reads."""
from __future__ import annotations

import json
import pathlib
import shutil
import time

import pytest

from sekisho_testbed import netlab
from sekisho_testbed.world import NamespacesHouse, World, unbuilt

ROOT = pathlib.Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lab", default="namespaces", choices=["namespaces"], help="which lab runs the stories")
    parser.addoption("--build", default="build/dev", help="build folder of the programs under test")
    parser.addoption("--sit", action="store_true", help="keep the lab alive after a failed story")


@pytest.fixture(scope="session")
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Network, desktops, servers and mail, shared by the stories; every story gets a gate of its own."""
    reason = netlab.probe()
    if reason is not None:
        pytest.skip(f"the namespaces lab cannot run here: {reason}")
    build = (ROOT / request.config.getoption("--build")).resolve()
    missing = unbuilt(build)
    if missing:
        pytest.skip(f"not built yet: {', '.join(missing)}")
    with NamespacesHouse(tmp_path_factory.mktemp("lab"), build) as the_house:
        yield the_house


@pytest.fixture
def world(house: NamespacesHouse, request: pytest.FixtureRequest):
    yield from a_world(house, request, open_filter=False)


@pytest.fixture
def open_world(house: NamespacesHouse, request: pytest.FixtureRequest):
    """A gate whose front filters nothing (the lab's own main): proves that a check of the filter can fail."""
    yield from a_world(house, request, open_filter=True)


def a_world(house: NamespacesHouse, request: pytest.FixtureRequest, *, open_filter: bool):
    the_world = World(house, request.node.name, open_filter=open_filter)
    failed = True
    try:
        gate = request.node.get_closest_marker("gate")
        the_world.open(**(gate.kwargs if gate else {}))
        yield the_world
        failed = getattr(request.node, "story_failed", False)
        if not failed:
            the_world.check_logs()
    finally:
        if failed:
            evidence = ROOT / "evidence" / request.node.name
            the_world.keep_evidence(evidence)
            print(f"evidence: {evidence}")
            if request.config.getoption("--sit"):
                input(f"the lab is alive (first process {house.lab.pid}); Enter ends it ")
        the_world.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.story_failed = report.failed  # type: ignore[attr-defined]
    rules = [(mark.args[0], mark.kwargs["must"]) for mark in item.iter_markers("rule")]
    if not rules or (report.when != "call" and report.passed):
        return
    result = "passed" if report.passed else "skipped" if report.skipped else "failed"
    rows = item.config.stash.setdefault(ROWS, [])
    for rule, must in rules:
        rows.append({"rule": rule, "must": must, "scenario": item.nodeid, "lab": item.config.getoption("--lab"),
                     "result": result})


ROWS: pytest.StashKey[list[dict[str, str]]] = pytest.StashKey()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Adds this run's results to those of earlier runs: a story's newest result counts."""
    rows = session.config.stash.get(ROWS, [])
    if not rows:
        return
    path = (ROOT / session.config.getoption("--build")).resolve() / "rule_results.json"
    kept = {}
    if path.exists():
        for row in json.loads(path.read_text())["results"]:
            kept[(row["rule"], row["must"], row["scenario"], row["lab"])] = row
    for row in rows:
        kept[(row["rule"], row["must"], row["scenario"], row["lab"])] = row
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"written_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                                "results": sorted(kept.values(), key=lambda r: (r["rule"], r["must"], r["scenario"]))},
                               indent=1))


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("collectonly"):
        shutil.rmtree(ROOT / "evidence", ignore_errors=True)
