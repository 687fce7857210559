"""The words of every enumeration: what C++ names as a value is one of these strings in Python."""
from typing import Literal

__all__ = ["CertificateFault", "Day", "LoginForm", "Purpose", "Zone"]

#: Why a client's certificate did not verify in the handshake.
CertificateFault = Literal["none", "untrusted", "expired", "not_yet_valid", "wrong_usage", "weak_key"]
#: Where the person types: the client's own form, our pages, our pages opened for a client.
LoginForm = Literal["client", "page", "page_for_client"]
#: The zones of systems (R01).
Zone = Literal["internet_business", "internet_dmz", "my_number"]
#: What work is for (R18).
Purpose = Literal["maintenance", "build_up"]
#: How a day is meant: its first instant in Japan, the end of it, or not a day but an instant.
Day = Literal["begin", "end", "exact"]
