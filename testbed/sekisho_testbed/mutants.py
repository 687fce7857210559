"""Puts a switch at every check of an enforcement point in a copy of the sources, for `mutate.py`.

Shapes of C++ that are known by the point's code; everything else stays as it is and is reported as having no switch:

  enforce("R..", "code", holds)              the rule holds: (enforce(…) || sekisho_off("R../code@file, enforce"))
  if (CONDITION) … "code" …;                 the check is taken away: if ((CONDITION) && !(sekisho_off("R../code@file"))) …
  return "code";   CONDITION ? "code" : …    the word is changed, so that a test notices which looks for this very code

A check that does not name its code is marked at the end of its line, `// enforces R../code`. A marked line is one of:

  if (CONDITION) …                           taken away, as above
  const bool NAME = EXPRESSION;              true: (EXPRESSION) || sekisho_off(…); so does return EXPRESSION;
  … " drop\n" …                              the rule of nft accepts; so does " reject with tcp reset\n"

A switch stands behind its check, so it is asked only when the check bites: a test that does not ask it cannot notice it.
"""
from __future__ import annotations

import collections
import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator

HELPERS = """
#include <cstdio>
#include <cstdlib>
#include <string_view>
namespace {
// Asked only where the check bites; who wants to know that gets a line in a file.
[[maybe_unused]] bool sekisho_off(std::string_view place) {
  if (const char* const told = std::getenv("SEKISHO_SWITCHES_ASKED"); told != nullptr && *told != 0) {
    if (std::FILE* const file = std::fopen(told, "ae"); file != nullptr) {
      std::fprintf(file, "\\n[ SWITCH ] %.*s\\n", static_cast<int>(place.size()), place.data());
      std::fclose(file);
    }
  }
  const char* const off = std::getenv("SEKISHO_SWITCHED_OFF");
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


@dataclasses.dataclass(frozen=True)
class Site:
    """Where a switch goes: `first` to `close` of the source becomes `form`, with {it} for what stands there and {off} for
    whether it is switched off. A word goes through sekisho_word() for each of its points."""
    first: int
    close: int
    kind: str  # enforce, check, word, rule
    form: str
    points: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return ", enforce" if self.kind == "enforce" else ""


TAKEN_AWAY = "({it}) && !({off})"


def calls(source: str, text: str, table: Iterable[str]) -> Iterator[Site]:
    """Every enforce()."""
    for call in CALL.finditer(source):
        owners = tuple(p for p in table if p.endswith("/" + call[3]) and (not call[2] or p.startswith(call[2])))
        if owners and text[call.start()] == source[call.start()]:
            refuses = call[1] == "refused_by"  # true when the rule does not hold
            yield Site(call.start(), closing(text, call.end(1)) + 1, "enforce", "({it} && !({off}))" if refuses else "({it} || {off})",
                       owners)


def marks(source: str, text: str, path: str) -> Iterator[Site]:
    """Every line with a mark."""
    for mark in MARK.finditer(source):
        start = source.rfind("\n", 0, mark.start()) + 1
        line = text[start:mark.start()]
        if guard := re.search(r"\bif \(", line):
            opening = start + guard.end() - 1
            yield Site(opening + 1, closing(text, opening), "check", TAKEN_AWAY, (mark[1],))
        elif fact := re.search(r"\bbool \w+ = (.*);", line):
            yield Site(start + fact.start(1), start + fact.end(1), "check", "({it}) || {off}", (mark[1],))
        elif rule := re.search(r'"[^"]*\b(drop|reject with tcp reset)\\n"', source[start:mark.start()]):
            accepts = rule[0].replace(rule[1], "accept")
            yield Site(start + rule.start(), start + rule.end(), "rule", f"({{off}} ? {accepts} : {{it}})", (mark[1],))
        elif answer := re.search(r"\breturn (.*);", line):
            yield Site(start + answer.start(1), start + answer.end(1), "check", "({it}) || {off}", (mark[1],))
        else:
            raise SystemExit(f"{path}: a mark where nothing can be switched: {source[start:mark.end()].strip()}")


def named(source: str, text: str, point: str, words: list[str]) -> Iterator[Site]:
    """Every place that names the code of a point."""
    for word in (m for w in words for m in re.finditer(re.escape(w) + r"(?![\w.])", source)):
        if text[word.start()] != source[word.start()]:
            continue  # in a comment
        before, after = text[:word.start()].rstrip(), text[word.end():].lstrip()
        whole = before.endswith("return") and after.startswith(";")
        arm = before.endswith("?") or (before.endswith(":") and not re.search(r"case[^;]*:$", before)) and "?" in before[-200:]
        guard = None if arm else condition_of(text, word.start())
        if guard and re.search(r"\benforce\(|refused_by\(|(?<![.>\w])holds\(", source[guard[0]:guard[1]]):
            continue  # has the switch of its enforce()
        if guard:
            yield Site(*guard, "check", TAKEN_AWAY, (point,))
        elif word[0].startswith('"') and (whole or arm):
            yield Site(word.start(), word.end(), "word", "{it}", (point,))


def with_switches(source: str, path: str, needles: dict[str, list[str]],
                  table: Iterable[str] = ()) -> tuple[str, list[tuple[str, str, str]]]:
    """The source with a switch at each place of each point. `needles`: point -> texts that stand for it ("code", No::x);
    `table`: all points. Also (point, kind, value of SEKISHO_SWITCHED_OFF) of what was found; the second place of a point
    in a file is called …#2."""
    text = blank(source)
    sites: dict[tuple[int, int], Site] = {}
    for site in (*calls(source, text, table), *marks(source, text, path),
                 *(s for point, words in needles.items() for s in named(source, text, point, words))):
        known = sites.get((site.first, site.close))
        points = dict.fromkeys((*(known.points if known else ()), *site.points))
        sites[site.first, site.close] = dataclasses.replace(site, points=tuple(points))
    found: list[tuple[str, str, str]] = []
    seen: collections.Counter[str] = collections.Counter()
    edits: list[tuple[int, int, str]] = []
    for site in sorted(sites.values(), key=lambda s: s.first):
        places = []
        for point in site.points:
            seen[point + site.suffix] += 1
            n = seen[point + site.suffix]
            places.append(f"{point}@{path}{site.suffix}" + (f"#{n}" if n > 1 else ""))
            found.append((point, site.kind, places[-1]))
        off = " || ".join(f'sekisho_off("{place}")' for place in places)
        it = source[site.first:site.close].strip()
        new = site.form.replace("{off}", off).replace("{it}", it)
        if site.kind == "word":
            new = functools.reduce(lambda word, place: f'sekisho_word({word}, "{place}")', places, it)
        if edits and edits[-1][1] > site.first:
            raise SystemExit(f"{path}: one switch inside another: {it}")
        edits.append((site.first, site.close, new))
    for first, close, new in reversed(edits):
        source = source[:first] + (" " if source[first - 1] == ";" else "") + new + source[close:]
    if edits:
        include = re.search(r"^#include", source, re.M)
        at = include.start() if include else 0
        source = source[:at] + HELPERS.lstrip() + source[at:]
    return source, found
