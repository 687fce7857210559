"""Sekisho 関所 from Python: the production gate's rooms, driven by hand.

Each subject is a module; what one needs daily stands here too.
"""
from sekisho._core import Arrival, Refusal, Text
from sekisho.errors import (AdmissionError, ConfigError, ConsoleError, Error, GateError, JournalError, NotInTime,
                            PluginError, RefusedError, RegistryError, SeamError)
from sekisho.journal import Journal
from sekisho.registry import Registry, load_registry

__all__ = ["AdmissionError", "Arrival", "ConfigError", "ConsoleError", "Error", "GateError", "Journal", "JournalError",
           "NotInTime", "PluginError", "Refusal", "RefusedError", "Registry", "RegistryError", "SeamError", "Text",
           "load_registry"]
