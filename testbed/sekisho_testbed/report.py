"""Pieces of the reports (rule table, evidence): escaped text, marks, tables that are read by eye, keyboard and reader."""
from __future__ import annotations

import html
import pathlib

STYLE = pathlib.Path(__file__).parent / "report.css"


def text(value: object) -> str:
    return html.escape(str(value), quote=True)


def mark(kind: str, words: str) -> str:
    """kind: passed, failed, skipped, waiting. The words tell it; the colour only repeats it."""
    return f'<span class="mark {kind}">{text(words)}</span>'


def table(caption: str, heads: list[str], rows: list[list[str]], numbers: tuple[int, ...] = (), *, titled: bool = False) -> str:
    """Cells are HTML; the first of each row is its header. A wide table scrolls and can be reached by keyboard. `titled`: the
    caption is seen, too, because no heading stands above."""
    def cell(tag: str, n: int, inner: str, scope: str = "") -> str:
        shape = ' class="number"' if n in numbers else ""
        return f"<{tag}{scope}{shape}>{inner}</{tag}>"
    look = "" if titled else ' class="hidden"'
    head = "".join(cell("th", n, text(h), ' scope="col"') for n, h in enumerate(heads))
    body = "".join("<tr>" + cell("th", 0, r[0], ' scope="row"') + "".join(cell("td", n, c) for n, c in enumerate(r[1:], 1)) + "</tr>\n"
                   for r in rows)
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table><caption{look}>{text(caption)}</caption>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n")
