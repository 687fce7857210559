"""The certificate zoo (T-33): client certificates of every wrong shape, made with python3-cryptography, and the code of
the refusal that each must get. Mori's name and terminal stand in all of them unless the shape is about the name. What no
client library sends (an extension that stands there twice, bytes that are no certificate) is in the unit tests' zoo.
"""
from __future__ import annotations

import dataclasses
import datetime
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .talks import Identity

DAY = datetime.timedelta(days=1)
PERSON, TERMINAL = "urn:sekisho:person:mori", "urn:sekisho:terminal:pc-mori"
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclasses.dataclass
class Signer:
    name: x509.Name
    key: Any


@dataclasses.dataclass
class Shape:
    """How a certificate differs from a good one."""
    start: float = -1
    days: float = 9
    common_name: str = "mori"
    uris: tuple[str, ...] = (PERSON, TERMINAL)
    usages: tuple[x509.ObjectIdentifier, ...] | None = (CLIENT,)
    ca: bool = False
    path_length: int | None = None
    signs: bool = True  # key usage: digitalSignature
    issues: bool = False  # key usage: keyCertSign
    key: Callable[[], Any] = lambda: ec.generate_private_key(ec.SECP256R1())
    digest: Any = dataclasses.field(default_factory=hashes.SHA256)
    critical: x509.ObjectIdentifier | None = None
    constraints: x509.NameConstraints | None = None
    padding: int = 0  # bytes of a further name
    bad_signature: bool = False


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)


def make(shape: Shape, signer: Signer | None, at: datetime.datetime) -> tuple[bytes, Any]:
    """The certificate (DER) and its key; self-signed without a signer."""
    now = at.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    key = shape.key()
    by = signer or Signer(name(shape.common_name), key)
    builder = (x509.CertificateBuilder().subject_name(name(shape.common_name)).issuer_name(by.name).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now + shape.start * DAY)
               .not_valid_after(now + (shape.start + shape.days) * DAY)
               .add_extension(x509.BasicConstraints(shape.ca, shape.path_length if shape.ca else None), critical=True)
               .add_extension(x509.KeyUsage(shape.signs, False, not shape.signs and not shape.issues, False, False,
                                            shape.issues, shape.issues, False, False), critical=True)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False))
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in shape.uris]
    if shape.padding:
        names.append(x509.UniformResourceIdentifier("https://padding.test/" + "a" * shape.padding))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if shape.usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(shape.usages)), critical=False)
    if shape.critical is not None:
        builder = builder.add_extension(x509.UnrecognizedExtension(shape.critical, b"\x05\x00"), critical=True)
    if shape.constraints is not None:
        builder = builder.add_extension(shape.constraints, critical=True)
    digest = None if isinstance(by.key, ed25519.Ed25519PrivateKey) else shape.digest
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SHA-1 is meant
        made = builder.sign(by.key, digest)
    der = made.public_bytes(serialization.Encoding.DER)
    if shape.bad_signature:
        der = der[:-3] + bytes([der[-3] ^ 1]) + der[-2:]
    return der, key


def rsa_key(bits: int) -> Callable[[], Any]:
    return lambda: rsa.generate_private_key(65537, bits)


# kind -> (shape, code of the refusal). All are signed by the environment's own CA.
BY_THE_CA: dict[str, tuple[Shape, str]] = {
    "expired": (Shape(start=-10, days=9), "certificate.expired"),
    "expired a second ago": (Shape(start=-1, days=1 - 1 / 86400), "certificate.expired"),
    "not valid yet": (Shape(start=1), "certificate.not_yet_valid"),
    "for servers": (Shape(usages=(ExtendedKeyUsageOID.SERVER_AUTH,)), "certificate.wrong_usage"),
    "for mail": (Shape(usages=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)), "certificate.wrong_usage"),
    "for any use": (Shape(usages=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), "certificate.wrong_usage"),
    "without extended usage": (Shape(usages=None), "certificate.wrong_usage"),
    "key that may not sign": (Shape(signs=False), "certificate.wrong_usage"),
    "marked as CA": (Shape(ca=True, issues=True), "certificate.wrong_usage"),
    "RSA 1024": (Shape(key=rsa_key(1024)), "certificate.weak_key"),
    "RSA 2048": (Shape(key=rsa_key(2048)), "certificate.weak_key"),
    "SHA-1": (Shape(digest=hashes.SHA1()), "certificate.weak_key"),
    "SHA-224": (Shape(digest=hashes.SHA224()), "certificate.weak_key"),
    "unknown critical extension": (Shape(critical=x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")), "certificate.untrusted"),
    "broken signature": (Shape(bad_signature=True), "certificate.untrusted"),
    "NUL in the person": (Shape(uris=(PERSON + "\0.tani", TERMINAL)), "certificate.malformed"),
    "no names": (Shape(uris=()), "certificate.malformed"),
    "no terminal": (Shape(uris=(PERSON,)), "certificate.malformed"),
    "two persons": (Shape(uris=(PERSON, "urn:sekisho:person:tani", TERMINAL)), "certificate.malformed"),
    "two terminals": (Shape(uris=(PERSON, TERMINAL, "urn:sekisho:terminal:pc-tani")), "certificate.malformed"),
    "person in capitals": (Shape(uris=("urn:sekisho:person:MORI", TERMINAL)), "certificate.malformed"),
    "scheme in capitals": (Shape(uris=("URN:SEKISHO:PERSON:mori", TERMINAL)), "certificate.malformed"),
    "person with a blank": (Shape(uris=(PERSON + " ", TERMINAL)), "certificate.malformed"),
    "person with a path": (Shape(uris=(PERSON + "/../tani", TERMINAL)), "certificate.malformed"),
    "person in the common name alone": (Shape(common_name=PERSON, uris=(TERMINAL,)), "certificate.malformed"),
    "unregistered": (Shape(), "certificate.not_registered"),
    "another person": (Shape(uris=("urn:sekisho:person:tani", TERMINAL)), "certificate.other_person"),
    "a person nobody knows": (Shape(uris=("urn:sekisho:person:hama", TERMINAL)), "certificate.other_person"),
    "another terminal": (Shape(uris=(PERSON, "urn:sekisho:terminal:pc-tani")), "certificate.not_registered"),
}
# Keys that TLS itself does not negotiate here: the client has none to show, or the handshake ends.
NOT_NEGOTIATED: dict[str, Shape] = {
    "P-224": Shape(key=lambda: ec.generate_private_key(ec.SECP224R1())),
    "secp256k1": Shape(key=lambda: ec.generate_private_key(ec.SECP256K1())),
    "Ed25519": Shape(key=ed25519.Ed25519PrivateKey.generate),
    "16 KiB and more": Shape(padding=17_000),
}


class Zoo:
    def __init__(self, folder: pathlib.Path, ca: pathlib.Path, now: datetime.datetime) -> None:
        self.folder, self.now = folder, now
        folder.mkdir(parents=True, exist_ok=True)
        certificate = x509.load_pem_x509_certificate((ca / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key((ca / "ca.key").read_bytes(), None)
        self.ca_pem = (ca / "ca.pem").read_bytes()
        self.ca = Signer(certificate.subject, key)

    def keep(self, kind: str, chain: list[bytes], key: Any) -> Identity:
        stem = "".join(c if c.isalnum() else "_" for c in kind)
        path = self.folder / f"{stem}.key"
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
        (self.folder / f"{stem}.pem").write_bytes(b"".join(pem(der) for der in chain))
        return Identity(self.folder / f"{stem}.pem", path)

    def issuer(self, common_name: str, signer: Signer | None, **more: Any) -> tuple[bytes, Signer]:
        shape = Shape(common_name=common_name, uris=(), usages=None, ca=True, issues=True, **more)
        der, key = make(shape, signer, self.now)
        return der, Signer(name(common_name), key)

    def animals(self) -> dict[str, tuple[Identity, str]]:
        """kind -> (certificate with its chain, code of the refusal)."""
        out: dict[str, tuple[Identity, str]] = {}
        for kind, (shape, code) in BY_THE_CA.items():
            der, key = make(shape, self.ca, self.now)
            out[kind] = (self.keep(kind, [der], key), code)

        def chained(kind: str, signer: Signer, issuers: list[bytes], code: str = "certificate.untrusted") -> None:
            der, key = make(Shape(), signer, self.now)
            out[kind] = (self.keep(kind, [der, *issuers], key), code)

        foreign_der, foreign = self.issuer("a foreign CA", None)
        chained("foreign CA", foreign, [])
        chained("foreign CA, shown along", foreign, [foreign_der])
        twin_der, twin = self.issuer(self.ca.name.rfc4514_string().removeprefix("CN="), None)
        chained("CA of the same name", twin, [])
        chained("CA of the same name, shown along", twin, [twin_der])
        der, key = make(Shape(), None, self.now)
        out["self-signed"] = (self.keep("self-signed", [der], key), "certificate.untrusted")
        leaf_der, leaf_key = make(Shape(), self.ca, self.now)
        chained("issued by a terminal", Signer(name("mori"), leaf_key), [leaf_der])
        middle_der, middle = self.issuer("an intermediate", self.ca)
        chained("beyond the CA's path length", middle, [middle_der])
        narrow_der, narrow = self.issuer("a narrow intermediate", self.ca, constraints=x509.NameConstraints(
            [x509.UniformResourceIdentifier(".tani-denki.test")], None))
        chained("name constraints of its issuer", narrow, [narrow_der])
        links: list[bytes] = []
        signer = self.ca
        for n in range(5):
            link, signer = self.issuer(f"link {n}", signer)
            links.insert(0, link)
        chained("chain of six", signer, links)
        return out

    def not_negotiated(self) -> dict[str, Identity]:
        out = {}
        for kind, shape in NOT_NEGOTIATED.items():
            der, key = make(shape, self.ca, self.now)
            out[kind] = self.keep(kind, [der], key)
        return out

    def lasting(self, begins: datetime.datetime, life: datetime.timedelta) -> Identity:
        """Good from that moment on, and for so long."""
        der, key = make(Shape(start=0, days=life / DAY), self.ca, begins)
        return self.keep(f"lasting {life}", [der], key)

    def good(self) -> Identity:
        der, key = make(Shape(), self.ca, self.now)
        return self.keep("good", [der], key)
