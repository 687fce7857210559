"""T-35: the session's cookie in every wrong shape, and tokens of one plane at another."""
from __future__ import annotations

import hashlib
import re
import urllib.parse

import pytest

from sekisho_testbed import cast
from sekisho_testbed.attack import Thief, code_round, get, handle_of, post, with_cookie
from sekisho_testbed.talks import Heard, Talk
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("real_tls")

SETTINGS = "/remote/fortisslvpn_xml"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def next_letter(letter: str) -> str:
    return ALPHABET[(ALPHABET.index(letter) + 1) % 64]


def shapes(cookie: str) -> dict[str, str]:
    """Name -> header fields that must not be taken for the session's cookie."""
    alike = ALPHABET[ALPHABET.index(cookie[-1]) ^ 1]  # the same 256 bits under another spelling
    values = {
        "empty": "", "one letter": "a", "shorter": cookie[:-1], "longer": cookie + "A", "padded": cookie + "=",
        "twice the value": cookie + cookie, "last letter": cookie[:-1] + next_letter(cookie[-1]), "same bits": cookie[:-1] + alike,
        "first letter": next_letter(cookie[0]) + cookie[1:], "other case": cookie.swapcase(), "backwards": cookie[::-1],
        "quoted": f'"{cookie}"', "escaped": "%" + format(ord(cookie[0]), "02x") + cookie[1:], "plus": cookie[:-1] + "+",
        "slash": cookie[:-1] + "/", "dot": cookie[:-1] + ".", "inner blank": cookie[:20] + " " + cookie[20:],
        "its hash": hashlib.sha256(cookie.encode()).hexdigest(), "start of its hash": hashlib.sha256(cookie.encode()).hexdigest()[:43],
        "all A": "A" * 43, "wildcard": "%" * 43, "a row's key": "' OR '1'='1", "4 KiB": "A" * 4096,
    }
    out = {name: with_cookie(value) for name, value in values.items()}
    out |= {
        "none": "", "two cookies": f"Cookie: SVPNCOOKIE={cookie}; SVPNCOOKIE={cookie}\r\n",
        "name in small letters": f"Cookie: svpncookie={cookie}\r\n", "prefixed name": f"Cookie: __Host-SVPNCOOKIE={cookie}\r\n",
        "longer name": f"Cookie: SVPNCOOKIE2={cookie}\r\n", "temporary name": f"Cookie: SVPNTMPCOOKIE={cookie}\r\n",
        "blank before =": f"Cookie: SVPNCOOKIE ={cookie}\r\n", "as bearer": f"Authorization: Bearer {cookie}\r\n",
        "other header": f"X-Cookie: SVPNCOOKIE={cookie}\r\n", "Cookie2": f"Cookie2: SVPNCOOKIE={cookie}\r\n",
    }
    return out


def test_only_the_exact_cookie_counts(world: World) -> None:
    thief = Thief(world)
    cookie = thief.cookie()
    wrong = shapes(cookie)
    assert len(wrong) >= 20
    heard = world.talk(thief.host, [Talk(name, [get(path, fields)], answers=1, identity=thief.identity)
                                    for path in (SETTINGS, "/remote/sslvpn-tunnel") for name, fields in
                                    ((f"{name} {path}", fields) for name, fields in wrong.items())])
    taken = [name for name, answer in heard.items() if answer.status != 403]
    assert not taken, taken
    in_url = thief.say(get(f"{SETTINGS}?SVPNCOOKIE={cookie}"), post(SETTINGS, {"SVPNCOOKIE": cookie}))
    assert [answer[:12] for answer in in_url.answers] == [b"HTTP/1.1 403", b"HTTP/1.1 404"]
    twice = thief.say(get(SETTINGS, with_cookie(cookie) * 2), answers=0)
    assert twice.status == 400 and twice.closed
    # The check can fail: the exact cookie is taken.
    assert thief.say(get(SETTINGS, with_cookie(cookie))).status == 200


def test_a_stolen_cookie_is_worthless_without_its_certificate(world: World) -> None:
    thief, tani = Thief(world), world.certificate_of("tani")
    cookie = thief.cookie()
    for identity in (None, tani):
        for path in (SETTINGS, "/remote/sslvpn-tunnel", "/remote/index"):
            assert thief.say(get(path, with_cookie(cookie)), identity=identity).code == "session.other_certificate"
        thief.say(get("/remote/logout", with_cookie(cookie)), identity=identity)
    assert world.session_of("mori"), "nobody else logs him out"
    assert thief.say(get(SETTINGS, with_cookie(cookie))).status == 200


def test_a_cookie_ends_with_its_session(world: World) -> None:
    thief = Thief(world)
    cookie = thief.cookie()
    world.end_session(world.session_of("mori")["number"])
    for path in (SETTINGS, "/remote/sslvpn-tunnel"):
        assert thief.say(get(path, with_cookie(cookie))).code == "session.unknown_cookie"


def test_a_token_of_one_plane_opens_no_other(world: World) -> None:
    """Session cookie, question's handle, the pages' cookie, enrolment token and nonce, each where another is wanted."""
    thief = Thief(world)
    handle = thief.handle()
    code = thief.mailbox.next_code()
    pages = thief.say(get("/remote/login", "Accept: text/html\r\n"))
    found = re.search(rb"__Host-login=([A-Za-z0-9_-]{43})", pages.heard)
    assert found, pages
    page_cookie = found.group(1).decode()
    enrolment = world.enrolment_token("mori")
    posture = world.talk(thief.host, [Talk("nonce", [get("/posture/v1/challenge")], answers=1)], port=cast.POSTURE_PORT)
    nonce_found = re.search(rb'"nonce":"([^"]+)"', posture["nonce"].heard)
    assert nonce_found, posture
    nonce = nonce_found.group(1).decode()

    def refused(what: str, *requests: bytes) -> None:
        heard: Heard = thief.say(*requests)
        assert all(a[9:12] in (b"400", b"403", b"404") for a in heard.answers) and heard.answers, (what, heard)
        assert b"Set-Cookie: SVPNCOOKIE=" not in heard.heard, what

    for name, token in (("handle", handle), ("page cookie", page_cookie), ("enrolment token", enrolment), ("nonce", nonce)):
        quoted = urllib.parse.quote(token)
        refused(f"{name} as cookie", get(SETTINGS, with_cookie(token)))
        refused(f"{name} as the client's id", get(f"/remote/saml/auth_id?id={quoted}"))
        if name != "handle":
            refused(f"{name} as handle", code_round("mori", token, code))
            refused(f"start of {name} as handle", code_round("mori", token[:31], code))
    for name, token in (("handle", handle), ("page cookie", page_cookie), ("nonce", nonce)):
        body = '{"token":"%s","jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}' % (token, "A" * 43, "A" * 43)
        request = (f"POST /posture/v1/enrol HTTP/1.1\r\nHost: {cast.GATE_NAME}\r\nContent-Type: application/json\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        heard = world.talk(thief.host, [Talk(name, [request], answers=1)], port=cast.POSTURE_PORT)[name]
        assert heard.status in (400, 403), (name, heard)
    # The check can fail: at its own place the handle, with the code, is good; and the cookie that it gives.
    cookie = thief.say(code_round("mori", handle, code))
    assert b"Set-Cookie: SVPNCOOKIE=" in cookie.heard and not handle_of(cookie.heard)
