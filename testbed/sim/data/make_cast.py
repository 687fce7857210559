"""Makes cast.json: the client CA's certificate and list, one certificate for each person on a terminal, and the
terminals' public keys. No private key is kept: the simulator models handshakes and signatures.

    /usr/bin/python3 testbed/sim/data/make_cast.py > testbed/sim/data/cast.json

Run only to change the cast: a new file gives every seed another journal.
"""
from __future__ import annotations

import base64
import datetime
import hashlib
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BEGIN = datetime.datetime(2026, 1, 1)
END = datetime.datetime(2046, 1, 1)
PEOPLE = 12


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def number(n: int) -> str:
    return base64.urlsafe_b64encode(n.to_bytes(32, "big")).rstrip(b"=").decode()


def key_usage(**on: bool) -> x509.KeyUsage:
    every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{each: on.get(each, False) for each in every})


def main() -> None:
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = (x509.CertificateBuilder().subject_name(name("Sekisho simulator CA")).issuer_name(name("Sekisho simulator CA"))
          .public_key(ca_key.public_key()).serial_number(1).not_valid_before(BEGIN).not_valid_after(END)
          .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
          .add_extension(key_usage(key_cert_sign=True, crl_sign=True), critical=True)
          .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
          .sign(ca_key, hashes.SHA256()))
    crl = (x509.CertificateRevocationListBuilder().issuer_name(ca.subject).last_update(BEGIN).next_update(END)
           .add_extension(x509.CRLNumber(1), critical=False)
           .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
           .sign(ca_key, hashes.SHA256()))
    serials = iter(range(100, 1000))

    def leaf(person: str, terminal: str, end: datetime.datetime = END) -> dict[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = next(serials)
        made = (x509.CertificateBuilder().subject_name(name(person)).issuer_name(ca.subject).public_key(key.public_key())
                .serial_number(serial).not_valid_before(BEGIN).not_valid_after(end)
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
                .add_extension(key_usage(digital_signature=True), critical=True)
                .add_extension(x509.SubjectAlternativeName([
                    x509.UniformResourceIdentifier(f"urn:sekisho:person:{person}"),
                    x509.UniformResourceIdentifier(f"urn:sekisho:terminal:{terminal}")]), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
                .sign(ca_key, hashes.SHA256())).public_bytes(serialization.Encoding.DER)
        return {"person": person, "terminal": terminal, "serial_hex": f"{serial:x}",
                "fingerprint": hashlib.sha256(made).hexdigest(), "not_before": BEGIN.isoformat() + "Z",
                "not_after": end.isoformat() + "Z", "der_hex": made.hex()}

    def device(terminal: str) -> dict[str, str]:
        point = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        jwk = json.dumps({"crv": "P-256", "kty": "EC", "x": number(point.x), "y": number(point.y)},
                         separators=(",", ":"), sort_keys=True)
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()
        return {"terminal": terminal, "jwk": jwk, "thumbprint": thumbprint}

    people = [f"p{n:02}" for n in range(1, PEOPLE + 1)]
    terminals = [f"t{n:02}" for n in range(1, PEOPLE + 1)]
    # Thursday of the simulated week, 11:00 in Japan.
    midweek = datetime.datetime(2026, 11, 26, 2, 0)
    json.dump({"ca_pem": ca.public_bytes(serialization.Encoding.PEM).decode(),
               "crl_pem": crl.public_bytes(serialization.Encoding.PEM).decode(),
               "leaves": [leaf(p, t) for p, t in zip(people, terminals)],
               "short_leaf": leaf(people[0], terminals[0], midweek),
               "stranger_leaf": leaf("p99", "t99"),
               "devices": [device(t) for t in terminals]}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
