// Open challenges of the posture page: random nonces, each for one sid, each good for one use.
// Threads: one thread. Units: gate time. Ranges: before login at most `most` open nonces over all strangers, the oldest
// go; a session holds at most eight of its own, so that a flood of strangers never takes a session's nonce away.
// Source: posture.md §8; threats.md law 9.
#pragma once
#include "admission/posture_envelope.hpp"

#include <sekisho/sdk/services.hpp>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sekisho::admission {

class ChallengeTable {
 public:
  ChallengeTable(Entropy& entropy, std::size_t most, Seconds life) : entropy_(entropy), most_(most), life_(life) {}
  ChallengeTable(const ChallengeTable&) = delete;
  ChallengeTable& operator=(const ChallengeTable&) = delete;

  /// 43 characters of base64url.
  [[nodiscard]] std::string issue(const std::string& sid, bool before_login, Instant now);
  /// Deletes what it returns. Age is the caller's to judge.
  [[nodiscard]] std::optional<KnownChallenge> take(std::string_view nonce);
  /// `bytes` random bytes as base64url.
  [[nodiscard]] std::string random(std::size_t bytes);
  [[nodiscard]] std::size_t size() const { return open_.size(); }

 private:
  struct Open {
    KnownChallenge challenge;
    bool before_login;
  };
  struct Issued {
    std::string nonce;
    Instant at{};
  };
  void forget(const std::string& nonce);
  void forget_late(std::deque<Issued>& order, Instant now);

  Entropy& entropy_;
  std::size_t most_;
  Seconds life_;
  std::unordered_map<std::string, Open> open_;
  std::unordered_map<std::string, std::deque<std::string>> of_session_;  // oldest first
  std::deque<Issued> strangers_, sessions_;                              // in order of issue; may name used nonces
  std::size_t open_before_login_ = 0;
};

}  // namespace sekisho::admission
