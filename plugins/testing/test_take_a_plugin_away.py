"""Deleting a plugin's folder and its one line leaves a green build."""
from __future__ import annotations

import pathlib
import re
import shutil

import pytest
import scratch

REALLY_BUILT = "posture_checks/browser"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory):
    folder = scratch.copy_tree(tmp_path_factory.mktemp("without") / "sekisho")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def without(tree: pathlib.Path):
    """Takes plugins away by the README's commands; afterwards they are there again."""
    taken: list[str] = []

    def take_away(plugin: str) -> None:
        lines = (tree / "plugins/CMakeLists.txt").read_text(encoding="utf-8").splitlines()
        scratch.run(scratch.choose(scratch.commands("Take one away"), plugin=plugin), tree, within=60)
        taken.append(plugin)
        left = (tree / "plugins/CMakeLists.txt").read_text(encoding="utf-8").splitlines()
        assert len(lines) - len(left) == 1, "one line goes"
        assert not (tree / "plugins" / plugin).exists()

    yield take_away
    for plugin in taken:
        shutil.copytree(scratch.ROOT / "plugins" / plugin, tree / "plugins" / plugin)
    shutil.copy(scratch.ROOT / "plugins/CMakeLists.txt", tree / "plugins/CMakeLists.txt")


@pytest.mark.parametrize("plugin", scratch.configured_plugins())
def test_every_plugin_can_be_taken_away(plugin: str, tree: pathlib.Path, without) -> None:
    """Configures, and every remaining target has all that it is made from (ninja walks the whole graph)."""
    without(plugin)
    scratch.run("cmake --preset dev", tree, within=300)
    steps = scratch.run("ninja -C build/dev -n -d explain all sekisho_plugins", tree, within=120)
    name = plugin.split("/")[1]
    assert not re.search(rf"plugins/{name}\.so", steps), "something still asks for it"


def test_what_remains_is_built_and_loads(tree: pathlib.Path, without) -> None:
    without(REALLY_BUILT)
    scratch.run("cmake --preset dev && cmake --build --preset dev -t sekisho_plugins posture_table_test", tree, within=1500)
    built = {file.stem for file in (tree / "build/dev/plugins").glob("*.so")}
    expected = {plugin.split("/")[1] for plugin in scratch.configured_plugins()} - {REALLY_BUILT.split("/")[1]}
    assert expected <= built and REALLY_BUILT.split("/")[1] not in built, built
    # The tables are judged by what is left; the rows of the missing check say so.
    said = scratch.run("build/dev/tests/posture_table_test", tree, within=120)
    assert "browser is not built" in said and re.search(r"\[  PASSED  \] \d+ tests", said), said[-3000:]
