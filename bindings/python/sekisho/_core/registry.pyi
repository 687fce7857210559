"""The registry: documents, rights, changes."""
from datetime import datetime
from typing import Any, Optional, Sequence

from sekisho._core import _Bound
from sekisho._core.sdk import Refusal, Text
from sekisho.words import Day, Purpose, Zone

class Finding(metaclass=_Bound):
    """Something wrong with a document: where (JSON pointer), which code, in words."""
    pointer: str
    code: str
    text: Text
    def __init__(self, pointer: str = ..., code: str = ..., text: Text = ...) -> None: ...

class Rights(metaclass=_Bound):
    """What a person with a terminal may reach right now; `until` is the earliest end of contract, application, person."""
    person: str
    terminal: str
    contractor: str
    contract: str
    application: str
    zone: Zone
    systems: list[str]
    desktop: str
    until: datetime
    purpose: Purpose
    def __init__(self, person: str = ..., terminal: str = ..., contractor: str = ..., contract: str = ...,
                 application: str = ..., zone: Zone = ..., systems: Sequence[str] = ..., desktop: str = ...,
                 until: datetime = ..., purpose: Purpose = ...) -> None: ...

class RightsAnswer(metaclass=_Bound):
    """Rights, or the refusal that says why there are none: one of the two is None."""
    rights: Optional[Rights]
    refusal: Optional[Refusal]
    def __init__(self, rights: Optional[Rights] = ..., refusal: Optional[Refusal] = ...) -> None: ...

class Registry(metaclass=_Bound):
    """One consistent state of who may be let in, with what, to where, until when. It never changes: what staff may
    change gives the next one. Kinds are named as in registry_kinds(), singular or plural."""
    def __init__(self) -> None: ...
    @staticmethod
    def load(document: dict[str, Any]) -> Registry:
        """Reads the JSON form. RegistryError registry.invalid with every finding at once."""
    @property
    def generation(self) -> int:
        """Rises with every change, over all nodes."""
    def validate(self) -> list[Finding]:
        """Everything wrong with it; empty: it may be stored."""
    def export(self, *, secrets: bool = False) -> dict[str, Any]:
        """The JSON form; with `secrets` password hashes and open enrolments too."""
    def keys(self, kind: str) -> list[str]:
        """The keys of every object of a kind, sorted."""
    def get(self, kind: str, key: str, *, secrets: bool = False) -> Optional[dict[str, Any]]:
        """One object, or None."""
    def find_login(self, canonical: str) -> Optional[str]:
        """The id of the person with this canonical login, or None."""
    def rights_of(self, person: str, terminal: str, *, path: str, path_zones: Sequence[Zone], lent_only: bool = False,
                  now: datetime) -> RightsAnswer:
        """R01, R03, R16-R19, in the order in which rules.hpp lists them."""
    def replaced_by(self, next: Registry, *, if_generation: Optional[int] = None) -> Registry:
        """The whole from an import; stops, revocations and secrets that an export leaves out are kept."""
    def put(self, kind: str, object: dict[str, Any]) -> tuple[Registry, str]:
        """Adds or replaces one object; the next registry and the object's key."""
    def remove(self, kind: str, key: str) -> Registry:
        """Takes one object away; registry.in_use when others name it."""
    def end(self, kind: str, key: str, now: datetime) -> Registry:
        """Ends a contract, person, terminal, circuit, application, exception; revokes a certificate."""
    def submit_application(self, object: dict[str, Any]) -> tuple[Registry, str]:
        """A new application (R17)."""
    def accept_application(self, id: str, *, by: str, note: str = "", build_up_exception: bool = False,
                           now: datetime) -> Registry:
        """`by` is an approver in force who is no applicant."""
    def return_application(self, id: str, *, by: str, note: str = "", now: datetime) -> Registry:
        """Sends it back to the applicant."""
    def set_password_hash(self, person: str, phc: str) -> Registry:
        """`phc` is Argon2id in PHC form, m >= 47104 KiB."""
    def register_certificate(self, object: dict[str, Any], *, replace: bool = False,
                             now: datetime) -> tuple[Registry, str]:
        """One per person and terminal (R22); `replace` revokes the pair's earlier ones."""
    def open_enrolment(self, terminal: str, *, token_sha256_hex: str, until: datetime, now: datetime) -> Registry:
        """Opens the enrolment of a terminal's key."""
    def grant_exception(self, object: dict[str, Any], *, now: datetime) -> tuple[Registry, str]:
        """An exception from one posture check for one terminal."""

SAMPLE_NOW: datetime

def sample_registry() -> Registry:
    """The cast (mori, tani, sato, yama, kato) with everything in force at SAMPLE_NOW."""
def registry_findings(document: dict[str, Any]) -> list[Finding]:
    """Everything wrong with a document; empty: Registry.load() takes it."""
def registry_finding_codes() -> list[Finding]:
    """Every finding there can be."""
def registry_kinds() -> list[tuple[str, str]]:
    """Singular and plural of every kind of object."""
def rights_refusals() -> list[Refusal]:
    """Every refusal of rights_of(), in the order in which it is judged."""
def change_refusals() -> list[Refusal]:
    """Every refusal of a change."""
def canonical_login(typed: str) -> Optional[str]:
    """The one spelling of a login (T-20); None: not one."""
def parse_moment(text: str, *, day: Day = "exact") -> Optional[datetime]:
    """A day (as `day` says, in Japan) or an instant; None: neither."""
def format_moment(at: datetime, *, day: Day = "exact") -> str:
    """The shortest form that parse_moment() reads back to the same instant."""
