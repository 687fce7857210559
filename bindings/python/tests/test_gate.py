"""The whole gate from Python: virtual time, neighbours, store and journal handed in."""
import pytest

import sekisho
from sekisho import SAMPLE_NOW, seam
from sekisho.gate import gate_options

ARRIVAL = sekisho.Arrival(path="internet", peer_address="198.51.100.7", language="ja")
NO = sekisho.Refusal("R04", "word.wrong", sekisho.Text("不可", "No"), sekisho.Text("理由", "Why"),
                     sekisho.Text("対処", "Do"))


class Word(sekisho.Authenticator):
    factor = "word"

    def step(self, request):
        if "word" not in request.evidence:
            return self.ask(request, "word", sekisho.Text("合言葉", "Word"))
        known = request.subject.known and request.evidence["word"] == "right"
        return self.yes(request, terminal="pc-" + request.subject.person) if known else \
            self.no(request, NO, may_retry=True)


class Passwords(sekisho.Authenticator):
    factor = "password"

    def step(self, request):
        if request.effect is None:
            return self.wait(request, request.evidence.get("password", ""), encoded_hash="hash")
        return self.yes(request, terminal="pc-mori") if request.effect.matched else self.no(request, NO)


def config(factors=("word",), node="1", **path):
    return {"node": node, "gate_id": "gate.seki.test",
            "paths": [{"name": "internet", "zones": ["internet_business", "internet_dmz"], "factors": list(factors),
                       "least_factors": 1, "tun": {"name": "sekisho0", "gate_address": "10.202.0.1"}, **path}]}


@pytest.fixture
def gate():
    with sekisho.Gate(config(), registry=sekisho.sample_registry(), authenticators=[Word()]) as gate:
        yield gate


def enter(gate, person="mori", front=None):
    return (front or gate.front("internet")).login(ARRIVAL, login=person, password="", code="right")


def test_a_grant_has_entry_row_and_kernel_right(gate):
    granted = enter(gate)
    session = gate.session(granted.session)
    assert (session.person, session.terminal, session.state) == ("mori", "pc-mori", "quarantine")
    assert [e.entry.result for e in gate.entries(event="session.granted", session=granted.session)] == ["ok"]
    assert gate.store.open_sessions() == {granted.session: "quarantine"}
    rights = gate.kernel["sekisho0"]
    assert [r.address for r in rights] == [session.address]
    assert rights[0].filter == [seam.FilterRule("10.202.0.1", 8443, 6)], "in quarantine the posture page alone"
    assert gate.verify_journal().ok


def test_rdp_is_open_to_the_physical_server_alone_and_what_is_refused_is_written_down(gate):
    granted = enter(gate)
    assert gate.rdp == [], "in quarantine nothing"
    gate.refuse_rdp("10.20.0.11", "10.30.9.1", 17)
    entry = gate.entries(event="rdp.refused")[-1].entry
    assert (entry.session, entry.rule, entry.code) == (granted.session, "R13", "rdp.closed")
    assert gate.health()["rdp"]["refused"][-1]["protocol"] == "udp"


def test_a_refusal_is_raised_with_its_words(gate):
    front = gate.front("internet")
    asked = front.begin(ARRIVAL, login="mori")
    with pytest.raises(sekisho.RefusedError) as raised:
        front.answer(asked, ARRIVAL, login="mori", word="wrong")
    assert raised.value.code == "word.wrong" and raised.value.may_retry
    assert gate.entries(code="word.wrong"), "the journal has it"


def test_a_stranger_is_asked_as_everybody_and_never_let_in(gate):
    with pytest.raises(sekisho.RefusedError):
        enter(gate, "hama")
    assert gate.sessions() == []


def test_a_cookie_opens_the_tunnel_and_time_ends_it(gate):
    front = gate.front("internet")
    granted = enter(gate, front=front)
    view = front.resume(granted.cookie, ARRIVAL, open_tunnel=True)
    front.tell(seam.TunnelUp(view.session, "tls"))
    assert gate.session(view.session).tunnel_up
    gate.advance(119)
    assert gate.session(view.session) is not None
    gate.advance(2)  # no good report within 120 s
    assert gate.session(view.session) is None
    ended = [push for push in front.pushes if isinstance(push, seam.SessionEnded)]
    assert [push.session for push in ended] == [view.session] and ended[0].reason.ja


def test_a_session_ends_with_its_right(gate):
    front = gate.front("internet")
    granted = enter(gate, front=front)
    gate.change(lambda registry: registry.end("person", "mori", gate.clock.now), what="person.ended")
    assert gate.session(granted.session) is None
    assert front.pushes[-1].code == "person.ended"
    assert gate.kernel["sekisho0"] == []


def test_a_change_that_is_refused_changes_nothing(gate):
    before = gate.registry.generation
    with pytest.raises(sekisho.RegistryError) as raised:
        gate.change(lambda registry: registry.end("person", "nobody", gate.clock.now))
    assert raised.value.code == "registry.no_such_object"
    assert gate.registry.generation == before


def test_the_emergency_stop_ends_all_and_keeps_the_door_shut(gate):
    enter(gate)
    assert gate.stop("all", reason="drill") == 1
    with pytest.raises(sekisho.RefusedError) as raised:
        enter(gate)
    assert raised.value.refusal.rule == "R19"
    gate.release("all")
    assert enter(gate).session.endswith("-000002")


def test_staff_end_one_session(gate):
    granted = enter(gate)
    gate.end_session(granted.session, reason="drill")
    assert gate.sessions() == []
    with pytest.raises(sekisho.GateError):
        gate.end_session(granted.session)


def test_without_the_kernel_nothing_is_given(gate):
    gate.netd_works = False
    with pytest.raises(sekisho.RefusedError) as raised:
        enter(gate)
    assert raised.value.code == "gate.unavailable" and gate.sessions() == []


def test_a_lost_store_refuses_newcomers_and_keeps_who_is_inside(gate):
    granted = enter(gate)
    gate.store.fail_next("store.unavailable")
    with pytest.raises(sekisho.RefusedError) as raised:
        enter(gate, "tani")
    assert raised.value.code == "gate.unavailable" and gate.session(granted.session)


def test_a_hanging_store_is_answered_in_time(gate):
    gate.clock.blocking_held = True
    before = gate.clock.now
    with pytest.raises(sekisho.RefusedError):
        gate.front("internet").begin(ARRIVAL, login="mori")
    assert (gate.clock.now - before).total_seconds() <= 3


def test_a_relay_hears_whose_peer_it_is(gate):
    heard = []
    relay = gate.attach("relay", "internet", heard.append)
    granted = enter(gate)
    relay.send(seam.EntranceAsk(1, gate.session(granted.session).address))
    gate.clock.settle()
    assert isinstance(heard[-1], seam.EntranceGrant) and not heard[-1].ok, "not before it is admitted"
    assert heard[-1].refusal.code


def test_python_plays_netd(gate):
    wanted = []

    def netd(message):
        if isinstance(message, seam.DesiredNet):
            wanted.append(message)
            link.send(seam.NetApplied(message.number, True, ""))

    link = gate.attach("netd", "netd", netd)
    gate.clock.settle()
    enter(gate)
    assert wanted and wanted[-1].rights


def test_passwords_are_compared_by_who_is_handed_in():
    seen = []

    def verify(encoded, candidate):
        seen.append((encoded, candidate))
        return candidate == "right"

    with sekisho.Gate(config(["password"]), registry=sekisho.sample_registry(), authenticators=[Passwords()],
                      verify_password=verify) as gate:
        front = gate.front("internet")
        assert front.login(ARRIVAL, login="mori", password="right").session
        with pytest.raises(sekisho.RefusedError):
            front.login(ARRIVAL, login="mori", password="wrong")
    assert seen == [("hash", "right"), ("hash", "wrong")]


def test_a_gate_that_starts_again_goes_on(tmp_path):
    clock = sekisho.VirtualTime(start=SAMPLE_NOW)
    store = sekisho.open_store(f"sqlite:///{tmp_path}/store.db")
    journal = sekisho.MemoryJournal(start=SAMPLE_NOW)
    parts = {"clock": clock, "store": store, "journal": journal, "authenticators": [Word()]}
    with sekisho.Gate(config(), registry=sekisho.sample_registry(), **parts) as gate:
        granted = enter(gate)
    with sekisho.Gate(config(), **parts) as gate:
        assert gate.session(granted.session).person == "mori"
        assert gate.front("internet").resume(granted.cookie, ARRIVAL).session == granted.session


def test_two_nodes_share_one_store():
    clock = sekisho.VirtualTime(start=SAMPLE_NOW)
    store = sekisho.MemoryStore()
    store.replace_registry(sekisho.sample_registry())

    def node(name):
        options = gate_options(config(node=name))
        options.shared_store, options.generation_poll = True, 0.5
        return sekisho.Gate(options, clock=clock, store=store, authenticators=[Word()])

    with node("1") as first, node("2") as second:
        granted = enter(first)
        view = second.front("internet").resume(granted.cookie, ARRIVAL, open_tunnel=True)
        assert view.session == granted.session
        second.stop("all", reason="drill")
        clock.advance(2)
        assert first.sessions() == [] and second.sessions() == []


def test_the_same_seed_gives_the_same_bytes():
    def week(seed):
        clock = sekisho.VirtualTime(start=SAMPLE_NOW, seed=seed)
        journal = sekisho.MemoryJournal(start=SAMPLE_NOW, seed=seed)
        with sekisho.Gate(config(), clock=clock, journal=journal, registry=sekisho.sample_registry(),
                          authenticators=[Word()]) as gate:
            cookie = enter(gate).cookie
            gate.advance(3600)
        return cookie, journal.files
    assert week(5) == week(5)
    assert week(5)[0] != week(6)[0]


def test_a_gate_lives_inside_with_only():
    gate = sekisho.Gate(config(), registry=sekisho.sample_registry(), authenticators=[Word()])
    with pytest.raises(sekisho.GateError) as raised:
        gate.sessions()
    assert raised.value.code == "gate.closed"


def test_a_path_whose_factor_is_not_loaded_refuses_to_start():
    with pytest.raises(sekisho.Error):
        with sekisho.Gate(config(["telepathy"]), registry=sekisho.sample_registry(), authenticators=[Word()]):
            pass


def test_messages_pass_the_codec_and_nothing_else_does():
    message = seam.Request(7, seam.BeginLogin(ARRIVAL, {"login": "mori", "password": "x"}))
    again = seam.decode_message(seam.encode_message(message))
    assert again.number == 7 and again.body.evidence == {"login": "mori", "password": "x"}
    assert again.body.arrival.peer_address == "198.51.100.7"
    with pytest.raises(sekisho.SeamError) as raised:
        seam.decode_message(b"\xff\x00")
    assert raised.value.code == "seam.malformed"
    with pytest.raises(sekisho.SeamError):
        seam.encode_message(seam.Request(7, seam.BeginLogin(ARRIVAL, {"login": "m" * 5000})))
