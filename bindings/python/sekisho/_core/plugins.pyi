"""The loader of plugins."""
from typing import Any, Optional

from sekisho._core import _Bound
from sekisho.words import PluginKind, PluginPosture, PluginStatus

class Manifest(metaclass=_Bound):
    """What is known of a plugin before its library is opened."""
    name: str
    version: str
    kind: PluginKind
    status: PluginStatus
    posture: PluginPosture
    api_major: int
    api_minor: int
    fingerprint: str
    needs: str
    schema: Any
    library_sha256: str
    def __init__(self, name: str = ..., version: str = ..., kind: PluginKind = ..., status: PluginStatus = ...,
                 posture: PluginPosture = ..., api_major: int = ..., api_minor: int = ..., fingerprint: str = ...,
                 needs: str = ..., schema: Any = ..., library_sha256: str = ...) -> None: ...

class LoadedPlugin(metaclass=_Bound):
    """A plugin that lives: LoadedAuthenticator, LoadedPostureCheck, LoadedConsoleDriver or LoadedAccessPath."""
    manifest: Manifest
    object: Any
    def __init__(self, manifest: Manifest = ..., object: Any = ...) -> None: ...

class Loader(metaclass=_Bound):
    """From a name to a living object, with a distinct refusal (PluginError, plugin.*) for every defect. Libraries are
    never unloaded."""
    def __init__(self, directory: str, *, allow_wip: bool = False) -> None: ...
    def load(self, name: str, config: dict[str, Any] = ..., *, kind: Optional[PluginKind] = None) -> LoadedPlugin:
        """Manifest, hash, library, header, needs, configuration, create: in this order."""
    def manifest(self, name: str) -> Manifest:
        """The manifest alone, without opening the library."""
    @property
    def log(self) -> list[str]:
        """What the plugins logged, one JSON object a line."""

def check_config(schema: Any, config: Any) -> Any:
    """The configuration with every default filled in; config.invalid with all errors at once."""
