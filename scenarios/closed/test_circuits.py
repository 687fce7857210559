"""R01–R03 and what stands behind them: over which circuit, from which address and in which network a lent terminal comes, and what its
pages show meanwhile when no filter of the kernel keeps it from them."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast_closed
from sekisho_testbed.world import World

from joins import edit, refused_as, row  # beside this file

SITE, ELSEWHERE, OUTSIDE = "10.95.1.", "10.95.7.0/24", "10.96.7.0/24"  # of Sato's terminals; in the closed network; not in it
LESS = 24  # of the closed network's bits: the gate's own address alone is left in it


def shown_nothing(world: World, code: str, rule: str) -> None:
    """Neither the desktop page nor the entrance for viewer programs shows Sato's terminal anything; each says why."""
    page, before = world.closed.consoles.desktop_page(), len(world.journal(event="desktop.refused", code=code))
    assert page.get("/api/desktop").code == code
    assert page.post("/api/desktop/ticket").code == code
    assert code in world.closed.plain_entrance("sato")

    def told() -> list[str]:
        return [entry["rule"] for entry in world.journal(event="desktop.refused", code=code)][before:]

    world.must(f"the journal has each refusal: {rule} {code}", lambda: told() == [rule] * 3)


@pytest.mark.needs("consoles")
@pytest.mark.gate(closed=True, desktops="host")
@pytest.mark.rule("R02", must="fail")
@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R10", must="fail")
@pytest.mark.rule("R11", must="fail")
def test_what_a_terminal_is_told_follows_its_line_and_its_session(world: World) -> None:
    """Each time the kernel lets Sato's terminal through, so that the gate itself has to say no. While nothing is known of his line or his
    circuit, he is told that before he has proved anything: nobody tries out passwords there."""
    closed, tried = world.closed, iter(range(100, 200))

    def told(what: str, code: str, rule: str, **how: object) -> None:
        """From another address of the site each time: a front hears less of a source whose tries fail (T-30)."""
        closed.must_be_refused(what, "sato", code, rule, address=f"{SITE}{next(tried)}", **how)

    closed.line_up("sato")
    closed.enrol("sato")
    with world.step("nobody has logged in"), world.without_kernel_filter():
        shown_nothing(world, "session.unknown_cookie", "R04")
    with world.step("his terminal has not been inspected"):
        told("Sato without a certificate, over his line", "certificate.missing", "R04", certificate=None)
        closed.log_in("sato")
        world.wait_state("sato", "quarantine")
        with world.without_kernel_filter():
            shown_nothing(world, "posture.quarantine", "R10")
    with world.step("all is well"):
        closed.report("sato", inside=True)
        world.wait_state("sato", "admitted")
        page = closed.consoles.desktop_page()
        world.must("the desktop page answers him", page.answers)
        assert page.view()["desktop"]["id"] == "vdi-11"
    closed.line_down("sato")
    with closed.in_clear("sato"):
        with world.step("his line is down"):
            shown_nothing(world, "circuit.line_down", "R02")
            told("Sato without a certificate, his line down", "circuit.line_down", "R02", certificate=None)
        with world.step("his circuit is given another network"):
            good, moved = world.export(), world.export()
            row(moved, "circuits", "line-sato")["prefixes"] = [ELSEWHERE]
            world.replace(moved)
            world.wait_no_session("sato")
            ended = world.entry(event="session.ended", person="sato")
            assert (ended["rule"], ended["code"]) == ("R03", "circuit.other_address"), ended
            told("Sato without a certificate, from an address of no circuit", "circuit.unknown", "R03", certificate=None)
            told("Sato with everything right, from an address of no circuit", "circuit.unknown", "R03")
            world.replace(good)
        with world.step("charon is gone"):
            closed.lose_charon()
            closed.wait_line("sato", "unknown")
            told("Sato without a certificate, while charon is gone", "circuit.line_unknown", "R02", certificate=None)


@pytest.mark.gate(closed=True)
@pytest.mark.rule("R01", must="fail")
@pytest.mark.rule("R03", must="fail")
@pytest.mark.rule("R03", must="pass")
def test_an_address_has_one_session_and_stands_in_the_closed_network(world: World) -> None:
    """Kita has come to work for Sato's company and sits down behind the same translation of addresses: while Sato is inside nobody else
    comes in from there. And a circuit whose network is not the closed one's is neither registered nor, where it stands already, used."""
    closed = world.closed
    for who in ("sato", "kita"):
        closed.ready(who)
    with world.step("a circuit outside the closed network is not registered"):
        refused_as(world, world.export(), "a circuit outside the closed network", "circuit.other_network",
                   edit("circuits", "line-kita", prefixes=[OUTSIDE]))
    with world.step("two people at one address"):
        joined = world.export()
        contractor, circuit = cast_closed.SITES["sato"]["contractor"], cast_closed.SITES["sato"]["circuit"]
        for kind, key in (("people", "kita"), ("contracts", "c-aid-2026"), ("terminals", "pc-kita")):
            row(joined, kind, key)["contractor"] = contractor
        row(joined, "terminals", "pc-kita")["circuit"] = circuit
        world.replace(joined)
        world.accepted("a-kita")
        satos = closed.pass_gate("sato")
        closed.must_be_refused("Kita, from the address of Sato's session", "kita", "session.address_in_use", "R03", at="sato")
        assert not world.journal(event="session.granted", person="kita"), "nothing was given, not even for a moment"
        satos.press("button.second").shows("ログアウトしました")
        world.wait_no_session("sato")
        world.advance(61)  # a person's tries are limited
        kitas = closed.log_in("kita", at="sato").shows("接続中です")
        assert world.session_of("kita")["address"] == cast_closed.pc_address("sato")
        kitas.press("button.second").shows("ログアウトしました")
        world.wait_no_session("kita")
    with world.step("both at the same moment"):
        world.advance(61)
        said = closed.log_in_at_once(["sato", "kita"], at="sato")
        outside, = (who for who, answer in said.items() if "R03 session.address_in_use" in answer)
        inside, = world.sessions()
        assert inside["person"] != outside and inside["address"] == cast_closed.pc_address("sato"), inside
        world.end_session(inside["number"])
        world.advance(61)
    with world.step("the closed network in the configuration has become smaller"):
        closed.shrink_network(LESS)
        closed.line_up("sato")
        with world.without_kernel_filter():
            closed.must_be_refused("Sato, over a circuit outside the closed network", "sato", "circuit.other_network", "R01")
