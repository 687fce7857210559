// GateHouse: the production's gatekeeper on virtual time, with a journal in memory and neighbours that Python plays.
//
//   Python ──send──▶ far end ══ codec ══ near end ──▶ Gate ──▶ journal (pumped by the timers), store, plugins
//
// Every message passes the seam's codec, as over a socket. netd is played by the house unless Python plays it: it says
// yes to what is desired (or no, when told so) and what was desired last can be looked at.
// Threads: one. Ownership: keeps time, store, journal and plugins; close() ends the gate, then the links.
#pragma once
#include "errors.hpp"
#include "gate/gate.hpp"
#include "memory_journal.hpp"
#include "run/testing/memory_link.hpp"
#include "virtual_time.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::python {

/// The journal that the gate writes: committed when the timers come to it, as a writer's thread would.
class PumpedJournal final : public audit::Journal, public std::enable_shared_from_this<PumpedJournal> {
 public:
  PumpedJournal(std::shared_ptr<MemoryJournal> journal, run::Timers& timers, const run::Clock& clock)
      : journal_(std::move(journal)), timers_(timers), clock_(clock) {}
  void append(audit::Entry entry, audit::Durable durable) override;
  [[nodiscard]] bool healthy() const override;
  void pump();
  [[nodiscard]] MemoryJournal& memory() { return *journal_; }

 private:
  void come_at(Instant at);
  std::shared_ptr<MemoryJournal> journal_;
  run::Timers& timers_;
  const run::Clock& clock_;
  run::Timers::Id timer_ = 0;
};

/// One neighbour of the gate: both ends of its link.
class Neighbour {
 public:
  using Hear = std::function<void(seam::Message)>;
  Neighbour(gate::Gate& gate, VirtualTime& time, const std::string& role, const std::string& name, Hear hear);
  ~Neighbour() { close(); }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  void send(const seam::Message& message);
  void close();
  [[nodiscard]] bool is_open() const { return gate_ != nullptr; }
  /// The neighbour's end, for a room that speaks over it itself; borrowed.
  [[nodiscard]] seam::Link* far_link() { return links_.second.get(); }

 private:
  struct End final : seam::Link::Handler {
    void on_message(seam::Message message, int fd) override;
    void on_closed(std::string_view) override {}
    Hear hear;
  };
  gate::Gate* gate_;
  End near_, far_;
  run::testing::MemoryLinks links_;
  gate::Gate::LinkId id_ = 0;
};

struct HouseParts {
  gate::GateOptions options;
  std::shared_ptr<VirtualTime> time;
  std::shared_ptr<store::Store> store;
  std::shared_ptr<MemoryJournal> journal;
  std::vector<std::shared_ptr<Authenticator>> authenticators;
  std::vector<std::shared_ptr<PostureCheck>> checks;
  std::function<bool(const VerifyPassword&)> verify_password;
};

class GateHouse {
 public:
  /// Starts; throws Failure when the gate refuses to.
  explicit GateHouse(HouseParts parts);
  ~GateHouse() { close(); }
  GateHouse(const GateHouse&) = delete;
  GateHouse& operator=(const GateHouse&) = delete;

  [[nodiscard]] std::shared_ptr<Neighbour> attach(const std::string& role, const std::string& name,
                                                  Neighbour::Hear hear);
  void close();
  /// Throws Failure gate.closed.
  [[nodiscard]] gate::Gate& running();
  [[nodiscard]] VirtualTime& time() { return *parts_.time; }
  [[nodiscard]] const std::shared_ptr<VirtualTime>& shared_time() const { return parts_.time; }
  /// What the kernel was told last, by TUN; only while the house plays netd.
  std::map<std::string, std::vector<seam::KernelRight>> kernel;
  std::vector<seam::RdpRight> kernel_rdp;  ///< likewise, of RDP (R13)
  /// The kernel that the house plays has refused RDP.
  void refuse_rdp(const std::string& source, const std::string& destination, std::uint8_t protocol);
  bool netd_works = true;
  /// The house knows the lines of closed paths: what is not named is unknown.
  void set_line(const std::string& path, const std::string& circuit, registry::Line line);

  /// Runs an asynchronous call of Control to its end. Throws Failure: its error, or gate.late.
  template <class T, class Call>
  T wait_for(Call call) {
    auto end = std::make_shared<std::optional<Result<T>>>();
    call([end](Result<T> given) { *end = std::move(given); });
    time().fake.timers.settle();
    if (!*end) throw Failure(fail("gate.late", "no answer at this instant of virtual time"));
    return unwrap(std::move(**end));
  }
  template <class Call>
  void wait_for_end(Call call) {
    auto end = std::make_shared<std::optional<Result<void>>>();
    call([end](Result<void> given) { *end = std::move(given); });
    time().fake.timers.settle();
    if (!*end) throw Failure(fail("gate.late", "no answer at this instant of virtual time"));
    unwrap(**end);
  }

 private:
  void play_netd();
  HouseParts parts_;
  std::map<std::pair<std::string, std::string>, registry::Line> lines_;  // by path and circuit
  std::shared_ptr<PumpedJournal> journal_;
  std::unique_ptr<gate::Gate> gate_;
  std::vector<std::shared_ptr<Neighbour>> neighbours_;
  std::weak_ptr<Neighbour> netd_;
};

}  // namespace sekisho::python
