"""The hand-written stub and the package: complete, typed, documented."""
import ast
import importlib
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys

import pytest

import sekisho
from sekisho import _core

HERE = pathlib.Path(__file__).parent
STUBS = {file.stem: file for file in (HERE.parent / "sekisho" / "_core").glob("*.pyi") if file.stem != "__init__"}


def run(*argv, tmp_path):
    root = pathlib.Path(sekisho.__file__).parent.parent
    done = subprocess.run([sys.executable, "-m", *argv], cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "MYPYPATH": str(root), "PYTHONPATH": str(root), "MYPY_CACHE_DIR": str(tmp_path / "cache")})
    assert done.returncode == 0, done.stdout + done.stderr


def stub_nodes(room):
    """(name, node) of every public class, method and function of a room's stub."""
    for node in ast.parse(STUBS[room].read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner


def test_stubtest_finds_nothing(tmp_path):
    run("mypy.stubtest", "sekisho._core", "--concise", tmp_path=tmp_path)


def test_mypy_strict_finds_nothing(tmp_path):
    run("mypy", "--strict", "-p", "sekisho", tmp_path=tmp_path)


def test_every_room_of_the_extension_has_its_stub():
    assert {name for name in vars(_core) if not name.startswith("_")} == set(STUBS)


@pytest.mark.parametrize("room", STUBS)
def test_every_name_of_the_extension_stands_in_the_stub(room):
    written = {name for name, _ in stub_nodes(room)}
    assigned = {node.target.id for node in ast.parse(STUBS[room].read_text(encoding="utf-8")).body
                if isinstance(node, ast.AnnAssign)}
    public = {name for name in vars(getattr(_core, room)) if not name.startswith("_")}
    assert public and public <= written | assigned


@pytest.mark.parametrize("room", STUBS)
def test_every_public_name_of_the_stub_is_documented(room):
    for name, node in stub_nodes(room):
        inner = name.rpartition(".")[2]
        if inner.startswith("__") or any(ast.unparse(d).endswith(".setter") for d in getattr(node, "decorator_list", [])):
            continue
        assert ast.get_docstring(node), f"{name} says nothing in {room}.pyi"


def test_every_public_name_of_the_package_is_documented():
    for info in pkgutil.iter_modules(sekisho.__path__, "sekisho."):
        if info.name.rpartition(".")[2].startswith("_"):
            continue
        module = importlib.import_module(info.name)
        assert module.__doc__, info.name
        for name in module.__all__:
            thing = getattr(module, name)
            if getattr(thing, "__module__", "") != info.name:
                continue
            assert inspect.getdoc(thing), f"{info.name}.{name}"
            if inspect.isclass(thing):
                for inner, member in vars(thing).items():
                    if not inner.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                        assert inspect.getdoc(member), f"{info.name}.{name}.{inner}"


@pytest.mark.parametrize("room", STUBS)
def test_values_take_the_fields_of_the_stub_in_their_order(room):
    """stubtest cannot look into pybind11's signatures: construct every value as the stub says instead."""
    bound = getattr(_core, room)
    for name, node in stub_nodes(room):
        if not isinstance(node, ast.ClassDef) or name.startswith("_"):
            continue
        init = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
        if init is None or init.args.kwonlyargs or not init.args.defaults:
            continue
        annotated = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign)]
        if not annotated:
            continue  # a machine, no value
        fields = [a.arg for a in init.args.args[1:]]
        made = getattr(bound, name)()
        values = [getattr(made, field) for field in fields]
        again = getattr(bound, name)(*values)
        by_name = getattr(bound, name)(**dict(zip(fields, values)))
        assert repr(again) == repr(made) == repr(by_name)
        assert annotated == fields, name
        for field, value in zip(fields, values):
            setattr(made, field, value)
