"""`./dev soak recording recording_kills`: a real QEMU's console, worked at and recorded by the whole gate.

`--seconds`: a scripted session of that length in every encoding that a recorder reads. At still points (no cursor blinks there)
QEMU itself makes a picture of its screen; played back, the recording shows the same, pixel for pixel.
`--kills`: so many times kill -9 of sekisho-relay at a random moment while it records two consoles: each loses at most 10 s, and what is
kept is what the journal holds.
"""
from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator

from .. import cast, hypervisor, labs
from ..gate_here import need_bindings
from ..namespaces import NamespacesHouse, NamespacesWorld
from ..namespaces_consoles import SocketWire
from ..netlab import wait_until
from ..viewer_wire import Plain, ThreadViewer

ROOT = pathlib.Path(__file__).resolve().parents[3]
LOSS_S = 10.0  # threats.md T-63: 5 s to fill a chunk, 5 s until it is on the disk and in the journal
STILL_S = 2.0
LONGEST_S = 15.0  # before a kill: three chunks
CONSOLES = ("web-01", "web-02")
#: ZRLE, Tight, Hextile, Zlib, Raw, each beside CopyRect: QEMU takes the first that it knows.
ENCODINGS = (16, 7, 5, 6, 0)
COPY, NEW_SIZE = 1, -223
#: No picture: a screen's name, its size and a few empty updates are less than that, the smallest whole picture is more.
MOST_WORDS = 256
LETTERS = "abcdefghijklmnopqrstuvwxyz 0123456789 .,-/;ABCDEFGH"


class Blind(ThreadViewer):
    """Understands nothing of what it is shown, so it may ask for any encoding; asks for more all the time, and counts: how often it
    asked, what came. A test that leans on it says with shown() that something came; nothing at all is a failure, not a quiet screen."""

    def __init__(self, wire: Plain, encodings: list[int], name: str) -> None:
        self._over = threading.Event()
        self.bytes = self.asked = 0
        super().__init__(wire, encodings=encodings, name=name)
        threading.Thread(target=self._keep_asking, daemon=True).start()

    @classmethod
    def at(cls, world: NamespacesWorld, server: str, encodings: list[int]) -> "Blind":
        """At that server's console, with a picture."""
        page = world.consoles.at_consoles()
        wire = page.socket(page.ticket(f"/api/console/servers/{server}/ticket"))
        assert isinstance(wire, SocketWire) and not wire.refused, wire.refused
        blind = cls(wire.wire, encodings, server)
        blind.shown(MOST_WORDS, within=20)
        return blind

    def shown(self, more_than: int, within: float) -> int:
        """How many bytes it was shown by now, which must become more than so many while it lives and asks."""
        wait_until(lambda: self.ended or self.bytes > more_than, within, f"{self.name} is shown more than {more_than} bytes",
                   on_fail=lambda: f"{self.bytes} bytes after {self.asked} questions")
        assert self.bytes > more_than, f"{self.name} ended with {self.bytes} bytes shown, no more than {more_than}: {self.ended}"
        assert self.asked > 0, f"{self.name} never asked for a picture"
        return self.bytes

    def _ask(self, *, whole: bool) -> None:
        super()._ask(whole=whole)
        self.asked += 1

    def _keep_asking(self) -> None:
        with contextlib.suppress(OSError):
            while not self._over.wait(0.1):
                self._ask(whole=False)

    def _listen(self) -> None:
        try:
            self.bytes += len(self._rest)  # behind the handshake
            while True:
                self.bytes += len(self.wire.read())
        except (OSError, AssertionError, ValueError) as end:
            self.ended = self.wire.why or str(end) or type(end).__name__
        self._over.set()


def pause(seconds: float) -> None:
    select.select([], [], [], seconds)


@contextlib.contextmanager
def site(build: pathlib.Path) -> Iterator[NamespacesWorld]:
    """A gate with the lab's hypervisor, and Mori inside."""
    with labs.folder_of_its_own() as folder, labs.lab("namespaces", folder, build) as house:
        assert isinstance(house, NamespacesHouse)
        world = NamespacesWorld(house, "recording")
        try:
            world.open(desktops="plain")
            world.pass_gate("mori")
            world.pc("mori").agent.start(30)  # a session without a sign of life does not last ten minutes
            yield world
        finally:
            world.close()


# --- plays back as it was ---------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Shot:
    at: datetime.datetime
    picture: pathlib.Path


def steady_picture(world: NamespacesWorld, machine: str, file: pathlib.Path) -> Shot:
    """QEMU's own picture of its screen once that has stood still for STILL_S, and when that was."""
    since, before = time.monotonic(), b""
    until = since + 60
    while time.monotonic() < until:
        at = world.now()
        now = world.house.hypervisor.picture(machine, file).read_bytes()
        if now != before:
            since, before = time.monotonic(), now
        elif time.monotonic() - since >= STILL_S:
            return Shot(at, file)
        pause(0.25)
    raise AssertionError(f"{machine}'s screen does not come to rest")


def differing(shot: Shot, width: int, height: int, rgb: bytes) -> int:
    """Pixels that are not the same; every one when the sizes differ."""
    from PIL import Image

    with Image.open(shot.picture) as opened:
        image = opened.convert("RGB")
    if image.size != (width, height):
        return int(image.width * image.height)
    theirs: bytes = image.tobytes()
    return sum(theirs[at:at + 3] != rgb[at:at + 3] for at in range(0, len(rgb), 3)) if theirs != rgb else 0


def recorded_session(world: NamespacesWorld, seconds: float, points: int, seed: int) -> str:
    """Works for so long at the console of web-01, where no cursor blinks, and plays it back."""
    need_bindings(world.house.build)
    from sekisho.recording import Player

    chance, server, machine = random.Random(seed), CONSOLES[0], cast.MACHINES[CONSOLES[0]]["machine"]
    plain = world.house.hypervisor
    plain.restart(machine, hypervisor.login_disk(server, cursor=False))
    shots: list[Shot] = []
    try:
        console = Blind.at(world, server, [ENCODINGS[0], COPY, NEW_SIZE])
        steady_picture(world, machine, world.folder / "first.png")
        begun = time.monotonic()
        for point in range(points):
            console.set_encodings([ENCODINGS[point % len(ENCODINGS)], COPY, NEW_SIZE])
            before = console.bytes
            until = begun + seconds * (point + 1) / points - STILL_S
            while True:  # at least something is typed before each
                console.type("".join(chance.choices(LETTERS, k=chance.randint(1, 12))) + ("\n" if chance.random() < 0.3 else ""), 0.07)
                if time.monotonic() >= until:
                    break
                pause(chance.uniform(0, 0.8))
            shots.append(steady_picture(world, machine, world.folder / f"still-{point}.png"))
            console.shown(before, within=20)  # what was typed came by the gate, not only to QEMU's own picture
            assert console.live, console.ended
        lasted = time.monotonic() - begun
        watched, asked = console.bytes, console.asked
        console.close()
        world.entry(event="recording.closed", person="mori", within=15)
    finally:
        plain.restart(machine, hypervisor.login_disk(server))
    row = next(row for row in world.consoles.rows() if row["target"] == server)
    file = world.consoles.recordings / row["file"]
    found = world.consoles.verify(file)
    assert found["ok"] and found["closed"] and found["unproved_bytes"] == 0, found
    player = Player(file)
    assert len(shots) == points > 1, shots
    order = list(enumerate(shots))
    chance.shuffle(order)  # any moment is sought from any other
    for point, shot in order:
        player.seek(shot.at)
        picture = player.picture
        wrong = differing(shot, picture.width, picture.height, picture.rgb)
        assert wrong == 0, f"still point {point}, {shot.at}: {wrong} pixels are not what QEMU showed ({shot.picture})"
    # The comparison can fail: two still points are not the same picture.
    player.seek(shots[0].at)
    other = differing(shots[-1], player.picture.width, player.picture.height, player.picture.rgb)
    assert other > 0, "the screen was the same all the time"
    return (f"{points} still points of a session of {lasted:.0f} s play back as QEMU showed them; {row['chunks']} chunks, {row['bytes']} "
            f"bytes; the first and the last differ in {other} pixels; the browser asked {asked} times and was shown {watched} bytes")


# --- killed -----------------------------------------------------------------------------------------------------------------------

def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def kill_once(world: NamespacesWorld, after: float, chance: random.Random) -> list[float]:
    """Seconds of each recording that were lost."""
    known = set(world.consoles.recordings.glob("*.skr"))
    consoles = [Blind.at(world, server, [chance.choice(ENCODINGS), COPY, NEW_SIZE]) for server in CONSOLES]
    until = time.monotonic() + after
    while (left := until - time.monotonic()) > 0:
        chance.choice(consoles).type(chance.choice(LETTERS), min(0.1, left))
    for console in consoles:
        assert console.live and console.asked > 1, f"{console.name}: {console.ended or 'nobody looked at it'}"
    killed = world.now()
    os.kill(world.gatehouse.pids()["sekisho-relay"], signal.SIGKILL)
    for console in consoles:
        assert console.wait_end(10)
    wait_until(world.gatehouse.serves, 30, "the relay is back", every=0.05)
    lost = []
    begun = {row["file"]: row["begin"] for row in world.consoles.rows()}
    files = sorted(set(world.consoles.recordings.glob("*.skr")) - known)
    assert len(files) == len(CONSOLES), files
    for file in files:
        found = world.consoles.verify(file)
        assert found["ok"] and not found["closed"], found
        lost.append((killed - instant(found["proved_until"] if found["chunks"] else begun[file.name])).total_seconds())
    return lost


def kills(world: NamespacesWorld, count: int, seed: int, longest_s: float = LONGEST_S) -> str:
    chance = random.Random(seed)
    for event in ("supervise.child_ended", "gate.link_lost", "hyperd.link_lost"):
        world.allow_event(event, "the relay is killed")
    worst: list[float] = []
    for number in range(1, count + 1):
        after = chance.uniform(0.2, longest_s)
        lost = kill_once(world, after, chance)
        print(f"kill {number} after {after:.1f} s: lost {', '.join(f'{s:.1f} s' for s in lost)}", flush=True)
        assert max(lost) <= LOSS_S, f"kill {number} lost {max(lost):.1f} s, allowed are {LOSS_S:.0f} s"
        worst.append(max(lost))
    journal = world.ctl("journal", "verify", "--dir", str(world.gatehouse.state / "journal"))
    world.check_logs()
    return (f"{count} kills of sekisho-relay while it recorded {len(CONSOLES)} consoles: {max(worst):.1f} s lost at most, "
            f"{sum(worst) / count:.1f} s on average; every file verifies; journal {json.dumps(journal)}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak recording", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--seconds", type=float, help="a session of that length plays back as it was")
    parser.add_argument("--points", type=int, default=20, help="still points of it")
    parser.add_argument("--kills", type=int, help="kill -9 of the relay, so many times")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with site(args.build.resolve()) as world:
        if args.seconds is not None:
            print(recorded_session(world, args.seconds, args.points, args.seed), flush=True)
        if args.kills is not None:
            print(kills(world, args.kills, args.seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
