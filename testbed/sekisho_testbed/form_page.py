"""The gate's pages before somebody whose PC has no browser: a program there reads them and fills in their forms."""
from __future__ import annotations

import json
import pathlib
import select
import subprocess
from typing import Any

from . import netlab
from .netlab import Host, LabError, Program
from .people import Page
from .talks import Identity

READER = pathlib.Path(__file__).parent / "programs" / "read_pages.py"


class FormPage(Page):
    def __init__(self, host: Host, identity: Identity | None, gate_ca: pathlib.Path, *, user_agent: str | None = None,
                 languages: str = "ja") -> None:
        self.page: dict[str, Any] = {"text": "", "url": "about:blank", "title": "", "html": ""}
        argv = ["/usr/bin/python3", str(READER)]
        log = host.folder / "reader.log"
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(host.argv(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            start_new_session=True)
        self.program = Program(host, "reader", argv, self.process, log)
        host.lab.programs.append(self.program)
        files = [str(identity.certificate), str(identity.key)] if identity else None
        self.agent = str(self._say({"ca": str(gate_ca), "identity": files, "user_agent": user_agent, "languages": languages})["value"])

    def _say(self, order: dict[str, Any], within: float = 40) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], within * netlab.patience)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            raise LabError(f"the reader gave no answer to {order.get('do', 'start')}: {self.program.text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"reader, {order.get('do')}: {answer['error']}")
        return answer

    def _go(self, **order: Any) -> "FormPage":
        self.page = self._say(order)
        return self

    def open(self, url: str = Page.LOGIN) -> "FormPage":
        return self._go(do="open", url=url)

    def fill(self, at: str, text: str) -> "FormPage":
        return self._go(do="fill", at=at, text=text)

    def press(self, at: str = "button.main") -> "FormPage":
        return self._go(do="click", at=at)

    def value(self, at: str) -> str:
        return str(self._say({"do": "value", "at": at})["value"])

    def cookies(self) -> dict[str, str]:
        return dict(json.loads(self._say({"do": "cookies"})["value"]))

    def keep_cookie(self, name: str, value: str) -> None:
        self._say({"do": "keep", "name": name, "value": value})

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
