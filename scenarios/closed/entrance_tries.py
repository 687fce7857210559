"""Who comes to the closed entrance how, and the code with which that is refused. Everything else about the person is right."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from sekisho_testbed.world import World


@dataclasses.dataclass(frozen=True)
class Entering:
    what: str
    who: str
    rule: str
    code: str
    how: Callable[[World], dict[str, Any]]  # ClosedSide.log_in()


def odd(kind: str, who: str) -> Callable[[World], dict[str, Any]]:
    return lambda w: {"certificate": w.odd_certificate(kind, who)}


MIXED: list[Entering] = [
    Entering("Sato with his terminal's certificate on Kita's circuit", "sato", "R03", "circuit.other_terminal", lambda w: {"at": "kita"}),
    Entering("Kita with his terminal's certificate on Sato's circuit", "kita", "R03", "circuit.other_terminal", lambda w: {"at": "sato"}),
    Entering("Sato with Kita's certificate on Kita's circuit", "sato", "R04", "certificate.other_person",
             lambda w: {"at": "kita", "certificate": w.certificate_of("kita")}),
]
OWN: list[Entering] = [
    Entering("Sato with the certificate of Mori's own terminal", "sato", "R03", "terminal.not_lent",
             lambda w: {"certificate": w.certificate_of("mori")}),
    Entering("Mori with his own certificate, from the inside of Sato's circuit", "mori", "R03", "terminal.not_lent", lambda w: {"at": "sato"}),
    Entering("Mori with the certificate of Sato's terminal", "mori", "R04", "certificate.other_person",
             lambda w: {"at": "sato", "certificate": w.certificate_of("sato")}),
]
STRANGE: list[Entering] = [
    Entering("Sato with Kita's certificate", "sato", "R03", "circuit.other_terminal", lambda w: {"certificate": w.certificate_of("kita")}),
    Entering("Sato without a certificate", "sato", "R04", "certificate.missing", lambda w: {"certificate": None}),
    Entering("Sato with a certificate of a stranger's CA", "sato", "R04", "certificate.untrusted", odd("foreign_ca", "sato")),
    Entering("Sato with a certificate that nobody has registered", "sato", "R04", "certificate.not_registered", odd("unregistered", "sato")),
    Entering("Sato with a wrong password", "sato", "R04", "password.wrong", lambda w: {"password": "not his password 1"}),
    Entering("Kita without a certificate", "kita", "R04", "certificate.missing", lambda w: {"certificate": None}),
    Entering("Kita with a certificate that has expired", "kita", "R04", "certificate.expired", odd("expired", "kita")),
    Entering("Kita with a certificate for servers", "kita", "R04", "certificate.wrong_usage", odd("server_usage", "kita")),
    Entering("Kita with Mori's unregistered certificate", "kita", "R04", "certificate.other_person", odd("unregistered", "mori")),
]
