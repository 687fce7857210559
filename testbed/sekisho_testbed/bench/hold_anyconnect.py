"""Holds N tunnels of an AnyConnect gateway open until stdin ends. usage: hold_anyconnect.py ADDRESS PORT HOST CA COUNT"""
from __future__ import annotations

import pathlib
import resource
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from anyconnect_logins import context_of, open_session  # noqa: E402  (a script beside this one)


def main() -> None:
    address, port, host, ca, count = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    context = context_of(ca)
    held = [open_session(context, address, int(port), host, tunnel=True) for _ in range(int(count))]
    print(f"holding {len(held)}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
