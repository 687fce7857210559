"""Puts a switch at every check of an enforcement point in a copy of the sources, for `mutate.py`.

Shapes of C++ that are known by the point's code; everything else stays as it is and is reported as having no switch:

  enforce("R..", "code", holds)              the rule holds: (sekisho_off("R../code@file, enforce") || enforce(…))
  if (CONDITION) … "code" …;                 the check is taken away: if ((CONDITION) && !sekisho_off("R../code@file")) …
  return "code";   CONDITION ? "code" : …    the word is changed, so that a test notices which looks for this very code

A check that does not name its code is marked at the end of its line, `// enforces R../code`. A marked line is one of:

  if (CONDITION) …                           taken away, as above
  const bool NAME = EXPRESSION;              true: (EXPRESSION) || sekisho_off(…)
  … " drop\n" …                              the rule of nft accepts
"""
from __future__ import annotations

import re
from collections.abc import Iterable

HELPERS = """
#include <cstdlib>
#include <string_view>
namespace {
[[maybe_unused]] bool sekisho_off(std::string_view place) {
  static const char* const off = std::getenv("SEKISHO_SWITCHED_OFF");
  return off != nullptr && place == off;
}
[[maybe_unused]] const char* sekisho_word(const char* word, std::string_view place) {
  return sekisho_off(place) ? "switched.off" : word;
}
}  // namespace
"""


def blank(source: str) -> str:
    """The same text with comments, and what stands inside literals, replaced by spaces: for matching brackets."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def spaces(match: re.Match[str]) -> str:
        text = match.group(0)
        if text[0] in "\"'":
            return text[0] + " " * (len(text) - 2) + text[0]
        return re.sub(r"[^\n]", " ", text)

    return pattern.sub(spaces, source)


def matching(text: str, close: int) -> int:
    """Index of the `(` that `text[close]`, a `)`, closes; -1 if there is none."""
    depth = 0
    for at in range(close, -1, -1):
        depth += {")": 1, "(": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return -1


def statement_of(text: str, place: int) -> int:
    """Where the statement begins in which `place` stands, its `if (…)` included when no brace lies between."""
    depth = 0
    for at in range(place - 1, -1, -1):
        c = text[at]
        depth += {")": 1, "(": -1}.get(c, 0)
        if depth > 0:
            continue
        before = text[:at].rstrip()
        if c == ";" or (c == "}" and re.match(r"\s*\w", text[at + 1:])) or \
                (c == "{" and re.search(r"(\)|\b(else|do|try|const|noexcept))$", before)):
            return at + 1
    return 0


def condition_of(text: str, place: int) -> tuple[int, int] | None:
    """Start and end of the condition of the `if` that guards the statement at `place`, without an init statement."""
    start = statement_of(text, place)
    own = re.compile(r"\s*(?:else\s+)?if\s*\(").match(text, start)
    if own and own.end() < place:
        first = own.end()
        depth, close = 1, first
        while depth:
            depth += {"(": 1, ")": -1}.get(text[close], 0)
            close += 1
        close -= 1
        if close > place:
            return None  # the code is part of the condition itself
    else:
        depth = 0
        for at in range(start - 1, -1, -1):  # the block around the statement
            depth += {"}": 1, "{": -1}.get(text[at], 0)
            if depth < 0:
                break
        else:
            return None
        close = len(text[:at].rstrip()) - 1
        first = matching(text, close) + 1 if close >= 0 and text[close] == ")" else 0
        if first == 0 or not re.search(r"\bif\s*$", text[: first - 1]):
            return None
    depth = 0
    for at in range(first, close):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[at], 0)
        if text[at] == ";" and depth == 0:
            first = at + 1
    if re.match(r"\s*(?:const\s+)?(?:auto|[A-Za-z_:<>]+)\s*[&*]*\s*\w+\s*=[^=]", text[first:close]):
        return None  # a declaration is no condition to be negated
    return first, close


CALL = re.compile(r'(?:\w+::)*(enforce|refused_by|holds)\(\s*(?:(?:"(R\d\d)"|kRule),\s*)?"([a-z_.]+)"')
MARK = re.compile(r"//\s*enforces (R\d\d/[a-z]+\.[a-z_]+)\s*$", re.M)


def closing(text: str, opening: int) -> int:
    """Index of the `)` that closes `text[opening]`, a `(`."""
    depth = 0
    for at in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise ValueError("a bracket is never closed")


def switched_calls(source: str, path: str, table: Iterable[str]) -> tuple[list[tuple[int, int, str]], set[str]]:
    """Edits that put a switch before every enforce(), and the points."""
    text = blank(source)
    edits: list[tuple[int, int, str]] = []
    found: set[str] = set()
    for call in CALL.finditer(source):
        owners = [p for p in table if p.endswith("/" + call[3]) and (not call[2] or p.startswith(call[2]))]
        if not owners or text[call.start()] != source[call.start()]:
            continue
        end = closing(text, call.end(1)) + 1
        off = " || ".join(f'sekisho_off("{p}@{path}, enforce")' for p in owners)
        whole = source[call.start():end]
        refuses = call[1] == "refused_by"  # true when the rule does not hold
        edits.append((call.start(), end, f"(!({off}) && {whole})" if refuses else f"({off} || {whole})"))
        found.update(owners)
    return edits, found


def marked(source: str, path: str) -> tuple[list[tuple[int, int, str]], dict[tuple[int, int], list[str]], dict[str, str]]:
    """Of the lines with a mark: edits, guards to be negated (as with_switches has them), and point -> kind."""
    text = blank(source)
    edits: list[tuple[int, int, str]] = []
    guards: dict[tuple[int, int], list[str]] = {}
    found: dict[str, str] = {}
    for mark in MARK.finditer(source):
        point, place = mark[1], f"{mark[1]}@{path}"
        start = source.rfind("\n", 0, mark.start()) + 1
        line = text[start:mark.start()]
        if guard := re.search(r"\bif \(", line):
            opening = start + guard.end() - 1
            guards.setdefault((opening + 1, closing(text, opening)), []).append(place)
            found[point] = "check"
        elif fact := re.search(r"\bbool \w+ = (.*);", line):
            first, close = start + fact.start(1), start + fact.end(1)
            edits.append((first, close, f'({source[first:close]}) || sekisho_off("{place}")'))
            found[point] = "check"
        elif rule := re.search(r'"[^"]*\bdrop\\n"', source[start:mark.start()]):
            first, close = start + rule.start(), start + rule.end()
            accepts = source[first:close].replace("drop", "accept")
            edits.append((first, close, f'(sekisho_off("{place}") ? {accepts} : {source[first:close]})'))
            found[point] = "rule"
        else:
            raise SystemExit(f"{path}: a mark where nothing can be switched: {source[start:mark.end()].strip()}")
    return edits, guards, found


def with_switches(source: str, path: str, needles: dict[str, list[str]],
                  table: Iterable[str] = ()) -> tuple[str, list[tuple[str, str, str]]]:
    """The source with a switch at each place of each point. `needles`: point -> texts that stand for it ("code", No::x);
    `table`: all points. Also (point, kind, value of SEKISHO_SWITCHED_OFF) of what was found."""
    text = blank(source)
    edits, guards, found = marked(source, path)
    calls, called = switched_calls(source, path, table)
    edits += calls
    for point, words in needles.items():
        place = f"{point}@{path}"
        for word in (m for w in words for m in re.finditer(re.escape(w) + r"(?![\w.])", source)):
            quoted = word.group(0).startswith('"')
            if text[word.start()] != source[word.start()]:
                continue  # in a comment
            before, after = text[:word.start()].rstrip(), text[word.end():].lstrip()
            whole = before.endswith("return") and after.startswith(";")
            arm = before.endswith("?") or (before.endswith(":") and not re.search(r"case[^;]*:$", before)) and "?" in before[-200:]
            guard = None if arm else condition_of(text, word.start())
            if guard and re.search(r"\benforce\(|refused_by\(|(?<![.>\w])holds\(", source[guard[0]:guard[1]]):
                continue  # has the switch of its enforce()
            if guard:
                guards.setdefault(guard, []).append(place)
                found[point] = "check"
            elif quoted and (whole or arm):
                edits.append((word.start(), word.end(), f'sekisho_word({word.group(0)}, "{place}")'))
                found.setdefault(point, "word")
    for (first, close), places in guards.items():
        offs = "".join(f' && !sekisho_off("{place}")' for place in dict.fromkeys(places))
        edits.append((first, close, f"({source[first:close].strip()}){offs}"))
    for first, close, new in sorted(edits, reverse=True):
        source = source[:first] + (" " if source[first - 1] == ";" else "") + new + source[close:]
    if edits:
        include = re.search(r"^#include", source, re.M)
        at = include.start() if include else 0
        source = source[:at] + HELPERS.lstrip() + source[at:]
    return source, [(p, kind, f"{p}@{path}") for p, kind in found.items()] + \
        [(p, "enforce", f"{p}@{path}, enforce") for p in sorted(called)]
