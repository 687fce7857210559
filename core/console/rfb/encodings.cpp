#include "console/rfb/encodings.hpp"

#include <algorithm>
#include <array>

namespace sekisho::rfb {
namespace {

constexpr std::array kSingle = {
    kRaw,      kCopyRect,   kHextile,     kZlib,     kTight,    kZrle,        kDesktopSize,
    kLastRect, kCursor,     kPointerType, kQemuKeys, kLedState, kDesktopName, kExtendedDesktopSize,
    kFences,   kContinuous, kCursorAlpha};
constexpr std::size_t kQualities = kQualityHighest - kQualityLowest + 1;
constexpr std::size_t kCompressions = kCompressionHighest - kCompressionLowest + 1;
static_assert(kSingle.size() + kQualities + kCompressions <= EncodingSet::kSlots);

/// The place of an allowed encoding in the set.
std::optional<std::size_t> slot(std::int32_t encoding) {
  if (encoding >= kQualityLowest && encoding <= kQualityHighest) {
    return kSingle.size() + static_cast<std::size_t>(encoding - kQualityLowest);
  }
  if (encoding >= kCompressionLowest && encoding <= kCompressionHighest) {
    return kSingle.size() + kQualities + static_cast<std::size_t>(encoding - kCompressionLowest);
  }
  const auto found = std::ranges::find(kSingle, encoding);
  if (found == kSingle.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kSingle.begin());
}

}  // namespace

bool EncodingSet::has(std::int32_t encoding) const {
  const auto place = slot(encoding);
  return encoding == kRaw || (place && bits_.test(*place));
}

void EncodingSet::add(std::int32_t encoding) {
  if (const auto place = slot(encoding)) bits_.set(*place);
}

bool on_allow_list(std::int32_t encoding) {
  return slot(encoding).has_value();
}

Rewritten rewrite_encodings(std::span<const std::int32_t> wanted, const EncodingPolicy& policy) {
  Rewritten out;
  const auto held = [&](std::int32_t encoding) {
    return encoding != kRaw && std::ranges::find(policy.withheld, encoding) != policy.withheld.end();
  };
  for (const std::int32_t encoding : wanted) {
    if (std::ranges::find(out.encodings, encoding) != out.encodings.end()) continue;
    if (!on_allow_list(encoding) || held(encoding)) {  // enforces R14/console.encoding_held
      ++out.removed;
    } else {
      out.encodings.push_back(encoding);
    }
  }
  if (std::ranges::find(out.encodings, kRaw) == out.encodings.end()) out.encodings.push_back(kRaw);
  return out;
}

}  // namespace sekisho::rfb
