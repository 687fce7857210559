"""R03, R04, R10: the host check of older clients is typed by the client; it may cost somebody his session, and opens none."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast
from sekisho_testbed.attack import Thief, post, with_cookie
from sekisho_testbed.gate_here import GateHere, Here, bindings
from sekisho_testbed.talks import Heard, Identity
from sekisho_testbed.world import World

ROUTE = "/remote/hostcheck_validate"
TERMINAL_ALONE = {"path": {"checks": [{"check": "registered_terminal", "mode": "enforce"}]},
                  "checks": {"registered_terminal": {"min_binding": 0}}}


def claim(mac: str) -> str:
    return f"hostcheck=0100,10.0.26200&check_virtual_desktop={mac}"


def registered_mac() -> str:
    mac = cast.PCS["mori-pc"].mac
    assert mac is not None
    return mac


FOREIGN = claim("3c:7c:3f:aa:bb:cc")  # a claim that ends an admitted session


@pytest.mark.rule("R04", must="fail")
@pytest.mark.rule("R11", must="fail")
@pytest.mark.rule("R10", must="fail")
def test_only_the_sessions_own_client_claims_anything_about_its_terminal(world: World) -> None:
    """A claim of a foreign terminal would end Mori's session: not with a made-up cookie, nor with another's certificate, nor in
    a form that is none; from his own client it does."""
    assert world.pc("mori").agent.report(inside=False).ok
    thief = Thief(world)
    cookie = thief.cookie()

    def says(form: str, *, cookie: str = cookie, identity: Identity | None | str = "own") -> Heard:
        return thief.say(post(ROUTE, form, with_cookie(cookie)), identity=identity)

    strangers = [("a made-up cookie", says(FOREIGN, cookie="A" * 43)),
                 ("Tani's certificate", says(FOREIGN, identity=world.certificate_of("tani"))),
                 ("no certificate", says(FOREIGN, identity=None))]
    for what, heard in strangers:
        assert heard.status, f"{what}: {heard}"
        assert world.session_of("mori")["state"] == "admitted", what
        world.story.add("must_not", f"end the session: a claim with {what}")
    assert world.journal(event="posture.claimed") == []
    for form in ("hostcheck=0100", f"{FOREIGN}&hostcheck=again", "hostcheck=%zz&check_virtual_desktop="):
        before = len(world.journal(event="posture.claimed"))
        says(form)
        told = world.wait(lambda: world.journal(event="posture.claimed")[before:], 5, f"the entry of {form}")
        assert [(entry["rule"], entry["code"]) for entry in told] == [("R10", "report.malformed")], told
    assert world.session_of("mori")["state"] == "admitted"
    says(FOREIGN)  # the check can fail
    world.wait_no_session("mori")
    told = world.entry(event="posture.claimed", person="mori")
    assert told["detail"]["checks"]["registered_terminal"] == "fail:device.mac_not_registered", told


@pytest.mark.gate(**TERMINAL_ALONE)
@pytest.mark.rule("R10", must="fail")
@pytest.mark.rule("R03", must="fail")
def test_an_unsigned_claim_admits_nobody(world: World) -> None:
    """A path that asks for the hardware address alone and for no key: what the client claims is right, and opens nothing; the
    agent's signed report does."""
    thief = Thief(world)
    cookie = thief.cookie()
    thief.say(post(ROUTE, claim(registered_mac()), with_cookie(cookie)))
    told = world.entry(event="posture.claimed", person="mori")
    assert (told["rule"], told["code"]) == ("R10", "posture.unsigned"), told
    assert told["detail"]["checks"] == {"registered_terminal": "warn:device.binding_too_low", "session": "fail:posture.unsigned"}, told
    assert world.session_of("mori")["state"] == "quarantine"
    vpn = world.pc("mori").resume(cookie).up()
    world.must_not_reach_desktop("mori")
    assert world.pc("mori").agent.report(inside=True).ok
    world.wait_state("mori", "admitted")
    world.must_reach_desktop("mori")
    vpn.hang_up()


@pytest.mark.gate(here=Here)
@pytest.mark.rule("R03", must="fail")
def test_a_claim_of_a_terminal_that_another_node_has_taken_away_is_not_judged(world: GateHere) -> None:
    """Two nodes share one registry. Staff take Mori's terminal out of it at the other one; before word of it is here, his client claims."""
    assert world.pc("mori").agent.report(inside=False).ok
    thief = Thief(world)
    cookie = thief.cookie()

    def claimed() -> tuple[str, dict[str, str]]:
        before = len(world.journal(event="posture.claimed"))
        thief.say(post(ROUTE, claim(registered_mac()), with_cookie(cookie)))
        told = world.wait(lambda: world.journal(event="posture.claimed")[before:], 5, "the entry of the claim")[0]
        return told["code"], told["detail"]["checks"]

    _, judged = claimed()
    assert "registered_terminal" in judged, judged
    registry = world.export()
    for kind, gone in (("terminals", {"id": "pc-mori"}), ("applications", {"id": "a-mori"}), ("certificates", {"terminal": "pc-mori"})):
        registry[kind] = [row for row in registry[kind] if not gone.items() <= row.items()]
    with world.at_gate() as gate:
        gate.store.replace_registry(bindings().Registry.load(registry))
    assert claimed() == ("device.key_unknown", {})
