// A Hyper with two managers, and helpers to read its actions. Threads: the test's.
#pragma once
#include "hyper/hyper.hpp"

#include <gtest/gtest.h>

namespace sekisho::hyper::testing {

inline constexpr const char* kZone = "internet_business";
inline constexpr const char* kServer = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11";
inline constexpr const char* kDesktop = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9bd1";
inline constexpr const char* kSession = "S20261127-1-000042";
inline const std::string kTicket(64, 'a');

struct Bench {
  Hyper hyper{registry::Zone::internet_business,
              {{"servers", ManagerRole::consoles}, {"desks", ManagerRole::desktops}}};
  Instant now{std::chrono::hours(500000)};

  Actions ask(const std::string& manager, seam::HyperVerb verb, std::uint64_t number = 7) {
    return hyper.from_gate(seam::HyperAsk{number, kZone, manager, std::move(verb)}, now);
  }
  seam::HyperAllow right(std::string uuid = kServer) {
    return {Secret(kTicket), kSession, std::move(uuid), "internet", seam::ScreenKind::screen, 30};
  }
  seam::ScreenAsk asked(std::string uuid = kServer) {
    return {9, kZone, "servers", kSession, std::move(uuid), seam::ScreenKind::screen, Secret(kTicket)};
  }
  static Outcome seen(const char* uuid, MachineState state = MachineState::running) {
    return {{Machine{uuid, "web-01", state, false}}, {}};
  }
};

/// The one action, of this type.
template <class T>
[[nodiscard]] T* only(Actions& actions) {
  EXPECT_EQ(actions.size(), 1u);
  return actions.size() == 1 ? std::get_if<T>(&actions[0]) : nullptr;
}
/// What the gatekeeper is told: "done", "machines n" or the code of a failure.
[[nodiscard]] inline std::string told(Actions actions) {
  std::string out;
  for (Action& action : actions) {
    const auto* to = std::get_if<ToGate>(&action);
    const auto* answer = to == nullptr ? nullptr : std::get_if<seam::HyperAnswer>(&to->message);
    if (answer == nullptr) return out + "something else";
    if (std::holds_alternative<seam::HyperDone>(answer->result)) out += "done";
    if (const auto* list = std::get_if<seam::HyperMachines>(&answer->result)) {
      out += "machines " + std::to_string(list->machines.size()) + (list->more ? ", " : "");
    }
    if (const auto* failed = std::get_if<seam::HyperFailed>(&answer->result)) out += failed->code;
  }
  return out;
}
/// The code of the refusal that a relay gets, "" when it gets something else.
[[nodiscard]] inline std::string refused(const Actions& actions) {
  for (const Action& action : actions) {
    const auto* to = std::get_if<ToRelay>(&action);
    const auto* answer = to == nullptr ? nullptr : std::get_if<seam::ScreenAnswer>(&to->message);
    if (answer != nullptr && !answer->ok && to->descriptor_of == 0) return answer->refusal.code;
  }
  return {};
}

}  // namespace sekisho::hyper::testing
