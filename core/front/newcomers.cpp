#include "front/newcomers.hpp"

#include <algorithm>
#include <new>

namespace sekisho::front {
namespace {

/// Looking through a full table costs a millisecond; strangers do not decide how often.
constexpr Seconds kSweepEvery{1};

Seconds weight(Penalty penalty) {
  switch (penalty) {
    case Penalty::failed_login:
      return Seconds{5};
    case Penalty::no_login:
      return Seconds{1};
    case Penalty::deadline:
      return Seconds{10};
  }
  return Seconds{10};
}

}  // namespace

Admission Newcomers::ask(const Source& source, bool place_made) {
  if (connections_ >= limits_.connections && !place_made) return Admission::full;
  const auto found = by_source_.find(source);
  const std::size_t of_source = found == by_source_.end() ? 0 : found->second;
  if (of_source >= (source.ipv6 ? limits_.unknown_per_network : limits_.unknown_per_ipv4)) {
    return Admission::crowded_source;
  }
  const std::size_t from = limits_.connections * limits_.drop_from_percent / 100;
  const std::size_t most = limits_.connections * limits_.unknown_percent / 100;
  if (unknown_ >= most && !place_made) return Admission::full;
  // The chance to be dropped grows evenly from none at `from` to certainty at `most`.
  if (!place_made && unknown_ >= from && entropy_.below(static_cast<std::uint32_t>(most - from)) < unknown_ - from) {
    return Admission::early_drop;
  }
  ++connections_;
  ++unknown_;
  ++by_source_[source];
  return Admission::welcome;
}

void Newcomers::known(const Source& source) {
  SEKISHO_ASSERT(unknown_ > 0);
  --unknown_;
  const auto found = by_source_.find(source);
  SEKISHO_ASSERT(found != by_source_.end());
  if (--found->second == 0) by_source_.erase(found);
}

void Newcomers::left(const Source& source, bool was_known) {
  if (!was_known) known(source);
  SEKISHO_ASSERT(connections_ > 0);
  --connections_;
}

void Newcomers::penalise(const Source& source, Penalty penalty, Instant now) {
  if (!limits_.penalise_unknown && penalty == Penalty::no_login) return;
  if (punished_.size() >= kTable && !punished_.contains(source)) {
    if (now >= swept_ + kSweepEvery) forget_spent(now);
    if (punished_.size() >= kTable) return;  // the caps of ask() still hold
  }
  const auto made = [&]() -> Punished* {
    try {
      return &punished_[source];
    } catch (const std::bad_alloc&) {
      return nullptr;  // a connection's end needs no memory
    }
  }();
  if (made == nullptr) return;
  Punished& entry = *made;
  if (entry.until <= now) entry = {now, false};
  entry.until = std::min(entry.until + weight(penalty), now + kLongest);
  if (entry.until - now >= kAppliesFrom) entry.applies = true;
}

bool Newcomers::penalised(const Source& source, Instant now) const {
  const auto found = punished_.find(source);
  return found != punished_.end() && found->second.applies && found->second.until > now;
}

void Newcomers::forget_spent(Instant now) {
  swept_ = now;
  std::erase_if(punished_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace sekisho::front
