"""R02: the tunnel over DTLS where the path offers it, and over TLS wherever UDP does not get through."""
from __future__ import annotations

import re
import signal
import subprocess
from typing import Any

import pytest

from sekisho_testbed import cast
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.pc import Identity

WITH_DTLS: dict[str, Any] = {"path": {"dtls": True}}
pytestmark = pytest.mark.needs("packets")


def transports(world: NamespacesWorld) -> list[str]:
    return [entry["detail"]["transport"] for entry in world.journal(event="tunnel.up", person="mori")]


def comes_up_over(world: NamespacesWorld, transport: str, count: int, within: float) -> None:
    world.wait(lambda: len(transports(world)) >= count and transports(world)[-1] == transport, within,
               f"tunnel {count} comes up over {transport}",
               on_fail=lambda: f"{transports(world)}\n" + "\n".join(p.text()[-2500:] for p in world.house.lab.programs
                                                                  if p.name.startswith("openconnect") and p.running))


def carries(world: NamespacesWorld) -> bool:
    """The agent speaks to the posture page through the tunnel. (The desktop's server bans who looks in too often.)"""
    return world.pc("mori").agent.report(inside=True).ok


def drop_udp(world: NamespacesWorld) -> None:
    world.pc("mori").host.run("nft", "-f", "-", input="table inet lost {\n chain out {\n  type filter hook output priority 0;\n"
                              f"  udp dport {cast.VPN_PORT} drop\n }}\n chain in {{\n  type filter hook input priority 0;\n"
                              f"  udp sport {cast.VPN_PORT} drop\n }}\n}}\n")


def let_udp_pass(world: NamespacesWorld) -> None:
    world.pc("mori").host.run("nft", "delete", "table", "inet", "lost")


@pytest.mark.gate(**WITH_DTLS)
@pytest.mark.rule("R02", must="pass")
def test_the_tunnel_stands_over_dtls_and_shows_nothing(world: NamespacesWorld) -> None:
    """openconnect says so, the journal says so, and the wire holds UDP and none of what was said."""
    with world.capture("mori-pc") as wire:
        vpn = world.pass_gate("mori", dtls=True)
        assert transports(world) == ["dtls"]
        assert "DTLS1.2" in vpn.program.text(), vpn.program.text()
        assert (world.pc("mori").reaches(*world.entrance) or b"").startswith(b"RFB 003.008")
        assert carries(world)
        vpn.hang_up()
    world.wait_no_session("mori")
    assert wire.udp(cast.VPN_PORT) > 20
    for word in (b"RFB 003.008", b"SVPNCOOKIE", b"GFtype", cast.PEOPLE["mori"]["password"].encode()):
        assert not wire.contains(word), word


@pytest.mark.rule("R02", must="pass")
def test_a_path_without_dtls_offers_none(world: NamespacesWorld) -> None:
    with world.capture("mori-pc") as wire:
        vpn = world.pass_gate("mori", dtls=True)
        assert transports(world) == ["tls"]
        assert carries(world)
        vpn.hang_up()
    assert wire.udp(cast.VPN_PORT) == 0


@pytest.mark.gate(**WITH_DTLS)
@pytest.mark.rule("R02", must="pass")
def test_where_udp_is_dropped_the_tunnel_stands_over_tls(world: NamespacesWorld) -> None:
    drop_udp(world)
    try:
        with world.limit(30, "falling back to TLS"):
            vpn = world.pass_gate("mori", dtls=True)
        assert transports(world) == ["tls"]
        assert carries(world)
        vpn.hang_up()
    finally:
        let_udp_pass(world)


@pytest.mark.gate(**WITH_DTLS)
@pytest.mark.rule("R02", must="pass")
def test_udp_lost_and_found_again_costs_no_login(world: NamespacesWorld) -> None:
    """DTLS, then UDP dies under it: the same session goes on over TLS; UDP is back: it goes on over DTLS."""
    vpn = world.pass_gate("mori", dtls=True)
    session = world.session_of("mori")["number"]
    drop_udp(world)
    try:
        comes_up_over(world, "tls", 2, 60)
        assert carries(world)
    finally:
        let_udp_pass(world)
    vpn.program.signal(signal.SIGUSR2)  # what a PC's network manager sends when the network has changed
    comes_up_over(world, "dtls", 3, 20)
    assert carries(world)
    assert world.session_of("mori")["number"] == session
    vpn.hang_up()
    world.wait_no_session("mori")


@pytest.mark.gate(**WITH_DTLS)
@pytest.mark.rule("R02", must="pass")
def test_a_client_whose_address_changes_keeps_its_session(world: NamespacesWorld) -> None:
    vpn = world.pass_gate("mori", dtls=True)
    session = world.session_of("mori")["number"]
    host = world.pc("mori").host
    before = host.addresses["inet"]
    after = before.rsplit(".", 1)[0] + ".77"
    host.run("ip", "addr", "del", f"{before}/24", "dev", "eth0")
    host.run("ip", "addr", "add", f"{after}/24", "dev", "eth0")
    try:
        vpn.program.signal(signal.SIGUSR2)
        comes_up_over(world, "dtls", 2, 40)
        assert carries(world)
        assert world.session_of("mori")["number"] == session
        vpn.hang_up()
    finally:
        host.run("ip", "addr", "del", f"{after}/24", "dev", "eth0")
        host.run("ip", "addr", "add", f"{before}/24", "dev", "eth0")


@pytest.mark.gate(**WITH_DTLS)
@pytest.mark.rule("R02", must="fail")
def test_a_cookie_counts_over_dtls_with_its_own_certificate_alone(world: NamespacesWorld) -> None:
    mailbox = world.mailbox("mori")
    vpn = world.pc("mori").openconnect(extra=["--cookieonly"])
    vpn.asked().type(mailbox.next_code())
    vpn.program.wait_end(15)
    found = re.search(r"SVPNCOOKIE=([A-Za-z0-9_-]{43})\b", vpn.program.text())
    assert found, vpn.program.text()
    cookie = found.group(1)
    own, foreign = world.gatehouse.identities["mori"], world.gatehouse.identities["tani"]
    assert b"handshake\0fail" in hello(world, foreign, cookie), "another's certificate"
    assert b"handshake\0fail" in hello(world, own, "A" * 43), "a cookie of nobody"
    assert b"svrhello" not in hello(world, None, cookie), "no certificate at all"
    assert b"handshake\0ok" in hello(world, own, cookie)  # the check can fail


def hello(world: NamespacesWorld, identity: Identity | None, cookie: str) -> bytes:
    """What the gate answers to a client's hello over DTLS."""
    body = b"GFtype\0clthello\0SVPNCOOKIE\0" + cookie.encode() + b"\0"
    record = (len(body) + 2).to_bytes(2, "big") + body
    words = ["openssl", "s_client", "-dtls1_2", "-connect", f"{cast.GATE_PUBLIC}:{cast.VPN_PORT}", "-quiet"]
    if identity is not None:
        words += ["-cert", str(identity.certificate), "-key", str(identity.key)]
    process = subprocess.Popen(world.pc("mori").host.argv(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    assert process.stdin is not None
    process.stdin.write(record)
    process.stdin.flush()
    try:
        out, _ = process.communicate(timeout=4)
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
    return out
