"""The login on the gate's pages, with the PC's certificate; the cookie in a VPN client (R04, R09).

Where the lab has a browser it is real Chromium; elsewhere a program reads the pages and fills in their forms.
"""
from __future__ import annotations

import pathlib
import re
from collections.abc import Callable

import pytest

from sekisho_testbed import axe, cast
from sekisho_testbed.browser import Browser
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.world import Mailbox, Page, World

pytestmark = pytest.mark.needs("pages")

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
Open = Callable[..., Page]


@pytest.fixture
def opens(world: World) -> Open:
    """opens("mori") opens the pages on Mori's PC; all are closed at the end."""
    if reason := world.no_pages():
        pytest.skip(reason)
    return world.pages


def as_far_as_the_code(page: Page, who: str = "mori") -> Page:
    return page.open().give_id(who).give_password(cast.PEOPLE[who]["password"]).shows("確認コードの入力")


def pass_on_pages(page: Page, mailbox: Mailbox, who: str = "mori") -> str:
    """The cookie that the last page shows, without its name."""
    as_far_as_the_code(page, who).give_code(mailbox.next_code()).shows("ログインしました")
    shown = page.value("#value-ja")
    assert re.fullmatch(r"SVPNCOOKIE=[A-Za-z0-9_-]{43}", shown), shown
    return shown.removeprefix("SVPNCOOKIE=")


@pytest.mark.needs("browser")
@pytest.mark.rule("R09", must="pass")
@pytest.mark.rule("R04", must="pass")
def test_mori_logs_in_with_his_browser_and_openconnect_takes_the_cookie(world: World, opens: Open) -> None:
    """Certificate, ID, password and mailed code in a browser that is new enough; the tunnel stands in the client."""
    mailbox, pc = world.mailbox("mori"), world.pc("mori")
    assert pc.agent.report(inside=False).ok
    page = opens("mori")
    assert "Chrome/" in page.agent and "Headless" not in page.agent, page.agent
    cookie = pass_on_pages(page, mailbox)
    assert cookie not in page.page["url"]
    vpn = pc.resume(cookie).up()
    session = world.session_of("mori")
    assert session["state"] == "admitted" and session["address"] == vpn.address
    page.shows(session["number"])
    assert world.entry(event="session.granted", session=session["number"])["result"] == "ok"
    vpn.hang_up()
    world.wait_no_session("mori")


@pytest.mark.rule("R04", must="pass")
def test_openfortivpn_takes_the_cookie(world: World, opens: Open) -> None:
    """As far as its tunnel request; pppd itself needs a kernel with ppp."""
    cookie = pass_on_pages(opens("mori"), world.mailbox("mori"))
    run = world.pc("mori").openfortivpn_with_cookie(cookie)
    assert run.allocated, run.text


@pytest.mark.rule("R04", must="fail")
def test_a_cookie_that_opens_no_tunnel_is_soon_worth_nothing(world: World, opens: Open) -> None:
    """What the pages showed and nobody used has an end of its own."""
    assert world.pc("mori").agent.report(inside=False).ok
    cookie = pass_on_pages(opens("mori"), world.mailbox("mori"))
    world.advance(125)
    world.wait_no_session("mori")
    assert world.entry(event="session.ended", person="mori")["code"] == "session.no_tunnel"
    world.pc("mori").resume(cookie).refused()


@pytest.mark.rule("R09", must="fail")
@pytest.mark.rule("R10", must="fail")
@pytest.mark.parametrize("agent,code", [
    (WINDOWS + "Chrome/125.0.0.0 Safari/537.36", "browser.too_old"),
    (WINDOWS + "Chrome/123.0.0.0 Safari/537.36 Edg/123.0.0.0", "browser.too_old"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:122.0) Gecko/20100101 Firefox/122.0", "browser.too_old"),
    (WINDOWS + "Chrome/142.0.0.0 Safari/537.36 OPR/115.0.0.0", "browser.not_allowed"),
    (WINDOWS + "Chrome/next Safari/537.36", "browser.unknown"),
    ("Mozilla/5.0 SV1", "browser.unknown"),
], ids=["chrome", "edge", "firefox", "opera", "no-version", "vpn-client"])
def test_an_old_or_unknown_browser_is_refused_before_the_password(world: World, opens: Open, agent: str, code: str) -> None:
    """It is told which check failed and what to do; the same person with a good browser is asked on."""
    page = opens("mori", user_agent=agent)
    page.open().give_id("mori").shows("接続できません", f"R09 {code}", "Edge 124", "Chrome 126", "Firefox 123")
    world.refused(code, rule="R09")
    assert "#password" not in page.page["html"] and world.sessions() == []
    good = WINDOWS + "Chrome/126.0.0.0 Safari/537.36 Edg/124.0.0.0"
    page.close()
    opens("mori", user_agent=good).open().give_id("mori").shows("パスワードの入力")


@pytest.mark.rule("R04", must="fail")
def test_the_cookie_counts_only_with_the_certificate_of_the_browser(world: World, opens: Open) -> None:
    """Tani's PC shows Mori's cookie with Tani's certificate, and then with none."""
    cookie = pass_on_pages(opens("mori"), world.mailbox("mori"))
    tani = world.pc("tani")
    tani.resume(cookie).refused()
    tani.resume(cookie, certificate=None).refused()
    refused = world.journal(event="session.resume_refused")
    assert {entry["code"] for entry in refused} == {"session.other_certificate"}, refused
    world.pc("mori").resume(cookie).up().hang_up()


@pytest.mark.rule("R04", must="fail")
def test_the_browser_without_a_certificate_is_refused(world: World, opens: Open) -> None:
    mailbox = world.mailbox("mori")
    opens("mori", certificate=None).open().give_id("mori").shows("接続できません", "R04 certificate.missing")
    world.refused("certificate.missing", rule="R04")
    assert mailbox.nothing_new()


@pytest.mark.rule("R04", must="fail")
def test_wrong_answers_are_told_on_the_page_and_may_be_mended(world: World, opens: Open) -> None:
    """Nothing typed, a wrong password, a wrong code, then the right ones."""
    mailbox = world.mailbox("mori")
    page = opens("mori")
    page.open().press().shows("IDを入力してください。")
    page.give_id("mori").press().shows("パスワードを入力してください。")
    page.give_password("not his password").shows("password.wrong")
    world.refused("password.wrong", rule="R04")
    page.give_password(cast.PEOPLE["mori"]["password"])
    right = mailbox.next_code()
    page.give_code("000000" if right != "000000" else "000001").shows("コードが違います。残り2回です")
    page.give_code(right).shows("ログインしました")
    assert world.session_of("mori")


@pytest.mark.rule("R04", must="fail")
def test_three_wrong_codes_end_the_login(world: World, opens: Open) -> None:
    mailbox = world.mailbox("mori")
    page = as_far_as_the_code(opens("mori"))
    right = mailbox.next_code()
    for _ in range(3):
        page.give_code("000000" if right != "000000" else "000001")
    page.shows("接続できません", "R04 code.too_many_tries")
    world.refused("code.too_many_tries", rule="R04")
    assert world.sessions() == []


@pytest.mark.rule("R04", must="pass")
@pytest.mark.needs("clock")
def test_a_second_code_can_be_sent_after_a_minute(world: World, opens: Open) -> None:
    """Too early it says how long; then a new mail comes, and only the new code counts."""
    mailbox = world.mailbox("mori")
    page = as_far_as_the_code(opens("mori"))
    first = mailbox.next_code()
    page.press("button.second").shows("まだ再送できません")
    assert re.search(r"あと\d+秒で再送できます", page.text), page.text
    world.advance(61)
    page.press("button.second").shows("新しい確認コードを送りました")
    second = mailbox.next_code()
    if second == first:
        pytest.skip("both codes are equal by chance (1 in 1,000,000)")
    page.give_code(first).shows("コードが違います")
    page.give_code(second).shows("ログインしました")


def test_the_pages_speak_english_and_switch_without_losing_the_login(world: World, opens: Open) -> None:
    mailbox = world.mailbox("mori")
    page = opens("mori", languages="en-US,en")
    page.open().shows("Log in").press(".languages a").shows("ログイン").press(".languages a")
    page.give_id("mori").shows("Enter your password").press(".languages button").shows("パスワードの入力")
    page.give_password(cast.PEOPLE["mori"]["password"]).press(".languages button").shows("Enter the code")
    page.give_code(mailbox.next_code()).shows("You are logged in")


@pytest.mark.rule("R04", must="pass")
def test_a_client_in_saml_form_fetches_its_session(world: World, opens: Open) -> None:
    """The client listens on its own terminal, the browser brings the one-time id, the client fetches the cookie once."""
    mailbox, pc = world.mailbox("mori"), world.pc("mori")
    client = pc.saml_client()
    page = opens("mori")
    page.open(f"https://{cast.GATE_NAME}/remote/saml/start?redirect=1").shows("VPNクライアントから開かれた画面です")
    page.give_id("mori").give_password(cast.PEOPLE["mori"]["password"]).give_code(mailbox.next_code())
    cookie = client.cookie()
    assert world.entry(event="login.handed_over", person="mori")["result"] == "ok"
    assert client.again() == 403, "the id counts once"
    pc.resume(cookie).up().hang_up()


def test_a_path_may_ask_for_the_browser_alone(world: World, opens: Open) -> None:
    """Policy: `login_forms` of the path. The client's own form is told where to go."""
    world.restart(path={"plugin": {"plugin": "fortinet_sslvpn", "config": {"login_forms": "browser", "origin": f"https://{cast.GATE_NAME}"}}})
    assert "403" in world.pc("mori").login().refused()
    cookie = pass_on_pages(opens("mori"), world.mailbox("mori"))
    world.pc("mori").resume(cookie).up().hang_up()


@pytest.mark.needs("browser")
def test_axe_finds_nothing_on_any_page(world: NamespacesWorld, opens: Open, tmp_path: pathlib.Path,
                                       pytestconfig: pytest.Config) -> None:
    """Every page of the login in both languages, wide and narrow; pictures are kept beside the results."""
    script, reason = axe.source(world.house.build)
    if script is None:
        pytest.skip(f"no axe-core here: {reason}")
    pictures = world.house.build / "login-pages"
    pictures.mkdir(exist_ok=True)
    seen: list[str] = []
    found: list[str] = []

    def look(page: Page, name: str) -> None:
        assert isinstance(page, Browser)
        found.extend(axe.looked_at(page, name, script, pictures))
        seen.append(name)

    for language in ("ja", "en"):
        page = opens("mori" if language == "ja" else "tani", languages=language)
        assert isinstance(page, Browser)
        who = "mori" if language == "ja" else "tani"
        mailbox = world.mailbox(who)
        look(page.open(), f"id-{language}")
        look(page.press(), f"id-missing-{language}")
        look(page.give_id(who), f"password-{language}")
        look(page.give_password("not his password"), f"password-wrong-{language}")
        look(page.give_password(cast.PEOPLE[who]["password"]), f"code-{language}")
        code = mailbox.next_code()
        look(page.press("button.second"), f"code-too-early-{language}")
        look(page.give_code("000000" if code != "000000" else "000001"), f"code-wrong-{language}")
        look(page.give_code(code), f"done-{language}")
        page.press("summary")
        look(page, f"done-unfolded-{language}")
        look(page.open(f"https://{cast.GATE_NAME}/nothing/here"), f"not-found-{language}")
        look(page.open(f"https://{cast.GATE_NAME}/remote/index"), f"no-session-{language}")
        look(page.open(f"https://{cast.GATE_NAME}/%2e%2e/x%00"), f"broken-{language}")
        look(page.open().give_id("nobody of that name"), f"refused-{language}")
        page.open(f"https://{cast.GATE_NAME}/remote/saml/start?redirect=1")
        look(page, f"client-{language}")
    assert len(seen) == 28
    assert not found, "\n".join(found)
