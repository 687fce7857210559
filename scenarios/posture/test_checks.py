"""R05–R08, R10: each check alone fails, is named with its remedy, and lets nobody in."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sekisho_testbed.world import World

Facts = dict[str, Any]


def nic(facts: Facts) -> dict[str, Any]:
    return facts["network"]["interfaces"][0]


def av(facts: Facts) -> dict[str, Any]:
    return facts["antivirus"]["products"][0]


def set_mac(facts: Facts, mac: str) -> None:
    nic(facts).update(mac=mac, permanent_mac=mac)


CASES: list[tuple[str, str, Callable[[World, Facts], object]]] = [
    ("R05", "device.mac_not_registered", lambda w, f: set_mac(f, "3c:7c:3f:aa:bb:cc")),
    ("R05", "device.mac_not_registered", lambda w, f: set_mac(f, "3c:7c:3f:1a:2b:02")),  # registered, but Tani's
    ("R05", "device.mac_only_local", lambda w, f: nic(f).update(mac="5a:11:22:33:44:55", permanent_mac=None)),
    ("R05", "device.mac_unknown", lambda w, f: f.pop("network")),
    ("R05", "device.mac_unknown", lambda w, f: nic(f).update(mac=None, permanent_mac=None)),
    ("R05", "device.mac_not_registered", lambda w, f: nic(f).update(hardware=False, bus="virtual")),
    ("R06", "os.not_windows", lambda w, f: f["os"].update(family="linux")),
    ("R06", "os.too_old", lambda w, f: f["os"].update(build=19045)),
    ("R06", "os.build_ended", lambda w, f: f["os"].update(build=22631, ubr=5909)),
    ("R06", "os.build_not_allowed", lambda w, f: f["os"].update(build=27000)),
    ("R06", "os.build_not_allowed", lambda w, f: f["os"].update(build=28000)),  # 26H1 is for ARM alone
    ("R06", "os.unknown", lambda w, f: f["os"].update(build=28000, arch="unknown")),
    ("R06", "os.insider", lambda w, f: f["os"].update(channel="insider")),
    ("R06", "os.build_not_allowed", lambda w, f: f["os"].update(major=6)),
    ("R06", "os.unknown", lambda w, f: f["os"].update(family="unknown")),
    ("R06", "os.unknown", lambda w, f: f["os"].update(product_type="unknown")),
    ("R06", "os.unknown", lambda w, f: f["os"].update(build=None)),
    ("R06", "os.unknown", lambda w, f: f["os"].update(channel="unknown")),
    ("R06", "os.server", lambda w, f: f["os"].update(product_type="server", build=26100)),
    ("R07", "av.none", lambda w, f: f["antivirus"].update(products=[])),
    ("R07", "av.not_allowed", lambda w, f: av(f).update(name="Homemade Shield", via="wsc", signer="Nobody")),
    ("R07", "av.off", lambda w, f: av(f).update(state="off", raw_state=393472)),
    ("R07", "av.off", lambda w, f: av(f).update(mode="not_running")),
    ("R07", "av.off", lambda w, f: av(f).update(realtime=False)),
    ("R07", "av.snoozed", lambda w, f: av(f).update(state="snoozed", raw_state=401664)),
    ("R07", "av.expired", lambda w, f: av(f).update(state="expired")),
    ("R07", "av.passive", lambda w, f: av(f).update(mode="passive")),
    ("R07", "av.program_missing", lambda w, f: av(f).update(program_present=False)),
    ("R07", "av.signer_mismatch", lambda w, f: av(f).update(signer="Evil Corp")),
    ("R07", "av.signature_old", lambda w, f: av(f).update(signature_updated_at=w.ago(hours=73))),
    ("R07", "av.signer_mismatch", lambda w, f: av(f).update(signer_valid=False)),
    ("R07", "av.signature_old", lambda w, f: av(f).update(signatures="out_of_date")),
    ("R07", "av.signature_old", lambda w, f: av(f).update(raw_state=397584)),  # Windows' own word: out of date
    ("R07", "av.unknown", lambda w, f: f.pop("antivirus")),
    ("R07", "av.unknown", lambda w, f: av(f).update(signer=None)),
    ("R07", "av.unknown", lambda w, f: av(f).update(mode="unknown")),
    ("R07", "av.unknown", lambda w, f: av(f).update(realtime=None)),
    ("R07", "av.unknown", lambda w, f: av(f).update(signatures="none_used", signature_updated_at=None)),
    ("R07", "av.unknown", lambda w, f: av(f).update(state="unknown", raw_state=344064)),
    ("R08", "update.unknown", lambda w, f: f.pop("updates")),
    ("R08", "update.too_long_ago", lambda w, f: f["updates"].update(last_installed_at=w.ago(days=46))),
]


@pytest.mark.rule("R05", must="fail")
@pytest.mark.rule("R06", must="fail")
@pytest.mark.rule("R07", must="fail")
@pytest.mark.rule("R08", must="fail")
@pytest.mark.rule("R10", must="fail")
def test_each_failing_check_is_named_with_its_remedy(world: World) -> None:
    """One thing at a time is wrong; the report is denied with the code, in both languages; then all is well again."""
    agent = world.pc("mori").agent
    for rule, code, spoil in CASES:
        facts = world.good_facts("mori")
        spoil(world, facts)
        agent.facts(facts)
        report = agent.report(inside=False)
        assert report.denied, f"{code}: {report.text}"
        rows = report.failing()
        assert code in [row["code"] for row in rows], f"wanted {code}, got {rows}"
        row = next(row for row in rows if row["code"] == code)
        assert row["rule"] == rule and row["remedy"]["ja"] and row["remedy"]["en"], row
    agent.facts(world.good_facts("mori"))
    world.must("the same terminal passes when nothing is wrong", lambda: agent.report(inside=False).ok)


@pytest.mark.rule("R05", must="pass")
@pytest.mark.rule("R06", must="pass")
@pytest.mark.rule("R07", must="pass")
@pytest.mark.rule("R08", must="pass")
def test_a_fit_terminal_passes_every_check(world: World) -> None:
    report = world.pc("mori").agent.report(inside=False)
    assert report.ok, report.text
    verdicts = {row["check"]: row["verdict"] for row in report.checks}
    for check in ("registered_terminal", "windows_version", "antivirus", "windows_update"):
        assert verdicts[check] in ("pass", "warn"), verdicts


@pytest.mark.rule("R10", must="fail")
@pytest.mark.rule("R07", must="fail")
def test_a_bad_report_before_login_refuses_the_login_with_its_reason(world: World) -> None:
    """Antivirus off: the login with all three factors is refused, and the reason is the antivirus."""
    mori = world.pc("mori")
    facts = world.good_facts("mori")
    av(facts).update(state="off", raw_state=393472)
    mori.agent.facts(facts)
    assert mori.agent.report(inside=False).denied
    login, right_code = world.as_far_as_the_code("mori")
    login.type(right_code).refused()
    world.refused("av.off", rule="R07")
    world.nobody_is_inside()


@pytest.mark.rule("R10", must="pass")
@pytest.mark.rule("R11", must="fail")
def test_quarantine_reaches_the_posture_page_alone_until_the_report_is_good(world: World) -> None:
    """Without a report before login the tunnel opens in quarantine; the entrance stays shut until the agent reports."""
    mori = world.pc("mori")
    vpn = world.pass_gate("mori", report_first=False)
    assert world.session_of("mori")["state"] == "quarantine"
    world.must_not_reach_desktop("mori")
    report = mori.agent.report(inside=True)
    assert report.ok, report.text
    world.wait_state("mori", "admitted")
    world.must_reach_desktop("mori")
    vpn.hang_up()


@pytest.mark.rule("R07", must="fail")
@pytest.mark.rule("R10", must="fail")
def test_antivirus_switched_off_inside_ends_the_session(world: World) -> None:
    """Reported loss of the antivirus closes the tunnel at once (<= 60 s is the rule)."""
    mori = world.pc("mori")
    vpn = world.pass_gate("mori")
    mori.agent.start()
    facts = world.good_facts("mori")
    av(facts).update(state="off", raw_state=393472)
    mori.agent.facts(facts)
    with world.limit(60, "the session ends after the reported loss"):
        mori.agent.event()
        vpn.ended(60)
    ended = world.entry(event="session.ended", person="mori")
    assert ended["code"] == "av.off" and ended["rule"] == "R07"
    mori.agent.stop()


@pytest.mark.rule("R05", must="fail")
def test_a_report_signed_by_another_terminal_does_not_admit(world: World) -> None:
    """Tani's enrolled key reports from inside Mori's tunnel."""
    mori, tani = world.pc("mori"), world.pc("tani")
    vpn = world.pass_gate("mori", report_first=False)
    borrowed = world.borrow_agent(mori, tani)
    report = borrowed.report(inside=True)
    assert not report.ok and "report.other_terminal" in report.text, report.text
    assert world.session_of("mori")["state"] == "quarantine"
    vpn.cut()


@pytest.mark.rule("R05", must="fail")
def test_an_unenrolled_key_is_refused(world: World) -> None:
    mori = world.pc("mori")
    stranger = world.fresh_agent(mori)
    report = stranger.report(inside=False)
    assert not report.ok and "device.key_unknown" in report.text
