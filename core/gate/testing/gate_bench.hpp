// A gate over fakes: clock, store, journal and links in memory, factors that do as told, netd that says yes.
// Threads: one. Ownership: GateTest owns everything; the gate borrows from it.
#pragma once
#include "admission/testing/login_bench.hpp"
#include "admission/testing/posture_bench.hpp"
#include "gate/gate.hpp"
#include "gate/state.hpp"
#include "registry/testing/cast.hpp"
#include "run/testing/fake_services.hpp"
#include "store/testing/memory_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::gate::testing {

/// Keeps entries; their durability is answered at once, later, or with an error.
struct FakeJournal final : audit::Journal {
  void append(audit::Entry entry, audit::Durable durable) override;
  [[nodiscard]] bool healthy() const override { return !broken; }
  [[nodiscard]] std::size_t count(std::string_view event, std::string_view code = {}) const;
  std::vector<audit::Entry> entries;
  std::vector<audit::Durable> waiting;
  bool broken = false, held = false;
};

/// A neighbour that keeps what it is told, as the codec leaves it.
struct FakeLink final : seam::Link {
  void send(const seam::Message& message) override;
  void send_with_fd(const seam::Message&, int) override { FAIL(); }
  void close() override {}
  template <class T>
  [[nodiscard]] const T* last() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (const auto* found = std::get_if<T>(&*it)) return found;
    }
    return nullptr;
  }
  template <class T>
  [[nodiscard]] std::ptrdiff_t count() const {
    return std::count_if(sent.begin(), sent.end(), [](const auto& one) { return std::holds_alternative<T>(one); });
  }
  /// Of the newest end of a session that a front was told.
  [[nodiscard]] const SessionEnded* last_end() const;
  std::vector<seam::Message> sent;
  std::function<void(const seam::Message&)> on_send;
};

inline constexpr const char* kLeaf = "leaf of mori on pc-mori";

class GateTest : public ::testing::Test {
 protected:
  GateTest();
  ~GateTest() override;

  /// Also once more, after what a path is made of was changed, or as the next process.
  void start();
  void settle() { fake.timers.settle(); }

  static Arrival arrival(std::string leaf = kLeaf);
  static Evidence evidence(std::initializer_list<std::pair<const char*, const char*>> members);
  const seam::Reply& ask(GateRequest request);
  [[nodiscard]] const seam::Reply& reply() const;
  template <class T>
  const T* as(const seam::Reply& of) const {
    return of.number == number ? std::get_if<T>(&of.body) : nullptr;
  }
  /// Of the newest answer; "" when it is no refusal.
  [[nodiscard]] std::string refused_code() const;

  /// Certificate, password and code; the granted session.
  std::string pass();
  /// The terminal's newest report, as the store has it.
  void put_posture(std::string verdict = "pass", std::string results = "[]",
                   Instant reported_at = registry::testing::kNow);
  void change(Control::Change change);
  [[nodiscard]] std::string address_of(const std::string& session) const;
  [[nodiscard]] store::SessionRow row_of(const std::string& session);
  /// What the relay hears when the session asks for its desktop.
  const seam::EntranceGrant* enter(const std::string& session);

  run::testing::FakeServices fake;
  std::shared_ptr<store::testing::MemoryStore> store = std::make_shared<store::testing::MemoryStore>();
  FakeJournal journal;
  admission::testing::Scripted certificate{"certificate", [](AuthRequest request) {
                                             AuthStep step = admission::testing::says_yes(std::move(request));
                                             step.terminal = "pc-mori";
                                             return step;
                                           }};
  admission::testing::Scripted password{"password", admission::testing::hashes};
  admission::testing::Scripted code{"code", admission::testing::asks("code")};
  admission::testing::ScriptedCheck browser{"browser"};
  std::vector<admission::CheckPolicy> checks;
  std::optional<Seconds> idle_limit, absolute_limit;  ///< of the path, where a test has its own
  bool with_closed_path = false;                      ///< beside "internet", for the My Number zone
  bool without_paths = false;
  ConsolePolicy console_policy;
  FilterRule desktop_page;   ///< of the path; no address: it has none
  DesktopNowOf desktop_now;  ///< empty: the registry's own
  FakeLink netd, front, relay, closed_front;
  std::vector<std::string> unfinished, ended;  ///< what the journal says at a start
  std::unique_ptr<Gate> gate;
  Gate::LinkId netd_id = 0, front_id = 0, relay_id = 0, closed_front_id = 0;
  bool netd_works = true;
  std::uint64_t number = 0;
  std::string cookie;
};

}  // namespace sekisho::gate::testing
