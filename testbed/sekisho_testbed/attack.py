"""A stranger's or a thief's tools: exact bytes to the front, many at once, from many addresses."""
from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any

from . import cast
from .netlab import Host
from .pc import Identity
from .namespaces import NamespacesWorld

TALK = pathlib.Path(__file__).parent / "programs" / "talk.py"
LISTS = pathlib.Path(__file__).resolve().parents[2] / "core/net/http/testdata"


@dataclasses.dataclass
class Talk:
    """One connection: what is said at once, and how many answers are waited for (0: until the gate closes)."""
    name: str
    say: list[bytes]
    answers: int = 0
    source: str | None = None
    identity: Identity | None = None
    pause_s: float = 0


@dataclasses.dataclass
class Heard:
    name: str
    heard: bytes
    closed: bool
    ms: float
    error: str

    @property
    def answers(self) -> list[bytes]:
        """Each HTTP answer with head and body."""
        return [part for part in re.split(rb"(?=HTTP/1\.1 \d{3} )", self.heard) if part.startswith(b"HTTP/1.1 ")]

    @property
    def status(self) -> int:
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", self.heard)
        return int(found.group(1)) if found else 0

    @property
    def code(self) -> str:
        """The refusal's code in the text that the person reads: "[R04 certificate.expired]"."""
        found = re.search(rb"\[(?:R\d\d )?([a-z_]+\.[a-z_]+)\]", self.heard)
        return found.group(1).decode() if found else ""


def talk(world: NamespacesWorld | Any, host: Host, talks: Sequence[Talk], *, together: bool = False, port: int = cast.VPN_PORT,
         address: str = cast.GATE_PUBLIC, lanes: int = 1, limit_s: float = 5, within: float = 120) -> dict[str, Heard]:
    rows: list[dict[str, Any]] = []
    for each in talks:
        identity = [str(each.identity.certificate), str(each.identity.key)] if each.identity else None
        rows.append({"name": each.name, "say": [piece.hex() for piece in each.say], "answers": each.answers,
                     "source": each.source, "identity": identity, "pause_s": each.pause_s})
    job = {"address": address, "port": port, "host": cast.GATE_NAME, "ca": str(world.house.web_ca.certificate),
           "together": together, "lanes": lanes, "limit_s": limit_s, "talks": rows}
    done = host.run("/usr/bin/python3", str(TALK), input=json.dumps(job), within=within)
    found = {row["name"]: Heard(row["name"], bytes.fromhex(row["heard"]), row["closed"], row["ms"], row["error"])
             for row in json.loads(done.stdout)}
    assert len(found) == len(talks), "two talks have one name"
    return found


#: Where each host's further addresses begin: no two hosts may ever have had the same one.
FURTHER = {"hama-pc": (100, 205), "mori-pc": (206, 253), "client": (20, 253)}


def more_addresses(host: Host, count: int, first: int = 0) -> list[str]:
    """Gives the host further addresses of its segment, from its `first` on: a source that misbehaves is penalised, so
    strangers use many."""
    base = host.addresses["inet"].rsplit(".", 1)[0]
    begin, end = FURTHER[host.name]
    assert begin + first + count - 1 <= end, f"{host.name} has no {count} further addresses"
    addresses = [f"{base}.{begin + first + n}" for n in range(count)]
    for address in addresses:
        host.run("ip", "addr", "replace", f"{address}/24", "dev", "eth0")
    return addresses


def get(path: str, fields: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {cast.GATE_NAME}\r\n{fields}\r\n".encode("latin-1")


def post(path: str, form: dict[str, str] | str, fields: str = "") -> bytes:
    body = form if isinstance(form, str) else urllib.parse.urlencode(form)
    return (f"POST {path} HTTP/1.1\r\nHost: {cast.GATE_NAME}\r\nContent-Type: application/x-www-form-urlencoded\r\n{fields}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode("latin-1")


def password_round(login: str, password: str) -> bytes:
    return post("/remote/logincheck", {"username": login, "credential": password, "realm": "", "ajax": "1"})


def code_round(login: str, handle: str, code: str) -> bytes:
    return post("/remote/logincheck", {"username": login, "code": code, "realm": "", "reqid": handle, "polid": "1-1-1",
                                       "grp": "remote", "portal": "remote", "magic": "1-1"})


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

    def __init__(self, world: NamespacesWorld, who: str = "mori") -> None:
        self.world, self.who = world, who
        self.pc, self.mailbox = world.pc(who), world.mailbox(who)
        self.login, self.password = who, cast.PEOPLE[who]["password"]

    @property
    def identity(self) -> Identity:
        assert self.pc.identity is not None
        return self.pc.identity

    def say(self, *requests: bytes, answers: int | None = None, identity: Identity | None | str = "own") -> Heard:
        used = self.identity if identity == "own" else identity
        assert used is None or isinstance(used, Identity)
        row = Talk("one", list(requests), len(requests) if answers is None else answers, identity=used)
        return talk(self.world, self.pc.host, [row])["one"]

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
