"""T-33, T-09: the certificate zoo against the real front; every kind gets its own refusal, none a question for a code."""
from __future__ import annotations

import datetime

import pytest

from sekisho_testbed import cast, certificates
from sekisho_testbed.attack import handle_of, password_round
from sekisho_testbed.talks import Heard, Identity, Talk
from sekisho_testbed.world import World
from sekisho_testbed.zoo import Zoo

pytestmark = pytest.mark.needs("real_tls")

PER_SOURCE = 2  # three refused logins without a proved certificate shut a source out for a while


def shown(world: World, animals: dict[str, Identity | None]) -> dict[str, Heard]:
    """What each gets who shows this certificate with Mori's name and right password."""
    sources = world.more_addresses("mori-pc", (len(animals) + PER_SOURCE - 1) // PER_SOURCE)
    request = password_round("mori", cast.PEOPLE["mori"]["password"])
    return world.talk("mori-pc", [Talk(kind, [request], answers=1, source=sources[n // PER_SOURCE], identity=identity)
                                  for n, (kind, identity) in enumerate(animals.items())])


@pytest.mark.rule("R04", must="fail")
def test_every_animal_of_the_zoo_is_refused_with_its_own_code(world: World) -> None:
    zoo = Zoo(world.folder / "zoo", world.ca, world.now())
    animals = zoo.animals()
    assert len(animals) >= 25
    heard = shown(world, {kind: identity for kind, (identity, _) in animals.items()})
    wrong = [f"{kind}: {heard[kind].status} {heard[kind].code} {heard[kind].error}, not {code}"
             for kind, (_, code) in animals.items() if heard[kind].status != 403 or heard[kind].code != code]
    assert not wrong, "\n".join(wrong)
    for code in {code for _, code in animals.values()}:
        world.refused(code, rule="R04", count=sum(c == code for _, c in animals.values()))
    # The check can fail: the same kind of certificate, once it is registered, gets the question for the code.
    good = zoo.good()
    world.register_certificate("mori", good)
    assert handle_of(shown(world, {"good": good})["good"].heard)


@pytest.mark.rule("R04", must="fail")
def test_keys_that_tls_does_not_take_here_open_nothing(world: World) -> None:
    """P-224, secp256k1, Ed25519 and 17 KB: the handshake ends, or the client has no certificate to show."""
    heard = shown(world, dict(Zoo(world.folder / "zoo", world.ca, world.now()).not_negotiated()))
    for kind, answer in heard.items():
        assert not handle_of(answer.heard), kind
        assert (answer.status, answer.code) in ((0, ""), (403, "certificate.missing"), (403, "certificate.weak_key")), (kind, answer)


@pytest.mark.rule("R04", must="fail")
def test_a_certificate_ends_with_its_registration_and_with_its_revocation(world: World) -> None:
    own = world.certificate_of("mori")
    assert handle_of(shown(world, {"own": own})["own"].heard)
    world.revoke_certificate("mori")
    assert shown(world, {"revoked": own})["revoked"].code == "certificate.revoked"
    assert shown(world, {"none": None})["none"].code == "certificate.missing"


def test_bad_certificates_disturb_no_good_login(world: World) -> None:
    """T-09: every animal, twice, while Tani logs in again and again beside them."""
    zoo = Zoo(world.folder / "zoo", world.ca, world.now())
    animals = {kind: identity for kind, (identity, _) in zoo.animals().items()}
    sources = world.more_addresses("mori-pc", 40)
    request = password_round("mori", "not his password")
    good = password_round("tani", cast.PEOPLE["tani"]["password"])
    tani = world.certificate_of("tani")
    talks = []
    for turn in range(2):
        for n, (kind, identity) in enumerate(animals.items()):
            talks.append(Talk(f"{kind} {turn}", [request], answers=1, source=sources[(turn * 20 + n // 2) % 40], identity=identity))
            if n % 4 == 0:  # his certificate is proved; the second question comes too early to be mailed again
                talks.append(Talk(f"good {turn} {n}", [good], answers=1, identity=tani))
    heard = world.talk("mori-pc", talks, within=180)
    for row in (h for label, h in heard.items() if label.startswith("good ")):
        assert handle_of(row.heard) or row.code == "code.send_limit", row
    assert not any(handle_of(h.heard) for label, h in heard.items() if not label.startswith("good "))


@pytest.mark.needs("clock")
@pytest.mark.gate(behind_s=120)
@pytest.mark.rule("R04", must="fail")
def test_what_tls_takes_the_gate_still_looks_at_itself(world: World) -> None:
    """The front's handshake finds nothing wrong with any of these. The gate has a clock, a revocation list and a CA of its own to ask."""
    zoo, hour = Zoo(world.folder / "zoo", world.ca, world.now()), datetime.timedelta(hours=1)
    mori, tani = zoo.good(), world.certificate_of("tani")
    begins = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=30)  # for TLS, whose clock is ahead
    hour_long = zoo.lasting(begins, hour)
    sources = iter(world.more_addresses("mori-pc", 12))

    def asked(who: str, identity: Identity) -> str:
        """The handle of the question for his code, or the refusal's code."""
        one = Talk(who, [password_round(who, cast.PEOPLE[who]["password"])], answers=1, source=next(sources), identity=identity)
        heard = world.talk("mori-pc", [one])[who]
        return handle_of(heard.heard) or heard.code

    def refused(what: str, who: str, identity: Identity, code: str) -> None:
        with world.refusal(what, code, "R04"):
            assert asked(who, identity) == code

    world.register_certificate("mori", hour_long)
    with world.step("days"):
        refused("a certificate before its first moment", "mori", hour_long, "certificate.not_yet_valid")
        world.advance((begins - world.now()).total_seconds() + 1)
        assert "." not in asked("mori", hour_long), "from its first moment on it counts"
        world.advance(hour.total_seconds() + 60)
        refused("a certificate after its last moment", "mori", hour_long, "certificate.expired")
    with world.step("revocation list"):
        world.register_certificate("mori", mori)
        world.publish_revoked(tani, life=hour)
        world.restart()
        refused("a certificate that the CA has revoked and the registry still knows", "tani", tani, "certificate.revoked")
        assert "." not in asked("mori", mori), "who is not on the list passes"
        world.advance(hour.total_seconds() + 60)
        refused("a good certificate while the list is older than it says", "mori", mori, "certificate.crl_stale")
    with world.step("another CA"):
        certificates.make_ca(world.folder / "next-ca", world.now())
        world.restart(authority=world.folder / "next-ca")
        refused("a certificate of a CA that the gate does not know any more", "mori", mori, "certificate.untrusted")
