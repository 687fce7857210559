"""The conformance kit over objects; use sekisho.conformance."""
from typing import Sequence

def keep_authenticator_contract(plugin: object, *, secrets: Sequence[str] = ...) -> list[str]:
    """2,000 steps with hostile evidence and states; what it found, one text a finding."""
def keep_posture_check_contract(plugin: object) -> list[str]:
    """Nothing known, then 3,000 spoilt documents."""
def keep_console_driver_contract(plugin: object) -> list[str]:
    """Names that are no machine."""
def keep_access_path_contract(plugin: object, *, words: Sequence[str] = ...) -> list[str]:
    """A silent stranger, then 300 connections with a hostile peer and a confused gatekeeper; `words` are pieces of the
    path's protocol."""
