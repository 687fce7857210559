"""The certificates of the closed network: of the gate's charon and of the sites' devices, good ones and those that must not count.
Made with an independent library, not with the gate's own."""
from __future__ import annotations

import base64
import dataclasses
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Device:
    """DER, and the certificate's DNS name."""
    name: str
    certificate: bytes
    key: bytes

    @property
    def base64(self) -> str:
        return base64.b64encode(self.certificate).decode()


class DeviceCa:
    """An authority of devices' certificates with its revocation list."""

    def __init__(self, name: str = "lab circuits CA") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.revoked: list[int] = []
        self.lists = 0
        now = self._now()
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(self.name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - 30 * DAY).not_valid_after(now + 365 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())).public_bytes(serialization.Encoding.DER)

    @staticmethod
    def _now() -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)

    def issue(self, name: str, *, valid: tuple[int, int] = (-1, 30)) -> Device:
        """`valid`: first and last day, counted from today."""
        key, now = ec.generate_private_key(ec.SECP256R1()), self._now()
        certificate = (
            x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.name).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + valid[0] * DAY).not_valid_after(now + valid[1] * DAY)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256()))
        return Device(name, certificate.public_bytes(serialization.Encoding.DER), key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def revoke(self, device: Device) -> None:
        self.revoked.append(x509.load_der_x509_certificate(device.certificate).serial_number)

    def list(self) -> bytes:
        """The revocation list of now, DER."""
        now = self._now()
        self.lists += 1
        made = (x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(now - datetime.timedelta(seconds=60))
                .next_update(now + 30 * DAY).add_extension(x509.CRLNumber(self.lists), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False))
        for serial in self.revoked:
            made = made.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - datetime.timedelta(seconds=60)).build())
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
