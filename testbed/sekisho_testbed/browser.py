"""A person's browser on a contractor PC: real Chromium with the PC's client certificate in its own certificate store."""
from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from . import cast
from .netlab import Host, LabError, Program, wait_until
from .people import Page
from .talks import Identity

DRIVER = pathlib.Path(__file__).parent / "programs" / "drive_chromium.py"
SCREEN = ".picture canvas"
TOOLS = ("chromium", "chromedriver", "certutil", "pk12util", "Xvnc")


def probe() -> str | None:
    """Why this machine cannot run the browser, or None."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if subprocess.run(["/usr/bin/python3", "-c", "import selenium"], capture_output=True).returncode != 0:
        return "python3-selenium is not installed"
    return None


class Browser(Page):
    """`with Browser(...) as browser:`; one Chromium under a display of its own, so its User-Agent is the real one."""

    def __init__(self, host: Host, identity: Identity | None, gate_ca: pathlib.Path, *, languages: str = "ja",
                 user_agent: str | None = None, proxy: str = "", instead: Mapping[str, str] | None = None) -> None:
        """`proxy`: "socks5://address:port" that carries all its connections. `instead`: "address:port" of a URL -> where it
        connects for it; the gate's certificate still has to be the URL's."""
        self.proxy, self.instead = proxy, dict(instead or {})
        self.host, self.identity, self.gate_ca = host, identity, gate_ca
        self.languages, self.user_agent = languages, user_agent
        self.page: dict[str, Any] = {}

    def __enter__(self) -> "Browser":
        home = self.host.folder / "browser"
        shutil.rmtree(home, ignore_errors=True)
        store = home / ".pki" / "nssdb"
        store.mkdir(parents=True)
        self._tool("certutil", "-N", "--empty-password", "-d", f"sql:{store}")
        self._tool("certutil", "-A", "-n", "gate", "-t", "C,,", "-i", str(self.gate_ca), "-d", f"sql:{store}")
        if self.identity is not None:
            bundle = home / "client.p12"
            self._tool("openssl", "pkcs12", "-export", "-in", str(self.identity.certificate), "-inkey",
                       str(self.identity.key), "-name", "client", "-out", str(bundle), "-passout", "pass:")
            self._tool("pk12util", "-i", str(bundle), "-d", f"sql:{store}", "-W", "")
            bundle.unlink()
        self._choose_certificates()
        # The server chooses a free number itself and writes it down.
        self.display = self.host.start("browser-display", "Xvnc", "-displayfd", "1", "-rfbport", "-1", "-SecurityTypes",
                                       "None", "-geometry", "1280x1200")
        number = wait_until(lambda: re.search(r"(?m)^(\d+)$", self.display.text()), 20, "the display's number",
                            on_fail=self.display.text, alive=lambda: self.display.running).group(1)
        env = dict(os.environ, HOME=str(home), DISPLAY=f":{number}", LANG="C.UTF-8")
        log = self.host.folder / "browser.log"
        argv = ["/usr/bin/python3", str(DRIVER)]
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(self.host.argv(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            env=env, start_new_session=True)
        self.program = Program(self.host, "browser", argv, self.process, log)
        self.host.lab.programs.append(self.program)
        order = {"profile": str(home / "profile"), "languages": self.languages, "user_agent": self.user_agent, "proxy": self.proxy,
                 "instead": self.instead}
        self.agent = str(self._say(order, within=120)["value"])
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.program.stop()
        self.process.stdout.close()
        self.display.stop()

    def _tool(self, *argv: str) -> None:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise LabError(f"{' '.join(argv[:2])}: {done.stderr}{done.stdout}")

    def _choose_certificates(self) -> None:
        """Nobody is there to choose from a dialogue: a managed policy shows the gate whatever certificate there is."""
        policy = json.dumps({"AutoSelectCertificateForUrls": [json.dumps(
            {"pattern": f"https://{cast.GATE_NAME}", "filter": {}})]})
        self.host.lab.run("bash", "-euc", "mountpoint -q /etc/chromium || mount -t tmpfs tmpfs /etc/chromium; "
                          "mkdir -p /etc/chromium/policies/managed; "
                          'printf "%s" "$1" >/etc/chromium/policies/managed/lab.json', "_", policy)

    def _say(self, order: dict[str, Any], within: float = 70) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], within)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            raise LabError(f"the browser gave no answer to {order.get('do', 'start')}: {self.program.text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"browser, {order.get('do')}: {answer['error']}")
        return answer

    def _go(self, **order: Any) -> "Browser":
        self.page = self._say(order)
        return self

    # --- what a person does -----------------------------------------------------------------------------------------------
    def open(self, url: str = Page.LOGIN) -> "Browser":
        return self._go(do="open", url=url)

    def fill(self, at: str, text: str) -> "Browser":
        return self._go(do="fill", at=at, text=text)

    def press(self, at: str = "button.main") -> "Browser":
        return self._go(do="click", at=at)

    def act(self, at: str) -> "Browser":
        """Presses what the page answers without a new document."""
        return self._go(do="act", at=at)

    def keys(self, text: str, at: str = SCREEN, pause: float = 0.06) -> "Browser":
        """Types into a screen, as fast as a person."""
        return self._go(do="keys", at=at, text=text, pause=pause)

    def wait(self, text: str, within: float = 60) -> "Browser":
        self.page = self._say({"do": "wait", "text": text, "within": within}, within=within + 70)
        return self

    def canvas(self, file: pathlib.Path, at: str = SCREEN, within: float = 60) -> pathlib.Path:
        """The picture of a screen, without what the page draws over it."""
        def shown() -> str:
            return str(self._say({"do": "canvas", "at": at})["value"] or "")

        file.write_bytes(base64.b64decode(wait_until(shown, within, "the screen has a picture", every=0.3)))
        return file

    def back(self) -> "Browser":
        return self._go(do="back")

    def size(self, width: int, height: int) -> "Browser":
        return self._go(do="size", width=width, height=height)

    def value(self, at: str) -> str:
        return str(self._say({"do": "value", "at": at})["value"])

    def script(self, text: str) -> Any:
        return self._say({"do": "script", "text": text})["value"]

    def picture(self, file: pathlib.Path) -> None:
        self._say({"do": "picture", "file": str(file)})
        coded = file.with_name(file.name + ".b64")
        file.write_bytes(base64.b64decode(coded.read_text()))
        coded.unlink()

    def axe(self, source: pathlib.Path) -> dict[str, Any]:
        found = self._say({"do": "axe", "file": str(source)}, within=60)["value"]
        assert isinstance(found, dict) and "error" not in found, found
        return found

    def close(self) -> None:
        if self.process.poll() is None:
            self.__exit__()

    def pictures(self, folder: pathlib.Path, number: int) -> list[tuple[str, pathlib.Path]]:
        """What it shows now, as a picture in the folder; none once it is closed."""
        if self.process.poll() is not None:
            return []
        file = folder / f"browser-{number}.png"
        self.picture(file)
        return [(f"{self.host.name}: {self.page.get('title', '')} {self.page.get('url', '')}", file)]
