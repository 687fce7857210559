// NetPlan: the rights that the kernel holds, and what to tell it so that it holds those that sekishod wants.
// A machine without sockets: facts and `now` go in, commands come out. The caller runs the commands and says whether
// the kernel took them (commit) or not (then nothing has changed here).
//   desired state ─change()─▶ Change{gone, fresh} ─kernel─▶ commit()
//
// Fails closed: a right that breaks a rule is refused alone and named in Change::refused; those beside it hold, and
// those that are no longer wanted end all the same. An unchanged right is renewed once an eighth of its time has
// passed, so that a login does not rewrite everybody's. Threads: one. Units: `ttl_s` seconds, 1 to kLongestTtl.
// Source: decisions.md "nftables"; seam/messages.hpp (DesiredNet).
#pragma once
#include "netd/ruleset.hpp"
#include "seam/messages.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::netd {

/// With sekishod gone a right must end soon (design.md: after 120 s tunnels close); a longer one is refused.
inline constexpr std::uint32_t kLongestTtl = 600;

class NetPlan {
 public:
  using Held = std::map<Right, Instant>;  ///< until when
  struct Change {
    std::size_t path = 0;  ///< index
    std::set<Right> gone;  ///< with `fresh` empty too: the kernel holds it already
    Rights fresh;
    Held held;  ///< what the kernel holds afterwards
    std::size_t added = 0, ended = 0, renewed = 0;
    std::string refused;  ///< what was refused and why; empty: nothing
  };

  explicit NetPlan(std::vector<NetPath> paths);
  [[nodiscard]] const std::vector<NetPath>& paths() const { return paths_; }
  [[nodiscard]] const NetPath* path(std::string_view name) const;

  /// Errors: netd.unknown_tun.
  [[nodiscard]] Result<Change> change(const seam::DesiredNet& desired, Instant now) const;
  /// The change as text; empty: nothing to do.
  [[nodiscard]] std::string commands(const Change& change) const;
  void commit(Change change);

  /// Takes over a right that the kernel held before netd started; one that breaks a rule is left out.
  void adopt(const std::string& set, const std::string& destination, const Right& right, std::chrono::seconds left,
             Instant now);
  /// The whole table with every right that still has time.
  [[nodiscard]] std::string install(Instant now, const RdpRights& rdp = {}) const;
  [[nodiscard]] std::size_t rights(Instant now) const;

 private:
  [[nodiscard]] static const char* fault(const NetPath& path, const seam::KernelRight& right);
  std::vector<NetPath> paths_;
  std::vector<Held> held_;
};

}  // namespace sekisho::netd
