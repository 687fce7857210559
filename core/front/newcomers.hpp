// Newcomers: who may connect while it is not known who he is. Counts unknown connections by source and in all, drops at
// random before the house is full, and remembers sources that misbehave. Those inside are never touched (law 9).
//
//   accepted ──ask()──▶ unknown ──known()──▶ known      left() at the end of either
//
// A penalised source may still connect and show its certificate: whoever proves one is let through, so that strangers
// behind the same address cannot lock him out (T-30); the others are closed without a word.
// Threads: the front's. Ownership: entropy is borrowed. Source: threats.md §8 "Source penalties", §9 "Connections".
#pragma once
#include "base/source.hpp"
#include "front/limits.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <array>
#include <cstdint>
#include <unordered_map>

namespace sekisho::front {

enum class Admission : std::uint8_t { welcome, full, crowded_source, early_drop };
enum class Penalty : std::uint8_t { failed_login, no_login, deadline };

class Newcomers {
 public:
  Newcomers(const FrontLimits& limits, Entropy& entropy) : limits_(limits), entropy_(entropy) {}

  /// `welcome` counts the connection as unknown. `place_made`: one of the unknown is about to leave for this one.
  [[nodiscard]] Admission ask(const Source& source, bool place_made = false);
  void known(const Source& source);
  void left(const Source& source, bool was_known);

  void penalise(const Source& source, Penalty penalty, Instant now);
  [[nodiscard]] bool penalised(const Source& source, Instant now) const;

  [[nodiscard]] std::size_t unknown() const { return unknown_; }
  /// So many are unknown that newcomers may be dropped.
  [[nodiscard]] bool short_of_places() const {
    return unknown_ >= limits_.connections * limits_.drop_from_percent / 100;
  }
  [[nodiscard]] std::size_t connections() const { return connections_; }
  [[nodiscard]] std::size_t remembered() const { return punished_.size(); }

  static constexpr std::size_t kTable = 65'536;
  static constexpr Seconds kAppliesFrom{15}, kLongest{600};

 private:
  struct Punished {
    Instant until{};
    bool applies = false;  ///< once above kAppliesFrom it stays until it has run out
  };
  void forget_spent(Instant now);

  const FrontLimits& limits_;
  Entropy& entropy_;
  std::size_t connections_ = 0, unknown_ = 0;
  std::unordered_map<Source, std::size_t, SourceHash> by_source_;
  std::unordered_map<Source, Punished, SourceHash> punished_;
  Instant swept_{};
};

}  // namespace sekisho::front
