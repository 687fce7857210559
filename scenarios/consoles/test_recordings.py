"""R15: recorded from the first frame to the last, or closed; what is kept is what the journal says."""
from __future__ import annotations

import pathlib
import shutil
from typing import Any

import pytest

from sekisho_testbed import ocr
from sekisho_testbed.consoles import DesktopPage
from sekisho_testbed.gate_here import need_bindings
from sekisho_testbed.labs import NotHere
from sekisho_testbed.namespaces import NamespacesWorld
from sekisho_testbed.ordeal import recording as ordeal
from sekisho_testbed.viewer import Gone, Viewer
from sekisho_testbed.world import World

pytestmark = [pytest.mark.needs("consoles"), pytest.mark.gate(desktops="plain")]
STILL_S = 3  # nothing is typed for so long, so that a film has a picture of that
CHUNK_S, DURABLE_S = 5, 5  # a chunk's length, and its time to reach disk and journal (core/recording/README.md)


def worked(world: World, text: str) -> Viewer:
    """Mori at the console of web-01, with something typed and seen."""
    world.pass_gate("mori")
    console = world.consoles.at_consoles().open("web-01")
    world.wait(lambda: ocr.shows(console.picture(world.folder / "console.png"), "web-01 login:"), 30, "the server is seen")
    world.pause(STILL_S)
    console.type(text)
    world.wait(lambda: ocr.shows(console.picture(world.folder / "console.png"), f"login: {text}"), 30, "what was typed is seen")
    return console


@pytest.fixture(autouse=True)
def clean_server(world: World) -> None:
    world.consoles.restart("web-01")


def recording(world: World, target: str = "web-01") -> pathlib.Path:
    rows = [row for row in world.consoles.rows() if row["target"] == target]
    assert len(rows) == 1, rows
    return world.consoles.recordings / rows[0]["file"]


def chunks_of(world: World, target: str = "web-01") -> list[dict[str, Any]]:
    """What the journal holds of the recording's chunks."""
    mine = {row["recording"] for row in world.consoles.rows() if row["target"] == target}
    return [e["detail"] for e in world.journal(event="recording.chunk", limit="1000") if e["detail"]["recording"] in mine]


@pytest.mark.rule("R15", must="pass")
def test_a_console_is_recorded_from_the_first_frame_to_the_last(world: World) -> None:
    console = worked(world, "cedar river")
    console.close()
    world.entry(event="recording.closed", person="mori", within=15)
    file = recording(world)
    found = world.consoles.verify(file)
    assert found["ok"] and found["closed"] and found["unproved_bytes"] == 0, found
    first, last = world.consoles.first_and_last(file)
    assert ocr.shows(first, "web-01 login:"), ocr.read(first)
    assert not ocr.shows(first, "cedar river"), ocr.read(first)
    assert ocr.shows(last, "login: cedar river"), ocr.read(last)
    world.story.pictures += [("the first frame", first), ("the last frame", last)]


@pytest.mark.needs("processes")
@pytest.mark.rule("R15", must="pass")
def test_whoever_takes_a_recording_out_is_written_down(world: NamespacesWorld) -> None:
    worked(world, "cedar").close()
    world.entry(event="recording.closed", person="mori", within=15)
    assert not world.journal(event="recording.exported")
    world.consoles.film(recording(world))
    assert world.entry(event="recording.exported")["detail"], "who, what and why"


@pytest.mark.rule("R15", must="fail")
def test_a_changed_chunk_is_found_and_named(world: World) -> None:
    console = worked(world, "cedar")
    world.wait(lambda: len(chunks_of(world)) >= 2, 40, "two chunks of the console's recording")
    console.close()
    world.wait(lambda: len(world.journal(event="recording.closed")) >= 1, 15, "the recording is closed")
    file = recording(world)
    assert world.consoles.verify(file)["ok"]  # the check can pass
    whole, chosen = file.read_bytes(), chunks_of(world)[-1]
    middle = chosen["offset"] + chosen["bytes"] // 2
    first = chunks_of(world)[0]
    changes = {
        "flipped": (chosen, whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:]),
        "cut": (chosen, whole[:middle]),
        "taken out": (first, whole[:first["offset"]] + whole[first["offset"] + first["bytes"]:]),
    }
    for name, (chunk, changed) in changes.items():
        other = world.folder / f"{name}.skr"
        other.write_bytes(changed)
        found = world.consoles.verify(other)
        assert not found["ok"] and any(each["chunk"] == chunk["number"] for each in found["findings"]), (name, chunk, found)
        world.story.add("must_not", f"pass as whole: one chunk {name}")


def no_screen_at_the_plain_entrance(world: World) -> DesktopPage:
    """It says why; Mori's page, with his desktop ready."""
    page = world.consoles.desktop_page()
    page.ready()
    assert "desktop.page_only" in world.plain_entrance("mori")
    world.refused("desktop.page_only", rule="R15")
    return page


@pytest.mark.rule("R15", must="fail")
def test_the_desktop_is_not_shown_where_nothing_is_recorded(world: World) -> None:
    """The plain entrance says no for a desktop that the gate makes, and says why; at the page it opens, recorded."""
    world.pass_gate("mori")
    page = no_screen_at_the_plain_entrance(world)
    assert page.open().live
    world.entry(event="recording.opened", person="mori")


@pytest.mark.rule("R15", must="pass")
@pytest.mark.rule("R15", must="fail")
@pytest.mark.gate(desktops="host")
def test_a_desktop_of_the_registry_is_shown_recorded_or_not_at_all(world: World) -> None:
    """A machine that the gate neither makes nor destroys: the page shows it and records it, the plain entrance does neither."""
    world.pass_gate("mori")
    page = no_screen_at_the_plain_entrance(world)
    assert not world.consoles.rows(), "nothing was shown"
    screen = page.open()
    screen.picture(world.folder / "desktop.png")
    screen.close()
    world.entry(event="recording.closed", person="mori", within=15)
    file = recording(world, world.people["mori"]["desktop"])
    found = world.consoles.verify(file)
    assert found["ok"] and found["closed"], found
    # The refusal above is the gate's and nothing else's: where the lab has it open, it is the same machine.
    world.restart(bare_entrance=True)
    world.must_reach_desktop("mori", within=30)


@pytest.mark.rule("R15", must="fail")
def test_a_full_disk_closes_the_console(world: World) -> None:
    """With room it stays open; once nothing can be written it is closed, before anything is ten seconds unrecorded."""
    for event in ("relay.recording_lost", "relay.screen_not_opened", "recording.failed"):
        world.allow_event(event, "the disk is full")
    with world.consoles.small_disk() as disk:
        console = worked(world, "cedar")
        world.must_not("closed while there is room", lambda: not console.live, during=CHUNK_S + DURABLE_S + 1)
        disk.fill()
        with world.limit(CHUNK_S + DURABLE_S, "the console is closed"):
            console.wait_end(CHUNK_S + DURABLE_S)
        assert world.entry(event="console.closed", person="mori")["code"] == "console.not_recorded"
        page = world.consoles.at_consoles()
        wire = page.socket(page.ticket("/api/console/servers/web-02/ticket"))
        if not wire.refused:  # where room for a file's head was left, it is closed as the first was
            with world.limit(CHUNK_S + DURABLE_S, "another one is closed as well"), pytest.raises(Gone, match="console.not_recorded"):
                raise Gone(wire.viewer().wait_end(CHUNK_S + DURABLE_S))
        disk.free()
        world.must("with room again it opens", lambda: world.consoles.console_page().open("web-02").live, within=10)


@pytest.mark.rule("R15", must="pass")
@pytest.mark.rule("R15", must="fail")
def test_a_killed_relay_loses_ten_seconds_at_most(world: World) -> None:
    console = worked(world, "cedar")
    world.pause(CHUNK_S + DURABLE_S + 2)
    killed = world.now()
    world.consoles.kill_relay()
    assert console.wait_end(5)
    end = world.entry(event="console.closed", person="mori")
    opened = world.entry(event="console.opened", person="mori")
    assert end["code"] == "relay.gone" and end["detail"]["console"] == opened["detail"]["console"], end
    file = recording(world)
    kept = world.folder / "killed.skr"
    shutil.copy(file, kept)
    found = world.consoles.verify(kept)
    assert found["ok"] and not found["closed"], found
    lost = (killed - world.moment(found["proved_until"])).total_seconds()
    world.story.add("limit", f"lost {lost:.1f} s of 10 s allowed", lost, lost <= CHUNK_S + DURABLE_S)
    assert lost <= CHUNK_S + DURABLE_S, found
    world.consoles.relay_back()
    world.must("consoles open again", lambda: world.consoles.at_consoles().open("web-02").live, within=20)


@pytest.mark.needs("processes")
@pytest.mark.rule("R15", must="pass")
def test_a_session_plays_back_as_the_server_showed_it(world: NamespacesWorld) -> None:
    """The short form of `./dev soak recording`: every encoding, five still points."""
    try:
        need_bindings(world.house.build)
    except NotHere as reason:
        pytest.skip(str(reason))
    world.pass_gate("mori")
    world.story.add("must", ordeal.recorded_session(world, 30, 5, 1))


@pytest.mark.needs("processes")
@pytest.mark.rule("R15", must="fail")
def test_kills_at_random_moments_lose_ten_seconds_at_most(world: NamespacesWorld) -> None:
    """The short form of `./dev soak recording_kills`."""
    world.pass_gate("mori")
    world.story.add("limit", ordeal.kills(world, 3, 1, 7))
