"""What a run found: a table on the terminal, a JSON file, and a chart."""
from __future__ import annotations

import dataclasses
import html
import json
import math
import pathlib


@dataclasses.dataclass
class Figure:
    """One comparison: medians of interleaved repetitions. `aim` is "low" (less is better) or "high"."""
    name: str
    ours: float
    peer: float
    peer_name: str
    unit: str
    aim: str
    must: float | None = None     # what an issue or performance.md asks of the ratio
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """None: the peer's figure is zero."""
        return self.ours / self.peer if self.peer else None

    @property
    def held(self) -> bool | None:
        if self.must is None or self.ratio is None:
            return None
        return self.ratio >= self.must if self.aim == "high" else self.ratio <= self.must


def table(figures: list[Figure]) -> str:
    rows = [("figure", "ours", "peer", "", "ratio", "must", "")]
    for f in figures:
        must = "" if f.must is None else ("≥ " if f.aim == "high" else "≤ ") + f"{f.must:g}"
        mark = {None: "", True: "✓", False: "✗"}[f.held]
        ratio = "–" if f.ratio is None else f"{f.ratio:.3g}"
        rows.append((f.name, f"{f.ours:.4g} {f.unit}", f"{f.peer:.4g}", f.peer_name, ratio, must, f"{mark} {f.note}".strip()))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)).rstrip() for row in rows)


def write_json(path: pathlib.Path, figures: list[Figure]) -> None:
    rows = [{"name": f.name, "ours": f.ours, "peer": f.peer, "peer_name": f.peer_name, "unit": f.unit, "ratio": f.ratio}
            for f in figures]
    path.write_text(json.dumps({"results": rows}, indent=1) + "\n")


def write_chart(path: pathlib.Path, figures: list[Figure]) -> None:
    """Ratios as bars on a logarithmic scale around 1; the line is what must hold. Better is always to the right."""
    shown, gain = [], []
    for f in figures:
        if f.ratio and f.ratio > 0:
            shown.append(f)
            gain.append(f.ratio if f.aim == "high" else 1 / f.ratio)
    if not shown:
        return
    top = max(2.0, *gain) * 1.15
    left, right, row, head = 210, 60, 30, 50
    width, height = 900, head + row * len(shown) + 30
    low = min(0.5, *gain)
    span = width - left - right

    def x(value: float) -> float:
        return left + span * (math.log(value) - math.log(low)) / (math.log(top) - math.log(low))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
             '<rect width="100%" height="100%" fill="#fff"/>',
             '<text x="16" y="24" font-size="16" font-weight="bold">関所 ÷ 比較対象 / Sekisho against its peers</text>',
             '<text x="16" y="42" fill="#555">右ほど良い（対数目盛）／ further right is better, logarithmic; │ must</text>']
    for n, (f, g) in enumerate(zip(shown, gain)):
        y = head + row * n
        colour = "#1a6e3c" if f.held is not False else "#b3261e"
        a, b = sorted((x(1.0), x(g)))
        parts += [f'<text x="{left - 8}" y="{y + 20}" text-anchor="end">{html.escape(f.name)}</text>',
                  f'<rect x="{a:.1f}" y="{y + 8}" width="{max(1.0, b - a):.1f}" height="16" fill="{colour}"/>',
                  f'<text x="{x(g) + 6:.1f}" y="{y + 21}">{g:.2f}×</text>']
        if f.must:
            m = x(f.must if f.aim == "high" else 1 / f.must)
            parts.append(f'<line x1="{m:.1f}" y1="{y + 4}" x2="{m:.1f}" y2="{y + 28}" stroke="#000" stroke-width="2"/>')
    parts.append(f'<line x1="{x(1):.1f}" y1="{head}" x2="{x(1):.1f}" y2="{height - 24}" stroke="#888"/>')
    parts.append(f'<text x="{x(1):.1f}" y="{height - 8}" text-anchor="middle" fill="#555">1</text></svg>')
    path.write_text("\n".join(parts))
