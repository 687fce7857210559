"""openfortivpn, another real client, through login, challenge and configuration; this kernel may have no ppp."""
from __future__ import annotations

import pytest

from sekisho_testbed import cast
from sekisho_testbed.world import World


@pytest.mark.rule("R04", must="pass")
def test_openfortivpn_logs_in_with_a_mailed_code(world: World) -> None:
    """It goes on to its tunnel request; pppd itself needs a kernel with ppp."""
    mailbox = world.mailbox("mori")
    run = world.pc("mori").openfortivpn(cast.PEOPLE["mori"]["password"], lambda: mailbox.next_code())
    assert run.authenticated and run.allocated, run.text
    assert world.entry(event="session.granted", person="mori")


@pytest.mark.rule("R04", must="fail")
def test_openfortivpn_with_a_wrong_password_is_told_so(world: World) -> None:
    run = world.pc("mori").openfortivpn("not his password", None)
    assert not run.authenticated and not run.allocated, run.text
    world.refused("password.wrong", rule="R04")
