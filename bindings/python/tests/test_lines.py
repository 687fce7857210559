"""Connections that somebody drives: a path with its front, and the time that many share."""
from datetime import timedelta

import pytest

import sekisho
from sekisho import SAMPLE_NOW, lines, seam

ARRIVAL = sekisho.Arrival(path="internet", peer_address="198.51.100.7", peer_port=40_000)


class Echo(sekisho.AccessPath):
    """Asks the gatekeeper for each word; breaks where it is told to."""

    def __init__(self, breaks=""):
        self.breaks = breaks

    def open(self, host, arrival, now):
        self.fail("open")
        return EchoConnection(self, host, arrival)

    def fail(self, where):
        if where == self.breaks:
            raise KeyError(where)


class EchoConnection(sekisho.PathConnection):
    def __init__(self, path, host, arrival):
        self.path, self.host, self.arrival, self.until = path, host, arrival, SAMPLE_NOW + timedelta(seconds=30)

    def on_bytes(self, plaintext, now):
        self.path.fail("bytes")
        self.host.ask(seam.BeginLogin(self.arrival, {"login": plaintext.decode()}))

    def on_reply(self, request, reply, now):
        self.path.fail("reply")
        self.host.write(f"{request} {type(reply).__name__}".encode())

    def next_deadline(self):
        self.path.fail("deadline")
        return self.until

    def on_deadline(self, now):
        self.until = None
        self.host.close("silent")


class ByHand:
    """A front whose gatekeeper answers when it is told to."""

    def __init__(self):
        self.pushes, self.now, self.asked = [], SAMPLE_NOW, []

    def request(self, body, done):
        self.asked.append((body, done))

    def tell(self, notice):
        raise AssertionError("nothing to tell")


def run(path, front=None):
    wrote, ends = [], []
    return lines.PathRun(front or ByHand(), path, ARRIVAL, wrote=wrote.append, closed=ends.append), wrote, ends


def test_what_a_path_asks_goes_out_and_what_it_is_told_comes_back():
    front = ByHand()
    line, wrote, ends = run(Echo(), front)
    line.on_bytes(b"mori")
    assert front.asked == [] and line.work()
    body, done = front.asked[0]
    assert body.evidence["login"] == "mori" and wrote == []
    done(seam.Done())
    assert line.work() and not line.work()
    assert wrote == [b"1 Done"]
    assert line.stands and ends == []


def test_time_closes_a_silent_connection():
    front = ByHand()
    line, wrote, ends = run(Echo(), front)
    line.on_deadline()
    assert not line.work() and line.next_deadline == SAMPLE_NOW + timedelta(seconds=30)
    front.now = line.next_deadline
    line.on_deadline()
    assert line.work() and ends == ["silent"] and not line.stands and line.next_deadline is None
    line.on_bytes(b"too late")
    assert not line.work() and front.asked == []


@pytest.mark.parametrize("where", ["open", "bytes", "reply", "deadline"])
def test_a_path_that_raises_is_hung_up_on(where):
    front = ByHand()
    line, wrote, ends = run(Echo(where), front)
    line.on_bytes(b"mori")
    line.work()
    for _, done in front.asked:
        done(seam.Granted("cookie", "S1"))
    line.work()
    assert line.next_deadline is None
    line.work()
    assert ends == ["the path broke"]
    assert wrote == ([b"1 Granted"] if where == "deadline" else [])
    assert "KeyError" in str(line.broke) and not line.stands
    line.on_bytes(b"again")
    assert not line.work()


def test_time_goes_from_one_thing_that_is_due_to_the_next():
    clock = sekisho.VirtualTime(start=SAMPLE_NOW)
    seen = []
    for seconds in (5, 1, 3):
        at = SAMPLE_NOW + timedelta(seconds=seconds)
        clock.at(at, lambda at=at: seen.append((at, clock.now)))
    together = lines.Lines(clock)
    assert together.next_due == SAMPLE_NOW + timedelta(seconds=1)
    assert together.pass_time(60, until=lambda: len(seen) == 2)
    assert clock.now == SAMPLE_NOW + timedelta(seconds=3)
    assert not together.pass_time(1, until=lambda: len(seen) == 3)
    together.run(SAMPLE_NOW + timedelta(seconds=60))
    assert clock.now == SAMPLE_NOW + timedelta(seconds=60) and [at for at, now in seen if at != now] == []
