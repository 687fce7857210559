"""The switches of `./dev mutate`: which shapes get one, and that nothing is left without one in silence."""
from __future__ import annotations

import pytest

from sekisho_testbed import mutants

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


@pytest.mark.parametrize("call,after", [
    ('if (!admission::enforce("R04", "login.expired", now < end(x))) return;',
     'if (!({off} || admission::enforce("R04", "login.expired", now < end(x)))) return;'),
    ('if (refused_by("login.expired", now < end)) return;',
     'if ((!({off}) && refused_by("login.expired", now < end))) return;')])
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
