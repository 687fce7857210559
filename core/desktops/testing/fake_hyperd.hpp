// hyperd with a hypervisor in memory, as a broker sees it: asks go in, answers come out when the test lets them. It
// keeps who has used which machine, and fails a test in which somebody gets what another has used. Threads: one.
#pragma once
#include "desktops/broker.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::desktops::testing {

struct FakeHyperd {
  struct Box {
    std::string model, mac, password, used_by;
    MachineState state = MachineState::running;
    bool answers = false;
  };
  std::map<std::string, Box> boxes;
  std::map<std::string, std::string> fails;  ///< "create", "look", "login", "destroy", "list" -> code
  bool boots = true;                         ///< a new machine answers at once
  std::deque<seam::HyperAsk> waiting;
  std::vector<std::string> heard;

  void take(std::vector<seam::HyperAsk> asks) {
    for (auto& ask : asks) waiting.push_back(std::move(ask));
  }
  /// Does the oldest question; its answer.
  seam::HyperAnswer next() {
    seam::HyperAsk ask = std::move(waiting.front());
    waiting.pop_front();
    return {ask.number, ask.zone, std::visit([&](auto& verb) { return perform(verb); }, ask.verb)};
  }

 private:
  std::optional<seam::HyperResult> planted(const std::string& verb, const std::string& uuid) {
    heard.push_back(uuid.empty() ? verb : verb + " " + uuid);
    const auto found = fails.find(verb);
    if (found == fails.end()) return std::nullopt;
    return seam::HyperFailed{found->second, {}};
  }
  static seam::HyperMachine machine(const std::string& uuid, const Box& box) {
    return {uuid, box.model, box.state, box.answers};
  }
  seam::HyperResult perform(seam::HyperList&) {
    if (auto f = planted("list", "")) return *f;
    seam::HyperMachines out;
    for (const auto& [uuid, box] : boxes) out.machines.push_back(machine(uuid, box));
    return out;
  }
  seam::HyperResult perform(seam::HyperCreate& v) {
    if (auto f = planted("create", v.uuid)) return *f;
    for (const auto& [uuid, box] : boxes) EXPECT_NE(box.mac, v.mac) << "two machines at one seat";
    boxes[v.uuid] = {v.model, v.mac, {}, {}, MachineState::running, boots};
    return seam::HyperMachines{{machine(v.uuid, boxes[v.uuid])}, false};
  }
  seam::HyperResult perform(seam::HyperLook& v) {
    if (auto f = planted("look", v.uuid)) return *f;
    const auto found = boxes.find(v.uuid);
    if (found == boxes.end()) return seam::HyperFailed{"console.no_such_machine", {}};
    return seam::HyperMachines{{machine(v.uuid, found->second)}, false};
  }
  seam::HyperResult perform(seam::HyperSetLogin& v) {
    if (auto f = planted("login", v.uuid)) return *f;
    const auto found = boxes.find(v.uuid);
    if (found == boxes.end()) return seam::HyperFailed{"console.no_such_machine", {}};
    found->second.password = v.account + ":" + std::string(v.password.reveal());
    return seam::HyperDone{};
  }
  seam::HyperResult perform(seam::HyperDestroy& v) {
    if (auto f = planted("destroy", v.uuid)) return *f;
    boxes.erase(v.uuid);
    return seam::HyperDone{};
  }
  template <class V>
  seam::HyperResult perform(V&) {
    ADD_FAILURE() << "a verb that a broker does not use";
    return seam::HyperFailed{"hyper.not_allowed", {}};
  }
};

/// Numbers that repeat.
struct Numbers final : Entropy {
  std::uint64_t state = 42;
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      byte = static_cast<std::byte>(state >> 56);
    }
  }
};

/// A broker, its hyperd and a clock.
struct Office {
  explicit Office(std::vector<Pool> pools) : broker(registry::Zone::internet_business, std::move(pools), numbers) {}
  Numbers numbers;
  FakeHyperd hyperd;
  Broker broker;
  Instant now{std::chrono::hours(500000)};
  std::vector<Note> notes;

  void take(Actions actions) {
    hyperd.take(std::move(actions.asks));
    for (Note& note : actions.notes) notes.push_back(std::move(note));
  }
  void here() {
    take(broker.hyperd_here(now));
    settle();
  }
  bool want(const std::string& session, const std::string& desktop) {
    Actions out;
    const bool known = broker.want(session, desktop, now, out);
    take(std::move(out));
    return known;
  }
  /// Answers one question, or all that wait and come from it.
  void step() { take(broker.answer(hyperd.next(), now)); }
  void settle() {
    for (int i = 0; i < 10000 && !hyperd.waiting.empty(); ++i) step();
    EXPECT_TRUE(hyperd.waiting.empty()) << "questions without end";
  }
  void pass(Seconds span) {
    const Instant end = now + span;
    for (int i = 0; i < 10000; ++i) {
      settle();
      const auto next = broker.next_deadline();
      if (!next || *next > end) break;
      now = std::max(now, *next);
      take(broker.tick(now));
      ASSERT_LT(i, 9999) << "a deadline that is never over";
    }
    now = end;
  }
  void leave(const std::string& session) { take(broker.left(session, now)); }
  void happen(const std::string& machine, MachineState state) {
    hyperd.boxes[machine].state = state;
    take(broker.saw({"internet_business", "desks", machine, state, false}, now));
  }
  [[nodiscard]] View view(const std::string& session) const {
    auto out = broker.view(session, now);
    EXPECT_TRUE(out) << session;
    return out ? std::move(*out) : View{};
  }
  /// The machine that the session has; "" while it has none.
  [[nodiscard]] std::string machine(const std::string& session) const { return view(session).machine; }
  [[nodiscard]] std::size_t noted(std::string_view id) const {
    std::size_t out = 0;
    for (const Note& note : notes) out += note.event->id == id ? 1 : 0;
    return out;
  }
};

/// At most ten seats.
[[nodiscard]] inline Pool pool(std::size_t seats, std::size_t spare = 1) {
  Pool out;
  out.name = "vdi";
  out.manager = "desks";
  out.model = "win11";
  out.account = "maint";
  out.spare = spare;
  for (std::size_t i = 0; i < seats; ++i) {
    out.seats.push_back({"", "52:54:00:00:00:1" + std::to_string(i % 10), "10.60.0." + std::to_string(10 + i), 5900});
  }
  return out;
}

}  // namespace sekisho::desktops::testing
