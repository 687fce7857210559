// Gate: the running gatekeeper (design.md: registry, admission, journal, rights of every session).
//
//   front ──Request──▶ on_message ─▶ store job (login step, pure) ─▶ effects ─▶ … ─▶ journal synced ─▶ row ─▶ Granted
//
// Threads: every public call and every callback happens on the loop of `services.timers`; see README.md.
// Ownership: borrows services, store, journal, plugins, links; all must outlive it. A link may be detached at any time.
// Errors: everything a stranger causes becomes a Refused reply with a journal entry; a lost store or journal refuses
// newcomers (gate.unavailable) and leaves those inside alone (T-72).
#pragma once
#include "admission/login.hpp"
#include "admission/policy.hpp"
#include "admission/posture.hpp"
#include "audit/journal.hpp"
#include "circuits/circuits.hpp"
#include "gate/console_policy.hpp"
#include "gate/control.hpp"
#include "gate/hypervisors.hpp"
#include "recording/format.hpp"
#include "run/services.hpp"
#include "seam/codec.hpp"
#include "store/store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::gate {

/// One access path as the gatekeeper sees it.
struct GatePath {
  admission::PathPolicy policy;
  std::string tun;           ///< device name
  std::string gate_address;  ///< inner address of the gate; its network is the address pool
  std::uint8_t prefix = 24;
  std::uint16_t mtu = 1354;
  FilterRule posture_page;  ///< reachable in quarantine and after
  FilterRule entrance;      ///< desktop entrance, reachable when admitted
  FilterRule desktop_page;  ///< likewise; no address: the path has none
  /// A path of the closed network (core/decisions/0020): its sessions have their terminals' own addresses and live by
  /// the line of their circuit. `tun` is the device that charon's packets come out of, posture_page the front's own.
  bool closed = false;
  circuits::Settings circuits;
};

struct GateOptions {
  std::string node = "1";
  std::string gate_id;
  std::vector<GatePath> paths;
  admission::PostureOptions posture;
  /// Several nodes over one store (core/decisions/0008): sessions are taken over and ended across nodes.
  bool shared_store = false;
  /// How often the store is asked what other nodes changed, and told that this one lives; 0: never.
  std::chrono::milliseconds generation_poll{1000};
  /// How often authenticators read their files again (revocation lists; threats.md §8: 60 s at most); 0: never.
  std::chrono::seconds authenticator_refresh{30};
  std::chrono::milliseconds store_limit{2500};  ///< a newcomer is answered within 3 s, whatever hangs (R-03)
  std::chrono::milliseconds hash_limit{2500};
  std::uint32_t kernel_right_ttl_s = 120;
  ConsolePolicy consoles;
  /// Labs only: the entrance passes a viewer program's stream to a desktop of the registry, with nothing recorded and
  /// nothing taken out of it (R14, R15; core/decisions/0019). Production has no switch for it.
  bool bare_entrance = false;
  std::vector<Hypervisors::ZoneOptions> hypervisors;  ///< zones that have a sekisho-hyperd
};

class ViciSocket;

struct GatePlugins {
  std::map<std::string, Authenticator*> authenticators;        ///< by factor name
  std::map<std::string, const PostureCheck*> checks;           ///< by check name
  std::function<bool(const VerifyPassword&)> verify_password;  ///< blocking; runs on the password pool
  std::function<void(const desktops::Note&)> tell_desktop;     ///< for the operator's log; may be empty
  std::map<std::string, ViciSocket*> vici;                     ///< charon's, by closed path; none: it has no lines
  std::function<void(const std::string& path, const circuits::Note&)> tell_circuit;  ///< as tell_desktop
  /// Who knows the lines where no charon is: labs without packets. Gate::line_changed() tells of changes.
  std::function<registry::Line(const std::string& path, const std::string& circuit)> line_of;
};

/// Sessions that the journal granted since `from` and never ended (recovery compares them with the store's rows).
/// Called on the store thread; an error keeps the gate from starting.
using GrantedInJournal = std::function<Result<std::vector<std::string>>(Instant from)>;
/// Sessions that the journal ended since `from`: a row that still stands open was not written in time, and is closed
/// instead of revived. Called as the above; may be empty. Not looked at where nodes share a store: a session's rows
/// there are not this node's journal's alone.
using EndedInJournal = std::function<Result<std::vector<std::string>>(Instant from)>;
/// The machine that each session was given last as its desktop, and where, by session; nothing of one that has stopped
/// or was destroyed. Called as the above; may be empty: then a session gets a fresh desktop and its old one is
/// destroyed.
struct GivenDesktop {
  std::string machine, address;
};
using DesktopsInJournal = std::function<Result<std::map<std::string, GivenDesktop>>(Instant from)>;
/// Recordings that the journal saw begin since `from` and neither end nor fail: the screens of the life before are
/// forgotten, so nobody will write their end, and the journal is told. Called as the above; may be empty.
using RecordingsInJournal = std::function<Result<std::vector<recording::FileHeader>>(Instant from)>;
/// Screens that the journal saw open since `from` and not close: told as those of recordings are. Their relay ends them
/// when it meets a gatekeeper that does not know them. Called as the above; may be empty.
struct OpenScreen {
  std::uint64_t console = 0;
  bool of_desktop = false;
  std::string session, person, path, target;
};
using ScreensInJournal = std::function<Result<std::vector<OpenScreen>>(Instant from)>;

class Gate final : public Control {
 public:
  Gate(GateOptions options, run::Services services, std::shared_ptr<store::Store> store, audit::Journal& journal,
       GatePlugins plugins);
  ~Gate() override;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Loads the registry and the open sessions; closes grants that were journalled but never stored as "not given".
  /// Nothing else may be called before `done` came with success. Also refuses when a path names a factor or check that
  /// is not loaded (T-23).
  void start(GrantedInJournal granted, std::function<void(Result<void>)> done, EndedInJournal ended = {},
             DesktopsInJournal desktops = {}, RecordingsInJournal recordings = {}, ScreensInJournal screens = {});

  // --- links
  // ----------------------------------------------------------------------------------------------------------
  using LinkId = std::uint64_t;
  /// `role`: "front", "posture", "netd", "relay", "hyperd"; `name`: path name, of a hyperd its zone. A newer link of
  /// the same role and name replaces the older one, but a hyperd's: of a zone that has none configured, or one already,
  /// it is refused, journalled, and 0 is answered.
  LinkId attach(std::string role, std::string name, seam::Link& link);
  void detach(LinkId id);
  void on_message(LinkId id, seam::Message message);
  /// What `line_of` says of a circuit is another thing now.
  void line_changed(const std::string& path, const std::string& circuit);

  // --- Control
  // --------------------------------------------------------------------------------------------------------
  [[nodiscard]] std::shared_ptr<const registry::Registry> registry() const override;
  void change_registry(Change change, std::string by, std::string what,
                       std::function<void(Result<std::uint64_t>)> done) override;
  [[nodiscard]] std::vector<SessionInfo> sessions() const override;
  void end_session(std::string number, std::string by, std::string reason,
                   std::function<void(Result<void>)> done) override;
  void stop(registry::Stop stop, std::function<void(Result<std::size_t>)> done) override;
  void release(std::string scope, std::string target, std::string by, std::function<void(Result<void>)> done) override;
  void enrol_factor(std::string person, std::string factor, std::string by,
                    std::function<void(Result<Secret>)> done) override;
  void end_factor(std::string person, std::string factor, std::string by,
                  std::function<void(Result<void>)> done) override;
  void export_recording(recording::ExportRequest wanted, std::string caller,
                        std::function<void(Result<void>)> done) override;
  void switch_server(std::string server, PowerAction action, std::string by,
                     std::function<void(Result<void>)> done) override;
  [[nodiscard]] nlohmann::json health() const override;
  [[nodiscard]] nlohmann::json circuits() const override;

  struct State;  ///< state.hpp; for core/gate's own files

 private:
  std::shared_ptr<State> state_;  // shared with pending callbacks through weak_ptr only
};

}  // namespace sekisho::gate
