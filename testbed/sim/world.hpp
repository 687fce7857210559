// World: one simulated week of one prefecture, from one seed: the gate (gatehouse.hpp), the processes around it
// (offices.hpp), people with good and bad intentions (people.hpp), what breaks (faults), and the judge.
// Threads: one, and any number of worlds one after another. Same seed, same bytes in the journal.
#pragma once
#include "gatehouse.hpp"
#include "judge.hpp"
#include "lines.hpp"
#include "offices.hpp"
#include "prefecture.hpp"

#include <map>
#include <string>
#include <vector>

namespace sekisho::sim {

/// Planted on purpose, to prove that the judge sees: not for honest runs.
enum class Flaw : std::uint8_t {
  none,
  guard_off,   ///< the mailed code counts whatever is typed
  lost_fsync,  ///< the disk acknowledges a sync and keeps nothing
  late_end,    ///< the gate's timers come 3 s late
  late_front,  ///< fronts close a tunnel 4 s after they are told
  line_kept,   ///< the gate is told that every line of the closed network is up
};

struct WorldOptions {
  std::uint64_t seed = 1;
  Flaw flaw = Flaw::none;
  bool trace = false;  ///< keeps every line of what happened
  bool faults = true;  ///< processes die, links stall, disks fail …
  bool attacks = true;
  bool changes = true;  ///< contracts end, stops are pulled, …
  int sessions = 0;     ///< 0: 20 to 50, as the seed wants
};

struct WeekResult {
  std::uint64_t seed = 0;
  std::vector<Violation> violations;
  std::uint64_t sessions = 0;  ///< complete ones: login, tunnel, report, desktop, end
  std::uint64_t events = 0, entries = 0;
  std::string journal_sha256;  ///< of every file of the journal's directory
  std::vector<std::string> trace;
};

class World {
 public:
  static constexpr const char* kGateId = "gate.seki.test";
  /// Of the gate's certificate, which agents name in their reports.
  static constexpr const char* kServer = "5e1f00000000000000000000000000000000000000000000000000000000a11c";
  explicit World(const WorldOptions& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  [[nodiscard]] WeekResult run();

  [[nodiscard]] const WorldOptions& options() const { return options_; }
  [[nodiscard]] Heap& heap() { return heap_; }
  [[nodiscard]] Chance& chance() { return chance_; }
  [[nodiscard]] Stories& stories() { return stories_; }
  [[nodiscard]] Judge& judge() { return judge_; }
  [[nodiscard]] Prefecture& prefecture() { return prefecture_; }
  [[nodiscard]] std::map<std::string, Front>& fronts() { return fronts_; }
  [[nodiscard]] Front& front(const std::string& path) { return fronts_.at(path); }
  [[nodiscard]] Front& posture_front() { return posture_; }
  [[nodiscard]] std::map<std::string, Relay>& relays() { return relays_; }
  [[nodiscard]] Relay* relay(const std::string& path);
  [[nodiscard]] Netd& netd() { return netd_; }
  [[nodiscard]] Lines& lines() { return lines_; }
  [[nodiscard]] Gatehouse& gatehouse() { return *gatehouse_; }
  [[nodiscard]] audit::MemoryDisk& journal_disk() { return gatehouse_->journal_disk(); }
  [[nodiscard]] audit::Trust trust() { return gatehouse_->trust(); }
  [[nodiscard]] Instant gate_now() const { return gatehouse_->gate_now(); }
  [[nodiscard]] bool gate_serves() const { return gatehouse_->serves(); }

  static std::string tun_of(const std::string& path) { return path == kClosed ? "sekisho1" : "sekisho0"; }
  static std::string path_of_tun(const std::string& tun) { return tun == "sekisho1" ? kClosed : kInternet; }
  static FilterRule posture_page(const std::string& path);
  static FilterRule entrance(const std::string& path);

  // Mail
  void deliver(DeliveredMail mail);
  /// The code of the first mail to `address` that was sent at or after `since`; nullopt when none comes in time.
  [[nodiscard]] Answer<std::optional<std::string>> next_code(const std::string& address, Instant since,
                                                             Instant::duration patience);

  /// A session went the whole way.
  void complete() { ++complete_; }
  [[nodiscard]] bool tracing() const { return options_.trace; }
  void say(const std::string& line);
  void said(const audit::Entry& entry);
  /// The gate dies within milliseconds of its next entry of this event.
  void die_after(std::string event) { die_after_ = std::move(event); }

 private:
  void run_until(Instant end);
  struct MailWait {
    std::string address;
    Instant since{};
    Answer<std::optional<std::string>> answer;
  };
  WorldOptions options_;
  Heap heap_;
  Chance chance_;
  Prefecture prefecture_;
  std::vector<std::string> trace_;
  std::string die_after_;
  Judge judge_;
  std::map<std::string, Front> fronts_;
  Front posture_;
  Netd netd_;
  Lines lines_{*this};
  std::map<std::string, Relay> relays_;
  std::vector<DeliveredMail> mails_;
  std::vector<MailWait> mail_waits_;
  std::uint64_t complete_ = 0, entries_ = 0;
  std::unique_ptr<Gatehouse> gatehouse_;
  Stories stories_;  // last: its coroutines hold references to all of the above
};

/// The six digits of a code mail; empty when it holds none.
[[nodiscard]] std::string code_in(const std::string& body);

[[nodiscard]] inline WeekResult run_week(const WorldOptions& options) {
  World world(options);
  return world.run();
}

}  // namespace sekisho::sim
