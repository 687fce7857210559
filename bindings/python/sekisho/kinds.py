"""Plugins written in Python: one base class for each kind, with the words that make a short plugin a right one.

    class Badge(sekisho.Authenticator):
        factor = "badge"
        def step(self, request):
            given = request.evidence.get("badge", "")
            if not given:
                return self.ask(request, "badge", Text("職員証の番号", "Number of your badge"))
            if request.subject.known and given == "4711":
                return self.yes(request)
            return self.no(request, WRONG_BADGE, may_retry=True)

What a plugin raises counts as a no, as in C++. sekisho.conformance runs the kit that every plugin has to pass.
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Sequence

from sekisho._core.paths import PacketSource, PathHost
from sekisho._core.sdk import (Arrival, Ask, AuthRequest, AuthStep, CheckInput, CheckOutcome, CheckResult,
                               DesktopOrder, EffectResult, KnownCertificate, Machine, MachineEvent, Refusal, SendMail,
                               Subject, Text, VerifyPassword, console_driver_of)
from sekisho.errors import Error
from sekisho.words import CheckVerdict, PowerAction, Verdict

if TYPE_CHECKING:
    from sekisho._core.seam import _GatePush, _GateReply

__all__ = ["AccessPath", "Arrival", "Ask", "AuthRequest", "AuthStep", "Authenticator", "CheckInput", "CheckOutcome",
           "CheckResult", "ConsoleDriver", "DesktopOrder", "EffectResult", "KnownCertificate", "Machine",
           "MachineEvent", "PacketSource", "PathConnection", "PathHost", "PostureCheck", "SendMail", "Subject",
           "VerifyPassword", "console_driver_of"]


class Authenticator(ABC):
    """One factor of a login: it asks, judges and names effects; the host performs them."""

    #: How policies name this factor.
    factor: ClassVar[str]
    #: How many real factors it counts for: 0 or 1 (T-29).
    weight: ClassVar[int] = 1

    @abstractmethod
    def step(self, request: AuthRequest) -> AuthStep:
        """One step. For a subject that is not known: the same questions, the same no."""

    def refresh(self, now: datetime) -> None:
        """Called every 30 s, to read changed files again."""

    def yes(self, request: AuthRequest, *, terminal: str = "", detail: Optional[dict[str, Any]] = None) -> AuthStep:
        """The proof holds; `terminal` is the one that it proved."""
        return self._step(request, "yes", terminal=terminal, detail=detail)

    def no(self, request: AuthRequest, refusal: Refusal, *, may_retry: bool = False,
           detail: Optional[dict[str, Any]] = None) -> AuthStep:
        """The proof does not hold; with `may_retry` the person may try this factor again."""
        return self._step(request, "no", refusal=refusal, may_retry=may_retry, detail=detail)

    def ask(self, request: AuthRequest, field: str, prompt: Text, *, refusal: Optional[Refusal] = None,
            mails: Sequence[SendMail] = (), resend_after_s: int = 0) -> AuthStep:
        """A question, which the evidence `field` answers; `refusal` says why the last answer was not taken."""
        return self._step(request, "ask", ask=Ask(factor=self.factor, field=field, prompt=prompt,
                                                  resend_after_s=resend_after_s),
                          refusal=refusal, effects=list(mails))

    def wait(self, request: AuthRequest, candidate: str, *, encoded_hash: Optional[str] = None) -> AuthStep:
        """The host compares `candidate` with the subject's hash and comes back with request.effect."""
        hashed = request.subject.password_hash if encoded_hash is None else encoded_hash
        return self._step(request, "wait", effects=[VerifyPassword(hashed, candidate)])

    def _step(self, request: AuthRequest, verdict: Verdict, **fields: Any) -> AuthStep:
        if fields.get("detail") is None:
            fields.pop("detail", None)
        return AuthStep(verdict=verdict, account_state=request.account_state, source_state=request.source_state,
                        transaction_state=request.transaction_state, **fields)


class PostureCheck(ABC):
    """Judges one subject of a device-facts document; the same facts give the same answer."""

    #: How policies name this check.
    name: ClassVar[str]
    #: The rule that it enforces, "R06".
    rule: ClassVar[str] = "R10"

    @abstractmethod
    def judge(self, input: CheckInput) -> CheckOutcome:
        """Facts in, verdicts out. What is absent is unknown, and unknown never passes."""

    def passes(self, input: CheckInput, *, observed: str = "", required: str = "") -> CheckOutcome:
        """It holds."""
        return self._row(input, "pass", "", Text(), observed, required)

    def fails(self, input: CheckInput, code: str, remedy: Text, *, observed: str = "",
              required: str = "") -> CheckOutcome:
        """It does not hold; `code` is "<check>.<what>", `remedy` what the person can do."""
        return self._row(input, "fail", code, remedy, observed, required)

    def unknown(self, input: CheckInput, code: str, remedy: Text, *, observed: str = "",
                required: str = "") -> CheckOutcome:
        """Nothing says whether it holds: it denies."""
        return self._row(input, "unknown", code, remedy, observed, required)

    def _row(self, input: CheckInput, verdict: CheckVerdict, code: str, remedy: Text, observed: str,
             required: str) -> CheckOutcome:
        row = CheckResult(check=self.name, rule=self.rule, verdict=verdict, code=code, observed=observed,
                          required=required, remedy=remedy)
        return CheckOutcome(results=[row], memory=None)


class ConsoleDriver(ABC):
    """The screens of one virtualisation manager, by UUID. Raise sekisho.Error with console.unreachable,
    console.no_such_machine, console.refused, console.busy, console.not_supported or console.timed_out.
    What is not abstract need not be written."""

    @abstractmethod
    def machines(self, *, within: float) -> list[Machine]:
        """All machines."""

    @abstractmethod
    def machine(self, uuid: str, *, within: float) -> Machine:
        """One machine; `uuid` is untrusted."""

    @abstractmethod
    def screen(self, uuid: str, *, within: float) -> Any:
        """A connected socket, or its descriptor, that speaks RFB from its first byte; the caller gets it for good."""

    def serial(self, uuid: str, *, within: float) -> Any:
        """A connected socket, or its descriptor, that carries the serial console's bytes."""
        raise Error("console.not_supported", "serial")

    def picture(self, uuid: str, *, within: float) -> tuple[str, bytes]:
        """Media type and bytes of a still of the screen."""
        raise Error("console.not_supported", "picture")

    def power(self, uuid: str, action: PowerAction, *, within: float) -> None:
        """Switches a machine, as far as the driver's configuration allows."""
        raise Error("console.not_supported", "power")

    def take_snapshot(self, uuid: str, name: str, *, within: float) -> None:
        """Keeps the machine's state under a name."""
        raise Error("console.not_supported", "take_snapshot")

    def revert(self, uuid: str, name: str, *, within: float) -> None:
        """Back to that state, running; every screen of the machine ends."""
        raise Error("console.not_supported", "revert")

    def create(self, order: DesktopOrder, *, within: float) -> Machine:
        """Makes and starts a desktop over a fresh overlay."""
        raise Error("console.not_supported", "create")

    def destroy(self, uuid: str, *, within: float) -> None:
        """Ends a desktop that create() made and removes what its session wrote."""
        raise Error("console.not_supported", "destroy")

    def set_login(self, uuid: str, account: str, password: str, *, within: float) -> None:
        """Gives the desktop's local account this password."""
        raise Error("console.not_supported", "set_login")

    def events(self, *, within: float) -> list[MachineEvent]:
        """What happened since the last call."""
        raise Error("console.not_supported", "events")


class PathConnection(ABC):
    """One connection of a stranger, driven by its front: no call may block."""

    @abstractmethod
    def on_bytes(self, plaintext: bytes, now: datetime) -> None:
        """Decrypted bytes from the peer, in any pieces."""

    @abstractmethod
    def on_reply(self, request: int, reply: _GateReply, now: datetime) -> None:
        """The answer to host.ask()."""

    @abstractmethod
    def next_deadline(self) -> Optional[datetime]:
        """When on_deadline() wants to be called. A stranger who proves nothing is never waited for without end."""

    @abstractmethod
    def on_deadline(self, now: datetime) -> None:
        """next_deadline() has come."""

    def on_push(self, push: _GatePush, now: datetime) -> None:
        """What the gatekeeper says unasked."""

    def on_replaced(self, now: datetime) -> None:
        """A newer connection has this session's tunnel."""

    def on_gone(self, now: datetime) -> None:
        """The transport is gone; the last call."""

    def fill_record(self, packets: PacketSource, size: int, now: datetime) -> bytes:
        """At most `size` bytes with whole packets taken from `packets`, while a tunnel is attached."""
        return b""


class AccessPath(ABC):
    """How strangers speak to one front. For tests only: a front that faces strangers runs no Python, and no program of
    the product loads one."""

    #: Always, or it is refused: what is written in Python never faces a stranger.
    test_only: ClassVar[bool] = True
    #: Whether this path carries IP packets.
    carries_packets: ClassVar[bool] = False

    @abstractmethod
    def open(self, host: PathHost, arrival: Arrival, now: datetime) -> PathConnection:
        """A connection stands; `host` is what it may do."""
