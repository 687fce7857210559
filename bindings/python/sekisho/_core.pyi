"""Sekisho's C++ rooms, thinly. Use the package sekisho; this page says what each name of the extension does.

Times are aware datetimes (a naive one is refused), limits are seconds, JSON is dict, list and scalars, enumerations are
words. Values (Text, Arrival, …) take their fields by position or by name, all optional; lists and dicts that they give
are copies: assign them to change them. Errors are members of sekisho.Error.
"""
from datetime import datetime
from typing import Any, Callable, Mapping, Optional, Sequence

from sekisho.words import CertificateFault, Day, LoginForm, Purpose, Zone

class _Bound(type):
    """The metaclass of every bound class."""


# --- values of the SDK ------------------------------------------------------------------------------------------------

class Text(metaclass=_Bound):
    """A sentence for people; neither language may be empty when it is shown."""
    ja: str
    en: str
    def __init__(self, ja: str = ..., en: str = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class Refusal(metaclass=_Bound):
    """The one shape of no: `rule` is an id of the mission ("R04") or of the threat page ("T-20"), `code` is stable and
    dotted, `what` says what was refused, `why` the reason, `remedy` what the person can do."""
    rule: str
    code: str
    what: Text
    why: Text
    remedy: Text
    def __init__(self, rule: str = ..., code: str = ..., what: Text = ..., why: Text = ..., remedy: Text = ...) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...

class Arrival(metaclass=_Bound):
    """Where and as what somebody stands before the gate. All of it is a claim but the peer's address and port and a
    chain, which the TLS handshake proved: DER, leaf first."""
    path: str
    peer_address: str
    peer_port: int
    circuit: str
    user_agent: str
    language: str
    tls_version: str
    tls_cipher: str
    certificate_chain: list[bytes]
    certificate_fault: CertificateFault
    form: LoginForm
    def __init__(self, path: str = ..., peer_address: str = ..., peer_port: int = ..., circuit: str = ...,
                 user_agent: str = ..., language: str = ..., tls_version: str = ..., tls_cipher: str = ...,
                 certificate_chain: Sequence[bytes] = ..., certificate_fault: CertificateFault = ...,
                 form: LoginForm = ...) -> None: ...

# --- registry ---------------------------------------------------------------------------------------------------------

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

# --- journal ----------------------------------------------------------------------------------------------------------

class Entry(metaclass=_Bound):
    """What happened. `result` is "ok", "refused", "ended" or "error"; `detail` holds no secret."""
    at: datetime
    event: str
    session: str
    person: str
    from_: str
    path: str
    rule: str
    code: str
    result: str
    detail: Any
    def __init__(self, at: datetime = ..., event: str = ..., session: str = ..., person: str = ..., from_: str = ...,
                 path: str = ..., rule: str = ..., code: str = ..., result: str = ..., detail: Any = ...) -> None: ...

class StoredEntry(metaclass=_Bound):
    """An entry as the journal holds it; `hash_hex` names it and everything before it."""
    sequence: int
    hash_hex: str
    entry: Entry
    def __init__(self, sequence: int = ..., hash_hex: str = ..., entry: Entry = ...) -> None: ...

class Query(metaclass=_Bound):
    """What to look for; everything given must match, [from_, until); the newest `limit` win."""
    session: str
    person: str
    rule: str
    event: str
    code: str
    from_: Optional[datetime]
    until: Optional[datetime]
    limit: int
    def __init__(self, session: str = ..., person: str = ..., rule: str = ..., event: str = ..., code: str = ...,
                 from_: Optional[datetime] = ..., until: Optional[datetime] = ..., limit: int = ...) -> None: ...

class Trust(metaclass=_Bound):
    """What a journal is held against: the anchor, published heads of any age, the tail beside the signing key."""
    public_key_pem: str
    published_heads: list[str]
    tail: Optional[bytes]
    def __init__(self, public_key_pem: str = ..., published_heads: Sequence[str] = ...,
                 tail: Optional[bytes] = ...) -> None: ...

class Verification(metaclass=_Bound):
    """How far a journal stands proved; when not ok, `first_bad` is the first entry that does not."""
    ok: bool
    entries: int
    heads: int
    first_bad: int
    why: str
    def __init__(self, ok: bool = ..., entries: int = ..., heads: int = ..., first_bad: int = ..., why: str = ...) -> None: ...

class FileJournal(metaclass=_Bound):
    """A journal in a directory, open for writing, with the production's writer thread; sekisho.Journal wraps it."""
    def __init__(self, *, directory: str, signing_key_file: str, clock: Callable[[], datetime], node: str = "1",
                 segment_bytes: int = 16777216) -> None: ...
    def append(self, entry: Entry, *, within: float = 5.0) -> int:
        """The entry's number once it is on the disk. audit.late, audit.full, audit.unwritable, audit.closed."""
    @property
    def healthy(self) -> bool:
        """False: full, unwritable or stalled."""
    def close(self) -> None:
        """Writes what waits, signs it, ends the thread. A second time is fine."""

class MemoryJournal(metaclass=_Bound):
    """A journal on disks in memory, moved by hand: the same seed and calls give the same bytes."""
    def __init__(self, *, seed: int = 1, start: datetime) -> None: ...
    def append(self, entry: Entry) -> int:
        """Writes and syncs at once; the entry's number."""
    def advance(self, seconds: float) -> None:
        """Time passes: heads and key steps that are due."""
    def crash(self) -> None:
        """A power cut and a new start: what was not synced survives as chance wants it."""
    @property
    def now(self) -> datetime:
        """Its time."""
    @property
    def trust(self) -> Trust:
        """What stands beside its signing key."""
    def verify(self) -> Verification:
        """Every byte."""
    def search(self, query: Query) -> list[StoredEntry]:
        """What matches, in ascending order."""
    @property
    def files(self) -> dict[str, bytes]:
        """The directory; assign it to tamper."""
    @files.setter
    def files(self, value: Mapping[str, bytes]) -> None: ...

def verify_journal(directory: str, trust: Trust) -> Verification:
    """Checks every byte of every segment; may run while a writer writes."""
def search_journal(directory: str, query: Query) -> list[StoredEntry]:
    """What matches, in ascending order; signatures are not looked at."""
