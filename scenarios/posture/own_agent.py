"""An agent of the story's own: an enrolled key, and reports that are right but for what the story changes in them."""
from __future__ import annotations

import base64
import json
from typing import Any

from sekisho_testbed import cast
from sekisho_testbed.simulated_pc import request
from sekisho_testbed.talks import Talk
from sekisho_testbed.world import World

JOSE, JSON = "application/jose", "application/json"


def content(heard: bytes) -> str:
    """Of one HTTP answer."""
    return heard.partition(b"\r\n\r\n")[2].decode(errors="replace")


def posture_request(method: str, path: str, body: str = "", kind: str = "") -> bytes:
    return request(method, f"/posture/v1/{path}", [("Content-Type", kind)] if kind else [], body.encode())


def posture_page(world: World, method: str, path: str, body: str = "", kind: str = "", *, inside: bool = False,
                 limit_s: float = 5) -> tuple[int, str]:
    """One request from Mori's PC, before any login or through his tunnel; status 0: no answer within the limit."""
    heard = world.talk("mori-pc", [Talk("agent", [posture_request(method, path, body, kind)], answers=1)], inside=inside,
                       port=cast.POSTURE_PORT, limit_s=limit_s)["agent"]
    return heard.status, content(heard.heard)


def refused_with(world: World, what: str, code: str, answer: tuple[int, str]) -> None:
    status, text = answer
    assert 400 <= status < 500 and code in text, f"{what}: wanted {code}, got {status} {text}"
    world.story.add("must_not", f"pass: {what}: {code}")


def admitted_with(world: World, what: str, answer: tuple[int, str]) -> None:
    status, text = answer
    assert status == 200 and json.loads(text)["decision"] == "admit", f"{what}: {status} {text}"
    world.story.add("must", f"pass: {what}")


class OwnAgent:
    """Enrolled for this person's terminal, in the place of whatever key it had; it speaks from Mori's PC."""

    def __init__(self, world: World, who: str = "mori") -> None:
        self.world, self.who, self.sekisho, self.seq = world, who, world.sekisho(), 0
        self.key = self.sekisho.posture.DeviceKey.generate()
        token = world.enrolment_token(who)
        status, text = posture_page(world, "POST", "enrol", json.dumps({"token": token, "jwk": self.key.jwk}), JSON)
        assert status == 200, text
        self.token = token

    def challenge(self, *, inside: bool = False) -> dict[str, Any]:
        """Also the agent's sign of life."""
        status, text = posture_page(self.world, "GET", "challenge", inside=inside)
        assert status == 200, text
        found: dict[str, Any] = json.loads(text)
        return found

    def sealed(self, *, inside: bool = False, **other: Any) -> str:
        """Inside Mori's tunnel, or before any login."""
        ip = self.world.session_of("mori")["address"] if inside else None
        return self.answer_to(self.challenge(inside=inside), **{"ip": ip, **other})

    def answer_to(self, challenge: dict[str, Any], **other: Any) -> str:
        self.seq += 1
        members = {"aud": challenge["gateway"], "sid": challenge["sid"], "nonce": challenge["nonce"], "ip": None,
                   "srv": self.world.gate_fingerprint, "iat": int(self.world.moment(challenge["server_time"]).timestamp()),
                   "seq": self.seq, "reason": "connect", "facts": self.world.good_facts(self.who)}
        return str(self.sekisho.posture.seal_report(self.sekisho.posture.ReportPayload(**{**members, **other}), self.key))

    def report(self, sealed: str, *, inside: bool = False, limit_s: float = 5) -> tuple[int, str]:
        return posture_page(self.world, "POST", "report", sealed, JOSE, inside=inside, limit_s=limit_s)

    def many(self, count: int) -> list[bytes]:
        """So many good reports in their order, as fast as the gate answers; its answers."""
        def answers(name: str, requests: list[bytes], per_line: int) -> list[bytes]:
            rows = [requests[n:n + per_line] for n in range(0, count, per_line)]
            heard = self.world.talk("mori-pc", [Talk(f"{name} {n}", [b"".join(row)], answers=len(row)) for n, row in enumerate(rows)],
                                    port=cast.POSTURE_PORT)
            found = [answer for n in range(len(rows)) for answer in heard[f"{name} {n}"].answers]
            assert len(found) == count, heard
            return found

        asked = [json.loads(content(answer)) for answer in answers("ask", [posture_request("GET", "challenge")] * count, 30)]
        reports = [posture_request("POST", "report", self.answer_to(challenge), JOSE) for challenge in asked]
        return answers("say", reports, 4)  # the front keeps 16 KiB of what is said ahead of an answer

    def header(self, **members: str) -> dict[str, str]:
        return {"alg": "ES256", "typ": "sekisho-posture+jws", "kid": str(self.key.thumbprint), **members}


def under_header(sealed: str, header: dict[str, str], blanks: int = 0) -> str:
    """The same report under another header (its signature does not fit then)."""
    text = json.dumps(header) + " " * blanks
    _, payload, signature = sealed.split(".")
    return f"{base64.urlsafe_b64encode(text.encode()).rstrip(b'=').decode()}.{payload}.{signature}"
