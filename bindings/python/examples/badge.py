"""An authenticator in ten lines: the number of a badge, asked after the certificate, in a gate that runs here."""
import sekisho
from sekisho import Refusal, Text, conformance

WRONG = Refusal("R04", "badge.wrong", Text("職員証の番号を確認できません。", "The badge's number is not right."),
                Text("入力した番号が登録と違います。", "It is not the registered one."),
                Text("番号を確かめて、もう一度入力してください。", "Look at your badge and type it again."))


class Badge(sekisho.Authenticator):
    factor = "badge"

    def step(self, request):
        given = request.evidence.get("badge", "")
        if not given:
            return self.ask(request, "badge", Text("職員証の番号", "Number of your badge"))
        if request.subject.known and given == "4711":
            return self.yes(request, terminal="pc-mori")
        return self.no(request, WRONG, may_retry=True)


CONFIG = {
    "gate_id": "gate.seki.test",
    "paths": [{"name": "internet", "zones": ["internet_business", "internet_dmz"], "factors": ["badge"],
               "least_factors": 1}],
}


def main():
    conformance.check(Badge())
    mori = sekisho.Arrival(path="internet", peer_address="198.51.100.7", language="ja")
    with sekisho.Gate(CONFIG, registry=sekisho.sample_registry(), authenticators=[Badge()]) as gate:
        front = gate.front("internet")
        asked = front.begin(mori, login="mori")
        try:
            front.answer(asked, mori, login="mori", badge="0815")
        except sekisho.RefusedError as refused:
            print(refused.refusal.why.ja)
        granted = front.login(mori, login="mori", password="", code="4711")
        print(granted.session, gate.session(granted.session).state)
        assert gate.verify_journal().ok
    return granted


if __name__ == "__main__":
    main()
