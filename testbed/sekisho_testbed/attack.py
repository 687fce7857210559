"""A stranger's or a thief's tools: exact bytes to the front, many at once, from many addresses."""
from __future__ import annotations

import json
import pathlib
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any

from . import cast
from .netlab import Host
from .people import Pc
from .programs.forms import Fields, Reader
from .reader_page import ReaderPage
from .talks import Heard, Identity, Talk, answer_of, further, request
from .world import World

TALK = pathlib.Path(__file__).parent / "programs" / "talk.py"
LISTS = pathlib.Path(__file__).resolve().parents[2] / "core/net/http/testdata"


def talk(host: Host, ca: pathlib.Path, talks: Sequence[Talk], *, together: bool = False, port: int = cast.VPN_PORT,
         address: str = cast.GATE_PUBLIC, name: str = cast.GATE_NAME, lanes: int = 1, limit_s: float = 5,
         within: float = 120) -> dict[str, Heard]:
    """From a host of its own; stories say `world.talk`. `name`: what the certificate at that address must say."""
    rows: list[dict[str, Any]] = []
    for each in talks:
        identity = [str(each.identity.certificate), str(each.identity.key)] if each.identity else None
        rows.append({"name": each.name, "say": [piece.hex() for piece in each.say], "answers": each.answers,
                     "source": each.source, "identity": identity, "pause_s": each.pause_s, "tls": each.tls, "offer": each.offer})
    job = {"address": address, "port": port, "host": name, "ca": str(ca), "together": together, "lanes": lanes,
           "limit_s": limit_s * host.patience, "talks": rows}
    done = host.run("/usr/bin/python3", str(TALK), input=json.dumps(job), within=within)
    found = {row["name"]: Heard(row["name"], bytes.fromhex(row["heard"]), row["closed"], row["ms"], row["error"], row["agreed"],
                                row["ready"]) for row in json.loads(done.stdout)}
    assert len(found) == len(talks), "two talks have one name"
    return found


def more_addresses(host: Host, count: int, first: int = 0) -> list[str]:
    """Gives the host further addresses of its segment, from its `first` on: a source that misbehaves is penalised, so
    strangers use many."""
    addresses = further(host.name, host.addresses["inet"], count, first)
    host.run("ip", "-batch", "-", input="".join(f"addr replace {address}/24 dev eth0\n" for address in addresses))
    return addresses


def get(path: str, fields: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {cast.GATE_NAME}\r\n{fields}\r\n".encode("latin-1")


def post(path: str, form: dict[str, str] | str, fields: str = "") -> bytes:
    body = form if isinstance(form, str) else urllib.parse.urlencode(form)
    return (f"POST {path} HTTP/1.1\r\nHost: {cast.GATE_NAME}\r\nContent-Type: application/x-www-form-urlencoded\r\n{fields}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode("latin-1")


def password_round(login: str, password: str) -> bytes:
    return post("/remote/logincheck", {"username": login, "credential": password, "realm": "", "ajax": "1"})


def code_round(login: str, handle: str, code: str, field: str = "code") -> bytes:
    """`field`: the factor's own name for what it asked."""
    return post("/remote/logincheck", {"username": login, "code": code, "realm": "", "reqid": handle, "polid": "1-1-1",
                                       "grp": "remote" if field == "code" else f"ask-{field}", "portal": "remote", "magic": "1-1"})


def handle_of(heard: bytes) -> str:
    found = re.search(rb"ret=2,reqid=([A-Za-z0-9_-]+),", heard)
    return found.group(1).decode() if found else ""


def cookie_of(heard: bytes) -> str:
    found = re.search(rb"Set-Cookie: SVPNCOOKIE=([A-Za-z0-9_-]{43});", heard)
    return found.group(1).decode() if found else ""


def with_cookie(cookie: str) -> str:
    return f"Cookie: SVPNCOOKIE={cookie}\r\n"


def bytes_of(text: str) -> bytes:
    return text.encode("latin-1")


def attack_requests() -> list[tuple[str, bytes, int]]:
    out = []
    for row in json.loads((LISTS / "requests.json").read_text()):
        parts = row["wire"] if isinstance(row["wire"], list) else [row["wire"]]
        wire = b"".join(bytes_of(p) if isinstance(p, str) else bytes_of(p["repeat"]) * p["times"] for p in parts)
        out.append((row["name"], wire, row["status"]))
    return out


def attack_paths() -> list[str]:
    return list(json.loads((LISTS / "paths.json").read_text()))


class Thief:
    """Mori's PC in a thief's hands: his certificate, password and mail, spoken by hand."""

    def __init__(self, world: World, who: str = "mori") -> None:
        self.world, self.who = world, who
        self.pc: Pc = world.pc(who)
        self.host, self.mailbox = world.people[who]["pc"], world.mailbox(who)
        self.login, self.password = who, world.people[who]["password"]

    @property
    def identity(self) -> Identity:
        return self.world.certificate_of(self.who)

    def say(self, *requests: bytes, answers: int | None = None, identity: Identity | None | str = "own") -> Heard:
        used = self.identity if identity == "own" else identity
        assert used is None or isinstance(used, Identity)
        row = Talk("one", list(requests), len(requests) if answers is None else answers, identity=used)
        return self.world.talk(self.host, [row])["one"]

    def handle(self) -> str:
        """Certificate and password are right: the handle of the question for the code."""
        heard = self.say(password_round(self.login, self.password))
        found = handle_of(heard.heard)
        assert found, heard
        return found

    def cookie(self) -> str:
        """A whole login; the tunnel is not opened."""
        handle = self.handle()
        heard = self.say(code_round(self.login, handle, self.mailbox.next_code()))
        found = cookie_of(heard.heard)
        assert found, heard
        return found


class PagesByHand(ReaderPage):
    """The gate's pages in a thief's program: it keeps to no browser's rules. From its host, each request on a connection of its own."""

    def __init__(self, world: World, host: str, identity: Identity | None) -> None:
        self.world, self.host, self.identity = world, host, identity
        super().__init__(Reader(self._fetch))
        self.brought: list[str] = []  # one-time ids, for the client that waits on this terminal

    def _fetch(self, method: str, url: str, fields: Fields, body: bytes) -> tuple[int, Fields, bytes]:
        if url.startswith("http://127.0.0.1:"):
            self.brought += re.findall(r"[?&]id=([A-Za-z0-9-]+)", url)
            return 200, [], b"<!DOCTYPE html><title>client</title>"
        one = Talk("page", [request(method, url.removeprefix(f"https://{cast.GATE_NAME}"), fields, body)], answers=1, identity=self.identity)
        heard = self.world.talk(self.host, [one])["page"]
        assert heard.status, f"no answer to {method} {url}: {heard.error}"
        return answer_of(heard.heard)

    def forge(self, name: str, value: str) -> "PagesByHand":
        """Another value in the fields of that name, which the page has filled in and does not show."""
        fields = [e for e in self.reader.document.all() if e.tag == "input" and e.attributes.get("name") == name]
        assert fields, f"no field {name}: {self.reader.raw}"
        for field in fields:
            field.attributes["value"] = value
        return self
