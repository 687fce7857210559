// RdpRule: which RDP connections a session may make (R13), as grants from one address to another. Without sockets or
// clock: a session's facts and `now` go in, what is granted and removed comes out.
//
//   closed     every desktop and every server to every other one, unless
//   (a)        the source is a server whose console the session has open and the destination another server of its
//              contract
//   (b)        the source is the session's desktop and the destination a physical server of its contract
//
//   judge(facts) ─▶ granted (waiting) ─entry on disk: entered()─▶ live ─judge(), ended()─▶ removed
//
// A grant counts for the kernel only once it is live. Removed is removed at once, whatever waits. Threads: one.
// Ownership: facts are borrowed during a call. Ranges: at most kMost grants over all; newcomers are left out (law 9).
// Source: mission.md R13; consoles.md §3; core/decisions/0016-rdp.md.
#pragma once
#include <sekisho/sdk/time.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::admission {

/// A server of the registry, as the session stands to it.
struct RdpServer {
  std::string_view id, address;  ///< address empty: not known, so nothing can be granted
  bool physical = false;
  bool of_contract = false;   ///< among the systems of the session's rights
  bool console_open = false;  ///< the session has its screen open
};
struct RdpFacts {
  std::string_view session;
  bool admitted = false;
  Instant until{};                            ///< of the session's right
  std::string_view desktop, desktop_address;  ///< address empty: there is none yet
  std::vector<RdpServer> servers;             ///< of the whole registry
};

struct RdpGrant {
  std::uint64_t number = 0;         ///< of this grant, never used again
  std::string session, from, to;    ///< from: desktop or server; to: server
  std::string source, destination;  ///< their addresses
  bool from_desktop = false;        ///< exception (b)
  Instant until{};
};

class RdpRule {
 public:
  static constexpr std::size_t kMost = 2048;

  struct Step {
    std::vector<RdpGrant> granted;  ///< each waits for entered()
    std::vector<RdpGrant> removed;
    std::size_t left_out = 0;  ///< beyond kMost
    bool other_times = false;  ///< a live grant ends at another time than before
  };
  /// Replaces what was known of the session.
  [[nodiscard]] Step judge(const RdpFacts& facts, Instant now);
  [[nodiscard]] Step ended(std::string_view session);
  /// The entry of the grant is on disk, or could not be written: then the next judge() grants it anew. True when the
  /// kernel's state has changed.
  bool entered(std::uint64_t number, bool durable);

  /// What the kernel shall let through: source and destination, until when.
  [[nodiscard]] std::map<std::pair<std::string, std::string>, Instant> rights(Instant now) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool holds(std::string_view session) const { return held_.find(session) != held_.end(); }

 private:
  struct Held {
    RdpGrant grant;
    bool live = false;
  };
  using Key = std::pair<std::string, std::string>;                // source, destination
  std::map<std::string, std::map<Key, Held>, std::less<>> held_;  // by session
  std::uint64_t next_ = 1;
};

}  // namespace sekisho::admission
