"""What one run of a story did and left behind, and the page that tells it: story, steps, times, pairs, journal, wires.

A Story listens to every named wait while it is open; verbs of the world say what they did. `write()` makes a folder that
stands alone: index.html, the journal, the gate's events, logs, captures and pictures.
"""
from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import shutil
import time
from collections.abc import Callable, Iterator

from . import netlab
from .report import STYLE, mark, table, text

LONGEST = 1000  # rows of a table
SHORT_S = 0.05  # waits that were over at once are not told


@dataclasses.dataclass
class Line:
    """One thing that was done, awaited or judged. kind: step, did, waited, must, must_not, limit."""
    kind: str
    what: str
    at_s: float
    took_s: float = 0.0
    ok: bool = True
    depth: int = 0


@dataclasses.dataclass
class Story:
    name: str                      # node id below scenarios/
    title: str                     # the docstring
    lab: str
    rules: list[tuple[str, str]]   # (R04, pass)
    journey: str = ""              # story.md of its folder
    folder: pathlib.Path = pathlib.Path()
    at_step: Callable[[str], None] | None = None  # --sit-at
    lines: list[Line] = dataclasses.field(default_factory=list)
    allowed: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # (event, why)
    pictures: list[tuple[str, pathlib.Path]] = dataclasses.field(default_factory=list)
    packets: dict[str, int] = dataclasses.field(default_factory=dict)  # segment -> packets captured
    facts: dict[str, str] = dataclasses.field(default_factory=dict)    # further lines of the page's head
    depth: int = 0
    outcome: str = ""
    failure: str = ""

    def __post_init__(self) -> None:
        self.wall, self.begun = time.time(), time.monotonic()
        self.took_s = 0.0

    def __enter__(self) -> "Story":
        netlab.watchers.append(self.waited)
        return self

    def __exit__(self, *_: object) -> None:
        netlab.watchers.remove(self.waited)
        self.took_s = time.monotonic() - self.begun

    def add(self, kind: str, what: str, took_s: float = 0.0, ok: bool = True) -> Line:
        line = Line(kind, what, time.monotonic() - self.begun - took_s, took_s, ok, self.depth)
        self.lines.append(line)
        return line

    def waited(self, what: str, took_s: float, came: bool) -> None:
        if took_s >= SHORT_S or not came:
            self.add("waited", what, took_s, came)

    def did(self, what: str) -> None:
        self.add("did", what)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        line = self.add("step", what)
        self.depth += 1
        if self.at_step is not None:
            self.at_step(what)
        try:
            yield
        except BaseException:
            line.ok = False
            raise
        finally:
            self.depth -= 1
            line.took_s = time.monotonic() - self.begun - line.at_s


# --- the page ---------------------------------------------------------------------------------------------------------------

RESULT = {"passed": "成功 passed", "failed": "失敗 failed", "skipped": "対象外 skipped"}
KIND = {"step": "手順 step", "did": "操作 did", "waited": "待ち waited for", "must": "通るべき must", "must_not": "通らないべき must not",
        "limit": "期限 limit"}


def judged(line: Line) -> str:
    return mark("passed", "○") if line.ok else mark("failed", "× failed")


def seconds(value: float) -> str:
    return f"{value:.2f}" if value >= 0.005 else "0"


def steps(story: Story) -> str:
    longest = max((line.took_s for line in story.lines), default=0) or 1
    rows = []
    for line in story.lines:
        name = f'<span style="padding-left:{line.depth * 1.5}rem">{text(line.what)}</span>'
        bar = f'<span class="bar" style="width:{6 * line.took_s / longest:.2f}rem" aria-hidden="true"></span>' if line.took_s >= SHORT_S else ""
        rows.append([name if line.kind != "step" else f"<strong>{name}</strong>", text(KIND[line.kind]), seconds(line.at_s),
                     bar + seconds(line.took_s), judged(line)])
    return table("手順と時間 Steps and times", ["何を What", "種類 Kind", "開始 At (s)", "時間 Took (s)", "結果 Result"], rows, (2, 3)) if rows else ""


def pairs(story: Story) -> str:
    """What had to be possible beside what had to be impossible: the one shows that the other can fail."""
    rows = [[text(line.what), text(KIND[line.kind]), judged(line)]
            for line in story.lines if line.kind in ("must", "must_not", "limit")]
    return table("判定 Judged", ["何を What", "種類 Kind", "結果 Result"], rows) if rows else ""


def journal_table(folder: pathlib.Path) -> str:
    try:
        entries = json.loads((folder / "journal.json").read_text())["entries"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    rows = [[text(e.get("sequence", n)), text(e.get("at", "")), f"<code>{text(e.get('event', ''))}</code>", text(e.get("person", "")),
             text(e.get("result", "")), text(" ".join(x for x in (e.get("rule", ""), e.get("code", "")) if x))]
            for n, e in enumerate(entries)]
    return "<details><summary>監査記録 Audit journal: " + f"{len(rows)}</summary>" + table(
        "監査記録 Audit journal", ["番号 No.", "時刻 Time", "事象 Event", "利用者 Person", "結果 Result", "規則・理由 Rule, reason"], rows) + "</details>"


def events_table(folder: pathlib.Path) -> str:
    """What the gate's programs said, in the order in which they said it."""
    try:
        lines = (folder / "events.jsonl").read_text().splitlines()
    except OSError:
        return ""
    rows = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        level = str(event.pop("level", ""))
        shown = mark("failed", level) if level in ("error", "critical") else mark("waiting", level) if level == "warning" else text(level)
        head = [text(event.pop("at", ""))[11:23], text(event.pop("program", "")), shown, f"<code>{text(event.pop('event', ''))}</code>"]
        rows.append([*head, text(" ".join(f"{k}={v}" for k, v in event.items()))[:300]])
    rows = rows[:LONGEST]
    return f"<details><summary>事象 Events: {len(rows)}</summary>" + table(
        "事象 Events", ["時刻 Time", "プログラム Program", "段階 Level", "事象 Event", "内容 Holds"], rows) + "</details>"


def files(folder: pathlib.Path, packets: dict[str, int]) -> str:
    rows = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "index.html"):
        name = str(path.relative_to(folder))
        what = f"{packets[path.stem]} packets" if path.suffix == ".pcap" and path.stem in packets else ""
        rows.append([f'<a href="{text(name)}">{text(name)}</a>', str(path.stat().st_size), text(what)])
    return table("ファイル Files", ["名前 Name", "バイト Bytes", "内容 Holds"], rows, (1,), titled=True) if rows else ""


def write(story: Story) -> pathlib.Path:
    """The folder holds what the lab has put there (journal.json, logs, wires); the page and the pictures are added."""
    folder, packets = story.folder, story.packets
    folder.mkdir(parents=True, exist_ok=True)
    shown = []
    for n, (title, picture) in enumerate(story.pictures):
        if picture.is_file():
            kept = folder / "pictures" / f"{n:02d}-{picture.name}"
            kept.parent.mkdir(exist_ok=True)
            if picture.resolve() != kept.resolve():
                shutil.copy(picture, kept)
            shown.append(f'<figure><img src="pictures/{text(kept.name)}" alt="{text(title)}"><figcaption>{text(title)}</figcaption></figure>')
    rules = " ".join(f"{rule} must {must}" for rule, must in story.rules) or "-"
    lines = {"結果 Result": mark(story.outcome, RESULT.get(story.outcome, story.outcome)),
             "規則 Rules": text(rules), "ラボ Lab": text(story.lab), "シナリオ Scenario": f"<code>{text(story.name)}</code>",
             "開始 Begun": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(story.wall)), "時間 Took": f"{story.took_s:.2f} s",
             **{k: text(v) for k, v in story.facts.items()}}
    allowed = "".join(f"<li><code>{text(event)}</code> {text(why)}</li>" for event, why in story.allowed)
    wires = table("線ごとの記録 Captures", ["線 Wire", "パケット Packets", "ファイル File"], [
        [text(name), str(count), f'<a href="wires/{text(name)}.pcap">wires/{text(name)}.pcap</a>' if count else "-"]
        for name, count in packets.items()], (1,), titled=True) if packets else ""
    head = story.title.split("\n")[0] or story.name
    body = [
        f'<h1>{text(head)}</h1>\n<p>{text(" ".join(story.title.split(chr(10))[1:]).strip())}</p>' if "\n" in story.title else f"<h1>{text(head)}</h1>\n",
        '<dl class="facts">' + "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in lines.items()) + "</dl>\n",
        f'<details><summary>物語 The journey</summary><div>{"".join(f"<p>{text(p)}</p>" for p in story.journey.split(chr(10) + chr(10)))}</div></details>'
        if story.journey else "",
        f'<h2>失敗 Failure</h2><pre class="wrong">{text(story.failure)}</pre>' if story.failure else "",
        "<h2>判定 Judged</h2>" + pairs(story) if pairs(story) else "", "<h2>手順 Steps</h2>" + steps(story) if story.lines else "",
        f"<h2>許した事象 Allowed events</h2><ul>{allowed}</ul>" if allowed else "",
        "<h2>画面 Pictures</h2>" + "".join(shown) if shown else "",
        "<h2>記録 Records</h2>", journal_table(folder), events_table(folder), wires, files(folder, packets)]
    page = folder / "index.html"
    page.write_text(
        '<!doctype html>\n<html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(head)}</title>\n<style>\n{STYLE.read_text()}</style></head>\n<body><header><div class=\"wide\"><p>関所 証跡 "
        '<span lang="en">Sekisho evidence</span></p></div></header>\n<main class="wide">' + "\n".join(body) + "</main></body></html>\n")
    return page


def entry_lines(lab: netlab.NetLab, extra: dict[str, str]) -> str:
    """How a person enters each host of a lab that is kept alive."""
    enter = " ".join(lab.enter([])[:-1])
    rows = [f"  {name:10} {enter} ip netns exec {name} bash" for name in lab.hosts]
    return "\n".join(["the lab is alive; enter a host with", *rows, *(f"  {name:10} {value}" for name, value in extra.items())])
