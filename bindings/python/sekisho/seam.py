"""The seam: the messages between the gatekeeper and its neighbours, and their codec."""
from sekisho._core.screens import (ConsoleDone, ConsoleLogin, ConsoleNotice, ConsoleRefused, ConsoleReply,
                                   ConsoleRequest, DesktopView, EndByPerson, ListServers, OpenScreen, RecordingChunk,
                                   RecordingClosed, RecordingFailed, RecordingNote, RecordingNoted, RecordingOpened,
                                   ScreenClosed, ScreenEnd, ScreenRight, ScreenStopped, ScreenUsed, ServerList,
                                   ServerView, ThumbnailRight, TicketGiven, ViewDesktop, WantThumbnail, WantTicket)
from sekisho._core.seam import (AnswerLogin, BarSources, BarredSource, BeginLogin, DesiredNet, DesiredRdp, Done, EntranceAsk, EntranceClosed,
                                EntranceEnd, EntranceGrant, FilterRule, Granted, Handover, Heartbeat, Hello, HyperAllow,
                                HyperAnswer, HyperAsk, HyperCreate, HyperDestroy, HyperDone, HyperFailed, HyperList,
                                HyperLook, HyperMachine, HyperMachines, HyperPower, HyperRevert, HyperSaw,
                                HyperSetLogin, HyperTakeSnapshot, HyperWithdraw, KernelRefused, KernelRight, LoginAsked,
                                LogoutSession, NetApplied, Notice, PacketsRefused, PostureAnswer, PostureRequest, Push,
                                RdpRefused, RdpRight, RdpTry, Ready, Refused, Reply, Request, ResumeSession,
                                Resumed, SEAM_VERSION, ScreenAnswer, ScreenAsk, SessionChanged, SessionEnded,
                                SessionView, TunnelActivity, TunnelDown, TunnelUp, decode_message, encode_message)

__all__ = ["AnswerLogin", "BarSources", "BarredSource", "BeginLogin", "ConsoleDone", "ConsoleLogin", "ConsoleNotice", "ConsoleRefused",
           "ConsoleReply", "ConsoleRequest", "DesiredNet", "DesiredRdp", "DesktopView", "Done", "EndByPerson",
           "EntranceAsk", "EntranceClosed", "EntranceEnd", "EntranceGrant", "FilterRule", "Granted", "Handover",
           "Heartbeat", "Hello", "HyperAllow", "HyperAnswer", "HyperAsk", "HyperCreate", "HyperDestroy", "HyperDone",
           "HyperFailed", "HyperList", "HyperLook", "HyperMachine", "HyperMachines", "HyperPower", "HyperRevert",
           "HyperSaw", "HyperSetLogin", "HyperTakeSnapshot", "HyperWithdraw", "KernelRefused", "KernelRight",
           "ListServers", "LoginAsked", "LogoutSession", "NetApplied", "Notice", "OpenScreen", "PacketsRefused",
           "PostureAnswer", "PostureRequest", "Push", "RdpRefused", "RdpRight", "RdpTry", "Ready",
           "RecordingChunk", "RecordingClosed", "RecordingFailed", "RecordingNote", "RecordingNoted", "RecordingOpened",
           "Refused", "Reply", "Request", "ResumeSession", "Resumed", "SEAM_VERSION", "ScreenAnswer", "ScreenAsk",
           "ScreenClosed", "ScreenEnd", "ScreenRight", "ScreenStopped", "ScreenUsed", "ServerList", "ServerView",
           "SessionChanged", "SessionEnded", "SessionView", "ThumbnailRight", "TicketGiven", "TunnelActivity",
           "TunnelDown", "TunnelUp", "ViewDesktop", "WantThumbnail", "WantTicket", "decode_message", "encode_message"]
