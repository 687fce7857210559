"""The namespaces lab's world: what a story leaves behind, and what the gate's own log may not hold."""
from __future__ import annotations

import contextlib
import json
import shutil
import subprocess

from . import evidence
from .namespaces_gate import NamespacesGate


class NamespacesEvidence(NamespacesGate):
    def check_logs(self) -> None:
        """Nothing in the gate's own log may be worse than a warning that the story allowed."""
        bad = []
        for line in [line for gate in self.gatehouses() if gate.supervisor is not None for line in gate.supervisor.text().splitlines()]:
            try:
                row = json.loads(line)
            except ValueError:
                if "AddressSanitizer" in line or "terminate called" in line or "assertion failed" in line:
                    bad.append(line)
                continue
            if row.get("level") in ("error", "critical") and row.get("event") not in self.allowed:
                bad.append(line)
        assert not bad, "unexpected lines in the gate's log:\n" + "\n".join(bad[:20])

    def keep_evidence(self) -> None:
        """Logs, journal, events, configuration and what passed on each wire; the gate may be dead."""
        for n, page in enumerate(self.browsers):
            with contextlib.suppress(Exception):  # a browser that has died is told by its log
                self.story.pictures += page.pictures(self.folder, n)
        for side in self.both_consoles():
            self.story.pictures += side.pictures(self.folder)
        folder = self.story.folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "logs").mkdir(parents=True)
        for program in self.house.lab.programs:
            if not program.name.startswith("wire-") and program.log.stat().st_mtime >= self.begun:
                shutil.copy(program.log, folder / "logs" / f"{program.host.name}-{program.log.name}")
        self.story.packets = self.house.wires.cut(folder / "wires")
        if not hasattr(self, "gatehouse"):
            return
        self.keep_gate()
        if self.gatehouse.supervisor is not None:
            (folder / "events.jsonl").write_text("".join(
                line + "\n" for line in self.gatehouse.supervisor.text().splitlines() if line.startswith("{")))
        if (config := self.gatehouse.etc / "sekisho.json").exists():
            shutil.copy(config, folder)
        if self._closed is not None:
            self._closed.keep_evidence(folder / "closed")

    def keep_gate(self) -> None:
        """What the gate itself tells for the evidence."""
        for name, words in (("journal", ("journal", "search", "--limit", "1000")), ("sessions", ("sessions",)),
                            ("health", ("health",))):
            with contextlib.suppress(subprocess.TimeoutExpired):
                answer = self.gatehouse.ctl_raw(*words)
                (self.story.folder / f"{name}.json").write_text(answer.stdout + answer.stderr)

    def how_to_enter(self) -> str:
        ctl = f"{self.house.build / 'bin' / 'sekishoctl'} --socket {self.gatehouse.socket}" if hasattr(self, "gatehouse") else ""
        return evidence.entry_lines(self.house.lab, {"staff": ctl, "gate": str(self.folder), "mails": str(self.house.post.folder)})
