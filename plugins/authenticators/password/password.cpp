#include "password.hpp"

#include "refusals.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

namespace sekisho::password {
namespace {

using nlohmann::json;

/// {name: value}, without an initializer list's copies.
json one(const char* name, json value) {
  json::object_t out;
  out.emplace(name, std::move(value));
  return json(std::move(out));
}

/// One set of counters inside the account state.
struct Bucket {
  std::int64_t failures = 0;    ///< in a row, reservations included
  std::int64_t not_before = 0;  ///< microseconds of gate time
  std::int64_t locked_until = 0;
};

const char* bucket_name(bool owner) {
  return owner ? "owner" : "other";
}

std::int64_t number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? std::max<std::int64_t>(found->get<std::int64_t>(), 0)
                                                             : 0;
}

Bucket load(const json& account, const char* name) {
  if (!account.is_object() || !account.contains(name) || !account.at(name).is_object()) return {};
  const json& row = account.at(name);
  return {std::min<std::int64_t>(number(row, "failures"), 1'000'000), number(row, "not_before"),
          number(row, "locked_until")};
}

void save(json& account, const char* name, const Bucket& bucket) {
  if (!account.is_object()) account = json::object();
  json::object_t row;  // member by member: an initializer list makes each of them twice
  row.emplace("failures", bucket.failures);
  row.emplace("not_before", bucket.not_before);
  row.emplace("locked_until", bucket.locked_until);
  account[name] = std::move(row);
}

std::int64_t micros(Instant at) {
  return at.time_since_epoch().count();
}
std::int64_t micros(Seconds span) {
  return std::chrono::microseconds(span).count();
}

std::string base64(std::span<const std::byte> bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0, count = 0;
  for (const std::byte byte : bytes) {
    bits = (bits << 8) | std::to_integer<std::uint32_t>(byte);
    for (count += 8; count >= 6; count -= 6) out += kAlphabet[(bits >> (count - 6)) & 63];
  }
  if (count > 0) out += kAlphabet[(bits << (6 - count)) & 63];
  return out;
}

/// Keeps the three states as they came.
AuthStep keep(AuthRequest& request, Verdict verdict) {
  AuthStep step;
  step.verdict = verdict;
  step.account_state = std::move(request.account_state);
  step.source_state = std::move(request.source_state);
  step.transaction_state = std::move(request.transaction_state);
  return step;
}

AuthStep say_no(AuthRequest& request, No no, bool may_retry, json detail) {
  AuthStep step = keep(request, Verdict::no);
  step.refusal = refusal(no);
  step.may_retry = may_retry;
  step.detail = std::move(detail);
  return step;
}

}  // namespace

PasswordFactor::PasswordFactor(const Config& config, Entropy& entropy) : config_(config) {
  std::array<std::byte, 16> salt{};
  std::array<std::byte, 32> tag{};
  entropy.fill(salt);
  entropy.fill(tag);
  dummy_hash_ = "$argon2id$v=19$m=65536,t=2,p=1$" + base64(salt) + "$" + base64(tag);
}

AuthStep PasswordFactor::step(AuthRequest request) {
  if (request.effect) return after_hash(std::move(request));
  const auto given = request.evidence.find("password");
  if (given == request.evidence.end() || given->second.empty()) {
    AuthStep step = keep(request, Verdict::ask);
    step.ask = Ask{"password", "password", {"パスワードを入力してください", "Enter your password"}, 0};
    return step;
  }
  return try_password(std::move(request));
}

AuthStep PasswordFactor::try_password(AuthRequest request) const {
  const char* name = bucket_name(request.owner_certificate);
  Bucket bucket = load(request.account_state, name);
  const std::int64_t now = micros(request.now);
  if (now < bucket.locked_until) return say_no(request, No::locked, false, {{"bucket", name}});
  if (now < bucket.not_before) return say_no(request, No::too_fast, false, {{"bucket", name}});

  ++bucket.failures;
  if (bucket.failures >= config_.throttle_from) {
    // 2^20 s is beyond every configurable maximum.
    const auto doublings = std::min<std::int64_t>(bucket.failures - config_.throttle_from, 20);
    const Seconds wait = std::min(config_.throttle_first * (std::int64_t{1} << doublings), config_.throttle_max);
    bucket.not_before = now + micros(wait);
  }
  if (bucket.failures % config_.lock_after == 0) bucket.locked_until = now + micros(config_.lock);
  save(request.account_state, name, bucket);
  request.transaction_state = one("bucket", name);

  const bool has_password = request.subject.known && !request.subject.password_hash.empty();
  VerifyPassword work{has_password ? request.subject.password_hash : dummy_hash_,
                      request.evidence.at("password").clone()};
  AuthStep step = keep(request, Verdict::wait);
  step.effects.emplace_back(std::move(work));
  return step;
}

AuthStep PasswordFactor::after_hash(AuthRequest request) const {
  // The bucket of the reservation, even if the transaction's view of the certificate could change meanwhile.
  const json& before = request.transaction_state;
  const bool owner = before.is_object() && before.contains("bucket") && before.at("bucket") == "owner";
  const char* name = bucket_name(owner);
  request.transaction_state = nullptr;
  Bucket bucket = load(request.account_state, name);
  if (!request.effect->done) {
    // Nothing was evaluated, so nothing was learnt: the try does not count.
    if (bucket.failures > 0 && bucket.failures % config_.lock_after == 0) bucket.locked_until = 0;
    bucket.failures = std::max<std::int64_t>(bucket.failures - 1, 0);
    if (bucket.failures < config_.throttle_from) bucket.not_before = 0;
    save(request.account_state, name, bucket);
    return say_no(request, No::service_busy, true, {{"bucket", name}, {"service", request.effect->error_code}});
  }
  const bool right = request.effect->matched && request.subject.known && !request.subject.password_hash.empty();
  if (!right) {
    return say_no(request, No::wrong, bucket.failures <= config_.retry_tries,
                  {{"bucket", name}, {"failures", bucket.failures}});
  }
  save(request.account_state, name, {});
  AuthStep step = keep(request, Verdict::yes);
  step.detail = one("bucket", name);
  return step;
}

}  // namespace sekisho::password
