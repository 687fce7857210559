"""`cmake --install`: the tree that the operator's guide puts on a machine."""
from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess

import pytest

from sekisho_testbed.gate_programs import unbuilt

pytestmark = pytest.mark.needs("machine")

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    build = (ROOT / request.config.getoption("--build")).resolve()
    if missing := unbuilt(build):
        pytest.skip(f"not built yet: {', '.join(missing)}")
    prefix = tmp_path_factory.mktemp("install") / "usr"
    done = subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return prefix


def run(installed: pathlib.Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Without any variable that could lead back to the build."""
    return subprocess.run([str(installed / "bin" / argv[0]), *argv[1:]], capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})


def test_every_program_finds_its_libraries_and_nothing_of_the_build(installed: pathlib.Path,
                                                                    request: pytest.FixtureRequest) -> None:
    build = str((ROOT / request.config.getoption("--build")).resolve())
    programs = sorted((installed / "bin").iterdir())
    assert {"sekisho", "sekishod", "sekisho-netd", "sekisho-front", "sekisho-relay", "sekisho-hyperd", "sekishoctl"} <= \
        {p.name for p in programs}
    for file in [*programs, *(installed / "lib/sekisho").rglob("*.so*")]:
        found = subprocess.run(["ldd", str(file)], capture_output=True, text=True).stdout
        assert "not found" not in found and build not in found, f"{file}:\n{found}"


def test_nothing_of_the_lab_is_installed(installed: pathlib.Path) -> None:
    names = [p.name for p in installed.rglob("*") if p.is_file()]
    wrong = [n for n in names if re.search(r"lab|template|skeleton|_test|fuzz|broken|testing", n)]
    assert not wrong, wrong
    plugins = {p.stem for p in (installed / "lib/sekisho/plugins").glob("*.so")}
    assert plugins == {p.parent.name for p in (ROOT / "plugins").glob("*/*/plugin.cpp") if p.parent.parent.name != "template"}


def test_the_installed_gatekeeper_takes_the_guides_configuration(installed: pathlib.Path, tmp_path: pathlib.Path) -> None:
    guide = (ROOT / "core/programs/OPERATING.md").read_text()
    block = re.search(r"`/etc/sekisho/sekisho\.json`:\n\n```json\n(.*?)```", guide, re.S)
    assert block is not None
    etc = tmp_path / "etc"
    etc.mkdir()
    text = block.group(1).replace("/usr/lib/sekisho", f"{installed}/lib/sekisho").replace("/etc/sekisho", str(etc))
    assert run(installed, "sekishoctl", "ca", "init", "--dir", str(etc / "ca"), "--name", "installed").returncode == 0
    for name in ("code.pepper", "totp.key"):
        (etc / name).write_text("0123456789abcdef" * 4)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=vpn.pref.example", "-keyout", str(etc / "vpn.key"), "-out", str(etc / "vpn.pem")],
                   check=True, capture_output=True)
    config = etc / "sekisho.json"
    config.write_text(text)
    done = run(installed, "sekishod", "--check-config", "--config", str(config))
    assert done.returncode == 0, done.stdout + done.stderr
    broken = json.loads(text)  # the check can fail: a plugin that was changed after its manifest was made
    library = installed / "lib/sekisho/plugins/password.so"
    kept = library.read_bytes()
    try:
        library.write_bytes(kept + b"\0")
        config.write_text(json.dumps(broken))
        done = run(installed, "sekishod", "--check-config", "--config", str(config))
        assert done.returncode != 0 and "plugin." in done.stdout + done.stderr
    finally:
        library.write_bytes(kept)


def test_users_and_folders_are_made_as_the_unit_needs_them(installed: pathlib.Path, tmp_path: pathlib.Path) -> None:
    tools = ("/usr/bin/systemd-sysusers", "/usr/bin/systemd-tmpfiles")
    if not all(os.path.exists(t) for t in tools) or os.geteuid() != 0:
        pytest.skip("systemd-sysusers, systemd-tmpfiles and root are needed")
    root = tmp_path / "root"
    for part in ("etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d", "var/lib"):
        (root / part).mkdir(parents=True)
    for kind in ("sysusers", "tmpfiles"):
        (root / f"usr/lib/{kind}.d/sekisho.conf").write_bytes((installed / f"lib/{kind}.d/sekisho.conf").read_bytes())
    for argv in ([tools[0], f"--root={root}"], [tools[1], f"--root={root}", "--create"]):
        done = subprocess.run(argv, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    users = dict(line.split(":")[0:3:2] for line in (root / "etc/passwd").read_text().splitlines())
    assert {"sekisho-gate", "sekisho-netd", "sekisho-front", "sekisho-relay", "sekisho-hyper", "sekisho-posture"} <= set(users)
    state = (root / "var/lib/sekisho/journal").stat()
    assert state.st_uid == int(users["sekisho-gate"]) and state.st_mode & 0o777 == 0o700
