"""The whole way of a My Number contractor: lent terminal, circuit, entrance, desktop, a server's console and a physical server's RDP;
and the end of all of it, hop by hop."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from sekisho_testbed import cast, cast_closed, ocr
from sekisho_testbed.closed_network import LineCapture
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.people import Rdp
from sekisho_testbed.viewer import Viewer
from sekisho_testbed.world import World

WORDS = b"the words that stay between terminal and gate"
END_S = 2  # every hop of a session ends within (design.md)
SERVER, PHYSICAL = "num-11", "num-01"


def password(world: World) -> str:
    return world.people["sato"]["password"]


def worked(world: World) -> tuple[Viewer, Viewer]:
    """Sato logs in, has a fresh desktop, types at a server's console and reaches the physical one by RDP; both screens."""
    closed, file = world.closed, world.folder / "screen.png"
    closed.pass_gate("sato")
    page = closed.consoles.desktop_page()
    with world.step("desktop"):
        assert page.ready()["session"] == world.session_of("sato")["number"]
        screen = page.open()
        screen.type("cedar 12")
        world.must("what he typed is seen", lambda: ocr.shows(screen.picture(file), "desktop login: cedar 12"), within=30)
    with world.step("console"):
        consoles = closed.consoles.at_consoles()
        servers = consoles.servers()
        assert set(servers) == {SERVER, PHYSICAL}, servers
        assert servers[SERVER]["state"] == "on" and servers[SERVER]["may_open"], servers
        assert servers[PHYSICAL]["why_not"]["code"] == "console.physical", servers
        console = consoles.open(SERVER)
        console.type("restart heron")
        world.must("what he typed is seen", lambda: ocr.shows(console.picture(file), "login: restart heron"), within=30)
    with world.step("server"):
        running = world.rdp("vdi-11", PHYSICAL)
        assert running.opened and running.answered()
        world.must_not("vdi-11 reaches another contractor's server by RDP", lambda: world.rdp("vdi-11", "num-02").opened)
    return screen, console


@pytest.mark.needs("consoles")
@pytest.mark.gate(closed=True, desktops="plain")
@pytest.mark.rule("R01", must="pass")
@pytest.mark.rule("R11", must="pass")
@pytest.mark.rule("R12", must="pass")
@pytest.mark.rule("R13", must="pass")
@pytest.mark.rule("R15", must="pass")
def test_sato_works_on_his_server_over_the_closed_path(world: World) -> None:
    """The way and nothing beside it; each hop is in the journal, and both screens were recorded."""
    closed = world.closed
    screen, console = worked(world)
    name, port = cast_closed.DESKTOP_PAGE.rsplit(":", 1)
    world.must("a try like the next ones succeeds", lambda: closed.reaches("sato", name, int(port)))
    name, port = cast_closed.CONSOLE_PAGE.rsplit(":", 1)
    for what, address, at in (("the server itself", cast.inside(PHYSICAL), 3389), ("the console page", name, int(port))):
        world.must_not(f"the terminal reaches {what}", lambda address=address, at=at: closed.reaches("sato", address, at))
    for event, rule, detail in (("desktop.opened", "R11", "vdi-11"), ("console.opened", "R12", SERVER)):
        entry = world.entry(event=event, person="sato")
        assert entry["rule"] == rule and detail in entry["detail"].values(), entry
    assert world.entry(event="rdp.granted", person="sato")["detail"]["to"] == [PHYSICAL]
    number = world.session_of("sato")["number"]
    screen.close()
    console.close()
    closed.consoles.desktop_page().end()  # the answer arrives though what it tells of takes his way to the page
    world.wait_no_session("sato", END_S)
    world.wait(lambda: len(world.journal(event="recording.closed", session=number)) == 2, 15, "both recordings are closed")
    files = closed.consoles.files(number)
    assert len(files) == 2, files
    for recording in files:
        assert closed.consoles.verify(recording)["ok"], recording
    closed.consoles.restart(SERVER)


@pytest.mark.needs("consoles", "charon", "packets")
@pytest.mark.gate(closed=True, desktops="plain")
@pytest.mark.rule("R02", must="pass")
def test_all_that_sato_does_is_esp_on_the_line(world: NamespacesWorld) -> None:
    """The same work with the carrier's line and the site's LAN watched."""
    closed = world.closed
    with closed.network.capture() as line, closed.network.capture("site1") as site:
        screen, console = worked(world)
        closed.network.say("sato", WORDS)
    on_the_line(world, line, site)
    screen.close()
    console.close()
    closed.consoles.restart(SERVER)


def on_the_line(world: NamespacesWorld, line: LineCapture, site: LineCapture) -> None:
    """IKE and ESP in UDP 4500 and nothing else on the carrier's line, and none of the words that passed in the site's LAN."""
    kinds = {kind: line.count(kind) for kind in ("ike", "ike_encrypted", "esp", "clear")}
    world.story.facts["線の上 On the line"] = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    assert kinds["ike_encrypted"] >= 2 and kinds["esp"] > 20 and kinds["clear"] == 0, kinds
    assert all(4500 in packet.ports for packet in line.packets if packet.kind == "esp")
    assert not line.of("10.95."), "an address of a site or of the entrance stood on the line"
    assert site.holds(WORDS) and not line.holds(WORDS)
    assert not line.holds(password(world).encode())


@pytest.mark.needs("guests", "charon", "packets")
@pytest.mark.gate(closed=True)
@pytest.mark.rule("R02", must="pass")
@pytest.mark.rule("R02", must="fail")
@pytest.mark.rule("R03", must="fail")
def test_a_sites_own_kernel_does_esp_with_the_gates_charon(world: NamespacesWorld) -> None:
    """Every ESP packet of the line belongs to an association of the device's kernel, whose counters rise; the gate's and Kita's kernels
    hold none, their charons do it themselves. On Kita's circuit Sato's terminal does not pass."""
    closed, net = world.closed, world.closed.network
    device, hosts = net.devices["sato"], world.house.lab.hosts
    assert kernel(world, "sato-device") != kernel(world, "gate")
    with net.capture() as line:  # the check can fail: without a tunnel the device sends its terminal's words as they are
        net.say("sato", WORDS)
    assert line.holds(WORDS) and not device.kernel_esp()
    with net.capture() as line, net.capture("site1") as site:
        closed.line_up("sato")
        before = device.kernel_esp()
        closed.pass_gate("sato")
        closed.must_reach_desktop("sato")
        net.say("sato", WORDS)
        after = device.kernel_esp()
    on_the_line(world, line, site)
    assert len(after) == 2 and all(each.in_udp for each in after), after
    rose = {then.to: then.packets - now.packets for now, then in zip(before, after)}
    world.story.facts["拠点の核のESP ESP of the site's kernel"] = ", ".join(f"{count} packets to {to}" for to, count in rose.items())
    assert [each.spi for each in before] == [each.spi for each in after] and all(count > 10 for count in rose.values()), rose
    assert {packet.payload[:4] for packet in line.packets if packet.kind == "esp"} == {each.spi for each in after}
    closed.line_up("kita")
    assert net.devices["kita"].stands() and not net.devices["kita"].kernel_esp()
    assert "proto esp" not in hosts["gate"].run("ip", "xfrm", "state", check=False).stdout
    number = world.session_of("sato")["number"]
    closed.log_in("sato", at="kita").shows("circuit.other_terminal")
    world.refused("circuit.other_terminal", rule="R03")
    assert [session["number"] for session in world.sessions()] == [number]
    with world.step("the same tunnel with new keys of the kernel's"):
        device.rekey(child=True)
        world.must("the desktop answers under new keys", lambda: not {each.spi for each in after} & {each.spi for each in device.kernel_esp()}
                   and closed.desktop_answers("sato"), within=15)


def kernel(world: NamespacesWorld, host: str) -> str:
    return world.house.lab.hosts[host].run("cat", "/proc/sys/kernel/random/boot_id").stdout


ENDS = [("contract", "c-num-2026"), ("circuit", "line-sato"), ("terminal", "pc-sato"), ("person", "sato"), ("application", "a-sato")]


@pytest.mark.needs("consoles")
@pytest.mark.gate(closed=True, desktops="plain")
@pytest.mark.rule("R16", must="fail")
@pytest.mark.rule("R17", must="fail")
@pytest.mark.rule("R21", must="fail")
@pytest.mark.parametrize("kind,key", ENDS, ids=[kind for kind, _ in ENDS])
def test_an_end_closes_tunnel_desktop_console_and_rdp_within_two_seconds(world: World, kind: str, key: str) -> None:
    """Each hop is measured by itself. What has nothing to do with Sato's right goes on: Kita's tunnel and desktop."""
    closed = world.closed
    closed.pass_gate("kita")
    screen, console, running = inside(world)
    number, machines = world.session_of("sato")["number"], set(closed.consoles.desktops())
    assert machines and screen.live and console.live and running.answered()
    gone: dict[str, Callable[[], object]] = {
        "session": lambda: all(session["number"] != number for session in world.sessions()),
        # Nothing reaches its viewer any more once the kernel's right or the tunnel is gone, so the gate's word counts.
        "desktop's screen": lambda: world.journal(event="desktop.closed", session=number),
        "desktop": lambda: not machines & set(closed.consoles.desktops()),
        "console": lambda: not console.live,
        "RDP": lambda: not running.answered(),
    }
    if kind in ("contract", "circuit"):
        assert closed.holds_tunnel("sato")
        gone["tunnel"] = lambda: not closed.holds_tunnel("sato")
    world.ends_within(END_S, f"the end of {kind} {key}", lambda: world.end(kind, key), gone)
    running.close()
    world.must_not("RDP opens again", lambda: world.rdp("vdi-11", PHYSICAL).opened)
    world.must_not("the console page still serves him", lambda: closed.consoles.console_page().get("/api/console/servers").ok)
    world.must_not("the desktop page answers his terminal", closed.consoles.desktop_page().answers)
    assert world.session_of("kita")
    assert closed.holds_tunnel("kita")


def inside(world: World) -> tuple[Viewer, Viewer, Rdp]:
    """Sato at work: his desktop's screen, a server's console, RDP to the physical one."""
    closed = world.closed
    closed.pass_gate("sato")
    page = closed.consoles.desktop_page()
    page.ready()
    screen, console = page.open(), closed.consoles.at_consoles().open(SERVER)
    running = world.rdp("vdi-11", PHYSICAL)
    assert running.opened
    return screen, console, running
