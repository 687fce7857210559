"""A console between a viewer and a guest, driven by hand: RFB 3.8 of both directions by allow-list."""
from datetime import datetime
from typing import Optional, Sequence, Union

from sekisho._core import _Bound
from sekisho._core.screens import ScreenStopped
from sekisho._core.sdk import Text
from sekisho.words import ConsoleSide, ConsoleState

class SizeSeen(metaclass=_Bound):
    """The screen has a (new) size, and is black."""
    width: int
    height: int
    def __init__(self, width: int = ..., height: int = ...) -> None: ...

class PaintSeen(metaclass=_Bound):
    """A part of the screen was painted; a rectangle comes in one piece or several. Rows top first, each pixel B, G, R
    and a byte that counts for nothing."""
    x: int
    y: int
    width: int
    height: int
    pixels: bytes
    def __init__(self, x: int = ..., y: int = ..., width: int = ..., height: int = ...,
                 pixels: bytes = ...) -> None: ...

class CopySeen(metaclass=_Bound):
    """A part of the screen was copied from elsewhere on it."""
    x: int
    y: int
    width: int
    height: int
    from_x: int
    from_y: int
    def __init__(self, x: int = ..., y: int = ..., width: int = ..., height: int = ..., from_x: int = ...,
                 from_y: int = ...) -> None: ...

class UpdateSeen(metaclass=_Bound):
    """A picture is complete."""
    def __init__(self) -> None: ...

class KeySeen(metaclass=_Bound):
    """A key that passed; `scan_code` is 0 when the viewer sent a symbol alone."""
    down: bool
    symbol: int
    scan_code: int
    def __init__(self, down: bool = ..., symbol: int = ..., scan_code: int = ...) -> None: ...

class PointerSeen(metaclass=_Bound):
    """A move or click that passed."""
    x: int
    y: int
    buttons: int
    def __init__(self, x: int = ..., y: int = ..., buttons: int = ...) -> None: ...

_Seen = Union[SizeSeen, PaintSeen, CopySeen, UpdateSeen, KeySeen, PointerSeen]

class Cause(metaclass=_Bound):
    """Why something did not pass ("console.clipboard"); `ends`: the console ends with it."""
    code: str
    ends: bool
    what: Text
    def __init__(self, code: str = ..., ends: bool = ..., what: Text = ...) -> None: ...

class Passed(metaclass=_Bound):
    """What a filter made of bytes: how many it took, what passes, and the code of the cause that broke the stream for
    good ("" while it goes on)."""
    taken: int
    data: bytes
    broken: str
    def __init__(self, taken: int = ..., data: bytes = ..., broken: str = ...) -> None: ...

class Console(metaclass=_Bound):
    """One console, both handshakes included. Bytes of both peers and now go in; what may pass comes out. With `watch`
    pictures are decoded for seen(), and what cannot be decoded is asked of no guest. `withheld`: encodings that are not
    asked for; `key_presses_per_s` 0: no limit. Guests with a VNC password are not bound."""
    def __init__(self, *, now: datetime, name: str = "", withheld: Sequence[int] = ..., view_only: bool = False,
                 resize: bool = False, key_presses_per_s: int = 30, opening_limit: float = 10.0,
                 watch: bool = True) -> None: ...
    @property
    def room_from_viewer(self) -> int:
        """How many bytes of the viewer are welcome now; 0: it has to wait."""
    @property
    def room_from_guest(self) -> int:
        """How many bytes of the guest are welcome now; 0: it has to wait."""
    def from_viewer(self, data: bytes, *, now: datetime) -> int:
        """Bytes of the viewer; how many were taken, from the front."""
    def from_guest(self, data: bytes, *, now: datetime) -> int:
        """Bytes of the guest; how many were taken, from the front."""
    def to_viewer(self, most: int = ...) -> bytes:
        """Takes what waits for the viewer, at most so much: it has gone out."""
    def to_guest(self, most: int = ...) -> bytes:
        """Takes what waits for the guest, at most so much: it has gone out."""
    def end(self, code: str = "console.closed") -> None:
        """Ends it from outside; `code` is one of causes(). ValueError for another."""
    def tick(self, *, now: datetime) -> None:
        """next_deadline has come."""
    def notices(self, *, now: datetime) -> list[ScreenStopped]:
        """What did not pass and is due to be told; all of it once the console has ended."""
    def total(self, code: str, side: ConsoleSide) -> int:
        """How often that did not pass since the console began."""
    def seen(self) -> list[_Seen]:
        """What a recorder sees, since the last call; nothing without `watch`."""
    @property
    def undecoded(self) -> bool:
        """A picture could not be decoded: a recorded console is closed then."""
    @property
    def next_deadline(self) -> Optional[datetime]:
        """When tick() or notices() wants to be called; in the past while notices are due."""
    @property
    def state(self) -> ConsoleState:
        """Where it stands."""
    @property
    def why(self) -> str:
        """The code of the cause with which it ended; "" before."""
    @property
    def guest_said(self) -> bytes:
        """The guest's own words on a refusal, not trusted, at most 256 bytes."""
    @property
    def inputs(self) -> int:
        """Keys and pointer moves that have passed."""
    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the guest's screen; (0, 0) before it is known."""

class Filters(metaclass=_Bound):
    """Both directions of an open console without the opening: what passes of each message, and why not."""
    def __init__(self, width: int, height: int, *, withheld: Sequence[int] = ..., view_only: bool = False,
                 resize: bool = False, key_presses_per_s: int = 30) -> None: ...
    def viewer(self, data: bytes, *, now: datetime) -> Passed:
        """Viewer to guest. Less than all is taken when it breaks, or while waits says until when keys must wait."""
    def guest(self, data: bytes) -> Passed:
        """Guest to viewer."""
    def notices(self, *, now: datetime) -> list[ScreenStopped]:
        """Everything that did not pass since the last call."""
    @property
    def waits(self) -> Optional[datetime]:
        """Until when the viewer's stream stands still because keys came too fast."""
    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the screen, as far as both ends have heard."""

def causes() -> list[Cause]:
    """Every cause, with its words for people."""
def encodings_not_decoded() -> list[int]:
    """Encodings that are withheld where pictures are decoded: with them a guest may send JPEG."""
def on_allow_list(encoding: int) -> bool:
    """Whether a viewer may ask a guest for this encoding at all."""
def rewrite_encodings(wanted: Sequence[int], *, withheld: Sequence[int] = ...) -> tuple[list[int], int]:
    """What of a viewer's SetEncodings a guest is asked for, and how many entries were taken out."""
