"""Lines of the simulated lab: real TLS in memory to the production's front, exact bytes said over it, in virtual time."""
from __future__ import annotations

import datetime
import pathlib
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import cast
from .programs.answers import complete
from .talks import Heard, Identity, Talk

if TYPE_CHECKING:
    from .simulated import SimulatedWorld

Seen = Callable[[bytes], object]
Wait = tuple[Callable[[], object], datetime.datetime]  # until that comes true, or until then


class Contexts:
    """TLS contexts of clients, made once each."""

    def __init__(self, ca: pathlib.Path) -> None:
        self.ca, self.made = ca, {}  # type: pathlib.Path, dict[tuple[str, tuple[str, ...]], ssl.SSLContext]

    def get(self, identity: Identity | None, offer: Sequence[str] | None = None) -> ssl.SSLContext:
        key = (str(identity.certificate) if identity else "", tuple(offer or ()))
        if key not in self.made:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(self.ca)
            if offer:
                context.set_alpn_protocols(list(offer))
            if identity:
                context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a stranger's library shows keys that ours would not
                context.load_cert_chain(identity.certificate, identity.key)
            self.made[key] = context
        return self.made[key]


class TlsLine:
    """A client's end of one connection. `context` None: its bytes go out as they are."""

    def __init__(self, engine: Any, address: str, port: int, context: ssl.SSLContext | None, seen: Sequence[Seen] = (), *,
                 name: str = cast.GATE_NAME, passes: Callable[[], bool] = lambda: True) -> None:
        """`name`: what the certificate must say; `passes`: whether packets get there and back now."""
        self.passes = passes
        self.socket, self.seen = engine.connect(address, port), list(seen)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name) if context else None
        self.ready = self.tls is None
        self.to_say: deque[bytes] = deque()
        self.heard = bytearray()
        self.error = ""
        self.over = self.refused = self.socket is None  # `refused`: the front has not even let it in
        self.by_peer = self.refused                     # over because the front has closed
        self.at_end = False

    def say(self, data: bytes) -> None:
        self.to_say.append(data)

    def take(self) -> bytes:
        """What has been heard since the last call."""
        out = bytes(self.heard)
        self.heard.clear()
        return out

    def gone(self) -> None:
        """The client closes its socket, once what it has said has left."""
        self.pump()
        self.over = True
        if self.socket is not None:
            self.socket.gone()

    def pump(self) -> bool:
        """Carries what can be carried now; whether anything was."""
        moved = False
        while not self.over and self.passes():
            step = self._step()
            if out := (self.outgoing.read() if self.tls else self._plain()):
                self._look(out)
                self.socket.feed(out)
                step = True
            if got := self.socket.take():
                self._look(got)
                if self.tls:
                    self.incoming.write(got)
                else:
                    self.heard += got
                step = True
            elif self.socket.at_end and not self.at_end:
                self.at_end = step = True
                if self.tls:
                    self.incoming.write_eof()
                else:
                    self._end("", by_peer=True)
            if not step:
                break
            moved = True
        return moved

    def _look(self, data: bytes) -> None:
        for each in self.seen:
            each(data)

    def _plain(self) -> bytes:
        out = b"".join(self.to_say)
        self.to_say.clear()
        return out

    def _step(self) -> bool:
        """One step of TLS; False: it waits."""
        if self.tls is None:
            return False
        try:
            if not self.ready:
                self.tls.do_handshake()
                self.ready = True
            elif self.to_say:
                self.tls.write(self.to_say.popleft())
            elif data := self.tls.read(65536):
                self.heard += data
            else:
                self._end("", by_peer=True)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except ssl.SSLZeroReturnError:
            self._end("", by_peer=True)
        except ssl.SSLEOFError as error:  # its socket is gone without a goodbye
            self._end("" if self.ready else str(error), by_peer=True)
        except ssl.SSLError as error:
            self._end(str(error), by_peer=False)
        return True

    def _end(self, error: str, *, by_peer: bool) -> None:
        self.error, self.over, self.by_peer = error, True, by_peer
        if out := self.outgoing.read():  # a goodbye or an alert
            self.socket.feed(out)
        self.socket.gone()


class Talks:
    """What `World.talk` does here."""

    def __init__(self, world: "SimulatedWorld", host: str, *, port: int, limit_s: float) -> None:
        self.world, self.host, self.port = world, host, port
        self.limit = datetime.timedelta(seconds=limit_s)
        self.found: dict[str, Heard] = {}
        self.met = 0  # of those who speak together

    def run(self, talks: Sequence[Talk], *, together: bool, lanes: int, meanwhile: Callable[[], object] | None = None) -> dict[str, Heard]:
        rows = [[each] for each in talks] if together else [list(talks[n::lanes]) for n in range(lanes)]
        waiting: dict[Iterator[Wait], Wait] = {}

        def go_on(lane: Iterator[Wait]) -> None:
            waiting.pop(lane, None)
            if (wait := next(lane, None)) is not None:
                waiting[lane] = wait

        for row in rows:
            go_on(self._lane(row, len(talks) if together else 0))
        said = 0
        while waiting:
            self.world.run(until=self.world.now())
            said += 1
            if said == 2 and meanwhile is not None:  # after the handshake's turn: the words have reached the gate
                meanwhile()
            due = [lane for lane, (check, until) in waiting.items() if check() or self.world.now() >= until]
            for lane in due:
                go_on(lane)
            if not due:
                instants = [until for _, until in waiting.values()]
                if (next_due := self.world.next_due()) is not None:
                    instants.append(next_due)
                self.world.run(until=min(instants))
        assert len(self.found) == len(talks), "two talks have one name"
        return self.found

    def _lane(self, rows: list[Talk], all_of_them: int) -> Iterator[Wait]:
        for row in rows:
            yield from self._one(row, all_of_them)

    def _one(self, row: Talk, all_of_them: int) -> Iterator[Wait]:
        now = self.world.now
        try:
            line = self.world.line(self.host, row.identity, port=self.port, source=row.source, tls=row.tls, offer=row.offer)
        except ssl.SSLError as error:  # a certificate that its own library does not take
            self.met += 1
            self.found[row.name] = Heard(row.name, b"", False, 0.0, str(error))
            return
        yield (lambda: line.ready or line.over), now() + self.limit
        self.met += 1
        if all_of_them:
            yield (lambda: self.met >= all_of_them), now() + datetime.timedelta(seconds=60)
        timed_out = not line.ready and not line.over
        if line.ready:
            for piece in row.say:
                if line.over:
                    break
                line.say(piece)
                if row.pause_s:
                    yield (lambda: False), now() + datetime.timedelta(seconds=row.pause_s)
            while not line.over and (row.answers == 0 or complete(bytes(line.heard)) < row.answers):
                size = len(line.heard)
                yield (lambda: line.over or len(line.heard) > size), now() + self.limit
                if not line.over and len(line.heard) == size:
                    timed_out = True
                    break
        agreed = (line.tls.selected_alpn_protocol() or "") if line.tls is not None and line.ready else ""
        enough = row.answers > 0 and complete(bytes(line.heard)) >= row.answers
        closed = line.by_peer and not enough
        line.gone()
        self.world.wires.remove(line)
        self.found[row.name] = Heard(row.name, bytes(line.heard), closed, 0.0, line.error or ("timed out" if timed_out else ""), agreed,
                                     line.ready and not line.refused)


__all__ = ["Contexts", "Seen", "Talks", "TlsLine"]
