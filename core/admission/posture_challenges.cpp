#include "admission/posture_challenges.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace sekisho::admission {
namespace {

constexpr std::size_t kNonceBytes = 32;
constexpr std::size_t kMostPerSession = 8;

}  // namespace

std::string ChallengeTable::random(std::size_t bytes) {
  std::string raw(bytes, '\0');
  entropy_.fill(std::as_writable_bytes(std::span(raw)));
  return base64url(raw);
}

std::string ChallengeTable::issue(const std::string& sid, bool before_login, Instant now) {
  forget_late(strangers_, now);
  forget_late(sessions_, now);
  std::string nonce = random(kNonceBytes);
  if (before_login) {
    while (open_before_login_ >= most_ && !strangers_.empty()) {
      forget(strangers_.front().nonce);
      strangers_.pop_front();
    }
    strangers_.push_back({nonce, now});
    ++open_before_login_;
  } else {
    std::deque<std::string>& own = of_session_[sid];
    if (own.size() >= kMostPerSession) {
      const std::string oldest = own.front();
      forget(oldest);
    }
    of_session_[sid].push_back(nonce);
    sessions_.push_back({nonce, now});
  }
  open_.insert_or_assign(nonce, Open{{sid, now}, before_login});
  return nonce;
}

std::optional<KnownChallenge> ChallengeTable::take(std::string_view nonce) {
  const auto found = open_.find(std::string(nonce));
  if (found == open_.end()) return std::nullopt;
  KnownChallenge out = found->second.challenge;
  forget(found->first);
  return out;
}

void ChallengeTable::forget(const std::string& nonce) {
  const auto found = open_.find(nonce);
  if (found == open_.end()) return;
  if (found->second.before_login) {
    --open_before_login_;
  } else if (const auto own = of_session_.find(found->second.challenge.sid); own != of_session_.end()) {
    std::erase(own->second, found->first);
    if (own->second.empty()) of_session_.erase(own);
  }
  open_.erase(found);
}

void ChallengeTable::forget_late(std::deque<Issued>& order, Instant now) {
  // A nonce stays for twice its life, so that one who comes late reads "too old" rather than "unknown".
  while (!order.empty() && (order.front().at > now || now - order.front().at > 2 * life_)) {
    forget(order.front().nonce);
    order.pop_front();
  }
  // Used nonces leave their place in the order; it must not grow with them.
  while (!order.empty() && !open_.contains(order.front().nonce)) order.pop_front();
}

}  // namespace sekisho::admission
