"""The labs behind the scenarios, the rule marks, the evidence of every run, and the results that `./dev rules` reads."""
from __future__ import annotations

import contextlib
import json
import pathlib

import pytest

from sekisho_testbed import evidence, lab_table, labs, stories
from sekisho_testbed.namespaces import NamespacesHouse
from sekisho_testbed.world import World

ROOT = pathlib.Path(__file__).resolve().parents[1]
RULES: pytest.StashKey[list[dict[str, str]]] = pytest.StashKey()
TOLD: pytest.StashKey[list[dict[str, object]]] = pytest.StashKey()
KNOWN: pytest.StashKey[dict[str, set[str]]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lab", default="namespaces", choices=list(labs.LABS), help="which lab runs the stories")
    parser.addoption("--build", default="build/dev", help="build folder of the programs under test")
    parser.addoption("--list-needs", metavar="FILE", help="writes every collected story and its needs")
    parser.addoption("--sit", action="store_true", help="keep the lab alive after a failed story and say how to enter it")
    parser.addoption("--sit-at", metavar="TEXT", help="stop at each step whose name holds TEXT, with the lab alive")


def lab_of(config: pytest.Config) -> str:
    return str(config.getoption("--lab"))


def build_of(config: pytest.Config) -> pathlib.Path:
    return (ROOT / config.getoption("--build")).resolve()


def needs_of(item: pytest.Item) -> set[str]:
    return {need for mark in item.iter_markers("needs") for need in mark.args}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A story is skipped in a lab that lacks what it needs, with the reason."""
    config.stash[KNOWN] = {item.nodeid.split("[")[0]: needs_of(item) for item in items}
    if file := config.getoption("--list-needs"):
        pathlib.Path(file).write_text(json.dumps({name: sorted(needs) for name, needs in config.stash[KNOWN].items()}))
    for item in items:
        if wrong := labs.unknown(needs_of(item)):
            raise pytest.UsageError(f"{item.nodeid} needs {sorted(wrong)}, which labs.NEEDS does not know")
        if why := labs.not_for(lab_of(config), needs_of(item)):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest):
    """The chosen lab, raised once; every story gets a world of its own in it."""
    with contextlib.ExitStack() as life:
        folder = life.enter_context(labs.folder_of_its_own())
        try:
            raised = life.enter_context(labs.lab(lab_of(request.config), folder, build_of(request.config)))
        except labs.NotHere as reason:
            pytest.skip(f"the {lab_of(request.config)} lab cannot run here: {reason}")
        yield raised


@pytest.fixture(scope="session")
def house(lab: labs.Lab) -> NamespacesHouse:
    """For stories about the machinery itself: network, desktops, servers and mail."""
    if not isinstance(lab, NamespacesHouse):
        pytest.skip("the lab has no hosts")
    return lab


@pytest.fixture(autouse=True)
def story(request: pytest.FixtureRequest):
    """Listens to the whole run of a story and writes its page at the end, however it ends."""
    item, lab = request.node, lab_of(request.config)
    told = pathlib.Path(item.path).with_name("story.md")
    the_story = evidence.Story(
        name=stories.short(item.nodeid), title=item.function.__doc__ or item.name.removeprefix("test_").replace("_", " "),
        lab=lab, rules=[(m.args[0], m.kwargs["must"]) for m in item.iter_markers("rule")],
        journey=told.read_text() if told.exists() else "", folder=stories.clear(stories.folder_of(lab, item.nodeid)))
    with the_story:
        yield the_story
    the_story.outcome = getattr(item, "story_outcome", "skipped")
    the_story.failure = getattr(item, "story_failure", "")
    if the_story.outcome != "skipped":
        evidence.write(the_story)


@pytest.fixture
def world(lab: labs.Lab, request: pytest.FixtureRequest, story: evidence.Story):
    yield from a_world(lab, request, story, open_filter=False)


@pytest.fixture
def open_world(lab: labs.Lab, request: pytest.FixtureRequest, story: evidence.Story):
    """A gate whose front filters nothing (the lab's own main): proves that a check of the filter can fail."""
    yield from a_world(lab, request, story, open_filter=True)


def a_world(lab: labs.Lab, request: pytest.FixtureRequest, story: evidence.Story, *, open_filter: bool):
    gate = request.node.get_closest_marker("gate")
    config = gate.kwargs if gate else {}
    try:
        the_world = lab.world(request.node.name, story, open_filter=open_filter, here="here" in config)
    except labs.NotHere as reason:
        pytest.skip(f"the {lab_of(request.config)} lab cannot run this here: {reason}")
    sit_at = request.config.getoption("--sit-at")
    if sit_at:
        story.at_step = lambda step: sit(request.config, the_world, f"at the step {step!r}") if sit_at in step else None
    failed = True
    try:
        try:
            the_world.open(**config)
        except labs.NotHere as reason:
            failed = False
            pytest.skip(f"the {lab_of(request.config)} lab cannot run this here: {reason}")
        yield the_world
        failed = getattr(request.node, "story_failed", False)
        if not failed:
            the_world.check_logs()
    finally:
        try:
            the_world.keep_evidence()
            if failed:
                print(f"evidence: {story.folder}")
                if request.config.getoption("--sit"):
                    sit(request.config, the_world, "the story has failed")
        finally:
            the_world.close()


def sit(config: pytest.Config, world: World, why: str) -> None:
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        stories.sit(f"\n{why}; {world.how_to_enter()}", world.story.folder / "go-on")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.story_failed = report.failed  # type: ignore[attr-defined]
        item.story_outcome = report.outcome  # type: ignore[attr-defined]
    elif report.failed:
        item.story_outcome = "failed"  # type: ignore[attr-defined]
    if report.failed:
        item.story_failure = report.longreprtext  # type: ignore[attr-defined]
    if report.when != "call" and report.passed:
        return
    lab = lab_of(item.config)
    folder = stories.folder_of(lab, item.nodeid)
    reason = str(report.longrepr[2]).removeprefix("Skipped: ") if report.skipped and isinstance(report.longrepr, tuple) else ""
    row: dict[str, object] = {"scenario": item.nodeid, "lab": lab, "result": report.outcome, "at": stories.now(), "reason": reason,
                              "unfit": bool(labs.not_for(lab, needs_of(item))),
                              "evidence": "" if report.skipped else stories.below_root(folder)}
    item.config.stash.setdefault(TOLD, []).append(dict(row, took_s=round(report.duration, 2)))
    for mark in item.iter_markers("rule"):
        item.config.stash.setdefault(RULES, []).append({**row, "rule": mark.args[0], "must": mark.kwargs["must"]})  # type: ignore[dict-item]


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = session.config.stash.get(TOLD, [])
    if told:
        document = stories.merge(build_of(session.config) / "rule_results.json", session.config.stash.get(RULES, []), told)
        stories.write_index(document, session.config.stash.get(KNOWN, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Which stories were not told in this lab, and why; how many can be told in how many labs (of those collected)."""
    known, why = config.stash.get(KNOWN, {}), {}
    for row in config.stash.get(TOLD, []):
        if row["result"] == "skipped":
            why.setdefault(str(row["reason"]), []).append(str(row["scenario"]))
    if not why or config.getoption("--collect-only"):
        return
    terminalreporter.section(f"not told in the {lab_of(config)} lab")
    for reason, names in sorted(why.items()):
        terminalreporter.line(reason)
        for name in names:
            terminalreporter.line(f"    {name}")
    counted = lab_table.measured(known, lab_table.results(build_of(config) / "rule_results.json"))
    terminalreporter.line(lab_table.said(counted))
    terminalreporter.line(f"evidence: {stories.EVIDENCE / 'index.html'}")
