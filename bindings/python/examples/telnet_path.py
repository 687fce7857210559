"""An access path in a few lines, for tests: one line of text with login and password, one line of answer."""
from datetime import timedelta

import sekisho
from sekisho import conformance
from sekisho.seam import BeginLogin, Granted, LoginAsked, Refused


class Line(sekisho.PathConnection):
    def __init__(self, host, arrival, now):
        self.host, self.arrival, self.text = host, arrival, b""
        self.until, self.asking, self.over = now + timedelta(seconds=30), False, False

    def on_bytes(self, plaintext, now):
        self.text += plaintext
        if self.over or self.asking or (b"\n" not in self.text and len(self.text) < 512):
            return
        login, _, password = self.text.partition(b"\n")[0].decode("utf-8", "replace").strip().partition(" ")
        self.asking = True
        self.host.ask(BeginLogin(self.arrival, {"login": login[:64], "password": password[:64]}))

    def on_reply(self, request, reply, now):
        says = "granted" if isinstance(reply, Granted) else \
            f"no {reply.refusal.code}" if isinstance(reply, Refused) else \
            f"asks {reply.ask.field}" if isinstance(reply, LoginAsked) else "?"
        self.host.write(says.encode() + b"\r\n")
        self._end("answered")

    def next_deadline(self):
        return None if self.over else self.until

    def on_deadline(self, now):
        if now >= self.until:
            self._end("a silent stranger")

    def on_gone(self, now):
        self.over = True

    def _end(self, why):
        if not self.over:
            self.over = True
            self.host.close(why)


class Telnet(sekisho.AccessPath):
    def open(self, host, arrival, now):
        return Line(host, arrival, now)


def main():
    conformance.check(Telnet(), words=["mori right\r\n", "\n"])
    return Telnet.test_only


if __name__ == "__main__":
    main()
