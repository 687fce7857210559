"""CPU and memory of whole process groups, by cgroup v2 (children that have ended included) or, without it, by /proc."""
from __future__ import annotations

import os
import pathlib
import statistics
from collections.abc import Iterable


def _cgroup_root() -> pathlib.Path | None:
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        words = line.split()
        if words[2] == "cgroup2" and os.access(words[1], os.W_OK):
            return pathlib.Path(words[1])
    return None


class Group:
    """A set of processes that are accounted for together; `with Group("gate") as group:` removes it again."""

    count = 0

    def __init__(self, name: str) -> None:
        Group.count += 1
        root = _cgroup_root()
        self.folder = root / f"sekisho-bench-{os.getpid()}-{Group.count}-{name}" if root else None
        self.roots: list[int] = []

    def __enter__(self) -> "Group":
        if self.folder is not None:
            self.folder.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        if self.folder is None:
            return
        parent = self.folder.parent / "cgroup.procs"
        for pid in self.pids():
            try:
                parent.write_text(str(pid))
            except OSError:
                pass
        try:
            self.folder.rmdir()
        except OSError:
            pass  # a zombie holds it; the kernel removes nothing that is in use

    def add(self, pid: int) -> None:
        """`pid` and whatever it starts from now on."""
        self.roots.append(pid)
        if self.folder is not None:
            for each in [pid, *descendants(pid)]:
                try:
                    (self.folder / "cgroup.procs").write_text(str(each))
                except ProcessLookupError:
                    pass

    def pids(self) -> list[int]:
        if self.folder is not None:
            return [int(word) for word in (self.folder / "cgroup.procs").read_text().split()]
        return [pid for root in self.roots for pid in [root, *descendants(root)] if pathlib.Path(f"/proc/{pid}").exists()]

    def cpu(self) -> float:
        """User and system seconds."""
        if self.folder is not None:
            words = dict(line.split() for line in (self.folder / "cpu.stat").read_text().splitlines())
            return (int(words["user_usec"]) + int(words["system_usec"])) / 1e6
        ticks = 0
        for pid in self.pids():
            try:
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += sum(int(fields[n]) for n in (11, 12, 13, 14))
            except OSError:
                pass
        return ticks / os.sysconf("SC_CLK_TCK")

    def cpu_by_program(self) -> dict[str, float]:
        """User and system seconds of what is alive, by program: where the group's figure comes from."""
        out: dict[str, float] = {}
        for pid in self.pids():
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                spent = [int(task.read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")]
            except OSError:
                continue
            name = os.path.basename(words[0]) + (" --posture" if "--posture" in words else "")
            out[name] = out.get(name, 0) + sum(spent) / 1e9
        return out

    def memory_kib(self) -> float:
        """Proportional set size of everything alive."""
        total = 0
        for pid in self.pids():
            try:
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:
                pass
        return float(total)


def descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        at = waiting.pop()
        try:
            tasks = list(pathlib.Path(f"/proc/{at}/task").iterdir())
        except OSError:
            continue
        for task in tasks:
            try:
                children = [int(word) for word in (task / "children").read_text().split()]
            except OSError:
                continue
            found += children
            waiting += children
    return found


def kernel_kib() -> float:
    """Slab memory of the kernel: sockets, devices."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("Slab:"):
            return float(line.split()[1])
    return 0.0


def middle(values: Iterable[float]) -> float:
    return statistics.median(list(values))
