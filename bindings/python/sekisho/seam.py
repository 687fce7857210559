"""The seam: the messages between the gatekeeper and its neighbours, and their codec."""
from sekisho._core.seam import (AnswerLogin, BeginLogin, DesiredNet, DesiredRdp, Done, EntranceAsk, EntranceClosed,
                                EntranceEnd, EntranceGrant, FilterRule, Granted, Handover, Heartbeat, Hello,
                                HyperAllow, HyperAnswer, HyperAsk, HyperCreate, HyperDestroy, HyperDone, HyperFailed,
                                HyperList, HyperLook, HyperMachine, HyperMachines, HyperPower, HyperRevert, HyperSaw,
                                HyperSetLogin, HyperTakeSnapshot, HyperWithdraw, KernelRefused, KernelRight,
                                LoginAsked, LogoutSession, NetApplied, Notice, PacketsRefused, PostureAnswer,
                                PostureRequest, Push, RdpRefused, RdpRight, RdpTry, Ready, Refused, Reply, Request,
                                ResumeSession, Resumed, SEAM_VERSION, ScreenAnswer, ScreenAsk, SessionChanged,
                                SessionEnded, SessionView, TunnelActivity, TunnelDown, TunnelUp, decode_message,
                                encode_message)

__all__ = ["AnswerLogin", "BeginLogin", "DesiredNet", "DesiredRdp", "Done", "EntranceAsk", "EntranceClosed",
           "EntranceEnd", "EntranceGrant", "FilterRule", "Granted", "Handover", "Heartbeat", "Hello", "HyperAllow",
           "HyperAnswer", "HyperAsk", "HyperCreate", "HyperDestroy", "HyperDone", "HyperFailed", "HyperList",
           "HyperLook", "HyperMachine", "HyperMachines", "HyperPower", "HyperRevert", "HyperSaw", "HyperSetLogin",
           "HyperTakeSnapshot", "HyperWithdraw", "KernelRefused", "KernelRight", "LoginAsked", "LogoutSession",
           "NetApplied", "Notice", "PacketsRefused", "PostureAnswer", "PostureRequest", "Push", "RdpRefused",
           "RdpRight", "RdpTry", "Ready", "Refused", "Reply", "Request", "ResumeSession", "Resumed", "SEAM_VERSION",
           "ScreenAnswer", "ScreenAsk", "SessionChanged", "SessionEnded", "SessionView", "TunnelActivity",
           "TunnelDown", "TunnelUp", "decode_message", "encode_message"]
