"""The words of every enumeration: what C++ names as a value is one of these strings in Python."""
from typing import Literal

__all__ = ["CertificateFault", "CheckMode", "CheckVerdict", "ClientEndWord", "ClientManner", "ConsoleSide",
           "ConsoleState", "Day", "LoginForm", "MachineState", "ManagerRole", "Place", "PluginKind", "PluginPosture",
           "PluginStatus", "PowerAction", "PppState", "Purpose", "RecordedKeys", "RecorderState", "RecordingDamage", "ScreenKind",
           "SessionState", "Verdict", "WatchAction", "Zone"]

#: Why a client's certificate did not verify in the handshake.
CertificateFault = Literal["none", "untrusted", "expired", "not_yet_valid", "wrong_usage", "weak_key"]
#: Where the person types: the client's own form, our pages, our pages opened for a client.
LoginForm = Literal["client", "page", "page_for_client"]
#: What a factor says.
Verdict = Literal["no", "yes", "ask", "wait"]
#: What a posture check says; unknown denies.
CheckVerdict = Literal["pass", "warn", "fail", "unknown", "not_applicable"]
#: How a path takes a check.
CheckMode = Literal["enforce", "warn", "off"]
#: State of a machine of a virtualisation manager.
MachineState = Literal["unknown", "running", "paused", "stopped", "crashed"]
#: What a person may do to a machine's power.
PowerAction = Literal["start", "shut_down", "power_off", "reboot", "reset"]
#: What a manager is for: screens of servers; desktops that are made and ended.
ManagerRole = Literal["consoles", "desktops"]
#: What a ticket opens at hyperd.
ScreenKind = Literal["screen", "serial", "picture"]
#: Which page a peer stands at: on the tunnel's side, on the desktops' side.
Place = Literal["desktop", "console"]
#: Who sent something over a console: the browser's side, the hypervisor's.
ConsoleSide = Literal["viewer", "guest"]
#: Where a console stands.
ConsoleState = Literal["opening", "open", "ended"]
#: What is kept of the keyboard: nothing, that a key was used, which.
RecordedKeys = Literal["none", "masked", "clear"]
#: Where a recorder stands.
RecorderState = Literal["recording", "closing", "closed", "failed"]
#: What was done to a recording.
RecordingDamage = Literal["header", "changed", "missing", "cut", "reordered", "foreign", "journal", "contents"]
#: Where a session stands.
SessionState = Literal["asking", "quarantine", "admitted", "ended"]
#: Kinds of plugin.
PluginKind = Literal["access_path", "authenticator", "posture_check", "console_driver"]
#: Maturity of a plugin; wip is refused in production.
PluginStatus = Literal["wip", "alpha", "stable"]
#: Which peers a plugin's code may face.
PluginPosture = Literal["trusted_peer", "untrusted_peer"]
#: What the posture watch wants done with its session.
WatchAction = Literal["none", "admit", "quarantine", "close"]
#: Where a PPP link stands.
PppState = Literal["idle", "establishing", "network", "open", "closing", "ended"]
#: Which real client the Fortinet client behaves like.
ClientManner = Literal["openconnect", "openfortivpn"]
#: Why a Fortinet client ended.
ClientEndWord = Literal["by_person", "login_refused", "session_refused", "by_gate", "lost", "protocol"]
#: The zones of systems (R01).
Zone = Literal["internet_business", "internet_dmz", "my_number"]
#: What work is for (R18).
Purpose = Literal["maintenance", "build_up"]
#: How a day is meant: its first instant in Japan, the end of it, or not a day but an instant.
Day = Literal["begin", "end", "exact"]
