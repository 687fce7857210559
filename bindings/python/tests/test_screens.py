"""What relays and the gatekeeper say of pages, screens and recordings, through the production's codec."""
import pytest

import sekisho
from sekisho import seam

REFUSAL = sekisho.Refusal("R12", "console.not_here", sekisho.Text("何", "what"), sekisho.Text("なぜ", "why"),
                          sekisho.Text("次", "next"))
QUESTIONS = [seam.ViewDesktop(), seam.EndByPerson(), seam.ConsoleLogin("mori", "hidden"), seam.ListServers(),
             seam.WantTicket("web-01"), seam.WantThumbnail("web-01"), seam.OpenScreen("ticket-1")]
ANSWERS = [seam.ConsoleRefused(REFUSAL, True), seam.ConsoleDone(),
           seam.DesktopView("S1", "mori", "ja", "2026-11-22T09:00:00Z", "internet_business", 60, "vdi", "ready",
                            sekisho.Text("机", "desk"), 100, 0, "maint", "hidden", False, True),
           seam.ServerList("S1", "mori", 60, [
               seam.ServerView("web-01", "vm", sekisho.Text("網", "web"), "u1", "desks", True, state="on"),
               seam.ServerView("db-01", "physical", why_not=REFUSAL)], False, True),
           seam.TicketGiven("hidden"), seam.ThumbnailRight("u1", "desks", "S1", "internet_business", "hidden"),
           seam.ScreenRight(7, "S1", "mori", "web-01", "Web", "u1", "desks", "10.60.0.10", 5900, True, False, 1,
                            "internet_business", "hidden")]
HAPPENINGS = [seam.ScreenStopped("console.clipboard", True, 2, 300, 5),
              seam.ScreenClosed("console.closed", "bye", 1, 2), seam.ScreenUsed()]
FACTS = [seam.RecordingOpened("0" * 32, "a" * 64, "S1-0.skr", 1_000), seam.RecordingChunk(1, 512, 1, 2, 99, "b" * 64),
         seam.RecordingClosed(3, "session.ended"), seam.RecordingFailed(1, "recording.stalled", "late")]


def there_and_back(message):
    again = seam.decode_message(seam.encode_message(message))
    assert type(again) is type(message) and repr(again) == repr(message)
    return again


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: type(q).__name__)
def test_a_pages_question_crosses_the_seam(question):
    again = there_and_back(seam.ConsoleRequest(9, "console", "10.60.0.10", "Firefox/128", question))
    assert again.place == "console" and again.user_agent == "Firefox/128" and type(again.body) is type(question)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: type(a).__name__)
def test_its_answer_crosses_the_seam(answer):
    again = there_and_back(seam.ConsoleReply(9, answer))
    for name in ("password", "ticket"):
        if hasattr(answer, name):
            assert getattr(again.body, name) == "hidden" and "hidden" not in repr(again)


def test_a_server_list_keeps_every_field():
    again = there_and_back(seam.ConsoleReply(1, ANSWERS[3])).body
    assert [(s.id, s.state) for s in again.servers] == [("web-01", "on"), ("db-01", "unknown")]
    assert again.servers == ANSWERS[3].servers and again.servers[1].why_not.code == "console.not_here"
    assert (again.watermark, again.recorded) == (False, True)


@pytest.mark.parametrize("body", HAPPENINGS, ids=lambda b: type(b).__name__)
def test_what_happens_on_a_screen_crosses_the_seam(body):
    assert there_and_back(seam.ConsoleNotice(7, body)).console == 7


@pytest.mark.parametrize("body", FACTS, ids=lambda b: type(b).__name__)
def test_a_note_of_a_recording_crosses_the_seam(body):
    assert there_and_back(seam.RecordingNote(3, 7, body)).number == 3


def test_what_the_gatekeeper_says_of_them_crosses_the_seam():
    assert there_and_back(seam.RecordingNoted(3, False, "audit.full")).error == "audit.full"
    assert there_and_back(seam.ScreenEnd(7, "session.ended")).console == 7


def test_a_word_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="'lobby' is none of: desktop, console"):
        seam.ConsoleRequest(place="lobby")
    with pytest.raises(RuntimeError, match="ListServers"):
        seam.ConsoleReply(body=seam.ListServers())


def test_half_a_message_is_no_message():
    packet = seam.encode_message(seam.ConsoleReply(9, ANSWERS[6]))
    for end in range(len(packet)):
        with pytest.raises(sekisho.SeamError):
            seam.decode_message(packet[:end])
