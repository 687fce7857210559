"""sekisho.service: what it forbids, and that a whole gate lives within it."""
from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from sekisho_testbed.namespaces import NamespacesWorld


ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "core/programs/units/sekisho.service"
ANALYZE = shutil.which("systemd-analyze")


def values(key: str) -> list[str]:
    """Of every line `key=…`, in order."""
    return [line.split("=", 1)[1] for line in UNIT.read_text().splitlines() if line.startswith(key + "=")]


def groups() -> dict[str, list[str]]:
    """The named sets of system calls, as this systemd knows them."""
    assert ANALYZE is not None
    text = subprocess.run([ANALYZE, "syscall-filter"], capture_output=True, text=True).stdout
    out: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("@"):
            name = line.strip()
            out[name] = []
        elif line.startswith("    ") and not line.strip().startswith("#"):
            out[name].append(line.strip())
    return out


def allowed_calls() -> set[str]:
    named = groups()

    def expand(word: str) -> set[str]:
        if not word.startswith("@"):
            return {word}
        return set().union(*(expand(inner) for inner in named[word]))

    allowed: set[str] = set()
    for line in values("SystemCallFilter"):
        words = set().union(*(expand(word) for word in line.lstrip("~").split()))
        allowed = allowed - words if line.startswith("~") else allowed | words
    return allowed


@pytest.mark.needs("machine")
@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is needed")
def test_the_unit_is_as_narrow_as_its_readme_says(tmp_path: pathlib.Path) -> None:
    def exposed(text: str) -> float:
        (tmp_path / "sekisho.service").write_text(text)
        assert ANALYZE is not None
        done = subprocess.run([ANALYZE, "security", "--offline=true", "--no-pager", str(tmp_path / "sekisho.service")],
                              capture_output=True, text=True)
        found = re.search(r"Overall exposure level for sekisho\.service: ([0-9.]+)", done.stdout)
        assert found is not None, done.stdout + done.stderr
        return float(found.group(1))

    text = UNIT.read_text()
    assert exposed(text) <= 2.7
    assert exposed(re.sub(r"^(Protect|Restrict).*\n", "", text, flags=re.M)) > 2.7  # the check can fail
    named = (tmp_path / "sekisho.service")
    named.write_text(re.sub(r"^(Exec\w+)=.*", r"\1=/bin/true", text, flags=re.M).replace("DeviceAllow", "DeviceAllow"))
    assert ANALYZE is not None
    done = subprocess.run([ANALYZE, "verify", "--man=no", str(named)], capture_output=True, text=True)
    assert "sekisho.service" not in done.stderr, done.stderr


@pytest.mark.needs("processes")
@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is needed")
def test_a_whole_gate_lives_within_its_unit(world: NamespacesWorld) -> None:
    """Started again with the unit's capabilities alone, it lets Mori in; no process makes a call, opens a socket or writes a
    file that the unit forbids."""
    gate = world.gatehouse
    gate.stop()
    # As on an installed machine: the configuration and the run directory are root's, who may not override permissions.
    for path in (gate.run_dir, *gate.etc.rglob("*.pepper"), gate.etc / "totp.key"):
        os.chown(path, 0, 0)
    capabilities = ",".join("+" + c.removeprefix("CAP_").lower() for c in values("CapabilityBoundingSet")[0].split())
    trace = world.folder / "unit.strace"
    gate.start(60, under=["strace", "-D", "-f", "-qq", "-s", "256", "-o", str(trace),
                          "setpriv", "--bounding-set", f"-all,{capabilities}", "--inh-caps", "-all", "--no-new-privs", "--"])
    vpn = world.pass_gate("mori")
    assert world.pc("mori").reaches(*world.entrance)
    vpn.hang_up()
    world.wait_no_session("mori")
    gate.stop()

    lines = [m.groups() for m in (re.match(r"\d+ +([a-z0-9_]+)\((.*)", line)
                                  for line in trace.read_text(errors="replace").splitlines()) if m]
    begin = next(n for n, (call, rest) in enumerate(lines) if call == "execve" and "supervise" in rest)
    seen = lines[begin:]
    calls = {call for call, _ in seen}
    assert {"execve", "seccomp", "setresuid", "capset", "accept4"} <= calls, sorted(calls)
    wrong = calls - allowed_calls()
    assert not wrong, f"the unit forbids what the gate does: {sorted(wrong)}"

    families = set(values("RestrictAddressFamilies")[0].split())
    used = {m.group(1) for call, rest in seen if call == "socket" and (m := re.match(r"(AF_\w+)", rest))}
    assert used and used <= families, used - families

    may = [str(gate.state), str(gate.run_dir), "/dev/net/tun", "/dev/null", "/proc/self/"]
    writes = {m.group(1) for call, rest in seen if call in ("open", "openat", "openat2")
              and (m := re.search(r'"([^"]*)", (?:\{flags=)?[A-Z_|]*(?:O_WRONLY|O_RDWR|O_CREAT)', rest))
              and re.search(r"= \d+", rest)}
    outside = [path for path in writes if path.startswith("/") and not path.startswith(tuple(may))]
    assert writes and not outside, outside
