"""The conformance kit that every plugin has to pass, whatever it is written in: hostile input with fixed seeds, and what
a plugin of its kind must never do."""
from __future__ import annotations

from typing import Sequence, Union

from sekisho import _kit
from sekisho._core.paths import LoadedAccessPath
from sekisho._core.sdk import LoadedAuthenticator, LoadedConsoleDriver, LoadedPostureCheck
from sekisho.kinds import AccessPath, Authenticator, ConsoleDriver, PostureCheck

__all__ = ["AnyPlugin", "Nonconforming", "check", "findings"]

AnyPlugin = Union[Authenticator, LoadedAuthenticator, PostureCheck, LoadedPostureCheck, ConsoleDriver,
                  LoadedConsoleDriver, AccessPath, LoadedAccessPath]


class Nonconforming(AssertionError):
    """The kit found something; `findings` are its words."""

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__("\n\n".join(findings))
        self.findings = list(findings)


def findings(plugin: AnyPlugin, *, secrets: Sequence[str] = (), words: Sequence[str] = ()) -> list[str]:
    """What the kit says about a plugin; empty: it keeps its contract. `secrets` are texts that must show up nowhere
    (authenticators), `words` pieces of its protocol for the hostile peer (access paths)."""
    if isinstance(plugin, (Authenticator, LoadedAuthenticator)):
        return _kit.keep_authenticator_contract(plugin, secrets=secrets)
    if isinstance(plugin, (PostureCheck, LoadedPostureCheck)):
        return _kit.keep_posture_check_contract(plugin)
    if isinstance(plugin, (ConsoleDriver, LoadedConsoleDriver)):
        return _kit.keep_console_driver_contract(plugin)
    if isinstance(plugin, (AccessPath, LoadedAccessPath)):
        return _kit.keep_access_path_contract(plugin, words=words)
    raise TypeError(f"{type(plugin).__name__} is no plugin of any kind")


def check(plugin: AnyPlugin, *, secrets: Sequence[str] = (), words: Sequence[str] = ()) -> None:
    """Raises Nonconforming when the kit finds something."""
    found = findings(plugin, secrets=secrets, words=words)
    if found:
        raise Nonconforming(found)
