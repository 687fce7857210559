"""Posture: facts of a terminal in, verdicts of the real checks out; keys, signed reports, the watch over a session."""
from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

from sekisho._core.posture import (DeviceKey, EnrolVerdict, PostureDesk, PostureOptions, PostureWatch, ReportPayload,
                                   ReportVerdict, SessionRef, TerminalPosture, WatchStep, check_facts,
                                   facts_of_hostcheck, seal_report)
from sekisho._core.registry import Registry
from sekisho._core.sdk import CheckInput, CheckOutcome, CheckResult

__all__ = ["CheckInput", "CheckOutcome", "CheckResult", "DeviceKey", "EnrolVerdict", "PostureDesk", "PostureOptions",
           "PostureWatch", "ReportPayload", "ReportVerdict", "SessionRef", "TerminalPosture", "WatchStep",
           "check_facts", "facts_of_hostcheck", "report_for", "seal_report", "with_key"]


def with_key(registry: Registry, terminal: str, key: DeviceKey) -> Registry:
    """The registry with this key enrolled for a terminal, as after an enrolment."""
    found = registry.get("terminal", terminal)
    if found is None:
        raise KeyError(terminal)
    return registry.put("terminal", {**found, "key_thumbprint": key.thumbprint, "key_jwk": key.jwk, "binding": 1})[0]


def report_for(challenge: dict[str, Any], facts: dict[str, Any], *, server_fingerprint: str, seq: int,
               now: datetime, address: Optional[str] = None, reason: str = "connect") -> ReportPayload:
    """What a good agent signs after a challenge."""
    return ReportPayload(aud=challenge["gateway"], sid=challenge["sid"], nonce=challenge["nonce"], ip=address,
                         srv=server_fingerprint, iat=int(now.timestamp()), seq=seq, reason=reason, facts=facts)
