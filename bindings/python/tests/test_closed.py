"""The closed path from Python: circuits, zones, lent terminals; what charon would say of a line is told to the gate."""
import hashlib
import json
from datetime import timedelta

import pytest

import sekisho
from sekisho import SAMPLE_NOW, registry as reg, seam

LEAF = b"leaf of sato on pc-sato"
INTERNET = {"name": "internet", "zones": ["internet_business", "internet_dmz"], "factors": ["word"], "least_factors": 1,
            "tun": {"name": "sekisho0", "gate_address": "10.202.0.1"}}
CLOSED = {"name": "closed", "zones": ["my_number"], "lent_only": True, "factors": ["word"], "least_factors": 1,
          "entrance": "10.90.0.1:5900", "closed": {"gate_address": "10.90.0.1", "prefix": 16, "device": "ipsec0"}}
CONFIG = {"node": "1", "gate_id": "gate.seki.test", "paths": [INTERNET, CLOSED]}


class Word(sekisho.Authenticator):
    """Everybody's word is right, and the terminal is the one of his name."""
    factor = "word"

    def step(self, request):
        return self.yes(request, terminal="pc-" + request.subject.person)


def registry(change=None):
    """The sample with Sato's certificate; `change` edits the document."""
    document = sekisho.sample_registry().export(secrets=True)
    document.setdefault("certificates", []).append(
        {"fingerprint_sha256": hashlib.sha256(LEAF).hexdigest(), "serial_hex": "02", "person": "sato", "terminal": "pc-sato",
         "not_before": reg.format_moment(SAMPLE_NOW - timedelta(days=1)), "not_after": reg.format_moment(SAMPLE_NOW + timedelta(days=200))})
    if change:
        change(document)
    return reg.load_registry(document)


def row(document, kind, key):
    return next(each for each in document[kind] if each["id"] == key)


@pytest.fixture
def gate():
    with sekisho.Gate(CONFIG, registry=registry(), authenticators=[Word()]) as gate:
        yield gate


def come(gate, address="10.90.1.10", path="closed", who="sato", leaf=LEAF, **more):
    arrival = sekisho.Arrival(path=path, peer_address=address, language="ja", certificate_chain=[leaf] if leaf else [], **more)
    return gate.front(path).login(arrival, login=who, password="")


def refused(gate, **how):
    with pytest.raises(sekisho.RefusedError) as raised:
        come(gate, **how)
    refusal = raised.value.refusal
    for text in (refusal.what, refusal.why, refusal.remedy):
        assert text.ja and text.en
    last = gate.entries(event="login.refused")[-1].entry
    assert (last.rule, last.code) == (refusal.rule, refusal.code), "the journal says the same"
    return f"{refusal.rule} {refusal.code}"


def test_a_line_is_unknown_until_it_is_told(gate):
    assert refused(gate) == "R02 circuit.line_unknown"
    gate.set_line("closed", "line-sato", "down")
    assert refused(gate) == "R02 circuit.line_down"
    gate.set_line("closed", "line-sato", "up")
    assert gate.session(come(gate).session).person == "sato"


def test_a_line_is_up_down_or_unknown_and_nothing_else(gate):
    with pytest.raises(ValueError, match="up, down or unknown"):
        gate.set_line("closed", "line-sato", "sideways")
    assert gate.circuits()[0]["line"] == "unknown"


def test_a_session_of_the_closed_path_keeps_the_terminals_address_and_zone(gate):
    gate.set_line("closed", "line-sato", "up")
    session = gate.session(come(gate).session)
    assert (session.path, session.zone, session.address) == ("closed", "my_number", "10.90.1.10")
    assert [right.address for right in gate.kernel["ipsec0"]] == ["10.90.1.10"]
    assert {rule.address for rule in gate.kernel["ipsec0"][0].filter} == {"10.90.0.1"}, "the entrance and nothing behind it"
    granted = gate.entries(event="session.granted")[-1].entry
    assert granted.detail["circuit"] == "line-sato"


def test_a_line_that_is_lost_takes_the_right_from_the_kernel_and_gives_it_back(gate):
    gate.set_line("closed", "line-sato", "up")
    number = come(gate).session
    for line in ("down", "unknown"):
        gate.set_line("closed", "line-sato", line)
        gate.clock.settle()
        assert gate.kernel["ipsec0"] == [] and not gate.session(number).tunnel_up
        lost = gate.entries(event="circuit.line_lost")[-1].entry
        assert (lost.session, lost.rule, lost.detail["line"]) == (number, "R02", line)
        gate.set_line("closed", "line-sato", "up")
        gate.clock.settle()
        assert [right.address for right in gate.kernel["ipsec0"]] == ["10.90.1.10"]
        assert gate.entries(event="circuit.line_back")[-1].entry.session == number


def test_a_line_that_stays_away_ends_its_session(gate):
    gate.set_line("closed", "line-sato", "up")
    number = come(gate).session
    gate.set_line("closed", "line-sato", "down")
    gate.advance(121)
    assert gate.session(number) is None


def test_staff_see_the_circuits(gate):
    gate.set_line("closed", "line-sato", "up")
    number = come(gate).session
    shown, = gate.circuits()
    assert (shown["circuit"], shown["state"], shown["line"], shown["in_use_by"]) == ("line-sato", "usable", "up", [number])
    assert not shown["closed_because"]
    gate.stop("contractor", "sato-joho", reason="drill")
    gate.clock.settle()
    assert gate.circuits()[0]["closed_because"]


@pytest.mark.parametrize("how,told", [
    ({"address": "10.90.2.10"}, "R03 circuit.unknown"),             # no circuit has that address
    ({"address": "10.90.2.10", "circuit": "line-sato"}, "R03 circuit.other_address"),  # whatever a front claims
    ({"who": "mori", "leaf": b"leaf"}, "R03 terminal.not_lent"),     # an own terminal, with a certificate that nobody knows
    ({"path": "internet", "circuit": "line-sato"}, "R01 circuit.other_path"),
    ({"path": "internet", "address": "198.51.100.7"}, "R03 terminal.not_own"),
])
def test_who_comes_otherwise_is_refused_by_rule_and_code(gate, how, told):
    gate.set_line("closed", "line-sato", "up")
    assert refused(gate, **how) == told
    assert gate.sessions() == []
    assert come(gate).session, "the same Sato, by his own way"


@pytest.mark.parametrize("values,told", [
    ({"usable_at": 1}, "R21 circuit.not_usable"),
    ({"usable_at": None}, "R21 circuit.not_usable"),
    ({"ended_at": -1}, "R21 circuit.ceased"),
])
def test_a_circuit_opens_from_its_day_and_until_its_end(values, told):
    days = {name: None if value is None else reg.format_moment(SAMPLE_NOW + timedelta(days=value)) for name, value in values.items()}

    def spoil(document):
        circuit = row(document, "circuits", "line-sato")
        circuit.update({name: at for name, at in days.items() if at})
        for name, at in days.items():
            if at is None:
                circuit.pop(name)

    with sekisho.Gate(CONFIG, registry=registry(spoil), authenticators=[Word()]) as gate:
        gate.set_line("closed", "line-sato", "up")
        assert refused(gate) == told


def test_what_ends_a_circuit_ends_its_sessions(gate):
    gate.set_line("closed", "line-sato", "up")
    number = come(gate).session
    gate.change(lambda registry: registry.end("circuit", "line-sato", gate.clock.now), what="circuit.ended")
    assert gate.session(number) is None and gate.kernel["ipsec0"] == []
    assert gate.circuits()[0]["state"] == "ceased"


@pytest.mark.parametrize("spoil,code", [
    (lambda d: row(d, "contracts", "c-num").update(systems=["num", "web"]), "zone.contract"),
    (lambda d: row(d, "desktops", "vdi-03").update(address="10.20.0.11", port=5901), "zone.desktop"),
    (lambda d: row(d, "circuits", "line-sato").update(prefixes=["10.20.0.0/24"]), "zone.circuit"),
    (lambda d: row(d, "terminals", "pc-sato").update(macs=["00:1b:21:00:00:01"]), "zone.terminal"),
    (lambda d: row(d, "circuits", "line-sato").update(device_name="%any"), "circuit.device_name"),
    (lambda d: row(d, "terminals", "pc-sato").update(lent_to="mori"), "terminal.loan_contractor"),
])
def test_what_would_join_zones_is_no_registry(gate, spoil, code):
    document = gate.registry.export(secrets=True)
    assert code not in [finding.code for finding in reg.registry_findings(document)]
    spoil(document)
    with pytest.raises(sekisho.RegistryError) as raised:
        gate.change(lambda now: now.replaced_by(reg.load_registry(document)))
    assert code in [finding["code"] for finding in json.loads(raised.value.detail)]


def test_an_entrance_of_the_other_path_shows_no_screen(gate):
    gate.set_line("closed", "line-sato", "up")
    come(gate)
    heard = []
    relay = gate.attach("relay", "internet", heard.append)
    relay.send(seam.EntranceAsk(1, "10.90.1.10"))
    gate.clock.settle()
    assert isinstance(heard[-1], seam.EntranceGrant) and not heard[-1].ok and heard[-1].refusal.code
