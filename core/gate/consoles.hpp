// Pages and screens of a gate: answers relays, holds one-time tickets, who is logged in at the console page, and which
// screens are open. Not a public header: only core/gate/*.cpp include it.
//
//   desktop page   peer = inner address of a session's tunnel          view, end, ticket, open
//   console page   peer = address of a live session's desktop (R12)    login, servers, thumbnail, ticket, open
//
//   OpenScreen ─ticket, rights─▶ hyperd ─its ticket─▶ journal ─durable─▶ ScreenRight … ScreenClosed, RecordingClosed
//
// Files: consoles.cpp (who asks, pages, tickets, screens), console_screens.cpp (what hyperd is asked),
// console_logins.cpp (R12), console_journal.cpp (notices, recordings), bare_views.cpp (streams at the entrance),
// untold_ends.cpp (what nobody else will write). Threads: the gate's loop. Ownership: part of the
// gate's State, which it borrows. A restart forgets tickets, logins and screens: relays' notes are refused then, so
// recorded screens close.
#pragma once
#include "admission/console_tickets.hpp"
#include "gate/machine_states.hpp"
#include "gate/state.hpp"
#include "recording/format.hpp"

#include <deque>

namespace sekisho::gate {

class Consoles {
 public:
  explicit Consoles(Gate::State& gate)
      : gate_(gate),
        tickets_(gate.services.entropy),
        states_(*gate.hypervisors, gate.services.clock),
        next_console_(first_console(gate.now())) {}

  void request(const LinkEntry& link, seam::ConsoleRequest request);
  void notice(const LinkEntry& link, const seam::ConsoleNotice& notice);
  void note(const LinkEntry& link, const seam::RecordingNote& note);
  /// The session has ended or lost its admission: tickets and logins are void. (Its relay is told by EntranceEnd.)
  void left(const std::string& session);
  /// Rights have changed: screens of servers that are no longer the person's end.
  void judge();
  /// A relay that is gone has no screens any more.
  void link_gone(Gate::LinkId link);
  [[nodiscard]] std::size_t open() const;
  /// Screens and recordings of the gatekeeper's life before that have no end in the journal.
  void broke_off(const std::vector<OpenScreen>& screens, const std::vector<recording::FileHeader>& recordings);

  // --- streams at the bare entrance (core/decisions/0019)
  /// A relay asks for a peer; it is answered once the journal has the opening.
  void enter(const LinkEntry& link, const seam::EntranceAsk& ask);
  /// A relay tells that a stream has ended.
  void entrance_closed(const LinkEntry& link, const seam::EntranceClosed& closed);

  // --- what RDP hangs on (rdp.hpp)
  /// Servers of the session's rights.
  [[nodiscard]] std::vector<const registry::Server*> servers_of(const Session& session) const;
  /// Servers whose screens the session has open; an opening counts from when its entry is on disk.
  [[nodiscard]] std::set<std::string> open_servers(const std::string& session) const;
  /// Of its desktop; empty when it has none or it is not ready.
  [[nodiscard]] std::string desktop_address(const Session& session) const;

 private:
  /// One question on its way.
  struct Asking {
    Gate::LinkId link = 0;
    std::string path;
    seam::ConsoleRequest request;
    std::shared_ptr<Session> session;
    Instant at{};
  };
  using AskingPtr = std::shared_ptr<Asking>;
  /// A server of the person's rights, or why it is not.
  struct Found {
    const registry::Server* server = nullptr;
    std::string refused;
  };
  struct Screen {
    Gate::LinkId link = 0;
    std::string path, session, person, server, target;  ///< server: empty for the desktop's
    bool recorded = false, given = false, closed = false;
    std::optional<recording::FileHeader> header;  ///< of the recording that was opened
    bool recording_over = false;                  ///< its end or its failure was told
    Instant closed_at{};
  };
  struct Login {
    std::string address;  ///< of the desktop that it is bound to
  };
  /// Streams at the entrance, of one session through one relay.
  struct BareViews {
    std::string person, path;
    std::size_t count = 0;
  };
  struct ConsoleAttempt;

  // --- consoles.cpp
  void answer(const Asking& asking, seam::ConsoleAnswer answer);
  void refuse(const Asking& asking, std::string_view code);
  void refuse(const Asking& asking, const Refusal& refusal);
  [[nodiscard]] std::string who_asks(Asking& asking) const;  ///< sets the session; else the refusal's code
  [[nodiscard]] const registry::Desktop* desktop_of(const Session& session) const;
  [[nodiscard]] DesktopNow now_of(const Session& session, const registry::Desktop& desktop) const;
  [[nodiscard]] bool logged_in(const Asking& asking) const;
  [[nodiscard]] Found find_server(const Session& session, std::string_view server) const;
  void view_desktop(const Asking& asking);
  /// Shortens the stored session's time, answers and waits; the same question once more, or kAnswered later, ends the
  /// session. What ends his rights takes his way to the page along, so the answer goes first: the relay asks again once
  /// his side has it.
  void end_by_person(const AskingPtr& asking);
  void want_ticket(const Asking& asking, const std::string& server);
  void open_screen(const AskingPtr& asking, const Secret& ticket);
  [[nodiscard]] admission::ScreenRight first_right(const Asking& asking) const;
  /// Journal first, then the right.
  void give(const AskingPtr& asking, seam::ScreenRight right);
  void forget_late();

  // --- console_screens.cpp
  /// A relay may outlive a gatekeeper, with screens open: what the next one gives has other numbers than theirs, and
  /// the journal knows each screen by one number. Ranges: whole in a JSON number until the year 2248.
  [[nodiscard]] static std::uint64_t first_console(Instant started) {
    constexpr std::uint64_t kInAMillisecond = 1024;  // more than anybody opens
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(started.time_since_epoch());
    return static_cast<std::uint64_t>(since.count()) * kInAMillisecond;
  }
  /// The screen counts from now on; `right` gets its number and what policy says.
  void reserve(const Asking& asking, seam::ScreenRight& right, std::string server);
  void ask_hyperd(const AskingPtr& asking, registry::Zone zone, seam::ScreenRight right);
  /// Why what was decided does not hold any more; empty: it does.
  [[nodiscard]] std::string no_longer(const Asking& asking, const seam::ScreenRight& right) const;
  void want_thumbnail(const AskingPtr& asking, const std::string& server);
  void list_servers(const AskingPtr& asking);
  void answer_servers(const Asking& asking,
                      const std::map<std::pair<registry::Zone, std::string>, Result<MachineStates::States>>& known);

  // --- bare_views.cpp
  [[nodiscard]] static audit::Entry bare_closed_entry(const std::string& session, const std::string& person,
                                                      const std::string& path, std::string_view code);
  void bare_views_gone(Gate::LinkId link);

  // --- untold_ends.cpp
  [[nodiscard]] static audit::Entry closed_entry(std::uint64_t console, const Screen& screen, std::string_view code);
  /// The screen goes; its own end and its recording's are told of, where they were not.
  void broke_off(std::uint64_t console, const Screen& screen, const char* why);
  /// Now; if the journal does not take it, later once more.
  void tell_end(audit::Entry entry);
  void not_told(audit::Entry entry);
  /// Some of what waits, and the rest later: a relay that dies with all its screens holds up nobody.
  void tell_untold();
  void tell_untold_later();

  // --- console_logins.cpp
  void login(const AskingPtr& asking, seam::ConsoleLogin login);
  void login_step(const std::shared_ptr<ConsoleAttempt>& attempt, bool begin);
  void login_refused(const ConsoleAttempt& attempt, const Refusal& refusal, const std::string& person);

  Gate::State& gate_;
  admission::ConsoleTickets tickets_;
  MachineStates states_;
  std::map<std::string, Login> logins_;      // by session
  std::set<std::string> logging_in_;         // sessions with a login on its way
  std::set<std::string> ending_;             // sessions whose person has ended them and is being told so
  std::map<std::uint64_t, Screen> screens_;  // by console
  std::uint64_t next_console_;
  std::map<std::pair<Gate::LinkId, std::string>, BareViews> bare_views_;  // by relay and session
  std::deque<audit::Entry> untold_;
  bool telling_ = false, behind_told_ = false;
  Instant tell_at_{};                                              ///< not before
  std::map<std::pair<std::string, std::string>, Instant> looked_;  // (peer, code) of refused looks, journalled then
};

}  // namespace sekisho::gate
