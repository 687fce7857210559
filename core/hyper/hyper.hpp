// Hyper: what sekisho-hyperd does with every message, without sockets, threads or hypervisors (T-60 to T-62).
//
//   HyperAsk  ─zone, manager, role, UUID─▶ Call ─done()─▶ HyperAnswer        one change of a machine at a time
//   HyperAllow ─────────────────────────▶ ticket kept (<= 30 s, once)
//   ScreenAsk ─ticket: session, machine, relay─▶ Call look ─runs?─▶ Call screen ─▶ ScreenAnswer with the descriptor
//
// Whatever is not in that list is refused before any driver hears of it, and a message of another zone or kind ends its
// link. Unknown is deny. Threads: the loop's. Ownership: plain values; a descriptor never passes through here, an
// action names the call whose descriptor belongs to it and every other one is closed by the driver of this machine.
// Limits: 256 calls, 64 of them a relay's, 1,024 tickets. Source: seam/hyper_messages.hpp; decisions.md "Libvirt
// roles".
#pragma once
#include "registry/model.hpp"
#include "seam/messages.hpp"

#include <sekisho/sdk/console_driver.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sekisho::hyper {

enum class ManagerRole : std::uint8_t { consoles, desktops };
struct Manager {
  std::string name;
  ManagerRole role = ManagerRole::consoles;
};

/// One blocking call of a driver. The machine's `uuid` is canonical; the other fields as the verb needs them.
enum class CallKind : std::uint8_t {
  list,
  look,
  power,
  take_snapshot,
  revert,
  create,
  destroy,
  set_login,
  screen,
  serial,
  picture
};
struct Call {
  std::uint64_t id = 0;
  std::string manager;
  CallKind kind = CallKind::list;
  std::string uuid, name;  ///< name: of a snapshot, or the account
  PowerAction action = PowerAction::start;
  std::string model, mac;
  Secret password;
  std::chrono::milliseconds limit{5000};
};
/// What a call brought. `media_type`: of a picture. A descriptor, if there is one, stays with the driver of this
/// machine.
struct Outcome {
  std::vector<Machine> machines;  ///< list, look, create
  std::string media_type;
};

struct ToGate {
  seam::Message message;
};
struct ToRelay {
  std::string relay;
  seam::Message message;
  std::uint64_t descriptor_of = 0;  ///< id of the call whose descriptor goes along; 0: none
};
/// A peer broke the rules: close its link. `relay` empty: the gatekeeper's.
struct Breach {
  std::string relay, why;
};
/// For the log: a relay showed something that opens nothing.
struct Refused {
  std::string relay, session, uuid, code;
};
using Action = std::variant<Call, ToGate, ToRelay, Breach, Refused>;
using Actions = std::vector<Action>;

class Hyper {
 public:
  Hyper(registry::Zone zone, std::vector<Manager> managers);

  [[nodiscard]] Actions from_gate(seam::Message message, Instant now);
  [[nodiscard]] Actions from_relay(const std::string& relay, seam::Message message, Instant now);
  /// The call with this id has come back.
  [[nodiscard]] Actions done(std::uint64_t call, Result<Outcome> outcome, Instant now);
  [[nodiscard]] Actions saw(const std::string& manager, const MachineEvent& event);
  /// Nobody can be asked any more: tickets are void, answers to the gatekeeper are dropped.
  void gate_gone();
  /// A relay's pending openings are dropped.
  void relay_gone(const std::string& relay);

  [[nodiscard]] std::size_t tickets() const { return tickets_.size(); }
  [[nodiscard]] std::size_t calls() const { return running_.size(); }

 private:
  struct Ticket {
    Secret ticket;
    std::string manager, session, uuid, relay;
    seam::ScreenKind kind = seam::ScreenKind::screen;
    Instant until{};
  };
  /// Who waits for a call.
  struct Waiting {
    std::string relay;  ///< empty: the gatekeeper
    std::uint64_t number = 0;
    CallKind kind = CallKind::list;
    std::string changes;  ///< the machine that this call changes
    bool dropped = false;
    // of a relay's opening
    std::string manager, session, uuid;
    seam::ScreenKind screen = seam::ScreenKind::screen;
    bool opening = false;  ///< its state has been looked at; the screen is on its way
  };

  [[nodiscard]] Actions ask(seam::HyperAsk ask, Instant now);
  [[nodiscard]] Actions allow(const seam::HyperAsk& ask, seam::HyperAllow verb, Instant now);
  [[nodiscard]] Actions open(const std::string& relay, seam::ScreenAsk ask, Instant now);
  [[nodiscard]] Actions opened(std::uint64_t call, Waiting waiting, Result<Outcome> outcome);
  void withdraw(const std::string& session);
  void forget_expired(Instant now);
  [[nodiscard]] const Manager* manager(std::string_view name) const;
  [[nodiscard]] Actions answer(std::uint64_t number, seam::HyperResult result) const;
  [[nodiscard]] Actions failed(std::uint64_t number, std::string code, std::string detail = {}) const;
  [[nodiscard]] Actions refuse(const std::string& relay, const Waiting& waiting, std::string_view code) const;
  [[nodiscard]] Actions start(Call call, Waiting waiting);

  const registry::Zone zone_;
  const std::string zone_name_;
  const std::vector<Manager> managers_;
  std::uint64_t next_ = 1;
  std::vector<Ticket> tickets_;
  std::map<std::uint64_t, Waiting> running_;
  std::set<std::string> changing_;  ///< machines with a change under way
};

}  // namespace sekisho::hyper
