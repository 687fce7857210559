"""A login typed at a machine's own screen, as a person does it."""
from __future__ import annotations

import pathlib
from collections.abc import Callable

from . import ocr
from .netlab import wait_until

READY_S = 2   # a prompt stands before it is ready, and what was typed before is thrown away
ANSWER_S = 6  # what an emulated machine takes to answer


def log_in(picture: Callable[[], pathlib.Path], keys: Callable[[str], object], pause: Callable[[float], None], account: str,
           password: str, then: str, within: float = 240) -> None:
    """Types what the last line asks for, and once more when it asks again, until the screen shows `then`. A machine that starves drops
    keys, and its login begins anew after a minute in which nothing came. `picture` is the screen now, `keys` types at a person's pace."""
    def go_on() -> bool:
        text = ocr.read(picture())
        if ocr.holds(text, then):
            return True
        lines = [line for line in text.splitlines() if line.strip()]
        asks = ocr.letters(lines[-1]) if lines else ""
        if asks.endswith(ocr.letters("login:")):
            keys(f"{account}\n")
        elif asks.endswith(ocr.letters("Password:")):
            pause(READY_S)
            keys(f"{password}\n")
        pause(ANSWER_S)
        return False

    wait_until(go_on, within, f"he logs in as the machine asks, then it shows {then!r}", on_fail=lambda: ocr.read(picture()))
