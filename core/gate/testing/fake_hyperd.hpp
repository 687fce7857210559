// A sekisho-hyperd as a gate sees it: machines in memory, every verb answered on the next turn, unless told otherwise.
// Threads: one. Ownership: timers and the gate are the bench's.
#pragma once
#include "gate/testing/fake_link.hpp"
#include "run/services.hpp"

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::gate::testing {

struct FakeHyperd {
  struct Box {
    std::string manager, login;
    MachineState state = MachineState::running;
    bool answers = true;
  };
  FakeLink link;
  std::string zone = "internet_business";
  std::map<std::string, Box> boxes;          ///< by UUID
  std::map<std::string, std::string> fails;  ///< code by verb: "allow", "list", "create", "power"
  bool silent = false, boots = true;
  std::vector<std::string> withdrawn;  ///< sessions

  /// `tell` brings a message to the gate.
  void listen(run::Timers& timers, std::function<void(seam::Message)> tell) {
    link.on_send = [this, &timers, tell = std::move(tell)](const seam::Message& message) {
      const auto* ask = std::get_if<seam::HyperAsk>(&message);
      if (ask == nullptr || silent) return;
      auto answer = std::make_shared<seam::HyperAnswer>(seam::HyperAnswer{ask->number, zone, perform(*ask)});
      timers.post([tell, answer] { tell(std::move(*answer)); });
    };
  }
  /// The tickets that it was told of, newest last.
  [[nodiscard]] std::vector<const seam::HyperAllow*> allowed() const {
    std::vector<const seam::HyperAllow*> out;
    for (const seam::Message& message : link.sent) {
      const auto* ask = std::get_if<seam::HyperAsk>(&message);
      const auto* allow = ask != nullptr ? std::get_if<seam::HyperAllow>(&ask->verb) : nullptr;
      if (allow != nullptr) out.push_back(allow);
    }
    return out;
  }
  [[nodiscard]] std::size_t asked_for_lists(const std::string& manager) const {
    std::size_t out = 0;
    for (const seam::Message& message : link.sent) {
      const auto* ask = std::get_if<seam::HyperAsk>(&message);
      if (ask != nullptr && ask->manager == manager && std::holds_alternative<seam::HyperList>(ask->verb)) ++out;
    }
    return out;
  }

 private:
  seam::HyperResult perform(const seam::HyperAsk& ask) {
    const auto named = [&](const char* verb) { return fails.find(verb); };
    const auto machine = [](const std::string& uuid, const Box& box) {
      return seam::HyperMachine{uuid, uuid, box.state, box.answers};
    };
    const char* verb = std::holds_alternative<seam::HyperAllow>(ask.verb)    ? "allow"
                       : std::holds_alternative<seam::HyperList>(ask.verb)   ? "list"
                       : std::holds_alternative<seam::HyperCreate>(ask.verb) ? "create"
                       : std::holds_alternative<seam::HyperPower>(ask.verb)  ? "power"
                                                                             : "";
    if (const auto planted = named(verb); planted != fails.end()) return seam::HyperFailed{planted->second, {}};
    if (std::holds_alternative<seam::HyperList>(ask.verb)) {
      seam::HyperMachines out;
      for (const auto& [uuid, box] : boxes) {
        if (box.manager == ask.manager) out.machines.push_back(machine(uuid, box));
      }
      return out;
    }
    if (const auto* create = std::get_if<seam::HyperCreate>(&ask.verb)) {
      boxes[create->uuid] = {ask.manager, {}, MachineState::running, boots};
    } else if (const auto* look = std::get_if<seam::HyperLook>(&ask.verb)) {
      const auto found = boxes.find(look->uuid);
      if (found == boxes.end()) return seam::HyperFailed{"console.no_such_machine", {}};
      return seam::HyperMachines{{machine(look->uuid, found->second)}, false};
    } else if (const auto* login = std::get_if<seam::HyperSetLogin>(&ask.verb)) {
      boxes[login->uuid].login = login->account + ":" + std::string(login->password.reveal());
    } else if (const auto* destroy = std::get_if<seam::HyperDestroy>(&ask.verb)) {
      boxes.erase(destroy->uuid);
    } else if (const auto* withdraw = std::get_if<seam::HyperWithdraw>(&ask.verb)) {
      withdrawn.push_back(withdraw->session);
    } else if (const auto* power = std::get_if<seam::HyperPower>(&ask.verb)) {
      const bool off = power->action == PowerAction::power_off;
      boxes[power->uuid].state = off ? MachineState::stopped : MachineState::running;
    }
    return seam::HyperDone{};
  }
};

}  // namespace sekisho::gate::testing
