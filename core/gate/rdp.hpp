// RDP between desktops and servers (R13): keeps RdpRule's facts true, writes its grants and ends into the journal,
// tells netd the wanted state and journals what the kernel refused. Not a public header: only core/gate/*.cpp include
// it.
//
//   session, console, registry change ─changed()─▶ RdpRule ─granted─▶ journal ─durable─▶ netd
//                                                          ─removed─▶ netd, then journal
//   netd ─RdpRefused─▶ rdp.refused: at once, then at most every kTellEvery for the same pair, with the sum
//
// Nothing is kept over a restart: consoles are not, and who is inside is judged anew; netd drops what the new gate does
// not name. Threads: the gate's loop. Ownership: part of the gate's State, which it borrows. Errors: an entry that
// cannot be written opens nothing and is tried again with the next renewal; a netd that fails is told again after 1 s.
#pragma once
#include "admission/rdp_rule.hpp"
#include "gate/state.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace sekisho::gate {

class Rdp {
 public:
  static constexpr Seconds kTellEvery{5};
  static constexpr Seconds kAlarm{3600};  ///< health shows a refused try for so long
  static constexpr std::size_t kMostPairs = 1024, kMostFindings = 20;
  static constexpr std::ptrdiff_t kMostOfSource = 16;  ///< destinations of one source that are named each by itself

  explicit Rdp(Gate::State& gate) : gate_(gate) {}
  Rdp(const Rdp&) = delete;
  Rdp& operator=(const Rdp&) = delete;

  /// The session, its admission or its screens have changed: judged once what is going on now is over.
  void changed(const std::string& session);
  void changed_all();
  /// Judges all and gives the kernel's rights their time anew.
  void renew();

  void netd_is_new() { tell(); }
  void applied(const seam::NetApplied& answer);
  void refused(const seam::RdpRefused& told);

  [[nodiscard]] nlohmann::json view() const;
  /// A try was refused of late.
  [[nodiscard]] bool alarm() const;

 private:
  using Pair = std::tuple<std::string, std::string, std::uint8_t>;
  struct Tried {
    std::uint64_t tries = 0, packets = 0;  ///< not journalled yet
    Instant journalled_at{};
    /// Something to tell: a few packets sent again are part of an older try, more are somebody who goes on.
    [[nodiscard]] bool goes_on() const;
  };
  void flush();
  /// Leaves what is to be journalled in removed_ and granted_; true when the kernel must be told of other times.
  bool judge(const std::string& number);
  void journal_granted(std::vector<admission::RdpGrant> grants);
  void journal_removed(const std::vector<admission::RdpGrant>& grants, std::string_view why);
  [[nodiscard]] audit::Entry entry_of(std::string_view event, const std::vector<admission::RdpGrant>& grants) const;
  void tell();
  void tell_soon();    ///< once, when what is going on now is over
  void forget_told();  ///< who has been told of and did not go on, so that he does not count as somebody who sweeps
  [[nodiscard]] bool sweeps(const std::string& source) const;
  void journal_tries();
  void journal_try(const Pair& pair, Tried& tried);
  [[nodiscard]] std::shared_ptr<Session> session_of(const std::string& source, std::string* name) const;

  Gate::State& gate_;
  admission::RdpRule rule_;
  struct Owner {
    std::string person, path;
  };
  std::map<std::string, Owner, std::less<>> owners_;  // by session, of those that hold something
  struct Removed {
    std::vector<admission::RdpGrant> grants;
    std::string_view why;
  };
  std::vector<Removed> removed_;                           // of this flush
  std::vector<std::vector<admission::RdpGrant>> granted_;  // of this flush
  std::set<std::string> dirty_, full_;                     // full_: sessions that had to wait for room, and were told
  bool flushing_ = false, telling_ = false;
  std::uint64_t told_ = 0;  // number of what netd was told last
  std::map<Pair, Tried> tried_;
  run::Timers::Id tries_timer_ = 0;
  std::deque<nlohmann::json> findings_;  // newest last
  Instant last_try_{};
};

}  // namespace sekisho::gate
