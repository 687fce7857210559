// Netd: holds the kernel's state for sekishod and hands TUN queues to the fronts.
//
//   install() ─▶ open_devices by the program ─▶ attach_*() for each link ─▶ serves
//
// The deny table stands before anything else: the program makes devices after install(), a front gets its queue after
// both. sekishod's loss changes nothing here: rights time out in the kernel. A front's loss detaches its queue.
// Once a second, and at once when somebody changes rules (look()), it looks at the table. Dropped packets are summed
// and told to sekishod (KernelRefused and RdpRefused, once a second, only when there are any). A table that has gone
// (nft flush ruleset) or is another than it was is put back with the rights that still have time. What cannot be put
// back, a device that has gone and a queue that cannot be handed out end the process, with all queues detached: the
// supervisor starts it anew. Threads: the loop's. Ownership: filter, devices, clock, timers, log and links are
// borrowed; a link is detached before it dies. Errors: NetApplied.error holds "code: detail". Source: design.md "the
// kernel fails closed".
#pragma once
#include "base/log.hpp"
#include "netd/kernel.hpp"
#include "netd/plan.hpp"
#include "netd/rdp_plan.hpp"
#include "run/services.hpp"
#include "seam/codec.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::netd {

class Netd {
 public:
  Netd(std::vector<NetPath> paths, Filter& filter, const run::Clock& clock, run::Timers& timers, Log& log,
       std::function<void()> on_broken);
  ~Netd();
  Netd(const Netd&) = delete;
  Netd& operator=(const Netd&) = delete;

  /// Installs the table with the rights that an older one holds. Errors: netd.nft.
  [[nodiscard]] Result<void> install();
  /// After install(), before any attach.
  void serve(Devices& devices);

  void attach_gatekeeper(seam::Link& link);
  void detach_gatekeeper();
  void on_gatekeeper(const seam::Message& message);

  /// Hands the path's queue over; a path without packets gets none.
  void attach_front(const std::string& path, seam::Link& link);
  void detach_front(const std::string& path);
  /// Sources that a front bars or frees. What is no such list, and what comes sooner than kBarEvery after the front's
  /// last, is not done; the front says it again while it has to.
  void bar(const std::string& path, const seam::BarSources& wanted);
  static constexpr std::chrono::milliseconds kBarEvery{100};

  /// Somebody, perhaps netd itself, has changed rules of this machine.
  void look();

 private:
  struct Count {
    std::uint64_t seen = 0, stray_seen = 0;  ///< of the kernel's counters
    std::uint64_t refused = 0, stray = 0;    ///< not told yet
  };
  void desired(const seam::DesiredNet& desired);
  void desired_rdp(const seam::DesiredRdp& desired);
  /// What the kernel said to a change. Nothing of it was taken: the whole table anew, as it is wanted, mends what
  /// somebody else has changed.
  [[nodiscard]] seam::NetApplied answer_to(std::uint64_t number, Result<void> done, const std::string& device,
                                           const std::string& refused);
  [[nodiscard]] Result<void> put_table(Instant now);
  [[nodiscard]] Result<void> restore(const std::string& why);
  void tick();
  void count(const std::map<std::string, std::uint64_t>& counters);
  void tell();
  void tell_rdp();
  void broken();

  NetPlan plan_;
  RdpPlan rdp_;
  RdpWatch rdp_watch_;
  Filter& filter_;
  Devices* devices_ = nullptr;
  const run::Clock& clock_;
  run::Timers& timers_;
  Log& log_;
  std::function<void()> on_broken_;
  seam::Link* gatekeeper_ = nullptr;
  std::string shape_;                         ///< of the table as netd made it
  std::vector<Count> counts_;                 ///< by path
  std::map<std::string, Instant> barred_at_;  ///< by front
  run::Timers::Id timer_ = 0;
};

}  // namespace sekisho::netd
