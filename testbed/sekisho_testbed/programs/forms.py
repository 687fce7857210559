"""A reader of plain pages: follows links, fills in forms, keeps cookies. It runs no script and needs no screen.

`fetch(method, url, fields, body) -> (status, fields, body)` is handed in, so that it works over any line. Beside the programs
that run on a PC; needs Python's own library alone.
"""
from __future__ import annotations

import html.parser
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

Fields = list[tuple[str, str]]
Fetch = Callable[[str, str, Fields, bytes], tuple[int, Fields, bytes]]
#: What the gate's R09 looks at. A name is a claim, of this reader as of any browser.
EDGE = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 "
        "Edg/142.0.0.0")
ALONE = {"input", "meta", "link", "br", "hr", "img"}
BLOCK = {"p", "div", "li", "ul", "ol", "h1", "h2", "h3", "dl", "dt", "dd", "form", "section", "header", "main", "nav", "label", "pre",
         "details", "summary", "table", "tr", "button", "br", "body"}
UNSEEN = {"head", "script", "style", "title", "template"}
MOST_REDIRECTS = 5


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.inside: list[Element | str] = []

    def all(self) -> Iterator["Element"]:
        for each in self.inside:
            if isinstance(each, Element):
                yield each
                yield from each.all()

    def above(self, tag: str) -> "Element | None":
        up = self.parent
        while up is not None and up.tag != tag:
            up = up.parent
        return up

    def text(self) -> str:
        """As a person sees it: what is folded away or hidden is not there."""
        if self.tag in UNSEEN or "hidden" in self.attributes:
            return ""
        folded = self.tag == "details" and "open" not in self.attributes
        out = "".join(each if isinstance(each, str) else each.text() for each in self.inside
                      if not folded or isinstance(each, Element) and each.tag == "summary")
        return f"\n{out}\n" if self.tag in BLOCK else out

    def fits(self, simple: str) -> bool:
        """tag, #id and .class, together."""
        tag = re.match(r"[a-z0-9]+", simple)
        if tag and tag.group() != self.tag:
            return False
        classes = self.attributes.get("class", "").split()
        return all(self.attributes.get("id") == word[1:] if word[0] == "#" else word[1:] in classes
                   for word in re.findall(r"[.#][\w-]+", simple))


class Builder(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = self.at = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.inside.append(made)
        if tag not in ALONE:
            self.at = made

    def handle_endtag(self, tag: str) -> None:
        up: Element | None = self.at
        while up is not None and up.tag != tag:
            up = up.parent
        if up is not None and up.parent is not None:
            self.at = up.parent

    def handle_data(self, data: str) -> None:
        self.at.inside.append(data)


class Reader:
    def __init__(self, fetch: Fetch, *, user_agent: str | None = None, languages: str = "ja") -> None:
        self.fetch, self.agent, self.languages = fetch, user_agent or EDGE, languages
        self.cookies: dict[str, dict[str, str]] = {}  # origin -> name -> value
        self.url, self.raw, self.status = "about:blank", "", 0
        self.document = Element("", {}, None)

    # --- what a person does ---------------------------------------------------------------------------------------------------
    def open(self, url: str) -> None:
        self._go("GET", urllib.parse.urljoin(self.url, url), b"")

    def fill(self, at: str, text: str) -> None:
        field = self.find(at)
        if field.tag != "input" or "readonly" in field.attributes:
            raise LookupError(f"{at} cannot be filled in")
        field.attributes["value"] = text

    def press(self, at: str) -> None:
        pressed = self.find(at)
        if pressed.tag == "summary":
            folded = pressed.above("details")
            if folded is not None:
                folded.attributes["open"] = ""
            return
        if pressed.tag == "a":
            return self.open(pressed.attributes["href"])
        form = pressed.above("form")
        if pressed.tag != "button" or form is None:
            raise LookupError(f"{at} cannot be pressed")
        pairs = [(e.attributes["name"], e.attributes.get("value", "")) for e in form.all()
                 if e.tag == "input" and e.attributes.get("name")]
        if pressed.attributes.get("name"):
            pairs.append((pressed.attributes["name"], pressed.attributes.get("value", "")))
        target = urllib.parse.urljoin(self.url, form.attributes.get("action", self.url))
        if form.attributes.get("method", "get").lower() == "post":
            self._go("POST", target, urllib.parse.urlencode(pairs).encode())
        else:
            self._go("GET", f"{target}?{urllib.parse.urlencode(pairs)}", b"")

    def value(self, at: str) -> str:
        return self.find(at).attributes.get("value", "")

    def find(self, at: str) -> Element:
        """The first element that the selector names; blanks mean "somewhere below"."""
        found = list(self.document.all())
        for part in at.split():
            within = found if part is at.split()[0] else list(dict.fromkeys(inner for e in found for inner in e.all()))
            found = [e for e in within if e.fits(part)]
        if not found:
            raise LookupError(f"nothing on the page fits {at!r}; the page: {self.text()}")
        return found[0]

    def text(self) -> str:
        body = next((e for e in self.document.all() if e.tag == "body"), self.document)
        lines = (re.sub(r"[ \t\r\f]+", " ", line).strip() for line in body.text().split("\n"))
        return "\n".join(line for line in lines if line)

    def page(self) -> dict[str, Any]:
        title = next((e for e in self.document.all() if e.tag == "title"), None)
        words = "".join(each for each in title.inside if isinstance(each, str)) if title else ""
        return {"url": self.url, "title": words, "text": self.text(), "html": self.raw, "status": self.status}

    def kept(self) -> dict[str, str]:
        """Cookies for where the page is from."""
        return self.cookies.setdefault(self._origin(self.url), {})

    @staticmethod
    def _origin(url: str) -> str:
        parts = urllib.parse.urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"

    # --- the line -------------------------------------------------------------------------------------------------------------
    def _go(self, method: str, url: str, body: bytes) -> None:
        for _ in range(MOST_REDIRECTS):
            origin = self._origin(url)
            fields = [("User-Agent", self.agent), ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
                      ("Accept-Language", self.languages)]
            if kept := self.cookies.get(origin):
                fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in kept.items())))
            if method == "POST":
                fields += [("Origin", origin), ("Content-Type", "application/x-www-form-urlencoded")]
            self.status, answered, content = self.fetch(method, urllib.parse.urldefrag(url)[0], fields, body)
            self._keep(origin, answered)
            self.url = url
            to = self._sent_on(answered)
            if to is None:
                break
            url = urllib.parse.urljoin(url, to)
            if self.status not in (307, 308):
                method, body = "GET", b""
        else:
            raise LookupError(f"more than {MOST_REDIRECTS} redirects, the last to {url}")
        self.raw = content.decode("utf-8", errors="replace")
        builder = Builder()
        builder.feed(self.raw)
        builder.close()
        self.document = builder.top

    def _sent_on(self, answered: Fields) -> str | None:
        """Where the answer leads at once: a redirect, or "Refresh: 0; url=…"."""
        told = {name.lower(): value for name, value in answered}
        if self.status in (301, 302, 303, 307, 308):
            return told.get("location")
        found = re.fullmatch(r"0; url=(\S+)", told.get("refresh", ""))
        return found.group(1) if found else None

    def _keep(self, origin: str, answered: Fields) -> None:
        for name, value in answered:
            if name.lower() != "set-cookie":
                continue
            pair, *attributes = [part.strip() for part in value.split(";")]
            key, _, content = pair.partition("=")
            if any(a.lower() in ("max-age=0", "expires=thu, 01 jan 1970 00:00:00 gmt") for a in attributes):
                self.cookies.get(origin, {}).pop(key, None)
            else:
                self.cookies.setdefault(origin, {})[key] = content


def obey(reader: Reader, order: dict[str, Any]) -> dict[str, Any]:
    """One order of a person, in the words of drive_chromium.py."""
    what = order["do"]
    if what == "open":
        reader.open(order["url"])
    elif what == "fill":
        reader.fill(order["at"], order["text"])
    elif what == "click":
        reader.press(order["at"])
    elif what == "value":
        return {"value": reader.value(order["at"])}
    elif what == "cookies":
        return {"value": json.dumps(reader.kept())}
    elif what == "keep":
        reader.kept()[order["name"]] = order["value"]
    elif what != "look":
        raise ValueError(f"this reader cannot {what}")
    return reader.page()
