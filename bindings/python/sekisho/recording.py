"""Recordings: what was seen in a session, provable. A recorder by hand, a player, and the proof."""
from __future__ import annotations

from datetime import datetime
from typing import Sequence, Union

from sekisho._core.console import CopySeen, KeySeen, PaintSeen, PointerSeen, SizeSeen, UpdateSeen
from sekisho._core.recording import (ChunkInfo, ChunkNote, Contents, Effort, Finding, KeyUsed, Notes, Picture,
                                     PictureChanged, Player, PointerMoved, PolicyEvent, Recorder, RecordingEnd,
                                     RecordingHeader, Verification, notes_of, read_contents, verify_recording)

__all__ = ["ChunkInfo", "ChunkNote", "Contents", "Effort", "Finding", "KeyUsed", "Notes", "Picture", "PictureChanged",
           "Player", "PointerMoved", "PolicyEvent", "Recorder", "RecordingEnd", "RecordingHeader", "Verification",
           "notes_of", "ppm", "read_contents", "record", "verify_recording"]


def record(recorder: Recorder,
           seen: Sequence[Union[SizeSeen, PaintSeen, CopySeen, UpdateSeen, KeySeen, PointerSeen]], *,
           now: datetime) -> None:
    """Hands a recorder what a watched console has seen: `record(recorder, console.seen(), now=now)`."""
    for one in seen:
        if isinstance(one, SizeSeen):
            recorder.resize(one.width, one.height, now=now)
        elif isinstance(one, PaintSeen):
            recorder.paint(one.x, one.y, one.width, one.height, one.pixels, now=now)
        elif isinstance(one, CopySeen):
            recorder.copy(one.x, one.y, one.width, one.height, one.from_x, one.from_y, now=now)
        elif isinstance(one, KeySeen):
            recorder.key(one.down, one.symbol, one.scan_code, now=now)
        elif isinstance(one, PointerSeen):
            recorder.pointer(one.x, one.y, one.buttons, now=now)


def ppm(picture: Picture) -> bytes:
    """A picture as a file that every viewer of pictures and every OCR reads."""
    return b"P6 %d %d 255\n" % (picture.width, picture.height) + picture.rgb
