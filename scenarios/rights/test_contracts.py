"""R16: whose contract is not in force hears of that, and of nothing that concerns his colleagues or comes after it."""
from __future__ import annotations

from typing import Any

import pytest

from sekisho_testbed.attack import Thief, code_round, cookie_of
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("clock", "real_tls")

Registry = dict[str, Any]


def lapsed(world: World, registry: Registry) -> None:
    """Contract and application were in force until yesterday."""
    period = {"from": world.at(days=-20), "until": world.at(days=-1)}
    for kind, key in (("contracts", "c-web-2026"), ("applications", "a-mori")):
        next(row for row in registry[kind] if row["id"] == key)["period"] = period


def without_an_application(world: World, registry: Registry) -> None:
    lapsed(world, registry)
    registry["applications"] = [row for row in registry["applications"] if row["id"] != "a-mori"]


def beside_a_colleagues(world: World, registry: Registry) -> None:
    """His company has another contract, in force, with an application for a colleague."""
    mori, contract, application = (next(row for row in registry[kind] if row["id"] == key) for kind, key in
                                   (("people", "mori"), ("contracts", "c-web-2026"), ("applications", "a-mori")))
    registry["people"].append(dict(mori, id="mura", login="mura", mail="mura@mori-kogyo.test"))
    registry["contracts"].append(dict(contract, id="c-more-2026"))
    registry["applications"].append(dict(application, id="a-mura", contract="c-more-2026", people=["mura"]))
    lapsed(world, registry)


@pytest.mark.rule("R16", must="pass")
@pytest.mark.rule("R16", must="fail")
def test_a_contract_that_is_over_is_named_whatever_stands_beside_it(world: World) -> None:
    """The contract is over and nothing was ever applied for; it is over, and a colleague's goes on. In force, it lets him in."""
    thief, good = Thief(world), world.export()

    def comes() -> str:
        """His cookie, or the refusal's code."""
        world.advance(61)
        heard = thief.say(code_round("mori", thief.handle(), thief.mailbox.next_code()))
        return cookie_of(heard.heard) or heard.code

    for what, spoil in (("without an application", without_an_application), ("beside a colleague's contract", beside_a_colleagues)):
        registry = world.export()
        spoil(world, registry)
        world.replace(registry)
        with world.refusal(f"Mori after his contract's end, {what}", "contract.not_in_force", "R16"):
            assert comes() == "contract.not_in_force"
        world.replace(good)
        world.accepted("a-mori")
    assert "." not in comes() and world.session_of("mori")["contract"] == "c-web-2026"
