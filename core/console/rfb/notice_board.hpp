// Counts what did not pass, and says so: the first of a kind at once, then at most one summary a second, so that a
// flood of attempts is a number and not a flood of entries. Threads: its console's. Memory: fixed.
#pragma once
#include "console/rfb/causes.hpp"
#include "console/rfb/protocol.hpp"

#include <sekisho/sdk/time.hpp>

#include <array>
#include <optional>
#include <vector>

namespace sekisho::rfb {

struct Notice {
  Cause cause = Cause::closed;
  Side side = Side::viewer;  ///< who sent it
  std::uint64_t count = 0;   ///< since the last notice of this cause and side
  std::uint64_t bytes = 0;   ///< their lengths together, where they have one
  std::uint64_t total = 0;   ///< since the console began
  friend bool operator==(const Notice&, const Notice&) = default;
};

class NoticeBoard {
 public:
  static constexpr std::chrono::seconds kApart{1};

  void add(Cause cause, Side side, std::uint64_t bytes = 0, std::uint64_t count = 1);
  /// What is due at `now`; with `all` also what was to wait.
  [[nodiscard]] std::vector<Notice> take(Instant now, bool all = false);
  /// When take() next has something; in the past when it has something now.
  [[nodiscard]] std::optional<Instant> next() const;
  [[nodiscard]] std::uint64_t total(Cause cause, Side side) const;

 private:
  struct Entry {
    std::uint64_t count = 0, bytes = 0, total = 0;
    Instant not_before{};
  };
  [[nodiscard]] static std::size_t place(Cause cause, Side side);
  std::array<Entry, 2 * kCauses> entries_{};
};

}  // namespace sekisho::rfb
