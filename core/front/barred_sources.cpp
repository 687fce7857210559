#include "front/barred_sources.hpp"

#include <algorithm>
#include <new>

namespace sekisho::front {
namespace {

/// Looking through a full table costs a millisecond; strangers do not decide how often.
constexpr Seconds kSweepEvery{1};
constexpr std::uint32_t kMilliseconds = 1000;

}  // namespace

std::optional<Instant::duration> BarredSources::fruitless(const Source& source, Instant now) {
  Entry* entry = entry_of(source, now);
  if (entry == nullptr || entry->vouched > now) return std::nullopt;
  if (now >= entry->since + kWindow) {
    entry->since = now;
    entry->openings = 0;
  }
  if (++entry->openings < kOpenings) return std::nullopt;
  entry->openings = 0;
  if (entry->until > now) return entry->until - now;
  if (barred(now) >= kMost) return std::nullopt;
  // Who behaved for as long as the longest bar begins anew. The random part spreads those that were barred together.
  if (now >= entry->until + kLongest) entry->last = Seconds{};
  entry->last = entry->last == Seconds{} ? kFirst : std::min(entry->last * 2, kLongest);
  const auto more = entropy_.below(static_cast<std::uint32_t>(entry->last.count()) * kMilliseconds);
  entry->until = now + entry->last + std::chrono::milliseconds{more};
  return entry->until - now;
}

bool BarredSources::vouch(const Source& source, Instant now) {
  Entry* entry = entry_of(source, now);
  if (entry == nullptr) return false;
  const bool was = entry->until > now;
  *entry = Entry{};
  entry->vouched = now + kVouched;
  return was;
}

std::size_t BarredSources::barred(Instant now) const {
  const auto count = std::ranges::count_if(entries_, [now](const auto& one) { return one.second.until > now; });
  return static_cast<std::size_t>(count);
}

BarredSources::Entry* BarredSources::entry_of(const Source& source, Instant now) {
  const auto found = entries_.find(source);
  if (found != entries_.end()) return &found->second;
  if (entries_.size() >= kTable) {
    if (now < swept_ + kSweepEvery) return nullptr;
    swept_ = now;
    std::erase_if(entries_, [now](const auto& one) { return spent(one.second, now); });
    if (entries_.size() >= kTable) return nullptr;
  }
  try {
    return &entries_[source];
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

bool BarredSources::spent(const Entry& entry, Instant now) {
  return entry.vouched <= now && now >= entry.since + kWindow &&
         (entry.last == Seconds{} || now >= entry.until + kLongest);
}

}  // namespace sekisho::front
