"""Every verb by which a story judges can fail: shown one by one, with a world in which what it wants is not so. A verb that comes
new is asked for here."""
from __future__ import annotations

import ast
import contextlib
import datetime
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sekisho_testbed import probes
from sekisho_testbed.closed_side import ClosedSide
from sekisho_testbed.people import Page
from sekisho_testbed.world import World

SCENARIOS = pathlib.Path(__file__).resolve().parents[2] / "scenarios"
#: Beginnings of the names of verbs that judge.
JUDGES = ("must", "refus", "nobody", "limit", "wait", "entry", "pass_gate", "check_")


def bare(of: type) -> type:
    """The class with a body for whatever it leaves to a lab: none of them may be needed here."""
    def missing(name: str) -> Callable[..., Any]:
        def none(*_: object, **__: object) -> Any:
            raise NotImplementedError(name)
        return none

    return type("Bare", (of,), {name: missing(name) for name in getattr(of, "__abstractmethods__")})


class Reads(Page):
    """A page that says what it is told to say."""
    agent = ""

    def __init__(self, text: str) -> None:
        self.page = {"text": text, "html": "", "url": "", "title": ""}

    def open(self, url: str = "") -> "Reads":
        return self

    def fill(self, at: str, text: str) -> "Reads":
        return self

    def press(self, at: str = "") -> "Reads":
        return self

    def value(self, at: str) -> str:
        return ""

    def close(self) -> None: ...


class Pc:
    def __init__(self, reaches: bool) -> None:
        self.reaches = reaches

    def desktop_answers(self, within: float = 3) -> bool:
        return self.reaches


class Stage(bare(World)):  # type: ignore[misc]
    """A world of which everything is known: the journal, the sessions, and whether desktops answer. Its clock runs by itself."""

    def __init__(self) -> None:
        super().__init__("proof", "none")
        self.rows: list[dict[str, Any]] = []
        self.held: list[dict[str, Any]] = []
        self.reaches = False
        self.clock = 0.0

    def elapsed(self) -> float:
        return self.clock

    def pause(self, seconds: float) -> None:
        self.clock += seconds

    def wait(self, check: Callable[[], object], within: float, what: str, on_fail: Callable[[], str] | None = None) -> Any:
        until = self.clock + within
        while not (found := check()):
            assert self.clock < until, f"waited for: {what}"
            self.clock += 0.5
        return found

    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if all(row.get(name) == value for name, value in wanted.items())]

    def sessions(self) -> list[dict[str, Any]]:
        return self.held

    def pc(self, who: str) -> Pc:
        return Pc(self.reaches)

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc)

    def refuse(self, code: str, rule: str) -> None:
        self.rows.append({"event": "login.refused", "result": "refused", "code": code, "rule": rule, "sequence": len(self.rows)})

    def let_in(self, who: str, state: str = "admitted") -> None:
        self.held.append({"number": f"S-{len(self.held)}", "person": who, "state": state, "tunnel_up": True})


class Side(bare(ClosedSide)):  # type: ignore[misc]
    def __init__(self, stage: Stage, says: str = "", lets_in: bool = False) -> None:
        super().__init__(stage)
        self.stage, self.says, self.lets_in = stage, says, lets_in

    def entrance(self, who: str, **how: Any) -> Page:
        if self.lets_in:
            self.stage.let_in(who)
        return Reads(self.says)

    def desktop_answers(self, who: str, within: float = 3) -> bool:
        return self.stage.reaches

    def ready(self, who: str) -> None: ...

    def circuits(self) -> list[dict[str, Any]]:
        return [{"circuit": "line-sato", "line": self.says}]


def tried(stage: Stage, *told: tuple[str, str], lets_in: bool = False) -> Callable[[], None]:
    """A login that is refused with these, in the block of refusal()."""
    def go() -> None:
        with stage.refusal("it", "circuit.line_down", "R02"):
            for code, rule in told:
                stage.refuse(code, rule)
            if lets_in:
                stage.let_in("sato")
    return go


def told_before(stage: Stage) -> Callable[[], None]:
    stage.refuse("circuit.line_down", "R02")
    return tried(stage)


def late(stage: Stage) -> None:
    with stage.limit(2, "it"):
        stage.pause(2.5)


def on_time(stage: Stage) -> None:
    with stage.limit(2, "it"):
        stage.pause(1.5)


def with_session(stage: Stage, who: str = "mori", state: str = "admitted") -> Stage:
    stage.let_in(who, state)
    return stage


def with_refusal(stage: Stage, code: str = "circuit.line_down", rule: str = "R02") -> Stage:
    stage.refuse(code, rule)
    return stage


def reaching(stage: Stage) -> Stage:
    stage.reaches = True
    return stage


def refused_side(stage: Stage, says: str, told: tuple[str, str] | None) -> Callable[[], None]:
    side = Side(stage, says)

    def go() -> None:
        real = side.log_in

        def log_in(who: str, **how: Any) -> Page:
            if told:
                stage.refuse(*told)
            page: Page = real(who, **how)
            return page

        side.log_in = log_in
        side.must_be_refused("it", "sato", "circuit.line_down", "R02")
    return go


DOWN = ("circuit.line_down", "R02")
#: verb -> ways in which it must fail, ways in which it must not.
PROOFS: dict[str, tuple[list[Callable[[Stage], object]], list[Callable[[Stage], object]]]] = {
    "World.must": ([lambda w: w.must("it", lambda: False)], [lambda w: w.must("it", lambda: True)]),
    "World.must_not": ([lambda w: w.must_not("it", lambda: True), lambda w: w.must_not("it", lambda: w.elapsed() > 1, during=2)],
                       [lambda w: w.must_not("it", lambda: False, during=2)]),
    "World.limit": ([late], [on_time]),
    "World.wait": ([lambda w: w.wait(lambda: False, 2, "it")], [lambda w: w.wait(lambda: w.elapsed() > 1, 2, "it")]),
    "World.refusal": ([lambda w: tried(w)(), lambda w: tried(w, ("circuit.line_unknown", "R02"))(), lambda w: tried(w, (DOWN[0], "R03"))(),
                       lambda w: tried(w, DOWN, DOWN)(), lambda w: tried(w, DOWN, lets_in=True)(), lambda w: told_before(w)()],
                      [lambda w: tried(w, DOWN)(), lambda w: tried(with_refusal(w), DOWN)()]),
    "World.refused": ([lambda w: w.refused("circuit.line_down"), lambda w: with_refusal(w).refused("circuit.line_down", rule="R03"),
                       lambda w: with_refusal(w).refused("circuit.line_down", count=2)],
                      [lambda w: with_refusal(w).refused("circuit.line_down", rule="R02")]),
    "World.refused_with_one_of": ([lambda w: with_refusal(w, "other.code").refused_with_one_of(["circuit.line_down"])],
                                  [lambda w: with_refusal(w).refused_with_one_of(["circuit.line_down", "x.y"])]),
    "World.nobody_is_inside": ([lambda w: with_session(w).nobody_is_inside()], [lambda w: w.nobody_is_inside()]),
    "World.entry": ([lambda w: w.entry(event="login.refused")], [lambda w: with_refusal(w).entry(event="login.refused")]),
    "World.wait_tunnel": ([lambda w: w.wait_tunnel("mori")], [lambda w: with_session(w).wait_tunnel("mori")]),
    "World.wait_no_session": ([lambda w: with_session(w).wait_no_session("mori")], [lambda w: with_session(w, "tani").wait_no_session("mori")]),
    "World.wait_state": ([lambda w: with_session(w, state="quarantine").wait_state("mori", "admitted")],
                         [lambda w: with_session(w).wait_state("mori", "admitted")]),
    "World.must_reach_desktop": ([lambda w: w.must_reach_desktop("mori")], [lambda w: reaching(w).must_reach_desktop("mori")]),
    "World.must_not_reach_desktop": ([lambda w: reaching(w).must_not_reach_desktop("mori")], [lambda w: w.must_not_reach_desktop("mori")]),
    "ClosedSide.must_reach_desktop": ([lambda w: Side(w).must_reach_desktop("sato")], [lambda w: Side(reaching(w)).must_reach_desktop("sato")]),
    "ClosedSide.must_not_reach_desktop": ([lambda w: Side(reaching(w)).must_not_reach_desktop("sato")],
                                          [lambda w: Side(w).must_not_reach_desktop("sato")]),
    "ClosedSide.must_be_refused": ([lambda w: refused_side(w, "R02 circuit.line_down", None)(), lambda w: refused_side(w, "接続中です", DOWN)(),
                                    lambda w: refused_side(w, "R02 circuit.line_down", ("circuit.line_down", "R03"))()],
                                   [lambda w: refused_side(w, "R02 circuit.line_down", DOWN)()]),
    "ClosedSide.wait_line": ([lambda w: Side(w, "down").wait_line("sato", "up")], [lambda w: Side(w, "up").wait_line("sato", "up")]),
    "ClosedSide.pass_gate": ([lambda w: Side(w, "拒否").pass_gate("sato"), lambda w: Side(w, "接続中です").pass_gate("sato")],
                             [lambda w: Side(w, "接続中です", lets_in=True).pass_gate("sato")]),
}
#: Judge nothing of their own: made of the others, or a lab's own (its tests are the lab's stories).
MADE_OF_OTHERS = {"World.pass_gate", "World.pass_gate_with_code", "World.refused_import", "World.check_logs", "ClosedSide.wait_tunnel_gone"}


def verbs() -> set[str]:
    return {f"{each.__name__}.{name}" for each in (World, ClosedSide) for name in vars(each) if name.startswith(JUDGES)}


def test_every_verb_that_judges_is_shown_here() -> None:
    assert verbs() == set(PROOFS) | MADE_OF_OTHERS


@pytest.mark.parametrize("verb", sorted(PROOFS))
def test_a_verb_that_judges_can_fail(verb: str) -> None:
    wrong, right = PROOFS[verb]
    for n, way in enumerate(wrong):
        stage = Stage()
        with pytest.raises(AssertionError):
            way(stage)
            pytest.fail(f"{verb}, way {n}: it took what is not so")
    for way in right:
        stage = Stage()
        way(stage)
        assert all(line.ok for line in stage.story.lines), stage.story.lines


def test_an_end_that_is_late_or_comes_back_is_none() -> None:
    checks: dict[str, Callable[[], object]] = {"screen": lambda: True, "desktop": lambda: True}
    stage = Stage()
    stage._ended_within(2, "it", {"screen": 0.1, "desktop": 2.0}, checks)
    assert [line.ok for line in stage.story.lines] == [True, True]
    back: dict[str, Callable[[], object]] = {"screen": lambda: True, "desktop": lambda: False}
    for took, after in (({"screen": 0.1, "desktop": 2.1}, checks), ({"screen": 0.1, "desktop": float("inf")}, checks),
                        ({"screen": 0.1, "desktop": 1.0}, back)):
        with pytest.raises(AssertionError):
            Stage()._ended_within(2, "it", took, after)


@pytest.mark.parametrize("verb", ["World.must", "World.must_not", "World.limit", "World.refusal", "ClosedSide.must_be_refused"])
def test_what_has_failed_stands_so_in_the_evidence(verb: str) -> None:
    for way in PROOFS[verb][0]:
        stage = Stage()
        with contextlib.suppress(AssertionError):
            way(stage)
        judged = [line for line in stage.story.lines if line.kind in ("must", "must_not", "limit")]
        # Only when the page alone is wrong the journal's half has not been judged.
        assert [line.ok for line in judged] in ([False], []) and (judged or verb == "ClosedSide.must_be_refused"), judged


def test_a_stray_packet_is_no_answer_to_a_probe() -> None:
    own = "line Out IP 10.95.0.1.5900 > 10.95.1.10.20001: Flags [S.], seq 9, ack 20001001, win 64240, length 0"
    assert probes.answer_to(20_001, [own])
    for stray in (own.replace("ack 20001001", "ack 78"),             # an earlier probe's, sent again
                  own.replace(".20001:", ".20002:"),                 # another's
                  own.replace("[S.]", "[R.]"),                       # a refusal
                  own.replace("Flags [S.]", "Flags [S]").replace(" ack 20001001,", "")):  # the probe itself
        assert not probes.answer_to(20_001, [stray]), stray


def judging_calls(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            yield "assert"
        elif isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_every_story_of_the_closed_path_judges_and_none_sleeps() -> None:
    """A story without a judging call would be green whatever happens; one that sleeps waits for nothing that has a name."""
    for file in SCENARIOS.rglob("*.py"):
        tree = ast.parse(file.read_text())
        calls = [name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for name in judging_calls(node)]
        assert "sleep" not in calls and "time.sleep" not in file.read_text(), file
    for file in (SCENARIOS / "closed").glob("test_*.py"):
        tree = ast.parse(file.read_text())
        helpers = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and not node.name.startswith("test_")}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                judged = [name for name in judging_calls(node) if name == "assert" or name.startswith(JUDGES) or name in helpers]
                assert judged, f"{file.name}: {node.name} judges nothing"
