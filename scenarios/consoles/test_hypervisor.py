"""The lab's hypervisor: machines answer, and a run that is killed leaves none of them behind."""
from __future__ import annotations

import pathlib
import subprocess
import sys
import time

import pytest

from sekisho_testbed import cast, ocr
from sekisho_testbed.namespaces import NamespacesHouse, NamespacesWorld
from sekisho_testbed.netlab import programs_that_name, wait_until

pytestmark = pytest.mark.needs("yard", "consoles")
GONE_S = 2.0

RAISE = """
import pathlib, sys
from sekisho_testbed.namespaces import NamespacesHouse
with NamespacesHouse(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])) as house:
    house.hypervisor.pool("beside")
    print("up", flush=True)
    sys.stdin.readline()
"""


def test_a_killed_run_leaves_no_machine(house: NamespacesHouse, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "beside"
    run = subprocess.Popen([sys.executable, "-c", RAISE, str(folder), str(house.build)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdin is not None and run.stdout is not None
    try:
        assert run.stdout.readline() == "up\n"
        machines = [words for words in programs_that_name(folder) if "qemu-system" in words]
        assert len(machines) == len(cast.MACHINES) and any("libvirtd" in words for words in programs_that_name(folder)), machines
        run.kill()
        run.wait()
        begun = time.monotonic()
        wait_until(lambda: not programs_that_name(folder), GONE_S, "nothing of the lab runs", on_fail=lambda: "\n".join(programs_that_name(folder)))
        assert time.monotonic() - begun <= GONE_S
    finally:
        run.kill()
        run.wait()
        run.stdin.close()
        run.stdout.close()


@pytest.mark.gate(desktops="plain")
def test_a_server_types_back_and_has_no_open_port(world: NamespacesWorld) -> None:
    """Two viewers of one machine see the same, and no machine's screen listens anywhere."""
    one, other = world.consoles.direct("web-02"), world.consoles.direct("web-02")
    one.type("hello cedar")
    for viewer in (one, other):
        world.wait(lambda viewer=viewer: ocr.shows(viewer.picture(world.folder / "web-02.png"), "web-02 login: hello cedar"), 30, "it is seen")
        viewer.close()
    assert "libvirtd" in world.house.lab.run("ss", "-Hxlp"), "who listens where machines run is seen"
    listening = world.house.lab.run("ss", "-Htlnp")
    assert "qemu" not in listening, listening
    world.house.hypervisor.restart(cast.MACHINES["web-02"]["machine"])
