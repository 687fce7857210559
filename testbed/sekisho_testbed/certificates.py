"""Certificates that must not count, and keys; made with an independent library, not with the gate's own."""
from __future__ import annotations

import datetime
import hashlib
import pathlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .talks import Identity


def new_key(path: pathlib.Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()))
    return key


def fingerprint(path: pathlib.Path) -> str:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def der(path: pathlib.Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(serialization.Encoding.DER)


def _naive(now: datetime.datetime | None) -> datetime.datetime:
    return (now or datetime.datetime.now(datetime.timezone.utc)).astimezone(datetime.timezone.utc).replace(tzinfo=None)


def make_ca(folder: pathlib.Path, at: datetime.datetime) -> None:
    """The environment's CA (ca.pem, ca.key) and its empty CRL (crl.pem), for a lab whose time is not the machine's."""
    folder.mkdir(parents=True, exist_ok=True)
    key, name, now, day = new_key(folder / "ca.key"), _name("Sekisho lab CA"), _naive(at), datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - 30 * day).not_valid_after(now + 3650 * day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256()))
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    crl = (x509.CertificateRevocationListBuilder().issuer_name(name).last_update(now - day).next_update(now + 60 * day)
           .add_extension(x509.CRLNumber(1), critical=False)
           .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
           .sign(key, hashes.SHA256()))
    (folder / "crl.pem").write_bytes(crl.public_bytes(serialization.Encoding.PEM))


def revocation_list(ca: pathlib.Path, revoked: Sequence[pathlib.Path], at: datetime.datetime, life: datetime.timedelta) -> bytes:
    """The CA's list (PEM) of these certificates, from a little before `at` on."""
    key = serialization.load_pem_private_key((ca / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now, before = _naive(at), datetime.timedelta(minutes=1)
    builder = (x509.CertificateRevocationListBuilder()
               .issuer_name(x509.load_pem_x509_certificate((ca / "ca.pem").read_bytes()).subject)
               .last_update(now - before).next_update(now + life)
               .add_extension(x509.CRLNumber(1_000_000), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False))
    for path in revoked:
        serial = x509.load_pem_x509_certificate(path.read_bytes()).serial_number
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - before).build())
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def issue(folder: pathlib.Path, ca: pathlib.Path, person: str, terminal: str, at: datetime.datetime) -> Identity:
    """A client certificate of the environment, as `sekishoctl ca issue` makes it."""
    return odd("unregistered", folder / f"{person}-{terminal}", ca, person, terminal, now=at)


def registry_row(path: pathlib.Path, person: str, terminal: str) -> dict[str, str]:
    """The certificate as the registry knows it."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    serial = f"{certificate.serial_number:x}"
    return {"fingerprint_sha256": fingerprint(path), "serial_hex": serial.zfill(len(serial) + len(serial) % 2), "person": person,
            "terminal": terminal, "not_before": certificate.not_valid_before.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "not_after": certificate.not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ")}


def odd(kind: str, folder: pathlib.Path, ca: pathlib.Path, person: str, terminal: str,
        now: datetime.datetime | None = None) -> Identity:
    """kind: foreign_ca, unregistered, expired, server_usage. `now`: a lab's own time."""
    folder.mkdir(parents=True, exist_ok=True)
    now = _naive(now)
    key = new_key(folder / f"{kind}.key")
    if kind == "foreign_ca":
        ca_key = ec.generate_private_key(ec.SECP256R1())
        issuer = _name("Sekisho lab CA")
    else:
        loaded = serialization.load_pem_private_key((ca / "ca.key").read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        ca_key = loaded
        issuer = x509.load_pem_x509_certificate((ca / "ca.pem").read_bytes()).subject
    day = datetime.timedelta(days=1)
    start, end = (now - 9 * day, now - day) if kind == "expired" else (now - day, now + 9 * day)
    usage = ExtendedKeyUsageOID.SERVER_AUTH if kind == "server_usage" else ExtendedKeyUsageOID.CLIENT_AUTH
    certificate = (
        x509.CertificateBuilder().subject_name(_name(person)).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
        .add_extension(x509.SubjectAlternativeName([
            x509.UniformResourceIdentifier(f"urn:sekisho:person:{person}"),
            x509.UniformResourceIdentifier(f"urn:sekisho:terminal:{terminal}")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256()))
    path = folder / f"{kind}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Identity(path, folder / f"{kind}.key")
