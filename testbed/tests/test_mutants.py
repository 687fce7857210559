"""`./dev mutate`: which shapes get a switch, that nothing is left without one in silence, and how tests and stories are heard."""
from __future__ import annotations

import pathlib
import signal
import sys

import pytest

from sekisho_testbed import mutants, mutate, mutate_stories, mutate_units

TABLE = ["R04/login.expired", "R10/posture.silent", "R11/filter.source", "R15/gate.unavailable"]


def switched(source: str, point: str = "R15/gate.unavailable") -> tuple[str, list[tuple[str, str, str]]]:
    code = point.split("/")[1]
    text, found = mutants.with_switches(source, "a.cpp", {point: [f'"{code}"']}, TABLE)
    return text.rsplit("}  // namespace\n", 1)[-1], found


def test_a_check_that_names_its_code_is_taken_away() -> None:
    text, found = switched('if (!durable) return give_up("gate.unavailable");')
    assert text == 'if ((!durable) && !(sekisho_off("R15/gate.unavailable@a.cpp"))) return give_up("gate.unavailable");'
    assert found == [("R15/gate.unavailable", "check", "R15/gate.unavailable@a.cpp")]


def test_each_place_has_its_own() -> None:
    check = 'if (bad()) return "gate.unavailable";\n'
    text, found = switched(check + check)
    assert [off for _, _, off in found] == ["R15/gate.unavailable@a.cpp", "R15/gate.unavailable@a.cpp#2"]
    assert text.count('a.cpp")') == 1 and text.count('a.cpp#2")') == 1


def test_a_word_is_changed() -> None:
    text, found = switched('refuse(bad ? "gate.unavailable" : "other.code");')
    assert text == 'refuse(bad ? sekisho_word("gate.unavailable", "R15/gate.unavailable@a.cpp") : "other.code");'
    assert [kind for _, kind, _ in found] == ["word"]


def test_a_word_of_two_points_is_changed_by_either() -> None:
    points = ["R04/gate.unavailable", "R15/gate.unavailable"]
    text, found = mutants.with_switches('refuse(bad ? "gate.unavailable" : x);', "a.cpp", {p: ['"gate.unavailable"'] for p in points}, points)
    assert text.endswith('refuse(bad ? sekisho_word(sekisho_word("gate.unavailable", "R04/gate.unavailable@a.cpp"), '
                         '"R15/gate.unavailable@a.cpp") : x);')
    assert [off for _, _, off in found] == [f"{p}@a.cpp" for p in points]


@pytest.mark.parametrize("call,after", [
    ('if (!admission::enforce("R04", "login.expired", now < end(x))) return;',
     'if (!(admission::enforce("R04", "login.expired", now < end(x)) || {off})) return;'),
    ('if (refused_by("login.expired", now < end)) return;',
     'if ((refused_by("login.expired", now < end) && !({off}))) return;')])
def test_a_call_of_enforce_has_a_switch_for_its_file(call: str, after: str) -> None:
    text, found = switched(call, "R04/login.expired")
    assert text == after.replace("{off}", 'sekisho_off("R04/login.expired@a.cpp, enforce")')
    assert [kind for _, kind, _ in found] == ["enforce"]


def test_a_marked_line_has_one_too() -> None:
    text, found = switched("const bool own = a == b;  // enforces R11/filter.source\n")
    assert text == 'const bool own = (a == b) || sekisho_off("R11/filter.source@a.cpp");  // enforces R11/filter.source\n'
    assert [kind for _, kind, _ in found] == ["check"]
    text, _ = switched("if (wrong(a)) return no();  // enforces R11/filter.source\n")
    assert text.startswith('if ((wrong(a)) && !(sekisho_off("R11/filter.source@a.cpp"))) return no();')
    text, _ = switched('out += name + " drop\\n";  // enforces R11/filter.source\n')
    assert text.startswith('out += name + (sekisho_off("R11/filter.source@a.cpp") ? " accept\\n" : " drop\\n");')
    text, _ = switched('out += " reject with tcp reset\\n";  // enforces R11/filter.source\n')
    assert text.startswith('out += (sekisho_off("R11/filter.source@a.cpp") ? " accept\\n" : " reject with tcp reset\\n");')


def test_a_mark_on_anything_else_is_no_mark() -> None:
    with pytest.raises(SystemExit, match="nothing can be switched"):
        switched("count_wrong();  // enforces R11/filter.source\n")


def test_what_stands_in_a_comment_is_left_alone() -> None:
    source = '// if (x) return "gate.unavailable";\n'
    assert switched(source) == (source, [])


def test_a_marked_return_answers_that_it_holds() -> None:
    text, found = switched("  return zones.contains(zone);  // enforces R11/filter.source\n")
    assert text.startswith('  return (zones.contains(zone)) || sekisho_off("R11/filter.source@a.cpp");')
    assert [kind for _, kind, _ in found] == ["check"]


# --- what the unit tests say (mutate_units.py) --------------------------------------------------------------------------------------
SAID = """[ RUN      ] A.Refuses
words without an end
[ SWITCH ] R04/login.expired@a.cpp, enforce
[       OK ] A.Refuses (12 ms)
[ RUN      ] Each/A.Knows/0
[ SWITCH ] R10/posture.silent@b.cpp#2
"""


def program(folder: pathlib.Path, body: str, name: str = "a_test") -> pathlib.Path:
    """A program that answers to what GoogleTest's do, as far as they are asked here."""
    file = folder / "tests" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!{sys.executable}\n{FAKE}{body}")
    file.chmod(0o755)
    return file


# test(name, f): f() is the test, true when it passes; switch(place) is asked as a check's is.
FAKE = """
import os, sys
wanted = [a for a in sys.argv if a.startswith("--gtest_filter=")][0].split("=")[1].split(":")
bad = 0
def say(words):
    print(words, flush=True)
def switch(place):
    if told := os.environ.get("SEKISHO_SWITCHES_ASKED"):
        open(told, "a").write(f"\\n[ SWITCH ] {place}\\n")
    return os.environ.get("SEKISHO_SWITCHED_OFF") == place
def test(name, f):
    global bad
    if (name in wanted) != wanted[0].startswith("-"):
        say(f"[ RUN      ] {name}")
        good = f()
        say(f"[ {'      OK' if good else ' FAILED '} ] {name} (1 ms)")
        bad += not good
"""


def known(file: pathlib.Path) -> mutate_units.Program:
    return mutate_units.known(file.name, file, "", mutate_units.Kept(file.parents[1] / "kept.json"))


def test_a_programs_words_are_read() -> None:
    run = mutate_units.read(SAID + "[  FAILED  ] Each/A.Knows/0, where GetParam() = 3 (7 ms)\n[  FAILED  ] 1 test, listed below:\n", 1)
    assert (run.failed, run.how) == ("Each/A.Knows/0", "")
    assert run.asked == {"R04/login.expired@a.cpp, enforce": ["A.Refuses"], "R10/posture.silent@b.cpp#2": ["Each/A.Knows/0"]}
    assert run.ms == {"A.Refuses": 12, "Each/A.Knows/0": 7}
    assert mutate_units.read(SAID, 0).failed == ""


@pytest.mark.parametrize("code,how", [(-6, "stops with -6"), (3, "stops with 3"), (1, "stops with 1"), (-signal.SIGXCPU, "does not end"),
                                      (None, "does not end")])
def test_a_program_that_ends_within_a_test_names_it(code: int | None, how: str) -> None:
    run = mutate_units.read(SAID, code)
    assert (run.failed, run.how) == ("Each/A.Knows/0", how)


def test_only_who_asks_a_switch_is_run(tmp_path: pathlib.Path) -> None:
    """The quickest first; who noticed last time before all; each run is written down."""
    ran = tmp_path / "ran"
    file = program(tmp_path, f"""
def note(name, good):
    if os.environ.get("SEKISHO_SWITCHED_OFF"):
        open({str(ran)!r}, "a").write(name + " ")
    return good
test("A.Other", lambda: note("A.Other", True))
test("A.Sees", lambda: note("A.Sees", not switch("p")))
test("A.SeesToo", lambda: note("A.SeesToo", not switch("p")))
test("A.Blind", lambda: note("A.Blind", switch("p") or True))
sys.exit(1 if bad else 0)
""")
    told = known(file)
    assert told.asked == {"p": ["A.Sees", "A.SeesToo", "A.Blind"]} and not told.broken
    told.ms.update({"A.Sees": 9, "A.SeesToo": 5, "A.Blind": 1})
    assert mutate_units.who_notices("p", [told], "") == "A.SeesToo"
    assert ran.read_text() == "A.Blind A.SeesToo A.SeesToo "
    assert mutate_units.who_notices("p", [told], "A.Sees") == "A.Sees"
    assert mutate_units.who_notices("nobody asks", [told], "") == ""


def test_who_fails_once_shows_nothing(tmp_path: pathlib.Path) -> None:
    """A busy machine fails a test once with the switch off; it passes the second time, and does not count."""
    once = tmp_path / "once"
    file = program(tmp_path, f"""
def shaky():
    if switch("p") and not os.path.exists({str(once)!r}):
        open({str(once)!r}, "w")
        return False
    return True
test("A.Shaky", shaky)
sys.exit(1 if bad else 0)
""")
    assert mutate_units.who_notices("p", [known(file)], "") == ""
    assert once.exists()


def test_who_fails_with_nothing_switched_off_shows_nothing(tmp_path: pathlib.Path) -> None:
    file = program(tmp_path, 'test("A.Broken", lambda: switch("p") and False)\nsys.exit(1 if bad else 0)\n')
    told = known(file)
    assert told.broken == ["A.Broken"]
    assert mutate_units.who_notices("p", [told], "") == ""


def test_an_end_counts_by_the_processors_time(tmp_path: pathlib.Path) -> None:
    file = program(tmp_path, 'test("A.Turns", lambda: [None for _ in iter(lambda: switch("p"), False)] == [])\nsys.exit(1 if bad else 0)\n')
    run = mutate_units.run([str(file), "--gtest_filter=A.Turns"], off="p", cpu_s=1)
    assert (run.failed, run.how) == ("A.Turns", "does not end")


def test_what_was_judged_is_kept_until_the_program_changes(tmp_path: pathlib.Path) -> None:
    body = 'open(os.path.join(os.path.dirname(__file__), "..", "runs"), "a").write("x")\ntest("A.Sees", lambda: not switch("p"))\nsys.exit(1 if bad else 0)\n'
    for _ in range(2):
        known(program(tmp_path, body))
    assert (tmp_path / "runs").read_text() == "x"
    known(program(tmp_path, body + "# another\n"))
    assert (tmp_path / "runs").read_text() == "xx"


def test_a_file_is_shown_by_the_tests_of_its_folder() -> None:
    def row(name: str, *files: str) -> dict[str, object]:
        start = len(nodes)
        nodes.extend({"file": paths.setdefault(f, len(paths)), **({"parent": start + n + 1} if n + 1 < len(files) else {})}
                     for n, f in enumerate(files))
        return {"name": name, "backtrace": start}

    nodes: list[dict[str, int]] = []
    paths: dict[str, int] = {}
    rows = [row("rfb_test", "/t/cmake/SekishoTargets.cmake", "/t/core/console/rfb/CMakeLists.txt"),
            row("fuzz_rfb_seeds", "/t/cmake/SekishoFuzz.cmake", "/t/core/console/rfb/CMakeLists.txt"),
            row("posture_test", "/t/cmake/SekishoTargets.cmake", "/t/core/admission/posture.cmake", "/t/core/admission/CMakeLists.txt"),
            row("gate_test", "/t/cmake/SekishoTargets.cmake", "/t/core/gate/CMakeLists.txt")]
    found = mutate.declared({"backtraceGraph": {"nodes": nodes, "files": list(paths)}, "tests": rows}, pathlib.Path("/t"), pathlib.Path("/b"))
    names = {where: [name for name, _ in mutate.tests_of(where, found)] for where in
             ("core/console/rfb/viewer_filter.cpp", "core/admission/posture.cpp", "core/gate/links.cpp", "core/netd/plan.cpp")}
    assert list(names.values()) == [["rfb_test"], ["posture_test", "gate_test"], ["gate_test"], []]


# --- what the stories say (mutate_stories.py, mutate_plugin.py) ---------------------------------------------------------------------
CONFTEST = "def pytest_addoption(parser):\n    parser.addoption('--build')\n    parser.addoption('--lab')\n"
STORIES = """
import os, pytest
kept = []
def switch(place):
    if told := os.environ.get("SEKISHO_SWITCHES_ASKED"):
        open(told, "a").write(f"\\n[ SWITCH ] {place}\\n")
    return os.environ.get("SEKISHO_SWITCHED_OFF") == place
@pytest.fixture(scope="session")
def lab():
    kept.append("lab")
    return kept
@pytest.fixture
def world(lab):
    lab.append("world")
    yield lab
def test_sees(world):
    assert world.count("lab") == 1
    assert not switch("R11/a@x.cpp")
def test_blind(world):
    switch("R11/a@x.cpp"), switch("R11/b@x.cpp")
def test_broken(world):
    switch("R11/b@x.cpp")
    assert False
def test_dies(world):
    if switch("R11/c@x.cpp"):
        os.abort()
@pytest.mark.skip(reason="not for this lab")
def test_elsewhere(world):
    raise AssertionError
def test_leaves_something(world):
    if switch("R11/d@x.cpp"):
        kept.append("left")
    assert "left" not in kept
"""


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "pytest.ini").write_text("[pytest]\naddopts = -q -p no:cacheprovider\n")
    (tmp_path / "scenarios" / "conftest.py").write_text(CONFTEST)
    (tmp_path / "scenarios" / "test_a.py").write_text(STORIES)
    (tmp_path / "testbed").symlink_to(mutate.ROOT / "testbed")
    return tmp_path


def judged(tree: pathlib.Path, key: str = "1") -> dict[str, str]:
    stories, found = mutate_stories.Stories(tree, key, tree / "kept"), dict[str, str]()
    stories.learn()
    assert [s.partition("::")[2] for s in stories.broken] == ["test_broken"]
    stories.judge([f"R11/{x}@x.cpp" for x in "abcde"], lambda off, story: found.update({off: story.partition("::")[2]}), jobs=1)
    return found


def test_each_place_is_told_until_a_story_goes_red(tree: pathlib.Path) -> None:
    """One that passes with nothing switched off; one process for all that leave nothing behind; what dies or leaves something does so
    twice, each time first in a process."""
    assert judged(tree) == {"R11/a@x.cpp": "test_sees", "R11/b@x.cpp": "", "R11/c@x.cpp": "test_dies (stops with -6)",
                            "R11/d@x.cpp": "test_leaves_something", "R11/e@x.cpp": ""}


def test_a_place_that_has_been_told_is_not_told_again(tree: pathlib.Path) -> None:
    first = judged(tree)
    kept = mutate_stories.Stories(tree, "1", tree / "kept")
    kept.learn()
    again: dict[str, str] = {}
    kept.judge([off for off, story in first.items() if story], lambda off, story: again.update({off: story.partition("::")[2]}))
    assert again == {off: story for off, story in first.items() if story}
    kept.asked = {}  # a story of that file may have changed: its verdict holds no more
    kept.files["test_a.py"] = "another"
    kept.judge(["R11/a@x.cpp"], lambda off, story: again.update({off: story}))
    assert again["R11/a@x.cpp"] == ""


def test_stories_that_cannot_be_told_end_the_command(tree: pathlib.Path) -> None:
    (tree / "scenarios" / "test_b.py").write_text("from nowhere import nothing\n")  # one file of two
    with pytest.raises(SystemExit, match="cannot be told"):
        mutate_stories.Stories(tree, "1", tree / "kept").learn()
