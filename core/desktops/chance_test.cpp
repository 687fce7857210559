// Weeks of chance: sessions come and go, machines and hyperd fail, and after every event nobody has what another used.
#include "desktops/testing/fake_hyperd.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sekisho::desktops {
namespace {

using namespace desktops::testing;

class Weeks {
 public:
  explicit Weeks(unsigned seed) : random_(seed), office_({pools()}) { office_.here(); }

  void run(int events) {
    for (int i = 0; i < events && !::testing::Test::HasFailure(); ++i) {
      happen(below(12));
      check();
    }
    office_.hyperd.fails.clear();
    office_.hyperd.boots = true;
    office_.here();
    for (const std::string& session : std::exchange(sessions_, {})) office_.leave(session);
    office_.pass(Seconds(400));
    const auto count = office_.broker.count();
    EXPECT_EQ(count.used, 0u);
    EXPECT_EQ(count.waiting, 0u);
    for (const auto& [uuid, box] : office_.hyperd.boxes) EXPECT_EQ(box.used_by, "") << "a used desktop is left";
    // More than two where people left before they had got theirs.
    EXPECT_GE(office_.hyperd.boxes.size(), 2u) << "spare ones are prepared again";
    EXPECT_EQ(office_.hyperd.boxes.size(), count.spare) << "nothing but spare ones";
  }

 private:
  static std::vector<Pool> pools() {
    Pool mixed = pool(5, 2);
    mixed.seats[4].desktop = "vdi-mori";
    return {mixed};
  }
  unsigned below(unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_); }

  void happen(unsigned what) {
    static constexpr const char* kVerbs[] = {"create", "look", "login", "destroy", "list"};
    switch (what) {
      case 0:
      case 1:
        sessions_.push_back("S" + std::to_string(next_++));
        EXPECT_TRUE(office_.want(sessions_.back(), below(4) == 0 ? "vdi-mori" : "vdi"));
        break;
      case 2:
        if (!sessions_.empty()) {
          const auto at = sessions_.begin() + below(static_cast<unsigned>(sessions_.size()));
          office_.leave(*at);
          sessions_.erase(at);
        }
        break;
      case 3:
        office_.hyperd.fails[kVerbs[below(5)]] = below(2) == 0 ? "console.refused" : "console.timed_out";
        break;
      case 4:
        office_.hyperd.fails.clear();
        break;
      case 5:
        if (!office_.hyperd.boxes.empty()) {
          auto box = office_.hyperd.boxes.begin();
          std::advance(box, below(static_cast<unsigned>(office_.hyperd.boxes.size())));
          office_.happen(std::string(box->first), below(2) == 0 ? MachineState::stopped : MachineState::crashed);
        }
        break;
      case 6:
        office_.broker.hyperd_gone();
        office_.hyperd.waiting.clear();
        office_.take(office_.broker.hyperd_here(office_.now));
        break;
      case 7:
        office_.hyperd.boots = below(3) != 0;
        break;
      case 8:
        for (auto& [uuid, box] : office_.hyperd.boxes) box.answers = true;
        break;
      case 9:
        office_.pass(Seconds(1 + below(400)));
        break;
      case 10:
        if (!sessions_.empty()) {  // he asks again for one that ended
          static_cast<void>(office_.want(sessions_[below(static_cast<unsigned>(sessions_.size()))], "vdi"));
        }
        break;
      default:
        if (!office_.hyperd.waiting.empty()) office_.step();
    }
  }

  void check() {
    std::set<std::string> given;
    for (const std::string& session : sessions_) {
      const View view = office_.view(session);
      if (view.machine.empty()) continue;
      EXPECT_EQ(view.state, "ready");
      EXPECT_TRUE(given.insert(view.machine).second) << "one desktop for two";
      const auto box = office_.hyperd.boxes.find(view.machine);
      if (box == office_.hyperd.boxes.end()) continue;  // gone with its host; the list will tell
      EXPECT_TRUE(box->second.used_by.empty() || box->second.used_by == session)
          << session << " has what " << box->second.used_by << " used";
      box->second.used_by = session;
    }
  }

  std::mt19937 random_;
  Office office_;
  std::vector<std::string> sessions_;
  int next_ = 1;
};

TEST(BrokerWeeks, NobodyEverGetsWhatAnotherHasUsed) {
  for (unsigned seed = 1; seed <= 25 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Weeks(seed).run(400);
  }
}

}  // namespace
}  // namespace sekisho::desktops
