// The inside of a Gate, shared by its flows. Not a public header: only core/gate/*.cpp include it.
// Threads: the gate's loop, see README.md. Store jobs capture copies and shared_ptrs, never `this` of a State.
#pragma once
#include "gate/addresses.hpp"
#include "gate/gate.hpp"
#include "gate/hypervisors.hpp"
#include "registry/rules.hpp"
#include "store/job_queue.hpp"

#include <sekisho/sdk/enrolling.hpp>
#include <sekisho/sdk/revoking.hpp>

#include <atomic>
#include <deque>
#include <optional>
#include <set>

namespace sekisho::gate {

class Consoles;
class Lines;
class Rdp;

/// One session while it lives.
///   quarantine ⇄ admitted ──▶ ended (terminal; the object leaves the table)
struct Session {
  Session(store::SessionRow the_row, admission::PostureWatch the_watch)
      : row(std::move(the_row)), watch(std::move(the_watch)) {}
  store::SessionRow row;
  SessionState state = SessionState::quarantine;
  admission::PostureWatch watch;
  bool tunnel_up = false;            ///< of a closed path: its circuit's line is up
  bool promoting = false;            ///< admitted by the watch, entry not yet on disk
  std::optional<Instant> tunnel_by;  ///< without a tunnel until then, the session ends
  /// As it arrived with the login or the last resumption; none after a start of the gatekeeper until then.
  std::shared_ptr<const std::vector<std::string>> chain;
  Instant last_activity{};
  Instant page_seen{};      ///< its desktop page asked
  std::size_t viewers = 0;  ///< plain streams at the entrance
  std::uint64_t bytes_in = 0, bytes_out = 0, refused_packets = 0;
  std::uint64_t refused_unjournalled = 0;
  Instant refused_journalled_at{};
};

/// A browser lets a page in the background ask once a minute.
inline constexpr Seconds kPageOpen{90};
/// Whether the traffic of this tunnel tells of a person. A page that stays open asks every 10 s, and its screen moves,
/// whether anybody is there or not; while it is open its relay says when the person does something.
[[nodiscard]] inline bool traffic_counts(const Session& session, Instant now) {
  return session.viewers != 0 || now >= session.page_seen + kPageOpen;
}

struct LinkEntry {
  Gate::LinkId id = 0;
  std::string role, name;
  seam::Link* link = nullptr;
};

/// The kernel's rights of one path: what netd was told last, and who waits for it.
struct NetChange {
  bool wanted = false;                             ///< the state has changed since
  std::uint64_t on_its_way = 0;                    ///< number of what netd has not answered; 0: nothing
  run::Timers::Id limit = 0;                       ///< of that
  std::vector<std::function<void(bool)>> asked;    ///< wait for it
  std::vector<std::function<void(bool)>> waiting;  ///< wait for the next one
};

/// Where a request came from and where its answer goes.
struct Caller {
  Gate::LinkId link = 0;
  std::uint64_t number = 0;
};

struct Gate::State : std::enable_shared_from_this<Gate::State> {
  State(GateOptions o, run::Services s, std::shared_ptr<store::Store> st, audit::Journal& j, GatePlugins p);
  ~State();

  GateOptions options;
  run::Services services;
  std::shared_ptr<store::JobQueue> jobs;
  audit::Journal& journal;
  GatePlugins plugins;
  std::shared_ptr<const registry::Registry> registry;
  std::shared_ptr<admission::PostureDesk> desk;     // touched on the store thread only
  std::unique_ptr<Hypervisors> hypervisors;         // desktops and machines of all zones; never null
  std::unique_ptr<Consoles> consoles;               // pages and screens (consoles.hpp)
  std::unique_ptr<Rdp> rdp;                         // RDP between desktops and servers (rdp.hpp)
  std::unique_ptr<Lines> lines;                     // circuits of the closed paths (lines.hpp)
  std::map<std::string, Instant> stopped_desktops;  // by session: its desktop is shown as ended or failed since
  std::vector<registry::Stop> live_stops;           // in force at once, before the store knows
  Instant started_at{};
  bool closing = false;

  std::map<std::string, std::shared_ptr<Session>> sessions;  // by number
  std::map<std::string, std::string> by_cookie;              // cookie hash -> number
  std::map<std::string, std::string> by_address;             // inner address -> number
  std::map<std::string, AddressPool> pools;                  // by path

  // Session numbers taken from the store and not yet given, of `numbers_day` (logins.cpp).
  std::string numbers_day;
  std::vector<std::uint64_t> numbers;

  std::map<LinkId, LinkEntry> links;
  LinkId next_link = 1;
  std::uint64_t next_net = 1;
  std::map<std::string, NetChange> net_changes;  // by path
  run::Timers::Id sweep_timer = 0;
  Instant sweep_at{};
  run::Timers::Id refresh_timer = 0, poll_timer = 0, authenticator_timer = 0;
  bool polling = false;
  /// Authenticators read their files; kept by the work itself, which may outlive its limit and this.
  std::shared_ptr<std::atomic<bool>> refreshing = std::make_shared<std::atomic<bool>>(false);
  std::map<std::string, store::SessionRow> elsewhere;  // open sessions that other nodes serve, as of the last poll
  std::set<std::pair<std::string, std::string>> foreign_addresses;  // (path, address) taken in our pools for others
  std::set<std::string> arriving;                                   // claimed from another node, not yet ours in memory
  std::uint64_t seen_session_changes = 0;
  std::optional<Instant> in_touch_since;  // the store answers since; empty: it does not

  // --- common
  // -----------------------------------------------------------------------------------------------------------
  [[nodiscard]] Instant now() const { return services.clock.now(); }
  [[nodiscard]] const GatePath* path(std::string_view name) const;
  [[nodiscard]] seam::Link* link_of(std::string_view role, std::string_view name) const;
  void reply(const Caller& caller, GateReply reply);
  void refuse(const Caller& caller, const Refusal& refusal, bool may_retry = false);
  void record(audit::Entry entry, audit::Durable durable = {});
  using Commit = store::JobQueue::Commit;
  /// Runs `job` on the store thread in one transaction; `done` on the loop, after the commit. Late or failed: store.* /
  /// run.* error. `shared`: what every login does; its commit may be others' too.
  template <class T>
  void in_store(std::function<T(store::Tx&)> job, std::function<void(Result<T>)> done, Commit commit = Commit::alone);

  // --- logins.cpp
  // -------------------------------------------------------------------------------------------------------
  void begin(const Caller& caller, BeginLogin request);
  void answer(const Caller& caller, AnswerLogin request);

  // --- sessions.cpp
  // -----------------------------------------------------------------------------------------------------
  void resume(const Caller& caller, ResumeSession request);
  void logout(const Caller& caller, LogoutSession request);
  [[nodiscard]] SessionView view(const Session& session) const;
  [[nodiscard]] std::vector<FilterRule> filter_of(const Session& session) const;
  [[nodiscard]] std::shared_ptr<Session> session_at(std::string_view address) const;
  void adopt_session(const std::shared_ptr<Session>& session);
  /// Ends at once in memory, fronts, relays and kernel; then journal and row. `by`: who or what caused it.
  /// `row_is_stored`: the row has ended already, with another one's transaction.
  /// Shares `session`: what the caller names it by may be the very entry that ends here.
  void end(std::shared_ptr<Session> session, const Refusal& reason, std::string_view by, bool row_is_stored = false);
  /// Not when another node serves the session by now, and never over an ended one.
  void store_row(const store::SessionRow& row);
  /// What an end is to everything but journal and store.
  void leave(const std::shared_ptr<Session>& session, const Refusal& reason);
  void push_view(const Session& session);
  void schedule_sweep();
  void sweep();

  // --- desktop_flow.cpp
  // -------------------------------------------------------------------------------------------------
  /// nullptr: the session has none, or another person's.
  [[nodiscard]] const registry::Desktop* desktop_of(const store::SessionRow& row) const;
  [[nodiscard]] DesktopNow desktop_now(const store::SessionRow& row, const registry::Desktop& desktop) const;
  void want_desktop(const store::SessionRow& row);
  /// A session found at the start had that one.
  void keep_desktop(const store::SessionRow& row, const GivenDesktop& given);
  void drop_desktop(const store::SessionRow& row);
  /// The person looks at his desktop: one that has ended or failed is shown so, and made anew when he looks again.
  void look_at_desktop(const store::SessionRow& row);
  void note_desktop(const desktops::Note& note);
  void desktop_conditions(nlohmann::json& conditions) const;

  // --- kernel_rights.cpp
  // -----------------------------------------------------------------------------------------------
  /// `done` hears whether a state at least as new as the one now was taken; never inside this call but when it cannot
  /// even be sent.
  void apply_net(const std::string& path, std::function<void(bool)> done = {});
  void send_net(const std::string& path);
  void net_applied(std::uint64_t number, bool ok);
  void netd_is_new();
  void refresh_kernel();

  // --- posture_flow.cpp
  // -------------------------------------------------------------------------------------------------
  void posture(const Caller& caller, PostureRequest request);
  void act(const std::shared_ptr<Session>& session, const admission::PostureWatch::Step& step,
           std::function<void()> done = {});

  // --- links.cpp
  // --------------------------------------------------------------------------------------------------------
  void notice(const LinkEntry& link, const FrontNotice& notice);

  // --- changes.cpp
  // ------------------------------------------------------------------------------------------------------
  void adopt_registry(std::shared_ptr<const registry::Registry> next);
  void judge_session(const std::shared_ptr<Session>& session);
  [[nodiscard]] std::optional<Refusal> fault_of(const store::SessionRow& row, registry::Rights* now_right) const;
  void poll_generation();

  // --- authenticators.cpp
  // -----------------------------------------------------------------------------------------------------
  void refresh_authenticators();
  /// Factors of the path that can take back what they said of a certificate.
  [[nodiscard]] std::vector<const Revoking*> revoking(const std::string& path_name) const;
  [[nodiscard]] bool not_revoked(const Arrival& arrival) const;

  // --- nodes.cpp
  // --------------------------------------------------------------------------------------------------------
  /// The cookie is none of ours: perhaps another node's.
  void take_over(const Caller& caller, ResumeSession request);
  void adopt_rows(std::vector<store::SessionRow> open);
  void end_what_others_ended(std::vector<std::string> numbers);
  /// Ends in the store alone, if the row still stands as `expected` and `still` agrees; its node closes it.
  void end_row(const store::SessionRow& expected, std::string_view code, std::string_view by,
               std::function<void(Result<bool>)> done = {});
  void end_sessions_of_dead_nodes(const std::map<std::string, Instant>& beats);
  [[nodiscard]] std::optional<Refusal> stopped(std::string_view path) const;

  // --- enrolments.cpp
  // ---------------------------------------------------------------------------------------------------
  /// `work` runs on the store thread, with the person's id and login; its state replaces the factor's.
  void change_factor(const std::string& event, std::string person, std::string factor, std::string by,
                     std::function<Enrolled(std::string_view, std::string_view)> work,
                     std::function<void(Result<Secret>)> done);
};

/// The row into the store, unless it has ended there or another node serves the session by now. On the store thread.
/// Returns true: the job's answer.
bool put_if_open(store::Tx& tx, const store::SessionRow& row, const std::string& node);
/// Of a session found in the store. Who was admitted has the agent's usual time to be heard again, from now; who was
/// not has what is left of his first report's.
[[nodiscard]] admission::PostureWatch watch_of(const store::SessionRow& row, const admission::PathPolicy& policy,
                                               Instant now);
/// A session's end: that of its right, of its certificate or of the longest session, whichever is first.
[[nodiscard]] Instant until_of(const registry::Registry& registry, const store::SessionRow& row, Instant right,
                               const admission::PathPolicy& policy);
/// Null without a certificate.
[[nodiscard]] std::shared_ptr<const std::vector<std::string>> chain_of(const Arrival& arrival);
/// Of the system that the server belongs to.
[[nodiscard]] registry::Zone zone_of(const registry::Registry& registry, const registry::Server& server);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
/// R04: over a closed path a session is its terminal's address; whoever shows its cookie must come from there.
[[nodiscard]] bool of_its_address(bool closed_path, const store::SessionRow& row, const Arrival& arrival);
[[nodiscard]] std::string leaf_fingerprint(const Arrival& arrival);  ///< empty without a certificate
[[nodiscard]] std::string random_token(Entropy& entropy);            ///< 32 bytes, base64url: 43 characters
[[nodiscard]] std::string_view to_string(SessionState state);

template <class T>
void Gate::State::in_store(std::function<T(store::Tx&)> job, std::function<void(Result<T>)> done, Commit commit) {
  auto out = std::make_shared<std::optional<T>>();
  auto ticket = jobs->push([out, job = std::move(job)](store::Tx& tx) { out->emplace(job(tx)); }, commit);
  try {
    run::run_blocking<Result<T>>(
        services.blocking, run::Pool::store, options.store_limit,
        [jobs = jobs, ticket, out]() -> Result<T> {
          const Result<void> end = jobs->finish(ticket);
          if (!end) return end.error();
          return std::move(**out);
        },
        [jobs = jobs, ticket, out, weak = weak_from_this(), done = std::move(done)](Result<Result<T>> end) {
          // Late or busy; another's commit may have brought the job to its end all the same, and that counts.
          const auto known = end ? std::nullopt : jobs->drop(ticket);
          if (weak.expired()) return;
          if (known && *known) return done(std::move(**out));
          if (known) return done(known->error());
          if (!end) return done(end.error());
          done(std::move(*end));
        });
  } catch (...) {
    static_cast<void>(jobs->drop(ticket));  // the caller hears of the exception: nothing may happen behind it
    throw;
  }
}

}  // namespace sekisho::gate
