"""A plugin copied from the template under another name builds, loads and passes the conformance kit by the steps of plugins/README.md."""
from __future__ import annotations

import pathlib
import re
import shutil

import pytest
import scratch

NAMES = {"authenticator": "site_phrase", "posture_check": "disk_check", "access_path": "line_path",
         "console_driver": "socket_screens"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory):
    """One copy for all kinds: what one of them builds the next need not build again."""
    folder = scratch.copy_tree(tmp_path_factory.mktemp("plugin") / "sekisho")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("kind", NAMES)
def test_a_plugin_is_written_by_the_steps_of_the_readme(kind: str, tree: pathlib.Path) -> None:
    name = NAMES[kind]
    script = scratch.choose(scratch.commands("Write one"), kind=kind, name=name)
    said = scratch.run(script, tree, within=1500)

    assert (tree / f"build/dev/plugins/{name}.so").is_file()
    assert (tree / f"build/dev/plugins/{name}.json").is_file()
    passed = re.findall(rf"({name}_(?:load_)?test) \.*\s+Passed", said)
    assert sorted(set(passed)) == sorted([f"{name}_load_test", f"{name}_test"]), said[-4000:]
    assert re.search(rf"^{name} 1\.0\.0: {kind}, status wip", said, re.M), said[-2000:]
    assert re.search(r"^loaded; its status wip", said, re.M), said[-2000:]
    # Nothing of the template's name is left, and the template itself is untouched.
    for file in (tree / f"plugins/{kind}s/{name}").iterdir():
        assert "template" not in file.name
        assert f"template_{kind}" not in file.read_text(encoding="utf-8"), file.name
    for file in (scratch.ROOT / f"plugins/template/{kind}").iterdir():
        assert file.read_bytes() == (tree / f"plugins/template/{kind}" / file.name).read_bytes(), file.name


def test_the_conformance_kit_ran_for_the_copy(tree: pathlib.Path) -> None:
    """The load test of the copy is the kit under the new name, not an empty program."""
    for name in NAMES.values():
        program = tree / f"build/dev/tests/{name}_load_test"
        if not program.exists():
            pytest.skip("runs after the copies are built")
        listed = scratch.run(f"{program} --gtest_list_tests", tree, within=60)
        for promise in ("ManifestAndHeaderAgree", "RefusesEveryBadConfiguration", "KeepsItsContractWithHostileInput"):
            assert promise in listed, listed


def test_the_readme_shows_a_configuration_that_the_gate_knows() -> None:
    """Every key of the README's example stands in the example of all keys."""
    import json

    text = (scratch.ROOT / "plugins/README.md").read_text(encoding="utf-8")
    example = json.loads(re.search(r"```json\n(.*?)```", text, re.S).group(1))
    everything = json.loads((scratch.ROOT / "core/base/all-keys.json").read_text(encoding="utf-8"))

    def known(part: object, whole: object, at: str) -> None:
        if at.endswith("/config"):
            return
        if isinstance(part, dict):
            for key, value in part.items():
                assert isinstance(whole, dict) and key in whole, f"{at}/{key} is no key of a configuration"
                known(value, whole[key], f"{at}/{key}")
        elif isinstance(part, list):
            assert isinstance(whole, list) and whole, at
            for value in part:
                known(value, whole[0], at)

    known(example, everything, "")
