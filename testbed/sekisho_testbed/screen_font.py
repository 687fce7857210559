"""Letters on the screens of machines in memory: Pillow's own small font in cells of 8 x 16, drawn, and read back pixel by pixel.

Reading is exact: a cell is a letter of this font in one colour on the picture's ground, or the picture is none of ours.
"""
from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 8, 16
LETTERS = "".join(map(chr, range(32, 127)))


@functools.cache
def shapes() -> dict[str, bytes]:
    """Of every letter: a byte a pixel, row by row, 1 where it is drawn."""
    from PIL import Image, ImageDraw, ImageFont

    font, out = ImageFont.load_default(), {}
    for letter in LETTERS:
        cell = Image.new("1", (WIDTH, HEIGHT))
        ImageDraw.Draw(cell).text((1, 2), letter, fill=1, font=font)
        out[letter] = bytes(1 if cell.getpixel((x, y)) else 0 for y in range(HEIGHT) for x in range(WIDTH))
    assert len(set(out.values())) == len(LETTERS), "two letters look alike"
    return out


@functools.cache
def painted(letter: str, ink: bytes, ground: bytes) -> tuple[bytes, ...]:
    """The rows of a cell; `ink` and `ground`: B, G, R and a byte that counts nothing."""
    shape = shapes().get(letter, shapes()["?"])
    return tuple(b"".join(ink if shape[y * WIDTH + x] else ground for x in range(WIDTH)) for y in range(HEIGHT))


def line(text: str, ink: bytes, ground: bytes) -> bytes:
    """Pixels of one line of cells."""
    cells = [painted(letter, ink, ground) for letter in text]
    return b"".join(cell[y] for y in range(HEIGHT) for cell in cells)


def read(image: "Image") -> str | None:
    """Every line of the picture; None when something on it is no letter of this font."""
    grey = image.convert("L")
    if grey.width % WIDTH or grey.height % HEIGHT:
        return None
    counts = sorted((count, value) for value, count in enumerate(grey.histogram()) if count)
    if len(counts) > 2:
        return None
    known, ground, pixels = {shape: letter for letter, shape in shapes().items()}, counts[-1][1], grey.tobytes()
    lines = []
    for top in range(0, grey.height, HEIGHT):
        text = ""
        for left in range(0, grey.width, WIDTH):
            at = [(top + y) * grey.width + left for y in range(HEIGHT)]
            cell = bytes(0 if value == ground else 1 for start in at for value in pixels[start:start + WIDTH])
            if (letter := known.get(cell)) is None:
                return None
            text += letter
        lines.append(text.rstrip())
    return "\n".join(lines)
