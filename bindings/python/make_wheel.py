#!/usr/bin/python3
"""Builds a wheel from a build tree, offline: `cmake --install --component wheel` lays the package out, with the libraries
that it needs and the product's plugins inside; setuptools packs it.

Usage: make_wheel.py --build build/release --version 0.1.0 --out build/release/dist
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

SETUP = """
from setuptools import Distribution, setup


class Binary(Distribution):
    def has_ext_modules(self):
        return True


setup(name="sekisho", version={version!r}, packages=["sekisho"], distclass=Binary, python_requires=">=3.11",
      description="Sekisho's gate from Python: rooms, machines, plugins, for tests and simulators", license="MIT",
      package_data={{"sekisho": ["*.so", "*.pyi", "_core/*.pyi", "py.typed", "libs/*.so", "libs/plugins/*"]}}, zip_safe=False)
"""


def make_wheel(build, version, out):
    """The path of the new wheel."""
    out = pathlib.Path(out).resolve()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cmake", "--install", os.fspath(build), "--component", "wheel", "--prefix", folder], check=True,
                       stdout=subprocess.DEVNULL)
        (pathlib.Path(folder) / "setup.py").write_text(SETUP.format(version=version), encoding="utf-8")
        subprocess.run([sys.executable, "setup.py", "-q", "bdist_wheel", "--dist-dir", os.fspath(out)], cwd=folder,
                       check=True)
    return max(out.glob("sekisho-*.whl"), key=lambda path: path.stat().st_mtime)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="a build tree with everything built")
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", required=True, help="where the wheel goes")
    options = parser.parse_args()
    print(make_wheel(options.build, options.version, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
