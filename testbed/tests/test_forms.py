"""The reader of the gate's pages: what it shows, what it sends, what it keeps."""
from __future__ import annotations

import pytest

from sekisho_testbed.programs.forms import Fields, Reader, obey

PAGE = b"""<!DOCTYPE html><html><head><title>Log in | gate</title><style>p{}</style></head><body>
<ul class="languages"><li><a href="/remote/login?lang=en">English</a></li></ul>
<form method="post" action="/remote/login/id"><input type="hidden" name="token" value="t&amp;1">
<input id="login" name="login"><input id="fixed" name="fixed" value="x" readonly><button class="main">Go</button>
<button class="plain" name="to" value="en">Other</button></form>
<details lang="en"><summary>More</summary><p id="inner">folded</p></details><p hidden>never</p><p>one <b>two</b>
three</p></body></html>"""


class Gate:
    """Answers everything with PAGE, or with what was put before it; notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.next: list[tuple[int, Fields, bytes]] = []

    def __call__(self, method: str, url: str, fields: Fields, body: bytes) -> tuple[int, Fields, bytes]:
        self.asked.append((method, url, dict(fields), body))
        return self.next.pop(0) if self.next else (200, [], PAGE)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def reader(gate: Gate) -> Reader:
    made = Reader(gate)
    made.open("https://gate.test/remote/login#part")
    return made


def test_it_shows_what_a_person_sees(reader: Reader) -> None:
    assert reader.text().splitlines() == ["English", "Go", "Other", "More", "one two", "three"]
    assert reader.page()["title"] == "Log in | gate"
    assert "folded" in obey(reader, {"do": "click", "at": "summary"})["text"]


def test_a_form_sends_its_fields_and_the_button_that_was_pressed(reader: Reader, gate: Gate) -> None:
    reader.fill("#login", "mori & co")
    reader.press("button.main")
    reader.press("form button.plain")
    assert [each[3] for each in gate.asked[1:]] == [b"token=t%261&login=mori+%26+co&fixed=x", b"token=t%261&login=&fixed=x&to=en"]
    assert gate.asked[1][:2] == ("POST", "https://gate.test/remote/login/id")
    assert gate.asked[1][2]["Origin"] == "https://gate.test"
    assert gate.asked[0][1] == "https://gate.test/remote/login", "a fragment stays at home"


def test_a_cookie_goes_back_to_its_own_gate_until_it_is_taken_away(reader: Reader, gate: Gate) -> None:
    gate.next = [(303, [("Location", "/next"), ("Set-Cookie", "__Host-login=abc; Path=/; Secure")], b""), (200, [], PAGE),
                 (200, [("Set-Cookie", "__Host-login=; Max-Age=0")], PAGE)]
    reader.press("button.main")
    assert [each[0] for each in gate.asked] == ["GET", "POST", "GET"] and reader.url == "https://gate.test/next"
    assert gate.asked[-1][2]["Cookie"] == "__Host-login=abc"
    reader.press(".languages a")
    reader.open("https://gate.test/again")
    assert "Cookie" not in gate.asked[-1][2]
    reader.open("https://other.test/")
    assert "Cookie" not in gate.asked[-1][2]


def test_it_goes_where_an_answer_sends_it_at_once_and_no_later(reader: Reader, gate: Gate) -> None:
    gate.next = [(200, [("Refresh", "0; url=http://127.0.0.1:8020/?id=x")], PAGE), (200, [("Refresh", "30; url=/late")], PAGE)]
    reader.press("button.main")
    assert reader.url == "http://127.0.0.1:8020/?id=x" and gate.asked[-1][0] == "GET"


def test_what_is_not_there_is_named_with_the_page(reader: Reader, gate: Gate) -> None:
    with pytest.raises(LookupError, match="English"):
        reader.fill("#password", "x")
    with pytest.raises(LookupError, match="cannot be filled"):
        reader.fill("#fixed", "x")
    gate.next = [(302, [("Location", "/round")], b"")] * 9
    with pytest.raises(LookupError, match="redirects"):
        reader.open("/round")
