// What sekishod and relays say to sekisho-hyperd. The verbs below are all there are: this list is the boundary between
// the gate and the hypervisors' rights (T-62). Machines have UUIDs and no other name. Part of messages.hpp.
//
//   sekishod ──HyperAsk────▶ hyperd        one verb; answered by HyperAnswer of the same number (lists: several,
//   `more`) sekishod ◀──HyperSaw──── hyperd        what happened to a machine or to a manager relay    ──ScreenAsk───▶
//   hyperd        redeems a ticket that sekishod has told hyperd of; answered by ScreenAnswer,
//                                          whose packet carries the screen's descriptor
//
// Every message names its zone; a wrong one ends the link. Threads: plain values. Ranges: caps in hyper_fields.hpp.
// Source: design.md "Processes"; threats.md T-60, T-62; decisions.md "Libvirt roles".
#pragma once
#include <sekisho/sdk/console_driver.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/secret.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::seam {

/// What a ticket opens: RFB, the serial console's bytes, or one still (a sealed file in memory).
enum class ScreenKind : std::uint8_t { screen, serial, picture };

// --- the verbs
struct HyperList {};
struct HyperLook {
  std::string uuid;
};
struct HyperPower {
  std::string uuid;
  PowerAction action = PowerAction::start;
};
struct HyperTakeSnapshot {
  std::string uuid, name;
};
struct HyperRevert {
  std::string uuid, name;
};
struct HyperCreate {
  std::string uuid, model, mac;
};
struct HyperDestroy {
  std::string uuid;
};
struct HyperSetLogin {
  std::string uuid, account;
  Secret password;
};
/// A relay may open this once, within life_s (1 to 30), for this session.
struct HyperAllow {
  Secret ticket;  ///< 256 random bits as 64 hexadecimal digits
  std::string session, uuid, relay;
  ScreenKind kind = ScreenKind::screen;
  std::uint8_t life_s = 30;
};
/// Every ticket of this session is void. For all managers: `manager` is empty.
struct HyperWithdraw {
  std::string session;
};
using HyperVerb = std::variant<HyperList, HyperLook, HyperPower, HyperTakeSnapshot, HyperRevert, HyperCreate,
                               HyperDestroy, HyperSetLogin, HyperAllow, HyperWithdraw>;
struct HyperAsk {
  std::uint64_t number = 0;
  std::string zone, manager;
  HyperVerb verb;
};

// --- answers
struct HyperMachine {
  std::string uuid, name;
  MachineState state = MachineState::unknown;
  bool answers = false;
  friend bool operator==(const HyperMachine&, const HyperMachine&) = default;
};
struct HyperDone {};
struct HyperMachines {
  std::vector<HyperMachine> machines;
  bool more = false;  ///< another answer of this number follows
};
struct HyperFailed {
  std::string code, detail;
};
using HyperResult = std::variant<HyperDone, HyperMachines, HyperFailed>;
struct HyperAnswer {
  std::uint64_t number = 0;
  std::string zone;
  HyperResult result;
};
/// `uuid` empty: the manager is lost, or is there again and wants to be asked anew.
struct HyperSaw {
  std::string zone, manager, uuid;
  MachineState state = MachineState::unknown;
  bool manager_lost = false;
};

// --- a relay
struct ScreenAsk {
  std::uint64_t number = 0;
  std::string zone, manager, session, uuid;
  ScreenKind kind = ScreenKind::screen;
  Secret ticket;
};
struct ScreenAnswer {
  std::uint64_t number = 0;
  std::string zone;
  bool ok = false;         ///< then the packet carries a descriptor
  std::string media_type;  ///< of a picture
  Refusal refusal;         ///< set when !ok
};

}  // namespace sekisho::seam
