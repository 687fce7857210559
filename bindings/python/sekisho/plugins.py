"""The plugin loader: manifests, a distinct refusal for every defect, living objects."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Optional, Union

from sekisho._core.paths import LoadedAccessPath
from sekisho._core.plugins import LoadedPlugin, Loader, Manifest, check_config
from sekisho._core.sdk import LoadedAuthenticator, LoadedConsoleDriver, LoadedPostureCheck

__all__ = ["LoadedAccessPath", "LoadedAuthenticator", "LoadedConsoleDriver", "LoadedPlugin", "LoadedPostureCheck",
           "Loader", "Manifest", "check_config", "installed_plugins", "load", "plugin_directory"]


def plugin_directory() -> Path:
    """Where the product's plugins lie: SEKISHO_PLUGIN_DIR, beside this package (a wheel), in the build tree or in the
    installation that this package belongs to. FileNotFoundError when there are none."""
    here = Path(__file__).parent
    given = os.environ.get("SEKISHO_PLUGIN_DIR")
    candidates = [Path(given)] if given else [
        here / "libs" / "plugins", here.parents[1] / "plugins", here.parents[2] / "sekisho" / "plugins"]
    for candidate in candidates:
        if any(candidate.glob("*.json")):
            return candidate
    raise FileNotFoundError("no plugins in " + ", ".join(str(c) for c in candidates))


def installed_plugins(directory: Optional[Union[str, Path]] = None) -> list[Manifest]:
    """The manifests of a directory, by name; the libraries are not opened."""
    where = Path(directory) if directory else plugin_directory()
    loader = Loader(str(where))
    return [loader.manifest(file.stem) for file in sorted(where.glob("*.json"))]


def load(name: str, config: Optional[dict[str, Any]] = None, *, directory: Optional[Union[str, Path]] = None) -> Any:
    """The living object of a plugin of the product: LoadedAuthenticator, LoadedPostureCheck, LoadedConsoleDriver or
    LoadedAccessPath."""
    return Loader(str(directory or plugin_directory())).load(name, config or {}).object
