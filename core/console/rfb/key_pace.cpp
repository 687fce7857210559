#include "console/rfb/key_pace.hpp"

#include <algorithm>
#include <cmath>

namespace sekisho::rfb {

std::optional<Instant> KeyPace::event(bool down, std::uint64_t key, Instant now) {
  if (!down) {
    if (held_ == key) held_.reset();
    return std::nullopt;
  }
  if (per_second_ == 0 || held_ == key) return std::nullopt;
  const double full = per_second_;
  if (!filled_) {
    tokens_ = full;
  } else if (now > *filled_) {
    tokens_ = std::min(full, tokens_ + full * std::chrono::duration<double>(now - *filled_).count());
  }
  filled_ = filled_ ? std::max(*filled_, now) : now;
  if (tokens_ < 1) {
    const auto wait = std::chrono::microseconds(static_cast<std::int64_t>(std::ceil((1 - tokens_) / full * 1e6)) + 1);
    return *filled_ + wait;
  }
  tokens_ -= 1;
  held_ = key;
  return std::nullopt;
}

}  // namespace sekisho::rfb
