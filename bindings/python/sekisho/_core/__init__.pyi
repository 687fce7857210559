"""Sekisho's C++ rooms, thinly. Use the package sekisho; these pages say what each name of the extension does,
a page for each room.

Times are aware datetimes (a naive one is refused), limits are seconds, JSON is dict, list and scalars, enumerations are
words. Values (Text, Arrival, …) take their fields by position or by name, all optional; lists and dicts that they give
are copies: assign them to change them. Errors are members of sekisho.Error.
"""
from sekisho._core import (console as console, desktops as desktops, fortinet as fortinet, front as front, gate as gate,
                           journal as journal, login as login, paths as paths, plugins as plugins, posture as posture,
                           recording as recording, registry as registry, relay as relay, screens as screens, sdk as sdk,
                           seam as seam)

class _Bound(type):
    """The metaclass of every bound class."""
