"""The desktop broker by hand: prepared ahead, given once, destroyed, never handed on."""
import random

import pytest

from sekisho import SAMPLE_NOW, desktops, seam


def pool(seats, **fields):
    places = [desktops.Seat(mac=f"52:54:00:00:00:1{n}", address=f"10.60.0.{10 + n}", port=5900) for n in range(seats)]
    return desktops.Pool("vdi", "desks", "win11", "maint", seats=places, **fields)


def office(*pools, seed=1):
    return desktops.Office("internet_business", pools, now=SAMPLE_NOW, seed=seed)


def test_one_is_prepared_ahead_and_given_at_once():
    place = office(pool(3))
    assert place.broker.count.spare == 1 and len(place.hyperd.machines) == 1
    assert place.want("S1", "vdi")
    given = place.desktop("S1")
    assert (given.state, given.progress, given.account) == ("ready", 100, "maint")
    assert (given.manager, given.address, given.port) == ("desks", "10.60.0.10", 5900)
    assert place.hyperd.machines[given.machine].login == f"maint:{given.password}"
    assert given.password and given.password not in repr(given)
    assert len(place.hyperd.machines) == 2, "the next one is prepared"
    assert [note.event for note in place.notes] == ["desktop.ready"] and place.notes[0].session == "S1"


def test_nothing_is_started_before_hyperd_has_listed():
    broker = desktops.Broker("internet_business", [pool(1)])
    assert broker.want("S1", "vdi", now=SAMPLE_NOW) == (True, [])
    asked = broker.hyperd_here(now=SAMPLE_NOW)
    assert [type(ask.verb) for ask in asked] == [seam.HyperList]
    after = broker.answer(seam.HyperAnswer(asked[0].number, asked[0].zone, seam.HyperMachines()), now=SAMPLE_NOW)
    assert [type(ask.verb) for ask in after] == [seam.HyperCreate] and after[0].verb.model == "win11"


def test_progress_is_told_and_measured():
    place = office(pool(1, spare=0))
    place.hyperd.boots = False
    place.want("S1", "vdi")
    assert (place.desktop("S1").state, place.desktop("S1").expected_s) == ("starting", 20)
    place.pass_time(5)
    assert (place.desktop("S1").progress, place.desktop("S1").expected_s) == (25, 15)
    place.pass_time(35)
    next(iter(place.hyperd.machines.values())).answers = True
    place.pass_time(2)
    assert place.desktop("S1").state == "ready"
    place.leave("S1")
    place.want("S2", "vdi")
    assert 38 <= place.desktop("S2").expected_s <= 42, "what was measured counts from now on"


def test_a_sessions_end_destroys_machine_and_password():
    place = office(pool(2))
    place.want("S1", "vdi")
    before = place.desktop("S1")
    place.leave("S1")
    assert before.machine not in place.hyperd.machines and place.desktop("S1") is None
    place.want("S2", "vdi")
    after = place.desktop("S2")
    assert after.machine != before.machine and after.password != before.password


def test_what_cannot_be_destroyed_is_handed_to_nobody():
    place = office(pool(1))
    place.want("S1", "vdi")
    used = place.desktop("S1").machine
    place.hyperd.fails["destroy"] = "console.timed_out"
    place.leave("S1")
    place.want("S2", "vdi")
    place.pass_time(600)
    assert place.desktop("S2").state == "preparing" and used in place.hyperd.machines
    place.hyperd.fails.clear()
    place.pass_time(61)
    assert used not in place.hyperd.machines and place.desktop("S2").machine not in ("", used)


def test_a_machine_that_stops_is_told_and_made_anew_on_demand():
    place = office(pool(2))
    place.want("S1", "vdi")
    first = place.desktop("S1").machine
    place.happen(first, "stopped", manager="desks")
    assert place.desktop("S1").state == "ended" and "desktop.stopped" in [note.event for note in place.notes]
    place.want("S1", "vdi")
    assert place.desktop("S1").state == "ready" and place.desktop("S1").machine != first


def test_a_personal_desktop_is_its_persons_alone():
    personal = pool(2, spare=2)
    seats = list(personal.seats)
    seats[0].desktop = "vdi-mori"
    personal.seats = seats
    place = office(personal)
    assert place.want("S1", "vdi") and place.want("S2", "vdi-mori") and place.want("S3", "vdi")
    assert [place.desktop(s).address for s in ("S1", "S2")] == ["10.60.0.11", "10.60.0.10"]
    assert place.desktop("S3").state == "preparing" and place.broker.count.waiting == 1
    assert not place.want("S4", "vdi-tani") and not place.broker.knows("vdi-tani") and place.desktop("S4") is None


def test_a_session_keeps_its_desktop_over_a_restart_of_the_gate():
    place = office(pool(2))
    place.want("S1", "vdi")
    before = place.desktop("S1")
    again = desktops.Office.__new__(desktops.Office)
    again.zone, again.now, again.hyperd, again.notes = place.zone, place.now, place.hyperd, []
    again.broker = desktops.Broker("internet_business", [pool(2)], seed=2)
    assert again.broker.adopt("S1", "vdi", before.machine, before.address)
    again._take(again.broker.hyperd_here(now=again.now))
    after = again.desktop("S1")
    assert (after.state, after.machine) == ("ready", before.machine) and after.password != before.password
    assert place.hyperd.machines[after.machine].login == f"maint:{after.password}"


def test_the_same_seed_gives_the_same_machines():
    def machines(seed):
        return sorted(office(pool(3, spare=3), seed=seed).hyperd.machines)
    assert machines(1) == machines(1) != machines(2)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_ever_has_what_another_has_used(seed):
    chance = random.Random(seed)
    place, used_by = office(pool(4, spare=2), seed=seed), {}
    sessions = [f"S{n}" for n in range(6)]
    for _ in range(300):
        session = chance.choice(sessions)
        move = chance.randrange(4)
        if move == 0:
            place.want(session, "vdi")
        elif move == 1:
            place.leave(session)
            sessions[sessions.index(session)] = f"S{chance.randrange(10**9)}"
        elif move == 2:
            place.hyperd.fails = {chance.choice(["create", "look", "login", "destroy"]): "console.timed_out"} \
                if chance.random() < 0.3 else {}
        place.pass_time(chance.randrange(60))
        for session in sessions:
            shown = place.desktop(session)
            if shown is not None and shown.machine:
                assert used_by.setdefault(shown.machine, session) == session
    assert used_by


def test_the_pause_grows_to_a_minute():
    assert [desktops.pause_after(n) for n in (1, 2, 3, 20)] == [2, 4, 8, 60]
