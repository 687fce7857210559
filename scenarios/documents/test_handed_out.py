"""What `sekishoctl ca issue` hands out is what clients take."""
from __future__ import annotations

import pytest

from sekisho_testbed.namespaces import NamespacesWorld

pytestmark = pytest.mark.needs("clients")


@pytest.mark.rule("R04", must="pass")
def test_openconnect_passes_with_the_pkcs12_file(world: NamespacesWorld) -> None:
    """Mori's .p12 under its made-up passphrase, no other file; with a wrong passphrase it does not open."""
    mori, mailbox = world.pc("mori"), world.mailbox("mori")
    assert mori.identity is not None
    bundle = mori.identity.certificate.with_suffix(".p12")
    passphrase = bundle.with_suffix(".p12.passphrase").read_text().strip()
    wrong = mori.openconnect(identity=None, extra=["-c", str(bundle), "-p", "not the passphrase"])
    wrong.program.wait_text("Failed to decrypt PKCS#12 certificate file", 20)
    wrong.cut()
    assert mori.agent.report(inside=False).ok
    vpn = mori.openconnect(identity=None, extra=["-c", str(bundle), "-p", passphrase])
    vpn.asked()
    vpn.type(mailbox.next_code())
    vpn.up()
    assert world.session_of("mori")["state"] == "admitted"
    vpn.hang_up()
