"""A copy of the tree to change, and the commands of plugins/README.md."""
from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns("build", "build-*", ".git", "evidence", "__pycache__", "node_modules")


def copy_tree(to: pathlib.Path) -> pathlib.Path:
    """Sources alone, as somebody gets them who checks the tree out."""
    shutil.copytree(ROOT, to, ignore=LEFT_OUT, symlinks=True)
    return to


def commands(heading: str) -> str:
    """The ```sh blocks under a `## heading` of plugins/README.md, one script."""
    text = (ROOT / "plugins/README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    assert section, f"plugins/README.md has no section '{heading}'"
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", section.group(1), re.S | re.M)
    assert blocks, f"section '{heading}' of plugins/README.md has no commands"
    return "\n".join(textwrap.dedent(block) for block in blocks)


def choose(script: str, **values: str) -> str:
    """The script with other values for the variables that it sets in its first lines."""
    for variable, value in values.items():
        script, count = re.subn(rf"^{variable}=\S+", f"{variable}={value}", script, flags=re.M)
        assert count == 1, f"the commands set {variable} {count} times"
    return script


def run(script: str, tree: pathlib.Path, within: int) -> str:
    """Runs a script as a person would type it; what it said. Stops at the first command that fails."""
    done = subprocess.run(["nice", "bash", "-euo", "pipefail", "-c", script], cwd=tree, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=within, check=False)
    assert done.returncode == 0, f"exit {done.returncode} of\n{script}\nafter\n{done.stdout[-6000:]}"
    return done.stdout


def configured_plugins() -> list[str]:
    """The folders that plugins/CMakeLists.txt names and that exist."""
    lines = (ROOT / "plugins/CMakeLists.txt").read_text(encoding="utf-8")
    return [folder for folder in re.findall(r"^sekisho_plugin_folder\((\S+)\)", lines, re.M)
            if (ROOT / "plugins" / folder).is_dir()]
