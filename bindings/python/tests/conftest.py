"""What the tests of the bindings share."""
import pathlib
import subprocess

import pytest

import sekisho

PACKAGE = pathlib.Path(sekisho.__file__).parent


@pytest.fixture
def package():
    """The folder of the package under test."""
    return PACKAGE


@pytest.fixture(scope="module")
def certificate_of(tmp_path_factory):
    """certificate_of("vpn.test", "DNS:vpn.test"): certificate and key of a server of its own, as files."""
    def made(name, subject):
        folder = tmp_path_factory.mktemp("server")
        certificate, key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", f"subjectAltName={subject}", "-keyout", str(key), "-out", str(certificate)],
                       check=True, capture_output=True)
        return certificate, key

    return made
