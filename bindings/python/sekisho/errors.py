"""The one error tree. Every error of the C++ arrives as a member of it, and a plugin written in Python raises one to
answer with an error of its own."""
from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from sekisho._core.sdk import Refusal

__all__ = ["AdmissionError", "ConfigError", "ConsoleError", "Error", "GateError", "JournalError", "NotInTime",
           "PluginError", "RecordingError", "RefusedError", "RegistryError", "SeamError"]


class Error(Exception):
    """Something went wrong. `code` is stable and dotted ("registry.invalid"), `detail` is our text for the operator and
    holds no secret, `peer` is the other side's words, never trusted."""

    def __init__(self, code: str, detail: str = "", peer: str = "") -> None:
        super().__init__(code, detail, peer)
        self.code = code
        self.detail = detail
        self.peer = peer

    def __str__(self) -> str:
        return self.code + (f": {self.detail}" if self.detail else "") + (f" [{self.peer}]" if self.peer else "")

    @staticmethod
    def of(code: str, detail: str = "", peer: str = "") -> "Error":
        """The member of the tree to which this code belongs."""
        if code.endswith((".late", ".timed_out")):
            return NotInTime(code, detail, peer)
        return _FAMILIES.get(code.partition(".")[0], Error)(code, detail, peer)


class RegistryError(Error):
    """A document or a change that the registry does not take; `detail` of registry.invalid is a JSON list of findings."""


class JournalError(Error):
    """The journal cannot be written or read."""


class PluginError(Error):
    """A plugin was not loaded."""


class ConfigError(Error):
    """A configuration does not fit its description."""


class AdmissionError(Error):
    """Keys and reports of terminals."""


class SeamError(Error):
    """Bytes that are no message, or a message that is no bytes."""


class ConsoleError(Error):
    """A console driver's answer: console.unreachable, console.no_such_machine, console.refused."""


class RecordingError(Error):
    """A recording's file is hostile or damaged, or an entry of the journal says nothing of it."""


class GateError(Error):
    """What staff asked of a running gate and did not get."""


class NotInTime(Error):
    """Something did not come `within` its limit."""


class RefusedError(Error):
    """The gate said no. `refusal` is what the person sees."""

    def __init__(self, refusal: "Refusal", may_retry: bool = False, detail: Optional[str] = None) -> None:
        super().__init__(refusal.code, refusal.why.en if detail is None else detail)
        self.refusal = refusal
        self.may_retry = may_retry


_FAMILIES: dict[str, type[Error]] = {
    "registry": RegistryError, "application": RegistryError, "certificate": RegistryError, "person": RegistryError,
    "audit": JournalError, "plugin": PluginError, "config": ConfigError, "device_key": AdmissionError,
    "report": AdmissionError, "seam": SeamError, "console": ConsoleError, "gate": GateError, "store": GateError,
    "run": GateError, "recording": RecordingError,
}
