// Hypervisors: the gatekeeper's side of every sekisho-hyperd. It keeps the brokers of the zones going, asks for tickets
// of screens and for lists and power of servers.
//
//   want/left ─▶ Broker(zone) ═HyperAsk═▶ hyperd(zone) ═HyperAnswer, HyperSaw═▶ Broker ─▶ view()
//   allow     ─ticket of 256 bit═HyperAllow═▶ hyperd; told to the relay only once hyperd has it (T-60)
//
// A session's end is told to every hyperd, so that tickets that nobody has shown yet open nothing. Who may have what is
// not decided here. Threads: the gate's loop; callbacks come there, at once when no hyperd is there, and not after the
// end of this. Ownership: services are borrowed; links are lent by attached(). Errors: hyper.gone (no hyperd, or it
// went), hyper.no_answer (4 s; power 75 s), and what hyperd says. Source: core/desktops/README.md,
// core/hyper/README.md.
#pragma once
#include "desktops/broker.hpp"
#include "run/services.hpp"
#include "seam/codec.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::gate {

class Hypervisors {
 public:
  struct ZoneOptions {
    registry::Zone zone = registry::Zone::internet_business;
    std::vector<desktops::Pool> pools;  ///< may be empty: a zone with servers alone
  };
  using Record = std::function<void(const desktops::Note& note)>;
  Hypervisors(std::vector<ZoneOptions> zones, run::Services services, Record record);
  ~Hypervisors();
  Hypervisors(const Hypervisors&) = delete;
  Hypervisors& operator=(const Hypervisors&) = delete;

  // --- hyperd of a zone, by the name in its Hello
  /// The zone is configured and has nobody who speaks for it.
  [[nodiscard]] bool expects(const std::string& zone) const;
  [[nodiscard]] bool here(registry::Zone zone) const;
  /// Zones whose hyperd is not here.
  [[nodiscard]] std::vector<std::string> missing() const;
  void attached(const std::string& zone, seam::Link& link);
  void detached(const std::string& zone);
  void on_message(const std::string& zone, const seam::Message& message);

  // --- desktops
  /// False: no pool of the zone has such a desktop.
  bool want(const std::string& session, registry::Zone zone, const std::string& desktop);
  [[nodiscard]] bool knows(registry::Zone zone, const std::string& desktop) const;
  /// A session found at the start had this machine at this seat: it keeps it. False: the seat is none of ours any more.
  bool adopt(const std::string& session, registry::Zone zone, const std::string& desktop, const std::string& machine,
             const std::string& address);
  /// The session is over, in every zone: its desktop is destroyed, its tickets are void.
  void left(const std::string& session);
  /// Its tickets alone.
  void withdraw(const std::string& session);
  [[nodiscard]] std::optional<desktops::View> view(const std::string& session) const;

  // --- screens and servers
  struct Right {
    std::string session, manager, machine;
    std::string relay;  ///< path of the relay that may show it
    seam::ScreenKind kind = seam::ScreenKind::screen;
  };
  /// A ticket that opens this once within 30 s; `done` once hyperd knows it.
  void allow(registry::Zone zone, Right right, std::function<void(Result<Secret>)> done);
  void list(registry::Zone zone, const std::string& manager,
            std::function<void(Result<std::vector<seam::HyperMachine>>)> done);
  void power(registry::Zone zone, const std::string& manager, const std::string& machine, PowerAction action,
             std::function<void(Result<void>)> done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::gate
