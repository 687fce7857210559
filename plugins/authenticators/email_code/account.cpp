#include "account.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::email_code {

using nlohmann::json;

namespace {

constexpr std::size_t kMostAccountTimes = 16;  // the limits are 10
constexpr std::size_t kMostSourceTimes = 32;   // the limit is 30

std::int64_t number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? std::max<std::int64_t>(found->get<std::int64_t>(), 0)
                                                             : 0;
}
std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
const json& member(const json& object, const char* key) {
  static const json kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}
/// A stored time; one outside the years 1970 to 9999 is brought to the nearer end, so that sums with it stay defined.
Instant instant(std::int64_t micros) {
  constexpr std::int64_t kEndOf9999 = 253'402'300'799'999'999;
  return Instant(Instant::duration(std::clamp<std::int64_t>(micros, 0, kEndOf9999)));
}
std::int64_t micros(Instant at) {
  return at.time_since_epoch().count();
}

}  // namespace

Times::Times(const json& list, Instant now, std::chrono::seconds window, std::size_t most) {
  if (!list.is_array()) return;
  for (const json& entry : list) {
    if (entry.is_number_integer() && instant(entry.get<std::int64_t>()) > now - window) {
      times_.push_back(std::min(entry.get<std::int64_t>(), micros(now + window)));
    }
  }
  std::ranges::sort(times_);
  if (times_.size() > most) times_.erase(times_.begin(), times_.end() - static_cast<std::ptrdiff_t>(most));
}

std::size_t Times::since(Instant from) const {
  return static_cast<std::size_t>(std::ranges::count_if(times_, [&](std::int64_t at) { return instant(at) > from; }));
}

std::optional<Instant> Times::last() const {
  return times_.empty() ? std::nullopt : std::optional(instant(times_.back()));
}

Account::Account(const json& document, Instant now) {
  if (!document.is_object()) return;
  sent = Times(member(document, "sent"), now, std::chrono::hours(24), kMostAccountTimes);
  wrong = Times(member(document, "wrong"), now, std::chrono::hours(24), kMostAccountTimes);
  locked_until = instant(number(document, "locked_until"));
  consecutive = static_cast<std::uint32_t>(std::min<std::int64_t>(number(document, "consecutive"), 1000));
  disabled_address = text(document, "disabled_address");
  if (const json& code = member(document, "open"); code.is_object()) {
    open = OpenCode{text(code, "login"), text(code, "salt"), text(code, "mac"), instant(number(code, "expires_at")),
                    static_cast<std::uint32_t>(std::min<std::int64_t>(number(code, "tries"), 1000))};
  }
}

nlohmann::json Account::to_json() const {
  // Member by member, here and below: an initializer list makes each of them twice, and this is written at every step.
  json::object_t out;
  out.emplace("sent", sent.to_json());
  out.emplace("wrong", wrong.to_json());
  out.emplace("locked_until", micros(locked_until));
  out.emplace("consecutive", consecutive);
  out.emplace("disabled_address", disabled_address);
  if (open) {
    json::object_t code;
    code.emplace("login", open->login);
    code.emplace("salt", open->salt_hex);
    code.emplace("mac", open->mac_hex);
    code.emplace("expires_at", micros(open->expires_at));
    code.emplace("tries", open->tries);
    out.emplace("open", std::move(code));
  }
  return json(std::move(out));
}

Source::Source(const nlohmann::json& document, Instant now) {
  if (document.is_object()) sent = Times(member(document, "sent"), now, std::chrono::hours(1), kMostSourceTimes);
}
nlohmann::json Source::to_json() const {
  json::object_t out;
  out.emplace("sent", sent.to_json());
  return json(std::move(out));
}

Login::Login(const nlohmann::json& document) {
  if (!document.is_object()) return;
  tries = static_cast<std::uint32_t>(std::min<std::int64_t>(number(document, "tries"), 1000));
  asked = document.contains("asked") && document.at("asked") == true;
}
nlohmann::json Login::to_json() const {
  json::object_t out;
  out.emplace("tries", tries);
  out.emplace("asked", asked);
  return json(std::move(out));
}

}  // namespace sekisho::email_code
