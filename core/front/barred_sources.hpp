// BarredSources: sources whose openings lead to nothing over and over while places are short. Their next openings are
// left unanswered by the kernel for a while (netd/bar_rules.hpp), each time for about twice as long as the time before.
//
//   fruitless() kOpenings times within kWindow ──▶ barred for kFirst to twice that ──▶ free ──▶ … up to kLongest
//
// A source from which a person came in is vouched for and is not barred: strangers behind his address do not lock him
// out (T-30). What is forged never gets here, because an opening counts once its sender has answered (TCP's handshake).
// Threads: the front's. Ownership: entropy is borrowed. Ranges: kTable sources remembered, kMost barred at a time;
// beyond them nobody more is barred and the caps of newcomers.hpp hold alone. Errors: no memory is as a full table.
// Source: decision 0024; threats.md R-04, T-47.
#pragma once
#include "front/newcomers.hpp"

#include <optional>
#include <unordered_map>

namespace sekisho::front {

class BarredSources {
 public:
  explicit BarredSources(Entropy& entropy) : entropy_(entropy) {}

  /// An opening of this source led to nothing while places were short. For how long it is barred from now on, if it is;
  /// one that goes on although it is barred is barred once more for the time that is left.
  [[nodiscard]] std::optional<Instant::duration> fruitless(const Source& source, Instant now);
  /// A person has shown who he is, and came from here. True: the source was barred and is not any more.
  [[nodiscard]] bool vouch(const Source& source, Instant now);
  [[nodiscard]] std::size_t barred(Instant now) const;

  static constexpr std::size_t kTable = 8192, kMost = 400;
  static constexpr unsigned kOpenings = 20;
  static constexpr Seconds kWindow{10}, kFirst{10}, kLongest{600}, kVouched{24 * 3600};

 private:
  struct Entry {
    Instant since{};  ///< of the window in which `openings` came
    unsigned openings = 0;
    Instant until{};    ///< barred until then
    Seconds last{};     ///< how long it was barred at least; zero: never, or long ago
    Instant vouched{};  ///< until then
  };
  [[nodiscard]] Entry* entry_of(const Source& source, Instant now);
  static bool spent(const Entry& entry, Instant now);

  Entropy& entropy_;
  std::unordered_map<Source, Entry, SourceHash> entries_;
  Instant swept_{};
};

/// What a front tells of a source; no time: it is free again.
struct Bar {
  Source source;
  std::chrono::seconds time{};
};

}  // namespace sekisho::front
