// What the one-time codes remember of an account (all paths, logins, nodes, restarts) and of a login. Documents of the
// store in and out; what is unreadable in them counts as not enrolled, never as a proof.
// Threads: plain values. Units: microseconds of gate time; steps of 30 s. Ranges: lists hold at most what limits need.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::totp {

/// An app that was enrolled; the seed itself is made anew from the key whenever it is needed.
struct Enrolment {
  std::string salt_hex;
  std::string key_mark;  ///< of the key that the seed was made from
  Instant at{};
};

/// One set of counters: for who proved the owner's certificate in this login, and for everybody else (T-30).
struct Bucket {
  std::vector<std::int64_t> wrong;  ///< of the last 24 hours, ascending
  Instant locked_until{};
  std::uint32_t consecutive = 0;
  bool disabled = false;
};

struct Account {
  Account() = default;
  Account(const nlohmann::json& document, Instant now);
  [[nodiscard]] nlohmann::json to_json() const;

  std::optional<Enrolment> enrolment;
  std::int64_t last_step = -1;  ///< a step is used once, and none before it afterwards
  Bucket owner, other;
};

struct Login {
  explicit Login(const nlohmann::json& document);
  [[nodiscard]] nlohmann::json to_json() const { return {{"tries", tries}}; }
  std::uint32_t tries = 0;
};

}  // namespace sekisho::totp
