// How fast keys may be pressed. A person does not type 30 keys a second; a script that types a clipboard does. Keys
// beyond the pace wait, so the stream stands still and nothing is lost.
// Threads: its console's. Units: presses a second; a burst of one second's worth is free.
#pragma once
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <optional>

namespace sekisho::rfb {

class KeyPace {
 public:
  /// 0: no limit.
  explicit KeyPace(std::uint32_t per_second) : per_second_(per_second) {}

  /// A key event. nullopt: it may pass, and is counted. Otherwise nothing is counted; ask again at that instant.
  /// A key that repeats because it is held down costs nothing: it can only type what it has typed already.
  [[nodiscard]] std::optional<Instant> event(bool down, std::uint64_t key, Instant now);

 private:
  std::uint32_t per_second_;
  double tokens_ = 0;
  std::optional<Instant> filled_;
  std::optional<std::uint64_t> held_;  // the key of the last press, until it is released
};

}  // namespace sekisho::rfb
