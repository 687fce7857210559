"""`./dev bench [tunnel] [login] [sessions] [journal] [console]`: side by side in one run, interleaved, medians; read the ratios.

Exit code 0 also when a "must" is missed: a benchmark is no test. `--strict` makes it one.
"""
from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile

from .. import netlab
from . import console, journal, login, sessions, tunnel
from .peers import Hall
from .report import Figure, table, write_chart, write_json

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGES = {"ocserv": "ocserv", "nginx": "nginx-light"}
CONSOLE_PACKAGES = {"websockify": "websockify"}
LABLESS = ["journal", "console"]
ALL = ["tunnel", "login", "sessions", *LABLESS]


def install(wanted: dict[str, str]) -> None:
    missing = [package for program, package in wanted.items()
               if subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True).returncode != 0]
    if missing:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing], check=True, stdout=subprocess.DEVNULL)


def build_type(build: pathlib.Path) -> str:
    """What the programs were compiled as, from CMake's own note."""
    for line in (build / "CMakeCache.txt").read_text().splitlines():
        if line.startswith("CMAKE_BUILD_TYPE:"):
            return line.partition("=")[2]
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ALL, []], help="default: all")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--json", type=pathlib.Path, help="write the results here")
    parser.add_argument("--chart", type=pathlib.Path, default=ROOT / "evidence/bench.svg")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a must is missed")
    parser.add_argument("--debug-build", action="store_true", help="measure a Debug build all the same")
    args = parser.parse_args()
    kind = build_type(args.build)
    if kind not in ("RelWithDebInfo", "Release") and not args.debug_build:
        parser.error(f"{args.build} is a {kind} build; its figures say nothing about the product (./dev build release)")
    names = args.names or ALL
    figures: list[Figure] = []

    def say(text: str) -> None:
        print(text, flush=True)

    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as name:
        folder, build = pathlib.Path(name), args.build.resolve()
        if "journal" in names:
            say("journal: durable appends")
            figures += journal.run(build, folder, args.repetitions, min(args.seconds, 3), say)
        if "console" in names:
            say(f"console: {console.SESSIONS} consoles beside websockify, then {console.CROWD} recorded ones")
            install(CONSOLE_PACKAGES)
            figures += console.run(build, folder / "console", args.repetitions, args.seconds, say)
        if set(names) - set(LABLESS):
            reason = netlab.probe()
            if reason is not None:
                say(f"not measured here: {reason}")
                return 1
            install(PACKAGES)
            with Hall(folder / "hall", build) as hall:
                if "tunnel" in names:
                    say("tunnel: one stock openconnect over TLS, then over DTLS")
                    figures += tunnel.run(hall, folder, args.repetitions, args.seconds, say)
                if "login" in names:
                    say("login: server CPU per login")
                    figures += login.run(hall, folder, args.repetitions, args.seconds, say)
                if "sessions" in names:
                    say(f"sessions: {args.sessions} idle tunnels")
                    figures += sessions.run(hall, folder, max(1, args.repetitions // 2), args.sessions, say)
    say("\n" + table(figures))
    args.chart.parent.mkdir(parents=True, exist_ok=True)
    write_chart(args.chart, figures)
    say(f"chart: {args.chart.relative_to(ROOT) if args.chart.is_relative_to(ROOT) else args.chart}")
    if args.json:
        write_json(args.json, figures)
    return 1 if args.strict and any(f.held is False for f in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
