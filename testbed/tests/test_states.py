"""Saved states of guests: which one fits, and what happens to one that does not."""
from __future__ import annotations

import pathlib

import pytest

from sekisho_testbed import states

libvirt = pytest.importorskip("libvirt")


class Guest:
    def __init__(self, name: str = "mori-pc") -> None:
        self.label = name

    def name(self) -> str:
        return self.label

    def save(self, to: str) -> None:
        pathlib.Path(to).write_text("memory")


class Connection:
    """libvirt's, without any machine."""

    def __init__(self) -> None:
        self.restored: list[tuple[str, str]] = []
        self.broken = False

    def getVersion(self) -> int:  # noqa: N802
        return 7_002_000

    def getLibVersion(self) -> int:  # noqa: N802
        return 9_000_000

    def saveImageGetXMLDesc(self, file: str, _: int) -> str:  # noqa: N802
        if self.broken:
            raise libvirt.libvirtError("cannot read it")
        return "<domain><source path='/old/lab/virt/serial'/></domain>"

    def restoreFlags(self, file: str, described: str, _: int) -> None:  # noqa: N802
        self.restored.append((file, described))

    def lookupByName(self, name: str) -> Guest:  # noqa: N802
        return Guest(name)


XML = "<domain type='qemu'><source path='{home}/virt/serial'/></domain>"


def kept(cache: pathlib.Path, home: str) -> tuple[states.States, str]:
    return states.States(cache, pathlib.Path(home), Connection()), XML.format(home=home)


def test_a_state_of_one_lab_serves_the_next_under_its_own_paths(tmp_path: pathlib.Path) -> None:
    first, definition = kept(tmp_path, "/old/lab")
    assert first.restore("mori-pc", definition) is None
    first.save(Guest(), definition)
    second, other = kept(tmp_path, "/new/lab")
    assert second.key(other) == first.key(definition)
    found = second.restore("mori-pc", other)
    assert found is not None and found.name() == "mori-pc"
    assert second.connection.restored[0][1] == "<domain><source path='/new/lab/virt/serial'/></domain>"


def test_another_definition_needs_another_state_and_the_older_goes(tmp_path: pathlib.Path) -> None:
    lab, definition = kept(tmp_path, "/lab")
    lab.save(Guest(), definition)
    larger = definition.replace("qemu", "kvm")
    assert lab.restore("mori-pc", larger) is None
    lab.save(Guest(), larger)
    assert lab.restore("mori-pc", definition) is None
    assert lab.restore("mori-pc", larger) is not None


def test_a_state_that_cannot_be_read_is_thrown_away(tmp_path: pathlib.Path) -> None:
    lab, definition = kept(tmp_path, "/lab")
    lab.save(Guest(), definition)
    lab.connection.broken = True
    assert lab.restore("mori-pc", definition) is None
    assert not list(tmp_path.glob("*.state"))
