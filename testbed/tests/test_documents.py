"""What documents name must be there: a path that moved is told here, before a reader looks for it."""
from __future__ import annotations

import ast
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP = {path.name for path in ROOT.iterdir()}
# Made by a build or a run, not kept in the tree.
MADE = ("build/", "evidence/")


def named_paths(text: str) -> list[str]:
    """Words in backticks that begin with a folder or file of the top: what follows a colon, or holds a placeholder, is none."""
    found = []
    for span in re.findall(r"`([^`\n]+)`", text):
        for word in span.split():
            word = word.rstrip(",.;:").split(":")[0].removeprefix("./")
            if "/" in word and word.split("/")[0] in TOP and not word.startswith(MADE) and not re.search(r"[<>{}*…$]", word):
                found.append(word)
    return found


def documents() -> list[pathlib.Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed]


def test_a_path_that_is_not_there_would_be_told() -> None:
    text = "see `core/no_such_room/`, `./dev test`, `core/README.md:12`, `plugins/<category>/x`, `build/dev/bin/x`"
    assert named_paths(text) == ["core/no_such_room/", "core/README.md"]


def test_every_path_in_a_document_exists() -> None:
    read = documents()
    assert len(read) > 40
    lost = [f"{page.relative_to(ROOT)}: {path}" for page in read for path in named_paths(page.read_text(encoding="utf-8"))
            if not (ROOT / path).exists() and not (page.parent / path).exists()
            and not list(ROOT.glob(path + "-*.md"))]  # a decision goes by its number
    assert not lost, "\n".join(lost)


def steps_of(source: pathlib.Path) -> list[str]:
    """What `./dev demo` prints for each step of this half, in the order in which they stand there."""
    calls = [node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "step" and len(node.args) > 2]
    words = [[arg.value for arg in call.args[:2] if isinstance(arg, ast.Constant)] for call in sorted(calls, key=lambda call: call.lineno)]
    assert all(len(each) == 2 for each in words), words
    return [f"{ja} / {en}" for ja, en in words]


def test_the_readme_shows_the_demo_as_it_is() -> None:
    """Every step of both halves, in order; the halves are told one within the other."""
    shown = re.findall(r"^  ✓ (.*?)(?:  .*)?$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    lab = ROOT / "testbed/sekisho_testbed"
    for half in ("demo.py", "demo_consoles.py"):
        steps = steps_of(lab / half)
        assert len(steps) > 5 and [step for step in shown if step in steps] == steps, f"{half}: {[s for s in steps if s not in shown]}"
    known = [*steps_of(lab / "demo.py"), *steps_of(lab / "demo_consoles.py")]
    assert [step for step in shown if step not in known] == [], "steps that the demo does not have"
