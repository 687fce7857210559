"""The package works where it is put: installed by cmake, and as a wheel that was built offline."""
import importlib.util
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

HERE = pathlib.Path(__file__).parent
BUILD = os.environ.get("SEKISHO_BUILD")
needs_build = pytest.mark.skipif(not BUILD, reason="SEKISHO_BUILD names no build tree (ctest sets it)")

SHOW = """
import sekisho
from sekisho import conformance, plugins
assert plugins.load("password").factor == "password"
assert plugins.load("fortinet_sslvpn").carries_packets
assert conformance.findings(plugins.load("browser")) == []
print(sekisho.__file__)
"""


def run_in(folder):
    """A new Python that knows this folder alone."""
    done = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, cwd="/",
                          env={"PYTHONPATH": str(folder), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(str(folder)), "another installation answered"


def libraries_of(folder):
    """Every library of ours that the loader would take from outside `folder`."""
    strays = []
    for path in folder.rglob("*.so"):
        said = subprocess.run(["ldd", os.fspath(path)], capture_output=True, text=True).stdout
        strays += [line.strip() for line in said.splitlines() if "libsekisho" in line and str(folder) not in line]
    return strays


@needs_build
def test_installed_by_cmake(tmp_path):
    subprocess.run(["cmake", "--install", BUILD, "--component", "python", "--prefix", str(tmp_path)], check=True,
                   capture_output=True)
    package = next(tmp_path.rglob("sekisho/__init__.py")).parent
    run_in(package.parent)
    assert libraries_of(tmp_path) == []
    assert (package / "py.typed").exists() and (package / "_core" / "registry.pyi").exists()


IN_A_FRESH_LOCAL = ["unshare", "--mount", "sh", "-euc", """
mount -t tmpfs tmpfs /usr/local
cmake --install "$1" --component python --prefix /usr/local >/dev/null
cd / && exec env -i /usr/bin/python3 -c "$2"
""", "sh"]


@needs_build
@pytest.mark.skipif(os.geteuid() != 0, reason="root is needed for an empty /usr/local of one's own")
def test_by_the_words_of_the_readme():
    """A machine without anything of ours: install under /usr/local, import, nothing else said."""
    done = subprocess.run([*IN_A_FRESH_LOCAL, BUILD, SHOW], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("/usr/local/lib/python3")


@needs_build
def test_as_a_wheel_built_offline(tmp_path):
    spec = importlib.util.spec_from_file_location("make_wheel", HERE.parent / "make_wheel.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    wheel = maker.make_wheel(BUILD, "0.1.0", tmp_path / "dist")
    assert wheel.name.endswith("-linux_x86_64.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    run_in(tmp_path / "site")
    assert libraries_of(tmp_path / "site") == []
