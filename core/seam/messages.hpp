// The messages between processes. Every link is a SOCK_SEQPACKET pair made by the supervisor; one packet is one
// message; at most one file descriptor travels with a packet (Handover and ScreenAnswer only). The codec
// (seam/codec.hpp) is used in every world. Threads: plain values. Ranges: a packet <= 128 KiB; counts and lengths are
// checked before allocation. Source: design.md "The seam", "Processes".
#pragma once
#include "seam/bar_messages.hpp"
#include "seam/console_messages.hpp"
#include "seam/hyper_messages.hpp"
#include "seam/rdp_messages.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::seam {

inline constexpr std::uint16_t kVersion = 1;

/// First message on every link, both ways. A link whose version or role does not fit is closed.
struct Hello {
  std::uint16_t version = kVersion;
  std::string role;  ///< "front", "sekishod", "netd", "relay", "posture", "hyperd"
  std::string name;  ///< configured name: path or relay; hyperd: its zone
  std::string node;
};
/// Every 10 s both ways; a side that hears nothing for 30 s treats the link as dead.
struct Heartbeat {
  std::uint64_t generation = 0;  ///< newest revocation generation the sender acts on
};

struct Request {
  std::uint64_t number = 0;
  GateRequest body;
};
struct Reply {
  std::uint64_t number = 0;
  GateReply body;
};
struct Push {
  GatePush body;
};
struct Notice {
  FrontNotice body;
};

// --- sekishod and netd
// --------------------------------------------------------------------------------------------------
/// One session's rights in the kernel: packets from `address` to each rule's destination. Ends by itself after ttl_s.
struct KernelRight {
  std::string address;
  std::vector<FilterRule> filter;
  std::uint32_t ttl_s = 120;
  friend bool operator==(const KernelRight&, const KernelRight&) = default;
};
/// The whole desired state of one TUN; netd computes the difference and applies it in one transaction.
struct DesiredNet {
  std::uint64_t number = 0;
  std::string tun;
  std::vector<KernelRight> rights;
};
struct NetApplied {
  std::uint64_t number = 0;
  bool ok = false;
  std::string error;
};
/// Refused packets seen by the kernel (NFLOG or counters), summed.
struct KernelRefused {
  std::string tun;
  std::uint64_t packets = 0;
};

// --- sekishod and relay
// -------------------------------------------------------------------------------------------------
/// A peer connected to the desktop entrance: whose is it?
struct EntranceAsk {
  std::uint64_t number = 0;
  std::string peer_address;
};
struct EntranceGrant {
  std::uint64_t number = 0;
  bool ok = false;
  std::string session, desktop, address;
  std::uint16_t port = 0;
  Refusal refusal;  ///< set when !ok
};
struct EntranceClosed {
  std::string session;
  std::uint64_t bytes_in = 0, bytes_out = 0;
};
/// Close everything of this session at once.
struct EntranceEnd {
  std::string session;
};

// --- supervisor and its children
// ----------------------------------------------------------------------------------------
/// A file descriptor for the child: kind "link" (to process `name`), "listener" (`name` = "address:port" or "control"),
/// "tun" (queue of device `name`; from netd). The descriptor rides on this packet. Kind "end", without descriptor: all
/// that a start gives has come.
struct Handover {
  std::string kind, name;
};
/// Child to supervisor: everything opened, sandbox closed, serving.
struct Ready {};

using Message =
    std::variant<Hello, Heartbeat, Request, Reply, Push, Notice, DesiredNet, NetApplied, KernelRefused, EntranceAsk,
                 EntranceGrant, EntranceClosed, EntranceEnd, Handover, Ready, HyperAsk, HyperAnswer, HyperSaw,
                 ScreenAsk, ScreenAnswer, ConsoleRequest, ConsoleReply, ConsoleNotice, RecordingNote, RecordingNoted,
                 ScreenEnd, DesiredRdp, RdpRefused, BarSources>;

/// Whether a packet of this message may carry a descriptor.
[[nodiscard]] inline bool carries_descriptor(const Message& message) {
  return std::holds_alternative<Handover>(message) || std::holds_alternative<ScreenAnswer>(message);
}

}  // namespace sekisho::seam
