"""Which labs there are, what each can give, and why a story is not for one of them."""
from __future__ import annotations

import abc
import contextlib
import dataclasses
import fcntl
import importlib
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Set

from . import evidence
from .world import World

#: What a story may need (`@pytest.mark.needs(...)`), in the words of the report.
NEEDS = {
    "clock": "a gate clock that the story moves",
    "packets": "real packets on real wires",
    "real_tls": "real TLS connections, byte by byte",
    "pages": "somebody who reads the gate's pages and fills in their forms",
    "clients": "a stock VPN client as a program of its own",
    "browser": "a real browser",
    "mail": "a real mail server",
    "processes": "the gate's programs as processes that can be watched, killed and traced",
    "machine": "the machine's own files and tools (install, systemd, compilers); told once, beside the namespaces lab",
    "yard": "a lab of its own, in namespaces, in which programs are killed and flooded",
    "database": "a database server",
    "kernel_filter": "the kernel's packet filter",
    "consoles": "virtualisation managers with desktops and servers whose screens can be opened",
    "charon": "charons at the gate and at the sites, and the packets of the closed network",
    "guests": "a contractor's PC and a site's device that are machines of their own, with kernels of their own",
    "ppp": "a kernel with PPP on the contractor's PC",
}


class NotHere(RuntimeError):
    """Why this machine or this build cannot hold the lab."""


class Lab(abc.ABC):
    """What many stories share; a context manager. Raising it may take seconds."""

    @abc.abstractmethod
    def __enter__(self) -> "Lab": ...

    @abc.abstractmethod
    def __exit__(self, *_: object) -> None: ...

    @abc.abstractmethod
    def world(self, name: str, story: evidence.Story, *, open_filter: bool = False, here: bool = False) -> World:
        """A world for one story; open() raises its gate, with `here` in this process (gate_here.py). Throws NotHere."""


@dataclasses.dataclass(frozen=True)
class LabKind:
    name: str
    gives: frozenset[str]
    what: str
    module: str  # of this package, with a function raise_lab(folder, build) -> Lab that throws NotHere


LABS = {
    "simulated": LabKind("simulated", frozenset({"clock", "real_tls", "pages", "consoles"}), "the production gate in this process, virtual time",
                         "simulated"),
    "namespaces": LabKind("namespaces", frozenset(NEEDS) - {"guests", "ppp"}, "network namespaces with real programs", "namespaces"),
    "libvirt": LabKind("libvirt", frozenset(NEEDS) - {"browser", "machine", "yard"}, "QEMU guests among namespaces", "guests"),
}


def lab(name: str, folder: pathlib.Path, build: pathlib.Path) -> Lab:
    """The lab, not yet entered. Throws NotHere with the reason."""
    try:
        module = importlib.import_module(f".{LABS[name].module}", __package__)
    except ModuleNotFoundError as missing:
        raise NotHere(f"{missing.name} is not there") from missing
    raised: Lab = module.raise_lab(folder, build)
    return raised


@contextlib.contextmanager
def folder_of_its_own() -> Iterator[pathlib.Path]:
    """A new folder for one lab, gone at its end; those that killed runs have left are removed first.

    Not below pytest's own temporary folder: the next run of pytest by this user closes that folder to the gate's users.
    """
    for old in pathlib.Path(tempfile.gettempdir()).glob("sekisho-lab-*"):
        with contextlib.suppress(OSError), open(old / "owner") as owner:  # whoever lives holds it
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="sekisho-lab-", ignore_cleanup_errors=True) as made:
        folder = pathlib.Path(made)
        with open(folder / "owner", "w") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX)
            yield folder


def unknown(needs: Set[str]) -> set[str]:
    return set(needs) - set(NEEDS)


def not_for(lab: str, needs: set[str]) -> str:
    """Why a story with these needs cannot be told in this lab; "" if it can."""
    missing = sorted(needs - LABS[lab].gives)
    return f"the {lab} lab has not: " + "; ".join(NEEDS[n] for n in missing) if missing else ""


def coverage(stories: dict[str, set[str]]) -> dict[str, object]:
    """`stories`: scenario function -> its needs. How many run unchanged in at least two labs and in all of them."""
    labs_of = {name: [lab for lab in LABS if not not_for(lab, needs)] for name, needs in stories.items()}
    two = sum(len(labs) >= 2 for labs in labs_of.values())
    every = sum(len(labs) == len(LABS) for labs in labs_of.values())
    return {"stories": len(stories), "two": two, "all": every, "labs_of": labs_of}
