"""The login machine, moved by hand: evidence, a document and `now` in, a question, a refusal or an identity out."""
from sekisho._core.login import (CheckPolicy, LoginMachine, LoginOutcome, LoginPassed, LoginQuestion, LoginRefused,
                                 LoginWaiting, PathPolicy, admission_refusals, enforcement_points, find_refusal,
                                 source_network)

__all__ = ["CheckPolicy", "LoginMachine", "LoginOutcome", "LoginPassed", "LoginQuestion", "LoginRefused",
           "LoginWaiting", "PathPolicy", "admission_refusals", "enforcement_points", "find_refusal", "source_network"]
