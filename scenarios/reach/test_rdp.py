"""R13: RDP between desktops and servers is closed, with two exceptions that end with what they hang on."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast
from sekisho_testbed.people import Login
from sekisho_testbed.world import World

SILENT_S = 121  # of an agent, until its session is in quarantine


def mori_inside(world: World) -> Login:
    vpn = world.pass_gate("mori")
    granted = world.entry(event="rdp.granted", person="mori")
    assert (granted["rule"], granted["detail"]["to"]) == ("R13", ["phys-01"]), granted
    return vpn


def refused_from(world: World, source: str, target: str) -> dict[str, object]:
    """The journal tells of a refused try within 10 s."""
    def told() -> list[dict[str, object]]:
        return [e for e in world.journal(event="rdp.refused")
                if e["from"] == cast.inside(source) and e["detail"]["address"] == cast.inside(target)]
    last: dict[str, object] = world.wait(told, 10, f"an entry of refused RDP from {source} to {target}")[-1]
    assert (last["rule"], last["code"], last["result"]) == ("R13", "rdp.closed", "refused"), last
    return last


@pytest.mark.rule("R13", must="pass")
def test_from_his_desktop_mori_reaches_the_physical_server(world: World) -> None:
    """And when his session is ended, running RDP is cut within 2 s."""
    vpn = mori_inside(world)
    running = world.rdp("vdi-01", "phys-01")
    assert running.opened and running.answered()
    world.end_session(world.session_of("mori")["number"])
    with world.limit(2, "the end of a session cuts its RDP"):
        world.must("running RDP is cut", lambda: not running.answered(), within=2)
    world.must_not("it opens again", lambda: world.rdp("vdi-01", "phys-01").opened)
    removed = world.entry(event="rdp.removed", person="mori")
    assert removed["detail"]["why"] == "session.ended", removed
    running.close()
    vpn.ended()


@pytest.mark.rule("R13", must="fail")
def test_rdp_from_a_desktop_to_virtual_servers_is_refused_and_told(world: World) -> None:
    vpn = mori_inside(world)
    for server in ("web-01", "web-02"):
        world.must_not(f"vdi-01 reaches {server} by RDP", lambda server=server: world.rdp("vdi-01", server).opened)
        entry = refused_from(world, "vdi-01", server)
        assert (entry["person"], entry["session"]) == ("mori", world.session_of("mori")["number"]), entry
    assert world.rdp("vdi-01", "phys-01").opened  # the check can fail: the exception, the same minute
    vpn.hang_up()


@pytest.mark.needs("packets")
@pytest.mark.rule("R13", must="fail")
def test_rdp_by_udp_passes_nowhere_not_even_where_tcp_may(world: World) -> None:
    """That an answer would come is shown by the story without the table, below."""
    vpn = mori_inside(world)
    for server in ("web-01", "phys-01"):
        world.must_not(f"vdi-01 reaches {server} by UDP", lambda server=server: world.rdp_by_udp("vdi-01", server))
        assert refused_from(world, "vdi-01", server)["detail"]["protocol"] == "udp"
    assert world.rdp("vdi-01", "phys-01").opened
    vpn.hang_up()


@pytest.mark.rule("R13", must="fail")
def test_rdp_of_somebody_elses_desktop_and_before_any_session_is_refused(world: World) -> None:
    """The physical server is open to Mori's desktop while he is inside, and to no other."""
    world.must_not("vdi-01 reaches phys-01 with nobody inside", lambda: world.rdp("vdi-01", "phys-01").opened)
    assert not refused_from(world, "vdi-01", "phys-01").get("person")
    tani, mori = world.pass_gate("tani"), world.pass_gate("mori")
    world.must("vdi-01 reaches phys-01", lambda: world.rdp("vdi-01", "phys-01").opened)
    world.must_not("vdi-02 reaches phys-01", lambda: world.rdp("vdi-02", "phys-01").opened)
    assert refused_from(world, "vdi-02", "phys-01")["person"] == "tani"
    mori.hang_up()
    tani.hang_up()


@pytest.mark.rule("R13", must="fail")
def test_no_rdp_before_the_terminal_is_checked(world: World) -> None:
    """In quarantine the exception is not there yet; the good report brings it, and an agent that falls silent takes it away."""
    vpn = world.pass_gate("mori", report_first=False)
    assert world.session_of("mori")["state"] == "quarantine"
    world.must_not("vdi-01 reaches phys-01 in quarantine", lambda: world.rdp("vdi-01", "phys-01").opened)
    assert not world.journal(event="rdp.granted")
    report = world.pc("mori").agent.report(inside=True)
    assert report.ok, report.text
    world.wait_state("mori", "admitted")
    world.must("vdi-01 reaches phys-01", lambda: world.rdp("vdi-01", "phys-01").opened)
    world.advance(SILENT_S)
    world.wait_state("mori", "quarantine")
    world.must_not("vdi-01 reaches phys-01 in quarantine again", lambda: world.rdp("vdi-01", "phys-01").opened)
    assert world.entry(event="rdp.removed", person="mori")["detail"]["why"] == "posture.quarantine"
    vpn.hang_up()


@pytest.mark.rule("R13", must="fail")
def test_rdp_from_server_to_server_without_a_console_is_refused(world: World) -> None:
    vpn = mori_inside(world)
    for source, target in (("web-01", "web-02"), ("web-02", "web-01"), ("phys-01", "web-01"), ("web-01", "phys-01")):
        world.must_not(f"{source} reaches {target} by RDP", lambda pair=(source, target): world.rdp(*pair).opened)
        refused_from(world, source, target)
    vpn.hang_up()


@pytest.mark.rule("R13", must="fail")
@pytest.mark.rule("R16", must="fail")
def test_the_end_of_the_contract_cuts_running_rdp(world: World) -> None:
    mori_inside(world)
    running = world.rdp("vdi-01", "phys-01")
    assert running.opened and running.answered()
    with world.limit(2, "the end of a contract cuts RDP"):
        world.end("contract", "c-web-2026")
        world.must("running RDP is cut", lambda: not running.answered(), within=2)
    world.must_not("it opens again", lambda: world.rdp("vdi-01", "phys-01").opened)
    assert world.entry(event="rdp.removed", person="mori")["detail"]["why"] == "session.ended"
    running.close()


@pytest.mark.rule("R13", must="fail")
def test_rdp_ends_with_its_own_session_and_with_no_other(world: World) -> None:
    mori, tani = world.pass_gate("mori"), world.pass_gate("tani")
    running = world.rdp("vdi-01", "phys-01")
    assert running.opened and running.answered()
    world.end_session(world.session_of("tani")["number"])
    world.wait_no_session("tani")
    world.must_not("what Mori does is cut", lambda: not running.answered(), during=1)
    world.end_session(world.session_of("mori")["number"])
    with world.limit(2, "his own end cuts it"):
        world.must("running RDP is cut", lambda: not running.answered(), within=2)
    running.close()
    mori.ended()
    tani.ended()


@pytest.mark.needs("consoles")
@pytest.mark.gate(desktops="host")
@pytest.mark.rule("R13", must="pass")
@pytest.mark.rule("R13", must="fail")
def test_an_open_console_opens_the_way_to_the_other_servers_and_its_end_cuts_it(world: World) -> None:
    vpn = mori_inside(world)
    world.must_not("web-01 reaches web-02 before", lambda: world.rdp("web-01", "web-02").opened)
    close = world.open_console("mori", "web-01")
    running = world.rdp("web-01", "web-02")
    assert running.opened and world.rdp("web-01", "phys-01").opened
    world.must_not("the way back", lambda: world.rdp("web-02", "web-01").opened)
    world.must_not("the desktop's own way", lambda: world.rdp("vdi-01", "web-02").opened)
    world.must_not("a server of another contract", lambda: world.rdp("web-01", "dmz-01").opened)
    assert refused_from(world, "web-01", "dmz-01")["person"] == "mori"
    close()
    with world.limit(2, "the end of a console cuts its RDP"):
        world.must("running RDP is cut", lambda: not running.answered(), within=2)
    assert world.entry(event="rdp.removed", person="mori")["detail"]["why"] == "console.closed"
    assert world.rdp("vdi-01", "phys-01").opened, "what hangs on the session goes on"
    vpn.hang_up()


@pytest.mark.rule("R13", must="fail")
@pytest.mark.rule("R19", must="pass")
def test_the_emergency_stop_cuts_running_rdp(world: World) -> None:
    vpn = mori_inside(world)
    running = world.rdp("vdi-01", "phys-01")
    assert running.opened
    world.stop("all")
    with world.limit(2, "the emergency stop cuts RDP"):
        world.must("running RDP is cut", lambda: not running.answered(), within=2)
    running.close()
    vpn.ended()


@pytest.mark.needs("kernel_filter")
def test_without_the_table_every_way_is_open(open_world: World) -> None:
    """The check can fail: the same tries with the kernel's rules removed."""
    open_world.remove_kernel_filter()
    assert open_world.rdp("vdi-01", "web-01").opened and open_world.rdp("web-01", "web-02").opened
    assert open_world.rdp_by_udp("vdi-01", "web-01")
