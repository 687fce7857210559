"""Sekisho 関所 from Python: the production gate's rooms, driven by hand.

Each subject is a module; what one needs daily stands here too.
"""
from sekisho._core.sdk import Arrival, Refusal, Text
from sekisho.errors import (AdmissionError, ConfigError, ConsoleError, Error, GateError, JournalError, NotInTime,
                            PluginError, RecordingError, RefusedError, RegistryError, SeamError)
from sekisho.fortinet import Pc
from sekisho.gate import Front, Gate, MemoryStore, VirtualTime, open_store
from sekisho.journal import Journal, MemoryJournal
from sekisho.kinds import (AccessPath, Ask, Authenticator, CheckResult, ConsoleDriver, Machine, PathConnection,
                           PostureCheck)
from sekisho.registry import SAMPLE_NOW, Registry, load_registry, sample_registry

__all__ = ["SAMPLE_NOW", "AccessPath", "AdmissionError", "Arrival", "Ask", "Authenticator", "CheckResult",
           "ConfigError", "ConsoleDriver", "ConsoleError", "Error", "Front", "Gate", "GateError", "Journal",
           "JournalError", "Machine", "MemoryJournal", "MemoryStore", "NotInTime", "PathConnection", "Pc",
           "PluginError", "PostureCheck", "RecordingError", "Refusal", "RefusedError", "Registry", "RegistryError",
           "SeamError", "Text", "VirtualTime", "load_registry", "open_store", "sample_registry"]
