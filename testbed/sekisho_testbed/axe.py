"""axe-core for the browser scenarios: where it is, or why it is not."""
from __future__ import annotations

import pathlib
import shutil
import subprocess
from typing import Any

from .browser import Browser

LOCKED = pathlib.Path(__file__).resolve().parents[1] / "axe"


def source(build: pathlib.Path) -> tuple[pathlib.Path | None, str]:
    """axe.min.js in the build folder, fetched as locked when it is not there yet; else None and the reason."""
    folder = build / "axe"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if script.exists():
        return script, ""
    if shutil.which("npm") is None:
        return None, "npm is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, folder / name)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True,
                              text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return None, "npm ci did not end in 120 s"
    if done.returncode != 0 or not script.exists():
        return None, f"npm ci failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}"
    return script, ""


def findings(result: dict[str, Any]) -> list[str]:
    """One line for each violation and each element."""
    out = []
    for rule in result["violations"]:
        for node in rule["nodes"]:
            out.append(f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:160]}")
    return out


def looked_at(page: Browser, name: str, script: pathlib.Path, pictures: pathlib.Path) -> list[str]:
    """What is wrong with the page that stands there, wide and narrow; a picture of each is kept. It must not scroll sideways."""
    found: list[str] = []
    for shape, width in (("wide", 1200), ("narrow", 500)):
        page.size(width, 1000)
        overflow = page.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{name}-{shape} scrolls sideways by {overflow}"
        page.picture(pictures / f"{name}-{shape}.png")
        found.extend(f"{name}-{shape}: {line}" for line in findings(page.axe(script)))
    return found
