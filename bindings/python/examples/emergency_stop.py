"""The emergency stop, seen from inside: everything ends at once, nobody new comes in, and the journal says so (R19)."""
import sekisho

from badge import CONFIG, Badge


def main():
    mori = sekisho.Arrival(path="internet", peer_address="198.51.100.7")
    with sekisho.Gate(CONFIG, registry=sekisho.sample_registry(), authenticators=[Badge()]) as gate:
        front = gate.front("internet")
        granted = front.login(mori, login="mori", password="", code="4711")
        ended = gate.stop("all", by="yama", reason="drill")
        print("ended", ended, "sessions:", [push.reason.ja for push in front.pushes if hasattr(push, "reason")])
        try:
            front.login(mori, login="mori", password="", code="4711")
            refused = None
        except sekisho.RefusedError as error:
            refused = error.refusal
            print(refused.rule, refused.code, refused.why.en)
        codes = [stored.entry.code for stored in gate.entries(session=granted.session, event="session.ended")]
        return ended, refused, codes, gate.kernel


if __name__ == "__main__":
    main()
