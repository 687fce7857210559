"""Reads the text in a picture of a screen (tesseract)."""
from __future__ import annotations

import difflib
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import netlab, screen_font


def probe() -> str | None:
    """Why nothing can be read here, or None."""
    if shutil.which("tesseract") is None:
        return "tesseract is not installed"
    return None if importlib.util.find_spec("PIL") else "python3-pil is not installed"


def exactly(picture: pathlib.Path) -> str | None:
    """The text of a machine in memory, letter by letter; None: the picture is of another screen."""
    from PIL import Image

    with Image.open(picture) as image:
        return screen_font.read(image)


def read(picture: pathlib.Path) -> str:
    """All text of a PNG; letters of a text console are small, so it is enlarged, and light text on dark is turned round. Screens of
    machines in memory have letters that are known to the pixel (screen_font.py)."""
    from PIL import Image, ImageOps, ImageStat

    if (known := exactly(picture)) is not None:
        return known
    with Image.open(picture) as image:
        grey = image.convert("L")
        if ImageStat.Stat(grey).mean[0] < 128:
            grey = ImageOps.invert(grey)
        grey = grey.resize((grey.width * 3, grey.height * 3), Image.LANCZOS)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "large.png"
            ImageOps.expand(grey, 30, 255).save(file)
            # Its threads wait for each other by spinning: on a busy machine one alone is many times as fast.
            done = subprocess.run(["tesseract", str(file), "-", "-l", "eng", "--psm", "6", "--dpi", "210"], capture_output=True,
                                  text=True, timeout=60 * netlab.patience, check=True, env=dict(os.environ, OMP_THREAD_LIMIT="1"))
    return done.stdout


def letters(text: str) -> str:
    """What is compared: no spaces, no case, and one letter for those that look alike."""
    return re.sub(r"[^a-z0-9]", "", text.lower()).translate(str.maketrans("oil|", "0111"))


def shows(picture: pathlib.Path, wanted: str) -> bool:
    """Whether the words stand in the picture; where it has to be guessed, one letter in ten may be read wrongly."""
    if (known := exactly(picture)) is not None:
        return letters(wanted) in letters(known)
    return holds(read(picture), wanted)


def holds(read_text: str, wanted: str) -> bool:
    """Whether the words stand in what was read; one letter in ten may be read wrongly."""
    text, want = letters(read_text), letters(wanted)
    need = len(want) * 0.9
    for at in range(max(1, len(text) - len(want) + 1)):
        part = text[at:at + len(want)]
        if part and part[0] == want[0] and difflib.SequenceMatcher(None, part, want, autojunk=False).ratio() * len(want) >= need:
            return True
    return False
