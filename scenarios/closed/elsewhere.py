"""People who try the door that is not theirs: over the Internet, at Mori's PC."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

from sekisho_testbed import cast, cast_closed
from sekisho_testbed.people import Login
from sekisho_testbed.pc import ContractorPc, TerminalAgent
from sekisho_testbed.talks import Identity
from sekisho_testbed.world import World

import joins  # beside this file


def at_moris_pc(world: World, who: str, certificate: object = "own", *, asked: bool = True) -> Login:
    """This person sits at Mori's PC with his own ID and password; the login, once the mailed code is typed. `asked`: whether the
    gate gets as far as asking for one."""
    mailbox = world.mailbox(who)
    login = world.pc("mori").login(world.people[who]["password"], login=who,
                                   certificate=world.certificate_of(who) if certificate == "own" else certificate)
    if asked:
        login.asked()
        login.type(mailbox.next_code())
    return login


@dataclasses.dataclass(frozen=True)
class Try:
    what: str
    rule: str
    code: str
    certificate: Callable[[World], object]
    asked: bool  # whether it comes as far as the mailed code


def own_terminal_of_sato(world: World) -> Identity:
    """An own terminal of Sato's company that is registered and stands in his application."""
    registry = world.export()
    registry["terminals"].append({"id": "pc-own", "contractor": "sato-joho", "name": "own", "kind": "own", "macs": ["3c:7c:3f:5a:70:77"]})
    joins.row(registry, "applications", "a-sato")["terminals"].append("pc-own")
    world.replace(registry)
    world.accept("a-sato")
    return world.issue("sato", "pc-own")


#: Sato, who is a My Number person, over the Internet. Each is tried and refused, one after the other.
SATOS: list[Try] = [
    Try("Sato without a certificate", "R04", "certificate.missing", lambda w: None, False),
    Try("Sato with the certificate of Mori and his own terminal", "R04", "certificate.other_person", lambda w: w.certificate_of("mori"), False),
    Try("Sato with a certificate of a stranger's CA", "R04", "certificate.untrusted", lambda w: w.odd_certificate("foreign_ca", "sato"), False),
    Try("Sato with his lent terminal's certificate", "R03", "terminal.not_own", lambda w: w.certificate_of("sato"), True),
    Try("Sato with an own terminal that is registered for him", "R01", "zone.other_path", own_terminal_of_sato, True),
]


def refused_at_moris_pc(world: World, who: str, each: Try) -> None:
    with world.step(each.what):
        certificate = each.certificate(world)
        with world.refusal(each.what, each.code, each.rule):
            at_moris_pc(world, who, certificate, asked=each.asked).refused()
        world.advance(61)  # one code a minute is mailed


def sato_at_moris_pc(world: World) -> Login:
    """Sato, with everything that is his but the path: his lent terminal's agent, certificate, ID, password and code, over the Internet."""
    mori = world.pc("mori")
    assert isinstance(mori, ContractorPc)
    agent = world.fresh_agent(mori)
    assert isinstance(agent, TerminalAgent)
    mac = cast_closed.site_plug("sato", "pc").mac
    assert mac is not None
    agent.facts_file = mori.host.folder / "sato-facts.json"
    agent.facts(cast.good_facts(world.now(), mac, "sato-pc"))
    done = agent.enrol(world.enrolment_token("sato"))
    assert done.returncode == 0, done.stdout + done.stderr
    report = agent.report(inside=False)
    assert report.ok, report.text
    return at_moris_pc(world, "sato").up()
