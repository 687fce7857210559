"""T-33, T-09: the certificate zoo against the real front; every kind gets its own refusal, none a question for a code."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast, certificates
from sekisho_testbed.attack import Heard, Talk, handle_of, more_addresses, password_round, talk
from sekisho_testbed.pc import Identity
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.zoo import Zoo

pytestmark = pytest.mark.needs("real_tls")

PER_SOURCE = 2  # three refused logins without a proved certificate shut a source out for a while


def shown(world: NamespacesWorld, animals: dict[str, Identity | None]) -> dict[str, Heard]:
    """What each gets who shows this certificate with Mori's name and right password."""
    host = world.house.lab.hosts["mori-pc"]
    sources = more_addresses(host, (len(animals) + PER_SOURCE - 1) // PER_SOURCE)
    request = password_round("mori", cast.PEOPLE["mori"]["password"])
    return talk(world, host, [Talk(kind, [request], answers=1, source=sources[n // PER_SOURCE], identity=identity)
                              for n, (kind, identity) in enumerate(animals.items())])


@pytest.mark.rule("R04", must="fail")
def test_every_animal_of_the_zoo_is_refused_with_its_own_code(world: NamespacesWorld) -> None:
    zoo = Zoo(world.folder / "zoo", world.gatehouse.ca)
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
    world.ctl("certificate", "register", str(good.certificate), "--replace")
    assert handle_of(shown(world, {"good": good})["good"].heard)


@pytest.mark.rule("R04", must="fail")
def test_keys_that_tls_does_not_take_here_open_nothing(world: NamespacesWorld) -> None:
    """P-224, secp256k1, Ed25519 and 17 KB: the handshake ends, or the client has no certificate to show."""
    heard = shown(world, dict(Zoo(world.folder / "zoo", world.gatehouse.ca).not_negotiated()))
    for kind, answer in heard.items():
        assert not handle_of(answer.heard), kind
        assert (answer.status, answer.code) in ((0, ""), (403, "certificate.missing"), (403, "certificate.weak_key")), (kind, answer)


@pytest.mark.rule("R04", must="fail")
def test_a_certificate_ends_with_its_registration_and_with_its_revocation(world: NamespacesWorld) -> None:
    own = world.pc("mori").identity
    assert own is not None
    assert handle_of(shown(world, {"own": own})["own"].heard)
    world.ctl("certificate", "revoke", certificates.fingerprint(own.certificate))
    assert shown(world, {"revoked": own})["revoked"].code == "certificate.revoked"
    assert shown(world, {"none": None})["none"].code == "certificate.missing"


def test_bad_certificates_disturb_no_good_login(world: NamespacesWorld) -> None:
    """T-09: every animal, twice, while Tani logs in again and again beside them."""
    zoo = Zoo(world.folder / "zoo", world.gatehouse.ca)
    animals = {kind: identity for kind, (identity, _) in zoo.animals().items()}
    host = world.house.lab.hosts["mori-pc"]
    sources = more_addresses(host, 40)
    request = password_round("mori", "not his password")
    good = password_round("tani", cast.PEOPLE["tani"]["password"])
    tani = world.pc("tani").identity
    talks = []
    for turn in range(2):
        for n, (kind, identity) in enumerate(animals.items()):
            talks.append(Talk(f"{kind} {turn}", [request], answers=1, source=sources[(turn * 20 + n // 2) % 40], identity=identity))
            if n % 4 == 0:  # his certificate is proved; the second question comes too early to be mailed again
                talks.append(Talk(f"good {turn} {n}", [good], answers=1, identity=tani))
    heard = talk(world, host, talks, within=180)
    for row in (h for label, h in heard.items() if label.startswith("good ")):
        assert handle_of(row.heard) or row.code == "code.send_limit", row
    assert not any(handle_of(h.heard) for label, h in heard.items() if not label.startswith("good "))
