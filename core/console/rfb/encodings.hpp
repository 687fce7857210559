// Which encodings a viewer may ask of a guest: the intersection of its own list, the allow-list and policy.
// Threads: plain values. Source: RFC 6143 §7.5.2, §7.7; a pseudo-encoding is how the two ends agree on a message, so
// what is not on this list (extended clipboard, xvp, gii, sound, file transfer, …) is never agreed on.
#pragma once
#include "console/rfb/protocol.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sekisho::rfb {

/// The encodings of the allow-list that were asked of the guest. Raw is always in.
class EncodingSet {
 public:
  static constexpr std::size_t kSlots = 37;
  [[nodiscard]] bool has(std::int32_t encoding) const;
  void add(std::int32_t encoding);  ///< one that is not on the allow-list is not added

 private:
  std::bitset<kSlots> bits_;
};

/// True for an encoding whose parser and messages this room has.
[[nodiscard]] bool on_allow_list(std::int32_t encoding);

struct EncodingPolicy {
  /// Taken out although allowed, for example what a recorder cannot read. Raw stays whatever stands here.
  std::vector<std::int32_t> withheld;
};

struct Rewritten {
  std::vector<std::int32_t> encodings;  ///< the viewer's order, each once, Raw always among them
  std::uint32_t removed = 0;            ///< entries that were taken out, without repetitions
};
[[nodiscard]] Rewritten rewrite_encodings(std::span<const std::int32_t> wanted, const EncodingPolicy& policy);

}  // namespace sekisho::rfb
