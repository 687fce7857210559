"""The journal from Python: write, read, prove, and notice what was changed."""
import threading
from datetime import datetime, timedelta, timezone

import pytest

import sekisho
from sekisho import journal as jr

START = datetime(2026, 11, 22, 0, 31, tzinfo=timezone.utc)


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o700)
    return {"directory": tmp_path / "journal", "signing_key_file": tmp_path / "keys" / "journal.pem"}


def test_what_is_written_is_found_and_proved(folders):
    with sekisho.Journal(**folders, clock=lambda: START) as journal:
        first = journal.write("session.granted", session="S20261122-1-000042", person="mori", result="ok",
                              detail={"zone": "internet_business"})
        journal.write("session.ended", session="S20261122-1-000042", result="ended", code="session.by_person")
        assert journal.healthy
    found = journal.search(session="S20261122-1-000042")
    assert [e.entry.event for e in found] == ["session.granted", "session.ended"]
    assert found[0].sequence == first and found[0].entry.detail == {"zone": "internet_business"}
    assert found[0].entry.at == START
    verified = journal.verify()
    assert verified.ok and verified.entries >= 2, verified.why


def test_a_changed_byte_is_noticed(folders):
    with sekisho.Journal(**folders) as journal:
        journal.write("session.granted", person="mori", result="ok")
    segment = next(folders["directory"].glob("*.journal"))
    segment.chmod(0o600)
    data = segment.read_bytes()
    at = data.index(b'"mori"')
    segment.write_bytes(data[:at] + b'"mora"' + data[at + 6:])
    verified = journal.verify()
    assert not verified.ok and verified.first_bad >= 1 and verified.why


def test_a_second_writer_is_refused(folders):
    with sekisho.Journal(**folders), pytest.raises(sekisho.JournalError) as raised:
        with sekisho.Journal(**folders):
            pass
    assert raised.value.code == "audit.locked"


def test_the_writer_asks_a_python_clock_while_python_waits(folders):
    """The GIL is let go in write(): the writer's thread calls back into Python meanwhile."""
    asked = []

    def clock():
        asked.append(threading.current_thread())
        return START

    with sekisho.Journal(**folders, clock=clock) as journal:
        journal.write("session.granted", result="ok")
    assert any(thread is not threading.main_thread() for thread in asked)


def test_writing_outside_with_is_a_mistake_of_the_caller(folders):
    with pytest.raises(RuntimeError):
        sekisho.Journal(**folders).write("x.y")


def test_a_journal_in_memory_survives_a_power_cut():
    journal = jr.MemoryJournal(seed=7, start=START)
    for number in range(30):
        journal.append(jr.Entry(at=journal.now, event="session.granted", person=f"p{number}", result="ok"))
        journal.advance(1)
    journal.crash()
    assert journal.now == START + timedelta(seconds=30)
    assert len(journal.search(jr.Query(event="session.granted"))) == 30, "acknowledged means on the disk"
    assert journal.verify().ok


def test_the_same_seed_gives_the_same_bytes():
    def files(seed):
        journal = jr.MemoryJournal(seed=seed, start=START)
        journal.append(jr.Entry(at=START, event="a.b", result="ok"))
        return journal.files
    assert files(3) == files(3)
    assert files(3) != files(4)


def test_a_cut_end_in_memory_is_missed():
    journal = jr.MemoryJournal(seed=1, start=START)
    before = journal.files
    journal.append(jr.Entry(at=START, event="a.b", result="ok"))
    trusted = journal.verify()
    journal.files = before
    assert trusted.ok and not journal.verify().ok
