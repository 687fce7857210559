"""The login machine by hand."""
from datetime import timedelta

import pytest

import sekisho
from sekisho import SAMPLE_NOW as NOW
from sekisho import login as lg
from sekisho.kinds import EffectResult

ARRIVAL = sekisho.Arrival(path="internet", peer_address="198.51.100.7", certificate_chain=[b"leaf"])
NO = sekisho.Refusal("R04", "code.wrong", sekisho.Text("不可", "No"), sekisho.Text("理由", "Why"),
                     sekisho.Text("対処", "Do"))


class Certificate(sekisho.Authenticator):
    factor = "certificate"

    def step(self, request):
        return self.yes(request, terminal="pc-mori") if request.subject.known else self.no(request, NO)


class Password(sekisho.Authenticator):
    factor = "password"

    def step(self, request):
        if request.effect is None:
            return self.wait(request, request.evidence.get("password", ""), encoded_hash="hash")
        return self.yes(request) if request.effect.matched else self.no(request, NO, may_retry=True)


class Code(sekisho.Authenticator):
    factor, weight = "code", 0

    def step(self, request):
        if "code" not in request.evidence:
            request.account_state = {"asked": (request.account_state or {}).get("asked", 0) + 1}
            return self.ask(request, "code", sekisho.Text("確認コード", "Code"))
        return self.yes(request) if request.evidence["code"] == "123456" else self.no(request, NO)


@pytest.fixture
def machine():
    policy = lg.PathPolicy(path="internet", zones=["internet_business"], factors=["certificate", "password", "code"],
                           least_factors=2)
    return lg.LoginMachine(registry=sekisho.sample_registry(), policy=policy,
                           authenticators=[Certificate(), Password(), Code()])


def to_question(machine, now=NOW):
    evidence = {"login": "mori", "password": "x"}
    waiting = machine.begin(ARRIVAL, evidence, now=now)
    assert isinstance(waiting.end, lg.LoginWaiting) and waiting.end.work.candidate == "x"
    return machine.resume(waiting.document, ARRIVAL, evidence, EffectResult(done=True, matched=True), now=now)


def test_a_login_goes_from_factor_to_factor(machine):
    asked = to_question(machine)
    assert isinstance(asked.end, lg.LoginQuestion) and asked.end.ask.field == "code"
    passed = machine.answer(asked.document, ARRIVAL, {"login": "mori", "code": "123456"}, now=NOW)
    assert isinstance(passed.end, lg.LoginPassed)
    assert (passed.end.person, passed.end.terminal) == ("mori", "pc-mori")


def test_a_wrong_answer_is_refused_with_its_rule(machine):
    asked = to_question(machine)
    refused = machine.answer(asked.document, ARRIVAL, {"login": "mori", "code": "000000"}, now=NOW)
    assert isinstance(refused.end, lg.LoginRefused)
    assert refused.end.refusal.rule == "R04" and refused.end.refusal.code == "code.wrong"


def test_a_login_keeps_its_source(machine):
    asked = to_question(machine)
    elsewhere = sekisho.Arrival(path="internet", peer_address="203.0.113.9", certificate_chain=[b"leaf"])
    refused = machine.answer(asked.document, elsewhere, {"login": "mori", "code": "123456"}, now=NOW)
    assert isinstance(refused.end, lg.LoginRefused)


def test_a_login_is_late_after_its_life(machine):
    asked = to_question(machine)
    assert asked.expires_at == NOW + timedelta(seconds=600)


def test_states_stand_beside_the_machine(machine):
    to_question(machine)
    assert machine.states[("account", "mori", "code")] == {"asked": 1}


def test_a_factor_that_is_not_there_refuses(machine):
    policy = machine.policy
    policy.factors = ["certificate", "telepathy"]
    machine.policy = policy
    assert isinstance(machine.begin(ARRIVAL, {"login": "mori"}, now=NOW).end, lg.LoginRefused)


def test_a_factor_that_raises_is_a_no(machine):
    class Broken(Certificate):
        def step(self, request):
            raise RuntimeError("bug")

    broken = lg.LoginMachine(registry=machine.registry, policy=lg.PathPolicy(path="internet", factors=["certificate"]),
                             authenticators=[Broken()])
    assert isinstance(broken.begin(ARRIVAL, {"login": "mori"}, now=NOW).end, lg.LoginRefused)


def test_a_mail_counts_nothing(machine):
    assert machine.assurance_fault() is None
    policy = machine.policy
    policy.factors, policy.least_factors = ["password", "code"], 2
    machine.policy = policy
    assert machine.assurance_fault().en


def test_every_refusal_has_rule_and_words():
    refusals = lg.admission_refusals()
    assert len(refusals) > 50
    assert all(r.rule and r.code and r.what.ja and r.remedy.en for r in refusals)
    assert lg.find_refusal("person.ended").rule == "R17" and lg.find_refusal("no.such") is None
    assert any(rule == "R04" for rule, _, _ in lg.enforcement_points())
    assert lg.source_network("2001:db8::1") == lg.source_network("2001:db8::2")
