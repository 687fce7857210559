#include "console/rfb/notice_board.hpp"

#include <algorithm>

namespace sekisho::rfb {

std::size_t NoticeBoard::place(Cause cause, Side side) {
  return 2 * static_cast<std::size_t>(cause) + static_cast<std::size_t>(side);
}

void NoticeBoard::add(Cause cause, Side side, std::uint64_t bytes, std::uint64_t count) {
  Entry& entry = entries_[place(cause, side)];
  entry.count += count;
  entry.bytes += bytes;
  entry.total += count;
}

std::vector<Notice> NoticeBoard::take(Instant now, bool all) {
  std::vector<Notice> out;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (entry.count == 0 || (!all && now < entry.not_before)) continue;
    out.push_back({static_cast<Cause>(i / 2), static_cast<Side>(i % 2), entry.count, entry.bytes, entry.total});
    entry.count = entry.bytes = 0;
    entry.not_before = now + kApart;
  }
  return out;
}

std::optional<Instant> NoticeBoard::next() const {
  std::optional<Instant> out;
  for (const Entry& entry : entries_) {
    if (entry.count != 0) out = std::min(out.value_or(entry.not_before), entry.not_before);
  }
  return out;
}

std::uint64_t NoticeBoard::total(Cause cause, Side side) const {
  return entries_[place(cause, side)].total;
}

}  // namespace sekisho::rfb
