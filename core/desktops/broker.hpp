// Broker: desktops of one zone, from the order to the end, without hypervisors, sockets or clocks.
//
//   seat:  empty ─create▶ creating ─▶ booting ─answers▶ spare ─a session▶ giving ─its login is set▶ ready
//            ▲                                                              │ session's end, stop, failure │
//            └──────────────────────── destroyed ◀── ending ◀───────────────┴──────────────────────────────┘
//
// A seat is a place in the VDI segment: a card's address and what the network makes of it. What stands there is a
// machine of one session: it gets a new UUID and a fresh overlay each time, and there is no way back from giving or
// ready to spare, so nobody is ever handed what another has used. Spare ones are prepared ahead. The account's password
// is made for one session, set when the session gets its desktop, and forgotten with it. What hyperd lists and the
// broker does not know is destroyed. Threads: the gate's loop. Ownership: entropy is borrowed. Source: issue "Desktops
// and consoles" 4; decisions.md "VDI login"; seam/hyper_messages.hpp.
#pragma once
#include "registry/model.hpp"
#include "seam/messages.hpp"

#include <sekisho/sdk/event.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::desktops {

struct Seat {
  std::string desktop;  ///< a personal desktop's id in the registry; empty: anybody's of the pool
  std::string mac, address;
  std::uint16_t port = 0;  ///< where its screen would answer without a driver; 0: nowhere
};
struct Pool {
  std::string name;  ///< what the registry calls a desktop that is any of this pool's
  std::string manager, model;
  std::string account;                ///< local account of the model; empty: the desktop has accounts of its own
  std::vector<std::string> desktops;  ///< ids in the registry that any seat without an owner serves, beside `name`
  std::vector<Seat> seats;
  std::size_t spare = 1;           ///< prepared ahead, as long as seats are free
  std::size_t starts_at_once = 2;  ///< machines that start at the same time
  Seconds start{20};               ///< expected time of a start until one has been measured
  Seconds boot_limit{300};         ///< a machine that does not answer by then is given up
};

/// What the person and the relay are told.
struct View {
  std::string state = "preparing";  ///< preparing, starting, ready, ended, failed
  std::uint8_t progress = 0;        ///< percent
  std::uint32_t expected_s = 0;     ///< until it is ready; 0: nobody knows, or it is
  std::string account;
  Secret password;
  std::string machine, manager;  ///< set when ready
  std::string address;
  std::uint16_t port = 0;
};

/// For log and journal.
struct Note {
  const Event* event = nullptr;
  std::string session, desktop, machine, code;
  std::string address;  ///< of its seat; empty: it had none
};
struct Actions {
  std::vector<seam::HyperAsk> asks;
  std::vector<Note> notes;
};

/// 2, 4, 8 … 60 s after so many failures in a row.
[[nodiscard]] Seconds pause_after(unsigned failures);

class Broker {
 public:
  Broker(registry::Zone zone, std::vector<Pool> pools, Entropy& entropy);
  Broker(const Broker&) = delete;  // its places point into its pools
  Broker& operator=(const Broker&) = delete;

  [[nodiscard]] bool knows(const std::string& desktop) const;
  /// The session shall have this desktop: a personal one by its id, else any of the pool that serves it. Asked again
  /// for one that ended or failed, a fresh one is prepared. False: the id belongs to no pool.
  [[nodiscard]] bool want(const std::string& session, const std::string& desktop, Instant now, Actions& out);
  /// The session is over.
  [[nodiscard]] Actions left(const std::string& session, Instant now);
  /// A session that lived before the gate was started anew had this machine at the seat of this address: it keeps it,
  /// with a new password.
  [[nodiscard]] bool adopt(const std::string& session, const std::string& desktop, const std::string& machine,
                           const std::string& address);

  [[nodiscard]] Actions hyperd_here(Instant now);
  void hyperd_gone();
  [[nodiscard]] Actions answer(const seam::HyperAnswer& answer, Instant now);
  [[nodiscard]] Actions saw(const seam::HyperSaw& saw, Instant now);
  [[nodiscard]] Actions tick(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// nullopt: nobody wanted a desktop for this session.
  [[nodiscard]] std::optional<View> view(const std::string& session, Instant now) const;
  /// Desktops by what they are, for health and metrics: sum over the zone.
  struct Count {
    std::size_t seats = 0, spare = 0, used = 0, waiting = 0;
  };
  [[nodiscard]] Count count() const;

 private:
  enum class Phase : std::uint8_t { empty, creating, booting, spare, giving, ready, ending };
  struct Place {
    const Pool* pool = nullptr;
    const Seat* seat = nullptr;
    Phase phase = Phase::empty;
    std::string machine, session;
    std::string made_for;  ///< whose it was, while it is destroyed
    Secret password;
    std::uint64_t asked = 0;  ///< number of the question under way; 0: none
    Instant begun{}, next{};  ///< begun: of the start; next: not before, for polls and after failures
    unsigned failures = 0;
  };
  struct Wanted {
    std::string desktop;
    std::size_t place = kNone;
    std::string stopped;  ///< "ended", "failed": waits to be asked again
    Instant since{};
  };
  enum class Purpose : std::uint8_t { create, look, login, destroy, list, stray };
  struct Question {
    Purpose purpose = Purpose::list;
    std::size_t place = kNone;
    std::string manager, machine;
    Instant until{};
  };
  struct ManagerState {
    bool known = false;  ///< its list has come since it was there; nothing is started before
    std::uint64_t listing = 0;
    std::set<std::string> seen;
    Instant next_list{};
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::uint64_t ask(Purpose purpose, std::size_t place, const std::string& manager, const std::string& machine,
                    seam::HyperVerb verb, Instant now, Actions& out);
  void settle(Instant now, Actions& out);
  void assign(Instant now, Actions& out);
  [[nodiscard]] std::size_t place_for(const std::string& desktop) const;
  void bind(std::size_t index, const std::string& session, Instant now, Actions& out);
  void start_some(Instant now, Actions& out);
  void create(std::size_t index, Instant now, Actions& out);
  void answers(std::size_t index, Instant now, Actions& out);
  void give(std::size_t index, Instant now, Actions& out);
  void given(std::size_t index, Instant now, Actions& out);
  void end(std::size_t index, Instant now, Actions& out);
  void failed(std::size_t index, const std::string& code, Instant now, Actions& out);
  void emptied(std::size_t index);
  void stopped(std::size_t index, const char* how, const std::string& code, Instant now, Actions& out);
  void question_failed(const Question& question, const std::string& code, Instant now, Actions& out);
  void listed(const std::string& manager, Instant now, Actions& out);
  void manager_gone(const std::string& manager);
  [[nodiscard]] std::set<std::string> managers() const;
  void note(Actions& out, const Event& event, const Place& place, std::string code = {}) const;
  [[nodiscard]] std::string new_uuid();
  [[nodiscard]] Secret new_password();

  const std::string zone_;
  const std::vector<Pool> pools_;
  Entropy& entropy_;
  std::vector<Place> places_;
  std::map<std::string, Wanted> wanted_;  ///< by session
  std::deque<std::string> queue_;         ///< sessions without a place, oldest first
  std::map<std::uint64_t, Question> questions_;
  std::map<std::string, ManagerState> managers_;
  std::deque<std::string> gone_;             ///< destroyed lately: an older list may still show them
  std::map<const Pool*, Seconds> measured_;  ///< how long a start takes
  std::uint64_t next_ = 1;
  bool hyperd_ = false;
};

}  // namespace sekisho::desktops
