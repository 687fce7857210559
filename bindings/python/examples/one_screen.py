"""A console driver in ten lines: one machine, whose screen is a socket pair that says hello."""
import socket

import sekisho
from sekisho import conformance

UUID = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11"


class OneScreen(sekisho.ConsoleDriver):
    def machines(self, *, within):
        return [sekisho.Machine(UUID, "web-01", "running")]

    def machine(self, uuid, *, within):
        if uuid != UUID:
            raise sekisho.Error("console.no_such_machine", "there is web-01 alone")
        return self.machines(within=within)[0]

    def screen(self, uuid, *, within):
        self.machine(uuid, within=within)
        ours, theirs = socket.socketpair()
        theirs.sendall(b"RFB 003.008\n")
        theirs.close()
        return ours


def main():
    conformance.check(OneScreen())
    with OneScreen().screen(UUID, within=1) as screen:
        hello = screen.recv(12)
    print(hello)
    return hello


if __name__ == "__main__":
    main()
