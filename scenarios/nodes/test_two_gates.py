"""Two gates over one database: one dies, one is told to stop, the database is lost."""
from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sekisho_testbed import cast, database
from sekisho_testbed.evidence import Story
from sekisho_testbed.gatehouse import Gatehouse
from sekisho_testbed.netlab import Program, wait_until
from sekisho_testbed.namespaces import NamespacesHouse, NamespacesWorld
from sekisho_testbed.namespaces_faults import DATABASE, second_host

pytestmark = pytest.mark.needs("processes", "database")

TRAFFIC = """
import socket, sys, threading
pace = threading.Event()
while True:
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as s:
            s.settimeout(1)
            print("passed" if s.recv(12) else "closed", flush=True)
    except OSError:
        print("lost", flush=True)
    pace.wait(0.05)
"""

ANNOUNCE = """
import socket, sys
card, address = sys.argv[1], socket.inet_aton(sys.argv[2])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((card, 0x0806))
mac = s.getsockname()[4]
for operation in (1, 2):
    s.send(b"\\xff" * 6 + mac + b"\\x08\\x06\\x00\\x01\\x08\\x00\\x06\\x04\\x00" + bytes([operation]) + mac + address
           + (b"\\xff" * 6 if operation == 2 else bytes(6)) + address)
"""


@dataclasses.dataclass
class Two:
    world: NamespacesWorld
    second: Gatehouse
    database: database.Database

    def sessions(self, gate: Gatehouse) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = gate.ctl("sessions")["sessions"]
        return found

    def first_dies(self) -> None:
        """The machine is off: nothing leaves it any more, and its address is the other's (as keepalived would do)."""
        gate = self.world.house.gate
        gate.run("ip", "link", "set", "inet", "down")
        pids = self.world.gatehouse.pids().values()
        assert self.world.gatehouse.supervisor is not None
        self.world.gatehouse.supervisor.signal(signal.SIGKILL)  # first: it would start others, and end some itself
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it has gone with another
                os.kill(pid, signal.SIGKILL)
        self.second.host.run("ip", "addr", "add", f"{cast.GATE_PUBLIC}/24", "dev", "inet")
        self.second.host.run("/usr/bin/python3", "-c", ANNOUNCE, "inet", cast.GATE_PUBLIC)

    def traffic(self, who: str) -> Program:
        """Opens the entrance twenty times a second, from the person's PC."""
        return self.world.pc(who).host.start(f"traffic-{who}", "/usr/bin/python3", "-c", TRAFFIC, cast.GATE_INNER,
                                             str(cast.ENTRANCE_PORT))


@pytest.fixture
def two(house: NamespacesHouse, request: pytest.FixtureRequest, story: Story) -> Iterator[Two]:
    if reason := database.probe():
        pytest.skip(reason)
    host = second_host(house)
    world = NamespacesWorld(house, request.node.name, story=story)
    base = database.Database(house.lab.hosts["db"], world.folder / "database", cast.address(DATABASE))
    failed = True
    second: Gatehouse | None = None
    try:
        world.open(site={"store_url": base.url})
        second = Gatehouse(host, world.folder / "gate2", house.build, house.web_ca, house.gate_tls, world.programs)
        second.ca = world.gatehouse.ca
        second.write_config(site={"store_url": base.url, "node": "2"})
        for name in ("code.pepper", "totp.key"):
            shutil.copyfile(world.gatehouse.etc / name, second.etc / name)  # into the file that is there, with its owner
        second.start()
        yield Two(world, second, base)
        failed = getattr(request.node, "story_failed", False)
        if not failed:
            world.check_logs()
    finally:
        world.keep_evidence()
        if second is not None and second.supervisor is not None:
            shutil.copy(second.supervisor.log, story.folder / "logs" / "gate2-supervise.log")
        for program in house.lab.programs:
            if program.running and program.name.startswith("traffic-"):
                program.stop()
        world.close()
        if second is not None:
            second.stop()
        host.run("ip", "addr", "del", f"{cast.GATE_PUBLIC}/24", "dev", "inet", check=False)
        house.gate.run("ip", "link", "set", "inet", "up")
        base.stop()


def test_when_one_gate_dies_its_people_go_on_at_the_other(two: Two) -> None:
    """Under traffic; ten seconds at most, the same number, address and state, and no new login."""
    world = two.world
    vpns = {who: world.pass_gate(who) for who in ("mori", "tani")}
    before = {s["person"]: s for s in world.sessions()}
    traffic = {who: two.traffic(who) for who in vpns}
    for who, program in traffic.items():
        program.wait_text("passed", 10)
    wait_until(lambda: len(two.sessions(two.second)) == 2, 3, "the second gate knows of both")
    mails = {who: len(world.house.post.messages(world.mailbox(who).address)) for who in vpns}

    died = time.monotonic()
    two.first_dies()
    seen = {who: program.text().count("passed") for who, program in traffic.items()}

    def both_are_back() -> bool:
        found = {s["person"]: s for s in two.sessions(two.second)}
        return all(found[who]["node"] == "2" and found[who]["tunnel_up"] for who in vpns)

    wait_until(both_are_back, 10, "both tunnels stand at the second gate")
    for who, program in traffic.items():
        wait_until(lambda p=program, n=seen[who]: p.text().count("passed") > n + 2, 10 - (time.monotonic() - died) + 1,
                   f"{who} works again", on_fail=lambda v=vpns[who]: v.program.text()[-3000:])
    assert time.monotonic() - died <= 10, "ten seconds"
    after = {s["person"]: s for s in two.sessions(two.second)}
    for who, vpn in vpns.items():
        assert after[who]["number"] == before[who]["number"] and after[who]["address"] == before[who]["address"] == vpn.address
        assert after[who]["state"] == "admitted"
        assert len(world.house.post.messages(world.mailbox(who).address)) == mails[who], "nobody was mailed a code"
    taken = two.second.ctl("journal", "search", "--event", "session.taken_over")["entries"]
    assert {e["session"] for e in taken} == {s["number"] for s in before.values()}
    assert two.second.ctl("journal", "search", "--event", "session.granted")["entries"] == []
    for vpn in vpns.values():
        vpn.hang_up()
    wait_until(lambda: two.sessions(two.second) == [], 5, "both have logged out")


@pytest.mark.rule("R19", must="fail")
def test_a_stop_at_one_gate_closes_the_sessions_of_the_other(two: Two) -> None:
    """Mori's tunnel is at the first gate; Yama stops everything, and then one session, at the second: two seconds."""
    world = two.world
    vpn = world.pass_gate("mori")
    begun = time.monotonic()
    two.second.ctl("stop", "all", "--reason", "試験")
    wait_until(lambda: world.sessions() == [], 2, "the first gate has ended it")
    vpn.ended(10)
    assert time.monotonic() - begun < 10
    assert world.entry(event="session.ended", person="mori")["code"] == "stop.all"
    world.pc("mori").openconnect().refused()
    world.refused("stop.all", rule="R19")
    two.second.ctl("release", "all")
    wait_until(lambda: not world.gatehouse.ctl("stops")["stops"], 2, "the release is at the first gate too")

    vpn = world.pass_gate("tani")
    number = world.session_of("tani")["number"]
    wait_until(lambda: [s["node"] for s in two.sessions(two.second)] == ["1"], 2, "the second gate shows it")
    two.second.ctl("session", "end", number, "--reason", "試験")
    wait_until(lambda: world.sessions() == [], 2, "the first gate has ended it")
    vpn.ended(10)


def test_without_the_database_nobody_new_gets_in_and_those_inside_stay(two: Two) -> None:
    world = two.world
    vpn = world.pass_gate("mori")
    traffic = two.traffic("mori")
    traffic.wait_text("passed", 10)
    two.database.kill()
    wait_until(lambda: "store.unavailable" in world.gatehouse.ctl("health")["conditions"], 6, "staff are told")
    begun = time.monotonic()
    world.pc("tani").openconnect().refused(20)
    world.refused("gate.unavailable")
    assert time.monotonic() - begun < 10
    seen = traffic.text().count("passed")
    wait_until(lambda: traffic.text().count("passed") > seen + 20, 10, "Mori works on", on_fail=lambda: traffic.text()[-400:])
    assert "lost" not in traffic.text(), "not one connection failed"
    assert vpn.program.running
    two.database.start()
    wait_until(lambda: world.gatehouse.ctl("health")["conditions"] == [], 5, "the first gate is well again")
    wait_until(lambda: two.second.ctl("health")["conditions"] == [], 5, "the second too")
    assert world.session_of("mori")["tunnel_up"]
    tani = world.pass_gate("tani")
    tani.hang_up()
    vpn.hang_up()


def test_the_databases_password_stands_in_its_file_alone(two: Two) -> None:
    """Not in an argument, an environment, a log or a journal."""
    world = two.world
    secret = two.database.password.encode()
    for gate in (world.gatehouse, two.second):
        for pid in gate.pids().values():
            for part in ("cmdline", "environ"):
                assert secret not in open(f"/proc/{pid}/{part}", "rb").read()
        assert gate.supervisor is not None
        assert secret not in gate.supervisor.log.read_bytes()
        for file in gate.folder.rglob("*"):
            if file.is_file():
                assert secret not in file.read_bytes(), file
