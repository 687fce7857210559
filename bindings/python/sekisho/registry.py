"""The registry: who may be let in, with what, to where, until when. A `Registry` never changes; a change gives the next
one. Objects are dicts in the JSON form that core/registry/README.md describes."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Union

from sekisho._core.registry import (Finding, Registry, Rights, RightsAnswer, SAMPLE_NOW, canonical_login,
                                    change_refusals, format_moment, parse_moment, registry_finding_codes,
                                    registry_findings, registry_kinds, rights_refusals, sample_registry)

__all__ = ["SAMPLE_NOW", "Finding", "Registry", "Rights", "RightsAnswer", "canonical_login", "change_refusals",
           "format_moment", "load_registry", "parse_moment", "registry_finding_codes", "registry_findings",
           "registry_kinds", "rights_refusals", "sample_registry"]


def load_registry(source: Union[str, Path, dict[str, Any]]) -> Registry:
    """The registry of a document, or of the file at a path. Raises RegistryError with every finding at once."""
    document = source if isinstance(source, dict) else json.loads(Path(source).read_text(encoding="utf-8"))
    return Registry.load(document)
