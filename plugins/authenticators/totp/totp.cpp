#include "totp.hpp"

#include "otp.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace sekisho::totp {
namespace {

using nlohmann::json;

constexpr std::size_t kMinKey = 32, kMaxKey = 4096;
constexpr std::string_view kNoSalt = "00000000000000000000000000000000";

std::string hex(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::byte byte : bytes) {
    out += kDigits[std::to_integer<unsigned>(byte) >> 4];
    out += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return out;
}

Text first_prompt() {
  return {"認証アプリに表示されている6桁のコードを入力してください",
          "Enter the 6-digit code of your authenticator app"};
}
Text again_prompt(std::uint32_t left, bool used) {
  const std::string tries = std::to_string(left);
  if (used) {
    return {"そのコードは使用済みです。残り" + tries + "回です。次に表示される6桁のコードを入力してください",
            "That code was used already; " + tries + " more tries. Enter the next 6-digit code of the app"};
  }
  return {"コードが違います。残り" + tries + "回です。認証アプリの6桁のコードを入力してください",
          "That code was wrong; " + tries + " more tries. Enter the 6-digit code of the app"};
}

}  // namespace

/// One call of step(): the request with its documents opened.
struct Totp::Round {
  Round(AuthRequest taken, std::string_view mark)
      : request(std::move(taken)), account(request.account_state, request.now), login(request.transaction_state) {
    enrolled = request.subject.known && account.enrolment && account.enrolment->key_mark == mark;
  }

  Bucket& bucket() { return request.owner_certificate ? account.owner : account.other; }
  [[nodiscard]] AuthStep end(Verdict verdict) {
    AuthStep step;
    step.verdict = verdict;
    step.account_state = account.to_json();
    step.source_state = std::move(request.source_state);
    step.transaction_state = login.to_json();
    step.detail = {
        {"tries", login.tries}, {"enrolled", enrolled}, {"bucket", request.owner_certificate ? "owner" : "other"}};
    return step;
  }
  [[nodiscard]] AuthStep no(No why) {
    AuthStep step = end(Verdict::no);
    step.refusal = refusal(why);
    return step;
  }
  [[nodiscard]] AuthStep ask(Text prompt) {
    AuthStep step = end(Verdict::ask);
    step.ask = Ask{"totp", "totp", std::move(prompt), 0};
    return step;
  }

  AuthRequest request;
  Account account;
  Login login;
  bool enrolled = false;  ///< with the key that this gate has
};

Totp::Totp(const Config& config, Secret key, Entropy& entropy)
    : config_(config), key_(std::move(key)), mark_(key_mark(key_)), entropy_(entropy) {}

Result<std::unique_ptr<Totp>> Totp::make(const Config& config, Secret key, Entropy& entropy) {
  std::string_view bytes = key.reveal();
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  if (bytes.size() < kMinKey || bytes.size() > kMaxKey) {
    return fail("totp.bad_key", "the key file must hold 32 to 4096 bytes");
  }
  return std::unique_ptr<Totp>(new Totp(config, Secret(std::string(bytes)), entropy));
}

Enrolled Totp::enrol(std::string_view person, std::string_view login, Instant now) {
  std::array<std::byte, 16> salt{};
  entropy_.fill(salt);
  Account account;
  account.enrolment = Enrolment{hex(salt), mark_, now};
  return {account.to_json(), otpauth_uri(config_.issuer, login, seed_of(key_, person, account.enrolment->salt_hex))};
}

AuthStep Totp::step(AuthRequest request) {
  Round round(std::move(request), mark_);
  if (round.bucket().disabled) return round.no(No::disabled);
  if (round.request.now < round.bucket().locked_until) return round.no(No::locked);
  // Who holds the owner's certificate is told; to everybody else it is a wrong code like any other.
  if (round.request.owner_certificate && !round.enrolled) return round.no(No::not_enrolled);
  const auto typed = round.request.evidence.find("totp");
  const bool answered = typed != round.request.evidence.end() && !typed->second.empty();
  if (!answered) return round.ask(first_prompt());
  return judge(round, typed->second.reveal());
}

AuthStep Totp::judge(Round& round, std::string_view typed) const {
  Account& account = round.account;
  const Secret code = tidy_code(typed);
  const Secret seed =
      seed_of(key_, round.request.subject.person, round.enrolled ? account.enrolment->salt_hex : std::string(kNoSalt));
  const std::int64_t now = step_of(round.request.now);
  // All three are computed and compared, whichever fits (T-32).
  std::int64_t fits = -1;
  bool used = false;
  for (std::int64_t step = std::max<std::int64_t>(now - 1, 0); step <= now + 1; ++step) {
    const Secret right = six_digits(hotp(seed.reveal(), static_cast<std::uint64_t>(step)));
    if (!equal_in_constant_time(right.reveal(), code.reveal())) continue;
    if (step <= account.last_step) {  // enforces R04/totp.used
      used = true;
    } else {
      fits = step;
    }
  }
  if (fits < 0 || !round.enrolled) return count_wrong(round, used && round.enrolled);  // enforces R04/totp.wrong
  account.last_step = fits;  // consumed, in the same transaction that passes the login
  round.bucket() = {};
  return round.end(Verdict::yes);
}

AuthStep Totp::count_wrong(Round& round, bool used) const {
  Bucket& bucket = round.bucket();
  ++round.login.tries;
  ++bucket.consecutive;
  bucket.wrong.push_back(round.request.now.time_since_epoch().count());
  if (bucket.consecutive >= config_.disable_after || bucket.wrong.size() >= config_.wrong_per_day) {
    bucket.disabled = bucket.consecutive >= config_.disable_after;
    bucket.locked_until = round.request.now + config_.lock;
    AuthStep step = round.no(bucket.disabled ? No::disabled : No::locked);
    step.detail["alarm"] = step.refusal->code;
    return step;
  }
  if (round.login.tries >= config_.tries_per_login) return round.no(No::too_many_tries);
  AuthStep step = round.ask(again_prompt(config_.tries_per_login - round.login.tries, used));
  step.refusal = refusal(used ? No::used : No::wrong);
  return step;
}

}  // namespace sekisho::totp
