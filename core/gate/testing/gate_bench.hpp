// A gate over fakes: clock, store, journal and links in memory, factors that do as told, netd that says yes.
// Threads: one. Ownership: GateTest owns everything; the gate borrows from it.
#pragma once
#include "admission/testing/login_bench.hpp"
#include "admission/testing/posture_bench.hpp"
#include "gate/gate.hpp"
#include "gate/state.hpp"
#include "gate/testing/fake_charon.hpp"
#include "gate/testing/fake_hyperd.hpp"
#include "gate/testing/fake_link.hpp"
#include "registry/testing/cast.hpp"
#include "run/testing/fake_services.hpp"
#include "store/testing/memory_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
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
  bool with_second_path = false;                      ///< beside "internet"
  bool with_closed_path = false, with_charon = true;  ///< for the My Number zone, over circuits
  bool without_paths = false;
  ConsolePolicy console_policy;
  bool bare_entrance = true;  ///< tests of who may enter are told at the entrance; production has it closed (R15)
  FilterRule desktop_page;    ///< of the path; no address: it has none
  /// A zone with servers and without pools; a test that has its own starts the gate anew.
  std::vector<Hypervisors::ZoneOptions> hypervisors{{registry::Zone::internet_business, {}}};
  FakeHyperd hyperd;
  bool with_hyperd = true;
  std::vector<std::string> told;  ///< notes of desktops for the operator's log
  FakeCharon charon{fake.timers};
  FakeLink netd, front, relay, second_front, closed_front, closed_relay;
  std::vector<std::string> unfinished, ended;                 ///< what the journal says at a start
  std::map<std::string, GivenDesktop> given;                  ///< likewise
  std::vector<recording::FileHeader> recordings_without_end;  ///< likewise
  std::vector<OpenScreen> screens_without_end;                ///< likewise
  std::unique_ptr<Gate> gate;
  Gate::LinkId netd_id = 0, front_id = 0, relay_id = 0, second_front_id = 0, closed_front_id = 0, closed_relay_id = 0,
               hyperd_id = 0;
  bool netd_works = true;
  std::uint64_t number = 0;
  std::string cookie;
};

}  // namespace sekisho::gate::testing
