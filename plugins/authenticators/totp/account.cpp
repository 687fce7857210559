#include "account.hpp"

#include <algorithm>

namespace sekisho::totp {
namespace {

using nlohmann::json;

constexpr std::size_t kMostTimes = 16;  // the limit is 10
constexpr std::int64_t kEndOf9999 = 253'402'300'799'999'999;
constexpr auto kDay = std::chrono::hours(24);

std::int64_t number(const json& object, const char* key, std::int64_t most, std::int64_t otherwise = 0) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return otherwise;
  // A number beyond 63 bits is read as the largest.
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) return most;
  return std::clamp<std::int64_t>(found->get<std::int64_t>(), otherwise, most);
}
std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
Instant instant(std::int64_t micros) {
  return Instant(Instant::duration(micros));
}
std::int64_t micros(Instant at) {
  return at.time_since_epoch().count();
}

bool is_hex(const std::string& text, std::size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Bucket read_bucket(const json& document, const char* name, Instant now) {
  Bucket out;
  const auto found = document.find(name);
  if (found == document.end() || !found->is_object()) return out;
  if (const auto list = found->find("wrong"); list != found->end() && list->is_array()) {
    for (const json& entry : *list) {
      if (!entry.is_number_integer() || (entry.is_number_unsigned() && entry.get<std::uint64_t>() > kEndOf9999))
        continue;
      const std::int64_t at = entry.get<std::int64_t>();
      // Should the clock have been set back, later ones count, at most for a day.
      if (at > micros(now - kDay)) out.wrong.push_back(std::min(at, micros(now + kDay)));
    }
    std::ranges::sort(out.wrong);
    if (out.wrong.size() > kMostTimes) {
      out.wrong.erase(out.wrong.begin(), out.wrong.end() - static_cast<std::ptrdiff_t>(kMostTimes));
    }
  }
  out.locked_until = instant(number(*found, "locked_until", kEndOf9999));
  out.consecutive = static_cast<std::uint32_t>(number(*found, "consecutive", 1000));
  const auto disabled = found->find("disabled");
  out.disabled = disabled != found->end() && *disabled == true;
  return out;
}

json write_bucket(const Bucket& bucket) {
  return {{"wrong", bucket.wrong},
          {"locked_until", micros(bucket.locked_until)},
          {"consecutive", bucket.consecutive},
          {"disabled", bucket.disabled}};
}

}  // namespace

Account::Account(const json& document, Instant now) {
  if (!document.is_object()) return;
  if (const auto found = document.find("enrolment"); found != document.end() && found->is_object()) {
    Enrolment read{text(*found, "salt"), text(*found, "key"), instant(number(*found, "at", kEndOf9999))};
    if (is_hex(read.salt_hex, 32) && is_hex(read.key_mark, 8)) enrolment = std::move(read);
  }
  last_step = number(document, "last_step", kEndOf9999, -1);
  owner = read_bucket(document, "owner", now);
  other = read_bucket(document, "other", now);
}

json Account::to_json() const {
  json out = {{"last_step", last_step}, {"owner", write_bucket(owner)}, {"other", write_bucket(other)}};
  if (enrolment) {
    out["enrolment"] = {{"salt", enrolment->salt_hex}, {"key", enrolment->key_mark}, {"at", micros(enrolment->at)}};
  }
  return out;
}

Login::Login(const json& document) {
  if (document.is_object()) tries = static_cast<std::uint32_t>(number(document, "tries", 1000));
}

}  // namespace sekisho::totp
