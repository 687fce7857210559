"""R02, R03, R21 on the line itself: real charons at the gate and at the sites, and what passes between them."""
from __future__ import annotations

from typing import Any

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.device_certificates import Device
from sekisho_testbed.half_open import Flood
from sekisho_testbed.namespaces_closed import NamespacesClosed
from sekisho_testbed.world import World

pytestmark = [pytest.mark.needs("charon"), pytest.mark.gate(closed=True)]

WORDS = b"the words that nobody on the line may read"


def real(world: World) -> NamespacesClosed:
    assert isinstance(world.closed, NamespacesClosed)
    return world.closed


def answers(world: World, who: str = "sato", within: float = 1) -> bool:
    return real(world).pc(who).reaches(cast_closed.ENTRANCE, 443, within) is not None


@pytest.mark.rule("R02", must="pass")
@pytest.mark.rule("R02", must="fail")
def test_on_the_line_there_is_ike_and_esp_alone(world: World) -> None:
    """A login and a desktop cross as IKE and ESP in UDP 4500; the same words without the tunnel would be seen."""
    net = real(world).network
    with net.capture() as wire:  # the check can fail: without a tunnel the device sends its terminal's words as they are
        net.say("sato", WORDS)
    assert wire.holds(WORDS) and wire.count("clear") >= 1 and wire.of("10.95."), [p.kind for p in wire.packets]
    with net.capture() as wire, net.capture("site1") as site:
        page = world.closed.pass_gate("sato")
        world.closed.must_reach_desktop("sato")
        net.say("sato", WORDS)
        page.close()
    kinds = {kind: wire.count(kind) for kind in ("ike", "ike_encrypted", "esp", "clear")}
    world.story.facts["線の上 On the line"] = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    assert kinds["ike"] >= 2 and kinds["ike_encrypted"] >= 2 and kinds["esp"] > 20 and kinds["clear"] == 0, kinds
    assert all(4500 in p.ports for p in wire.packets if p.kind == "esp")
    assert not wire.of("10.95."), "an address of a site or of the entrance stood on the line"
    assert site.holds(WORDS) and site.holds(b"RFB 003.008"), "they passed in the site's LAN, where nothing has encrypted them yet"
    for words in (WORDS, world.people["sato"]["password"].encode(), b"POST /login", b"RFB 003.008"):
        assert not wire.holds(words), words


@pytest.mark.rule("R02", must="fail")
@pytest.mark.needs("kernel_filter")
def test_without_the_tunnel_nothing_answers(world: World) -> None:
    """The device carries its terminal's packets in clear: the kernel drops them; without that guard the login itself refuses."""
    world.must_not("the entrance answers in clear", lambda: answers(world))
    world.closed.line_down("sato")
    with world.closed.in_clear("sato"):
        world.must("without the filter it would answer", lambda: answers(world))
        world.closed.must_be_refused("Sato in clear", "sato", "circuit.line_down", "R02")
    world.must_not("the entrance answers in clear once the kernel's rules are back", lambda: answers(world))


def bad_devices(net: Any) -> list[tuple[str, Device, dict[str, Any]]]:
    """What stands before the gate's charon instead of Sato's device."""
    name = net.identities["sato"].name
    good = net.identities["sato"]
    return [
        ("a certificate of that name by another authority", net.other_ca.issue(name), {}),
        ("another certificate of that name by the same authority", net.ca.issue(name), {}),
        # Charon itself judges these five, however it is told.
        ("an expired certificate of that name", net.ca.issue(name, valid=(-9, -1)), {}),
        ("a certificate of that name from tomorrow on", net.ca.issue(name, valid=(1, 9)), {}),
        ("the identity of another circuit", good, {"name": "line-kita.closed.test"}),
        ("the gate's own identity", good, {"name": cast_closed.GATE_IKE_NAME}),
        ("an identity of another kind", good, {"name": "sato@closed.test"}),
        ("a device that nobody has registered", net.ca.issue("line-hama.closed.test"), {}),
        ("another circuit's name in a certificate", net.ca.issue("line-kita.closed.test"), {}),
        ("IKEv1, main mode", good, {"version": "1", "ike": "aes256-sha256-ecp384"}),
        ("IKEv1, aggressive mode", good, {"version": "1", "aggressive": True, "ike": "aes256-sha256-ecp384"}),
        ("3DES and SHA-1", good, {"ike": "3des-sha1-modp2048"}),
        ("AES-CBC with SHA-1", good, {"ike": "aes128-sha1-modp2048"}),
        ("a group of 1024 bits", good, {"ike": "aes256gcm16-prfsha384-modp1024"}),
        ("a group of 2048 bits", good, {"ike": "aes256gcm16-prfsha384-modp2048"}),
        ("a PRF of SHA-1", good, {"ike": "aes256gcm16-prfsha1-ecp384"}),
        ("ESP with 3DES", good, {"esp": "3des-sha1"}),
        ("ESP with AES-CBC and SHA-1", good, {"esp": "aes128-sha1"}),
        ("ESP that encrypts nothing", good, {"esp": "null-sha256"}),
        ("another circuit's network behind it", good, {"behind": "10.95.2.0/24"}),
        ("everything behind it", good, {"behind": "0.0.0.0/0", "entrance": "10.40.0.0/24"}),
        ("the Internet desktops' network as its aim", good, {"entrance": "10.40.0.0/24"}),
        ("the My Number servers as its aim", good, {"entrance": "10.60.0.0/16"}),
        ("another port of the entrance", good, {"entrance": f"{cast_closed.ENTRANCE}/32[tcp/22]"}),
    ]


@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R03", must="pass")
@pytest.mark.rule("R02", must="fail")
def test_only_the_registered_device_by_strong_ikev2_has_a_tunnel(world: World) -> None:
    """Each of these is refused by the gate's charon and carries nothing; then the same device with its own certificate comes in."""
    net = real(world).network
    device = net.devices["sato"]
    world.wait(lambda: len(net.gate.connections()) == 2, 8, "both circuits are loaded", on_fail=lambda: net.gate.log()[-2000:])
    for what, identity, how in bad_devices(net):
        with world.step(what):
            said = device.dial(identity, within=4, **how)
            assert said, f"{what}: a tunnel stands"
            world.must_not(f"{what}: a tunnel", lambda: any(t["child-sas"] for t in net.gate.tunnels().values()))
            world.must_not(f"{what}: the entrance answers", lambda: answers(world, within=0.3))
    world.closed.line_up("sato")
    world.must("the entrance answers over the tunnel", lambda: answers(world))
    device.hang_up()
    bad = bad_devices(net)
    with world.step("the checks can fail: a charon that is told to take what it can takes them"), real(world).lax_gate() as lax:
        for what, identity, how in bad[:2] + bad[7:]:
            said = device.dial(identity, within=4, **how)
            assert not said, f"{what}: {said}\n{lax.log()[-1500:]}"
            device.hang_up()


@pytest.mark.rule("R03", must="fail")
def test_a_revoked_device_and_one_without_a_list_are_refused(world: World) -> None:
    net = real(world).network
    world.closed.line_up("sato")
    world.closed.line_down("sato")
    net.ca.revoke(net.identities["sato"])
    net.gate.load_list(net.ca.list())
    assert net.dial("sato", within=4), "a revoked device has a tunnel"
    world.must_not("the entrance answers", lambda: answers(world, within=0.3))
    world.closed.line_up("kita")  # the list refuses the revoked one alone
    with world.step("without any list everybody could be revoked"):
        net.devices["kita"].hang_up()
        world.closed.lose_charon()
        real(world).charon_back(lists=False)
        assert net.dial("kita", within=4), "a tunnel stands without any list"
        net.gate.load_list(net.ca.list())
        world.closed.line_up("kita")


@pytest.mark.rule("R03", must="fail")
def test_a_device_whose_certificate_is_replaced_loses_its_tunnel(world: World) -> None:
    """Stolen: staff register the new device's certificate; the old one's tunnel is gone within 2 s and does not come back."""
    net = real(world).network
    world.closed.line_up("sato")
    new = net.ca.issue(net.identities["sato"].name)
    registry = world.export()
    next(c for c in registry["circuits"] if c["id"] == "line-sato")["device_certificate"] = new.base64
    with world.limit(2, "the old device's tunnel is gone"):
        world.replace(registry)
        world.wait(lambda: not net.gate.tunnels(), 5, "no tunnel at the gate's charon")
    assert net.dial("sato", within=4), "the old device has a tunnel again"
    assert not net.dial("sato", new), net.gate.log()[-2000:]


@pytest.mark.rule("R03", must="fail")
def test_a_half_open_flood_holds_nothing_and_circuits_keep_rekeying(world: World) -> None:
    """From 60 addresses 1 500 beginnings: hardly any is kept, cookies are asked for, and Sato's circuit goes on, with new keys."""
    net = real(world).network
    with net.capture() as wire:
        world.closed.line_up("sato")
    first = next(p.payload for p in wire.packets if p.kind == "ike" and p.destination == cast_closed.GATE_LINE)
    device, (stranger, addresses) = net.devices["sato"], net.stranger(60)

    before = net.gate.keys()
    flood = Flood(stranger, cast_closed.GATE_LINE, first, count=1500, addresses=addresses, seconds=6)
    world.wait(lambda: net.gate.half_open() > 0, 5, "the flood has begun")
    device.rekey()
    device.rekey(child=True)
    world.must("new keys, during the flood", lambda: (keys := net.gate.keys()) and not keys & before)
    world.must("the entrance answers, during the flood", lambda: answers(world))
    most = flood.most(net.gate.half_open)
    told = flood.end()
    world.story.facts["半開 Half-open"] = f"{told}, most at once {most}"
    assert told["sent"] == 1500 and told["cookies"] > 100, told
    assert 0 < most <= 100, most
    world.closed.wait_line("sato", "up")
    with world.step("the check can fail: a charon that asks for no cookie"), real(world).lax_gate() as loose:
        more = Flood(stranger, cast_closed.GATE_LINE, first, count=300, addresses=addresses, seconds=3)
        world.must("it holds more than a hundred", lambda: loose.half_open() > 100, within=6)
        more.end()
