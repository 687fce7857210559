"""The seam: the messages between the gatekeeper and its neighbours, and their codec."""
from sekisho._core.seam import (AnswerLogin, BeginLogin, DesiredNet, Done, EntranceAsk, EntranceClosed, EntranceEnd,
                                EntranceGrant, FilterRule, Granted, Handover, Heartbeat, Hello, KernelRefused,
                                KernelRight, LoginAsked, LogoutSession, NetApplied, Notice, PacketsRefused,
                                PostureAnswer, PostureRequest, Push, Ready, Refused, Reply, Request, ResumeSession,
                                Resumed, SEAM_VERSION, SessionChanged, SessionEnded, SessionView, TunnelActivity,
                                TunnelDown, TunnelUp, decode_message, encode_message)

__all__ = ["SEAM_VERSION", "AnswerLogin", "BeginLogin", "DesiredNet", "Done", "EntranceAsk", "EntranceClosed",
           "EntranceEnd", "EntranceGrant", "FilterRule", "Granted", "Handover", "Heartbeat", "Hello", "KernelRefused",
           "KernelRight", "LoginAsked", "LogoutSession", "NetApplied", "Notice", "PacketsRefused", "PostureAnswer",
           "PostureRequest", "Push", "Ready", "Refused", "Reply", "Request", "ResumeSession", "Resumed",
           "SessionChanged", "SessionEnded", "SessionView", "TunnelActivity", "TunnelDown", "TunnelUp",
           "decode_message", "encode_message"]
