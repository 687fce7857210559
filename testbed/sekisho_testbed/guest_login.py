"""A login typed at a machine's own screen, as a person does it."""
from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable

from . import ocr

READY_S = 2   # a prompt stands before it is ready, and what was typed before is thrown away
ANSWER_S = 6  # what an emulated machine takes to answer


@dataclasses.dataclass
class GuestLogin:
    """Types what the last line asks for, and once more when it asks again: a machine that starves drops keys, and its login begins anew
    after a minute in which nothing came."""
    picture: Callable[[], pathlib.Path]  # the screen now
    keys: Callable[[str], object]        # typed at a person's pace
    pause: Callable[[float], None]
    account: str
    password: str
    then: str                            # what the screen shows afterwards

    def go_on(self) -> bool:
        """A look, and the next answer; whether he is through."""
        picture = self.picture()
        if ocr.shows(picture, self.then):
            return True
        lines = [line for line in ocr.read(picture).splitlines() if line.strip()]
        asks = ocr.letters(lines[-1]) if lines else ""
        if asks.endswith(ocr.letters("login:")):
            self.keys(f"{self.account}\n")
        elif asks.endswith(ocr.letters("Password:")):
            self.pause(READY_S)
            self.keys(f"{self.password}\n")
        self.pause(ANSWER_S)
        return False
