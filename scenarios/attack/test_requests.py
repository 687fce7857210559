"""T-01 to T-08: malformed and smuggled requests, spellings of paths, lengths and slow clients, through TLS to the front."""
from __future__ import annotations

import pathlib

import pytest

from sekisho_testbed.attack import attack_paths, attack_requests, bytes_of, get, password_round
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.talks import Heard, Talk
from sekisho_testbed.world import World

pytestmark = pytest.mark.needs("real_tls")

MARKED = password_round("smuggled", "the second request")
PER_SOURCE = 10  # a source that comes and goes 15 times is shut out for a while


def strangers(world: World, rows: list[tuple[str, bytes, int]], first: int = 0) -> dict[str, Heard]:
    """Sends each row, with the marked request behind it, as a stranger without a certificate, from addresses from `first` on."""
    sources = world.more_addresses("hama-pc", (len(rows) + PER_SOURCE - 1) // PER_SOURCE, first)
    return world.talk("hama-pc", [Talk(name, [wire + MARKED], source=sources[n // PER_SOURCE])
                                  for n, (name, wire, _) in enumerate(rows)], lanes=8)


def faults(heard: dict[str, Heard], rows: list[tuple[str, bytes, int]]) -> list[str]:
    found = []
    for name, _, status in rows:
        answer = heard[name]
        if answer.status != status:
            found.append(f"{name}: {answer.status} {answer.error}, not {status}")
        elif len(answer.answers) != 1 or not answer.closed:
            found.append(f"{name}: {len(answer.answers)} answers, closed: {answer.closed}")
    return found


def memory_kib(pid: int) -> int:
    line = next(x for x in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS:"))
    return int(line.split()[1])


def test_every_malformed_request_is_answered_and_nothing_behind_it_is_executed(world: World) -> None:
    rows = attack_requests()
    assert len(rows) >= 60
    heard = strangers(world, rows)
    assert not (found := faults(heard, rows)), "\n".join(found)
    assert world.journal(event="login.refused") == [], "a marked request was executed"
    # The check can fail: a sound request, and the marked one behind it, are executed.
    sound = [("sound", get("/remote/login", "Connection: keep-alive\r\n"), 400)]
    assert faults(strangers(world, sound, 100), sound)
    assert world.entry(event="login.refused")["code"] == "certificate.missing"


def test_every_spelling_of_a_path_is_refused_before_routing(world: World) -> None:
    rows = [(path, b"GET " + bytes_of(path) + b" HTTP/1.1\r\nHost: vpn.test\r\n\r\n", 400) for path in attack_paths()]
    assert len(rows) >= 60
    heard = strangers(world, rows)
    assert not (found := faults(heard, rows)), "\n".join(found)
    # One answer for all: nothing tells one refused spelling from another.
    assert len({answer.heard for answer in heard.values()}) == 1
    sound = [("sound", get("/remote/login"), 400)]
    assert faults(strangers(world, sound, 100), sound)


@pytest.mark.needs("processes")
def test_an_announced_length_costs_neither_time_nor_memory(world: NamespacesWorld) -> None:
    """T-04: bodies of up to 2^64 bytes are announced; each is refused at once and no memory is set aside."""
    rows = [row for row in attack_requests() if row[0].startswith("length ") and row[0][7:].isdigit()]
    assert len(rows) >= 10
    pid = world.gatehouse.pids()["front"]
    strangers(world, rows)  # what the first connections load stays
    before = memory_kib(pid)
    for turn in range(3):
        heard = strangers(world, rows, 10 + 10 * turn)
        assert not faults(heard, rows)
        slow = sorted(answer.ms for answer in heard.values())
        assert slow[len(slow) // 2] < 100, slow
    assert memory_kib(pid) - before < 1024


def test_slow_clients_are_cut_off_and_the_next_newcomer_is_answered(world: World) -> None:
    """T-07: a byte now and then does not prolong the 10 s of a request or of a handshake."""
    source, = world.more_addresses("hama-pc", 1)
    begun = world.elapsed()
    drips = world.talk("hama-pc", [Talk(f"drip {n}", [bytes([c]) for c in get("/remote/login")[:60]], source=source, pause_s=0.5)
                                   for n in range(8)], together=True, limit_s=20)
    assert all(answer.closed and not answer.answers for answer in drips.values()), drips
    assert 9 < world.elapsed() - begun < 14
    # The check can fail: who speaks quickly is answered.
    assert world.talk("hama-pc", [Talk("quick", [get("/remote/login")], answers=1, source=source)])["quick"].status == 200


def test_only_http_1_1_is_negotiated(world: World) -> None:
    """T-08: offers of h2 or of nothing known end the handshake; no offer and http/1.1 work."""
    offers = {"h2": ["h2"], "acme": ["acme-tls/1"], "old": ["h2c", "spdy/3"], "both": ["h2", "http/1.1"], "none": None}
    heard = world.talk("hama-pc", [Talk(name, [get("/remote/login")], answers=1, offer=offer) for name, offer in offers.items()])
    for name in ("h2", "acme", "old"):
        assert not heard[name].ready and "NO_APPLICATION_PROTOCOL" in heard[name].error.upper().replace(" ", "_"), heard[name]
    assert heard["both"].agreed == "http/1.1" and heard["both"].status == 200
    assert heard["none"].agreed == "" and heard["none"].status == 200
