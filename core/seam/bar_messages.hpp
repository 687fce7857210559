// What a front tells netd of sources that only take places (core/decisions/0024-barred-sources.md).
// Threads: plain values. Units: seconds. Ranges: bar_fields.hpp. Source: threats.md R-04, T-47.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sekisho::seam {

/// Openings from `source` to a front's ports are left unanswered for so long; 0: no longer.
struct BarredSource {
  std::string source;  ///< an IPv4 address, or the first address of an IPv6 /64
  std::uint32_t seconds = 0;
  friend bool operator==(const BarredSource&, const BarredSource&) = default;
};
/// What has changed; no answer. It ends by itself in the kernel, also when front and netd are dead.
struct BarSources {
  std::vector<BarredSource> sources;
};

}  // namespace sekisho::seam
