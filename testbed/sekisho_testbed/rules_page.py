"""The rule table as one page for auditors: Japanese and English, no script, nothing fetched from elsewhere.

Into a folder it brings the evidence along, so that the folder can be handed over as it is.
"""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import time
from typing import Any

from . import rules
from .report import STYLE, mark, table, text

ROOT = rules.ROOT
Row = dict[str, Any]

WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "page": "関所 規則の適合表", "other": "English", "skip": "規則の一覧へ",
        "lead": "リモート保守環境の規則ごとに、どこで守らせているか、守られていることをどのシナリオで示したか、最後の結果は何かを示す。"
                "「通るべき」シナリオは正しい利用者が通ること、「通らないべき」シナリオは一つでも欠ければ通らないことを、実際のクライアントで示す。",
        "made": "作成日時", "version": "ソースの版", "state": "状況", "rules": "規則の一覧", "rule": "規則", "title": "項目",
        "points": "強制箇所", "must_pass": "通るべき", "must_fail": "通らないべき", "where": "場所", "code": "理由コード",
        "why": "拒否された人が読む理由", "scenario": "シナリオ", "lab": "ラボ", "result": "最後の結果", "at": "実行日時",
        "evidence": "証跡", "look": "見る", "kind": "種類", "enforced": "どこで守らせているか", "shown": "どのシナリオで示したか",
        "ok": "適合", "bad": "不適合", "later": "未構築", "passed": "成功", "failed": "失敗", "skipped": "対象外",
        "not_run": "未実行", "why_later": "まだ作っていない理由", "problems": "直すべき点", "none": "なし",
        "simulated": "模擬", "namespaces": "名前空間", "libvirt": "仮想マシン", "plugin": "（プラグインが示す文）"},
    "en": {
        "page": "Sekisho: rules and where they are shown", "other": "日本語", "skip": "To the list of rules",
        "lead": "For each rule of the remote maintenance environment: where it is enforced, which scenarios show that it holds, and their "
                "last result. A must-pass scenario shows that the right person passes; a must-fail scenario shows that nobody "
                "passes when one thing is missing. Both use real clients.",
        "made": "Made at", "version": "Source version", "state": "State", "rules": "List of rules", "rule": "Rule", "title": "Subject",
        "points": "Points", "must_pass": "Must pass", "must_fail": "Must fail", "where": "Where", "code": "Reason code",
        "why": "What the refused person reads", "scenario": "Scenario", "lab": "Lab", "result": "Last result", "at": "Run at",
        "evidence": "Evidence", "look": "look", "kind": "Kind", "enforced": "Where it is enforced", "shown": "Scenarios that show it",
        "ok": "holds", "bad": "does not hold", "later": "not built yet", "passed": "passed", "failed": "failed",
        "skipped": "not for this lab", "not_run": "not run", "why_later": "Why it is not built yet", "problems": "To be mended",
        "none": "none", "simulated": "simulated", "namespaces": "namespaces", "libvirt": "libvirt", "plugin": "(the plugin's words)"},
}


def state_of(row: Row, pending: dict[str, Any], found: list[str]) -> str:
    if row["rule"] in pending:
        return "later"
    return "bad" if any(line.startswith(row["rule"]) for line in found) else "ok"


SHAPE = {"ok": "passed", "bad": "failed", "later": "waiting"}


class Page:
    def __init__(self, build: pathlib.Path, rows: list[Row], pending: dict[str, Any], found: list[str],
                 evidence: dict[str, str]) -> None:
        self.rows, self.pending, self.found, self.evidence = rows, pending, found, evidence
        self.points, self.results, self.marks, self.texts = rules.points(build), rules.results(build), rules.marks(), rules.texts()
        self.made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
        self.version = done.stdout.strip() or "-"

    def whole(self) -> str:
        return ("<!doctype html>\n<html lang=\"ja\">\n<head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                f"<title>{text(WORDS['ja']['page'])} / {text(WORDS['en']['page'])}</title>\n<style>\n{STYLE.read_text()}</style></head>\n"
                "<body>\n" + self.language("en", first=False) + self.language("ja", first=True) + "</body>\n</html>\n")

    def language(self, lang: str, *, first: bool) -> str:
        w, other = WORDS[lang], "ja" if lang == "en" else "en"
        counts = {state: sum(state_of(r, self.pending, self.found) == state for r in self.rows) for state in SHAPE}
        summary = " ".join(mark(SHAPE[s], f"{w[s]} {n}") for s, n in counts.items())
        parts = [f'<div class="language{" first" if first else ""}" id="{lang}" lang="{lang}">\n'
                 f'<header><div class="wide"><p>{text(w["page"])}</p><ul><li><a href="#{lang}-rules">{text(w["skip"])}</a></li>'
                 f'<li><a href="#{other}" lang="{other}">{text(w["other"])}</a></li></ul></div></header>\n<main class="wide">'
                 f'<h1>{text(w["page"])}</h1>\n<p>{text(w["lead"])}</p>\n<dl class="facts"><dt>{text(w["made"])}</dt><dd>{self.made}</dd>'
                 f'<dt>{text(w["version"])}</dt><dd><code>{text(self.version)}</code></dd>'
                 f'<dt>{text(w["state"])}</dt><dd>{summary}</dd></dl>\n']
        if self.found:
            parts.append(f'<div class="wrong"><p><strong>{text(w["problems"])}</strong></p><ul lang="en">'
                         + "".join(f"<li>{text(line)}</li>" for line in self.found) + "</ul></div>\n")
        parts.append(f'<h2 id="{lang}-rules">{text(w["rules"])}</h2>\n' + self.overview(lang))
        parts += [self.rule(lang, row) for row in self.rows]
        return "".join(parts) + "</main></div>\n"

    def overview(self, lang: str) -> str:
        w = WORDS[lang]
        lines = []
        for row in self.rows:
            state = state_of(row, self.pending, self.found)
            lines.append([f'<a href="#{lang}-{row["rule"]}">{row["rule"]}</a>', text(self.texts[row["rule"]]["title"][lang]),
                          mark(SHAPE[state], w[state]), str(len(row["code"])), *(self.tally(row[k]) for k in ("must_pass", "must_fail"))])
        return table(w["rules"], [w["rule"], w["title"], w["state"], w["points"], w["must_pass"], w["must_fail"]], lines, (3, 4, 5))

    @staticmethod
    def tally(cells: list[Row]) -> str:
        return f"{sum(c['result'] == 'passed' for c in cells)} / {len(cells)}"

    def rule(self, lang: str, row: Row) -> str:
        w, rule = WORDS[lang], row["rule"]
        state = state_of(row, self.pending, self.found)
        parts = [f'<section class="rule" aria-labelledby="{lang}-{rule}"><h2 id="{lang}-{rule}">{rule} '
                 f'{text(self.texts[rule]["title"][lang])} {mark(SHAPE[state], w[state])}</h2>\n'
                 f'<p class="law">{text(self.texts[rule][lang])}</p>\n']
        if rule in self.pending:
            parts.append(f'<p class="notice"><strong>{text(w["why_later"])}</strong>: {text(self.pending[rule][lang])}</p>\n')
        mine = [p for p in self.points if p["rule"] == rule]
        parts.append(f'<h3>{text(w["enforced"])}</h3>\n')
        if mine:
            lines = [[f"<code>{text(p['name'])}</code>", f"<code>{text(p['where'])}</code>",
                      self.why(lang, p)] for p in mine]
            parts.append(table(f"{rule} {w['points']}", [w["code"], w["where"], w["why"]], lines))
        else:
            parts.append(f"<p>{text(w['none'])}</p>\n")
        stories = [m for m in self.marks if m["rule"] == rule]
        parts.append(f'<h3>{text(w["shown"])}</h3>\n')
        if stories:
            lines = [line for m in sorted(stories, key=lambda m: (m["must"] != "pass", m["scenario"])) for line in self.story(lang, m)]
            parts.append(table(f"{rule} {w['scenario']}", [w["scenario"], w["kind"], w["lab"], w["result"], w["at"], w["evidence"]], lines))
        else:
            parts.append(f"<p>{text(w['none'])}</p>\n")
        return "".join(parts) + "</section>\n"

    @staticmethod
    def why(lang: str, point: dict[str, Any]) -> str:
        if "why" in point:
            return text(point["why"][lang])
        return f'<span class="soft">{text(WORDS[lang]["plugin"])}</span>' if point["where"].startswith("plugins/") else "-"

    def story(self, lang: str, story: dict[str, str]) -> list[list[str]]:
        w = WORDS[lang]
        name = f'<span lang="en">{text(story["story"])}</span><br><code class="soft">{text(story["scenario"].removeprefix("scenarios/"))}</code>'
        kind = text(w[f"must_{story['must']}"])
        lines = []
        for lab, found in rules.runs_of(story, self.results).items():
            outcomes = {r["result"] for r in found}
            outcome = "failed" if "failed" in outcomes else "passed" if outcomes == {"passed"} else "skipped" if outcomes == {"skipped"} \
                else "failed"
            reason = next((r["reason"] for r in found if r.get("reason")), "")
            shown = mark(outcome, w[outcome]) + (f' <span class="soft" lang="en">{text(reason)}</span>' if outcome == "skipped" else "")
            links = [f'<a href="{text(self.evidence[r["evidence"]])}">{text(w["look"])}'
                     f'<span class="soft"> {text(self.part(r))}</span></a>' for r in found if self.evidence.get(r.get("evidence", ""))]
            lines.append([name, kind, text(w.get(lab, lab)), shown, text(max(r.get("at", "") for r in found) or "-"),
                          "<br>".join(links) or text("-")])
        return lines or [[name, kind, "-", mark("failed", w["not_run"]), "-", "-"]]

    @staticmethod
    def part(result: dict[str, str]) -> str:
        """What tells the runs of one story apart: its parameters, else its name."""
        inner = result["scenario"].split("[", 1)
        return inner[1].rstrip("]") if len(inner) > 1 else inner[0].rsplit("::", 1)[-1].removeprefix("test_").replace("_", " ")


def write(target: pathlib.Path, build: pathlib.Path, rows: list[Row], pending: dict[str, Any], found: list[str]) -> pathlib.Path:
    """`target` ending in .html is a file that points to the evidence where it lies; else a folder that holds it too."""
    folder = target.suffix.lower() not in (".html", ".htm")
    page = target / "index.html" if folder else target
    page.parent.mkdir(parents=True, exist_ok=True)
    links: dict[str, str] = {}
    for name in sorted({r["evidence"] for r in rules.results(build) if r.get("evidence")}):
        source = ROOT / name
        if not (source / "index.html").is_file():
            continue
        if folder:
            shutil.copytree(source, target / name, dirs_exist_ok=True)
            links[name] = f"{name}/index.html"
        else:
            links[name] = os.path.relpath(source / "index.html", page.resolve().parent)
    page.write_text(Page(build, rows, pending, found, links).whole())
    return page
