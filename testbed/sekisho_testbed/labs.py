"""Which labs there are, what each can give, and why a story is not for one of them."""
from __future__ import annotations

import dataclasses

#: What a story may need (`@pytest.mark.needs(...)`), in the words of the report.
NEEDS = {
    "clock": "a gate clock that the story moves",
    "packets": "real packets on real wires",
    "real_tls": "real TLS connections, byte by byte",
    "clients": "a stock VPN client as a program of its own",
    "browser": "a real browser",
    "mail": "a real mail server",
    "processes": "the gate's programs as processes that can be watched, killed and traced",
    "machine": "the machine's own files and tools (install, systemd, compilers)",
    "database": "a database server",
    "kernel_filter": "the kernel's packet filter",
}


@dataclasses.dataclass(frozen=True)
class LabKind:
    name: str
    gives: frozenset[str]
    what: str


LABS = {
    "simulated": LabKind("simulated", frozenset({"clock"}), "the production gate in this process, virtual time"),
    "namespaces": LabKind("namespaces", frozenset(NEEDS), "network namespaces with real programs"),
    "libvirt": LabKind("libvirt", frozenset(NEEDS) - {"browser"}, "QEMU guests among namespaces"),
}


def unknown(needs: set[str]) -> set[str]:
    return needs - set(NEEDS)


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
