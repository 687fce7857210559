"""The examples and the tutorial run, and show what they say they show."""
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent / "examples"


@pytest.fixture(autouse=True)
def examples_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield
    for path in EXAMPLES.glob("*.py"):
        sys.modules.pop(path.stem, None)


def run(name, *args):
    return __import__(name).main(*args)


def test_badge(capsys):
    granted = run("badge")
    assert granted.session.startswith("S2026") and len(granted.cookie) == 43
    assert "登録と違います" in capsys.readouterr().out


def test_disk_encryption():
    assert run("disk_encryption") == ["pass", "fail", "unknown"]


def test_one_screen():
    assert run("one_screen") == b"RFB 003.008\n"


def test_telnet_path():
    assert run("telnet_path") is True


@pytest.mark.parametrize("manner", ["openconnect", "openfortivpn"])
def test_contractor_pc(manner):
    tunnel, pc, verified = run("contractor_pc", manner)
    assert tunnel.address.startswith("10.202.0.") and tunnel.route == "10.202.0.1"
    assert len(pc.delivered) == 1 and len(pc.received) == 1
    assert pc.ended.why == "by_person" and verified.ok


def test_emergency_stop():
    ended, refused, codes, kernel = run("emergency_stop")
    assert ended == 1 and refused.rule == "R19" and refused.code == "stop.all"
    assert codes == ["stop.all"] and all(not rights for rights in kernel.values())


def test_recorded_screen():
    stopped, proved, blue_then, found = run("recorded_screen")
    assert stopped == [("console.clipboard", 20)]
    assert proved.ok and proved.closed and blue_then == 25 * 4
    assert found and found[0].what == "changed"


def test_fresh_desktop():
    first, waits, second, machines = run("fresh_desktop")
    assert (first.state, waits, second.state) == ("ready", "preparing", "ready")
    assert second.machine != first.machine and machines == [second.machine]


def test_every_example_is_tested():
    tested = set(re.findall(r'run\("(\w+)"', pathlib.Path(__file__).read_text(encoding="utf-8")))
    assert tested == {path.stem for path in EXAMPLES.glob("*.py")}


def test_the_tutorial_runs_from_top_to_bottom():
    """Each ```python block of tutorial.md is a cell; a cell's last comment `# -> …` is what its last line gives."""
    text = (HERE.parent / "tutorial.md").read_text(encoding="utf-8")
    cells = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(cells) >= 8
    names = {}
    promises = 0
    for number, cell in enumerate(cells, 1):
        *lines, last = cell.rstrip().splitlines()
        promise = re.fullmatch(r"(.*?)\s+# -> (.*)", last)
        if promise is None:
            exec(compile(cell, f"tutorial.md cell {number}", "exec"), names)
            continue
        exec(compile("\n".join(lines), f"tutorial.md cell {number}", "exec"), names)
        assert repr(eval(promise.group(1), names)) == promise.group(2), f"cell {number}"
        promises += 1
    assert promises >= 6
