#include "email_code.hpp"

#include "mails.hpp"

#include <sekisho/sdk/memory.hpp>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

namespace sekisho::email_code {
namespace {

using nlohmann::json;

constexpr std::size_t kMinPepper = 32, kMaxPepper = 4096;
constexpr std::uint32_t kCodes = 1'000'000;

/// {name: value}, without an initializer list's copies.
json one(const char* name, json value) {
  json::object_t out;
  out.emplace(name, std::move(value));
  return json(std::move(out));
}

std::string hex(std::span<const unsigned char> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

template <auto Function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};

std::string sha256_hex(std::string_view bytes) {
  // Fetched once, and a context for each thread: EVP_sha256() would look the algorithm up again in every call.
  static EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  need_memory(kAlgorithm != nullptr && context && EVP_DigestInit_ex2(context.get(), kAlgorithm, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1);
  return hex(std::span(digest.data(), size));
}

/// Length first, so that no two lists of fields make the same bytes.
void append(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out += ':';
  out += field;
}

/// The registry has checked addresses already; here it keeps a header from being written by one.
bool is_mailable(std::string_view address) {
  const bool printable = std::ranges::all_of(address, [](char c) { return c > ' ' && c < 0x7f; });
  const std::size_t at = address.find('@');
  return printable && address.size() <= 254 && at != 0 && at != address.npos && at + 1 < address.size();
}

Secret draw_code(Entropy& entropy) {
  std::string digits = std::to_string(entropy.below(kCodes));
  digits.insert(0, 6 - digits.size(), '0');
  return Secret(std::move(digits));
}

Text first_prompt() {
  return {"メールで届いた6桁の確認コードを入力してください", "Enter the 6-digit code sent to you by mail"};
}
Text sent_again_prompt() {
  return {"新しい確認コードを送りました。届いた6桁のコードを入力してください。前のコードは使えません",
          "A new code was sent. Enter its 6 digits; the earlier code no longer works"};
}
/// `wait_s` 0: the limit of an hour, a day or a source is reached.
Text not_sent_prompt(std::uint32_t wait_s) {
  if (wait_s == 0) {
    return {"これ以上は再送できません。最後に届いた6桁の確認コードを入力してください",
            "No further code can be sent. Enter the 6-digit code that came last"};
  }
  const std::string wait = std::to_string(wait_s);
  return {"まだ再送できません。" + wait + "秒後に再送できます。届いている6桁の確認コードも使えます",
          "It is too early to send another code; wait " + wait + " s. The code you have still works"};
}
Text wrong_prompt(std::uint32_t tries_left) {
  const std::string left = std::to_string(tries_left);
  return {"コードが違います。残り" + left + "回です。6桁の確認コードを入力してください",
          "That code was wrong; " + left + " more tries. Enter the 6-digit code"};
}

}  // namespace

std::string tidy_code(std::string_view typed) {
  std::string out;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    const std::string_view rest = typed.substr(i);
    if (rest[0] == ' ' || rest[0] == '\t') continue;
    if (rest.starts_with("\xe3\x80\x80")) {  // U+3000
      i += 2;
    } else if (rest.size() >= 3 && rest.starts_with("\xef\xbc") && rest[2] >= '\x90' && rest[2] <= '\x99') {
      out += static_cast<char>('0' + (rest[2] - '\x90'));  // U+FF10..U+FF19
      i += 2;
    } else {
      out += rest[0];
    }
  }
  return out;
}

/// HMAC-SHA-256 under one factor's pepper. HMAC() would look both algorithms up in every call; a context that a thread
/// keeps would hold the key of a factor that is gone, or another's.
class EmailCode::Mac {
 public:
  explicit Mac(std::string_view key) {
    const std::unique_ptr<EVP_MAC, Free<EVP_MAC_free>> hmac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
    need_memory(hmac != nullptr);
    context_.reset(EVP_MAC_CTX_new(hmac.get()));
    std::array<char, 7> digest{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
    need_memory(context_ && EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                                         parameters.data()) == 1);
  }
  [[nodiscard]] std::string operator()(std::string_view message) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    std::size_t size = 0;
    // Without a key: under the one that it was made with.
    need_memory(
        EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
        EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1 &&
        EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()) == 1);
    return hex(std::span(digest.data(), size));
  }

 private:
  std::unique_ptr<EVP_MAC_CTX, Free<EVP_MAC_CTX_free>> context_;  // its end wipes the key
};

/// One call of step(): the request with its documents opened.
struct EmailCode::Round {
  explicit Round(AuthRequest taken)
      : request(std::move(taken)),
        account(request.account_state, request.now),
        source(request.source_state, request.now),
        login(request.transaction_state),
        transaction(sha256_hex(request.transaction)),
        address(sha256_hex(request.subject.mail)),
        certificate(request.arrival.certificate_chain.empty() ? std::string()
                                                              : sha256_hex(request.arrival.certificate_chain.front())) {
  }

  [[nodiscard]] bool disabled() const {
    return !account.disabled_address.empty() && account.disabled_address == address;
  }
  [[nodiscard]] Occasion occasion() const { return {request.now, request.arrival.peer_address, request.arrival.path}; }

  [[nodiscard]] AuthStep end(Verdict verdict, json detail) {
    AuthStep step;
    step.verdict = verdict;
    step.account_state = account.to_json();
    step.source_state = source.to_json();
    step.transaction_state = login.to_json();
    step.detail = std::move(detail);
    return step;
  }
  [[nodiscard]] AuthStep no(No why, bool may_retry = false) {
    AuthStep step = end(Verdict::no, one("tries", login.tries));
    step.refusal = refusal(why);
    step.may_retry = may_retry;
    return step;
  }
  [[nodiscard]] AuthStep ask(Text prompt, std::uint32_t resend_after_s) {
    login.asked = true;
    AuthStep step = end(Verdict::ask, one("tries", login.tries));
    step.ask = Ask{"code", "code", std::move(prompt), resend_after_s};
    return step;
  }

  AuthRequest request;
  Account account;
  Source source;
  Login login;
  std::string transaction, address, certificate;  // digests
};

Result<std::unique_ptr<EmailCode>> EmailCode::make(const Config& config, Secret pepper, Entropy& entropy) {
  std::string_view bytes = pepper.reveal();
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  if (bytes.size() < kMinPepper || bytes.size() > kMaxPepper) {
    return fail("code.bad_pepper", "the pepper file must hold 32 to 4096 bytes");
  }
  return std::unique_ptr<EmailCode>(new EmailCode(config, bytes, entropy));
}

EmailCode::EmailCode(const Config& config, std::string_view pepper, Entropy& entropy)
    : config_(config), mac_(std::make_unique<Mac>(pepper)), entropy_(entropy) {}

EmailCode::~EmailCode() = default;

std::string EmailCode::mac(const Round& round, std::string_view salt_hex, std::string_view code) const {
  std::string message;
  for (const std::string_view field :
       {salt_hex, std::string_view(round.request.transaction), std::string_view(round.request.subject.person),
        std::string_view(round.request.arrival.path), std::string_view(round.certificate), code}) {
    append(message, field);
  }
  std::string out = (*mac_)(message);
  wipe(message.data(), message.size());
  return out;
}

AuthStep EmailCode::step(AuthRequest request) {
  Round round(std::move(request));
  if (round.disabled()) return round.no(No::disabled);
  if (round.request.now < round.account.locked_until) return round.no(No::locked);
  const auto typed = round.request.evidence.find("code");
  const bool answered = typed != round.request.evidence.end() && !typed->second.empty();
  // A code that comes before the question cannot be an answer to it.
  if (round.login.asked && answered) return judge(round, typed->second.reveal());
  return send(round);
}

bool EmailCode::send_limit_reached(const Round& round) const {
  const Instant now = round.request.now;
  const Account& account = round.account;
  const auto last = account.sent.last();
  return (last && now < *last + config_.resend_after) ||
         account.sent.since(now - std::chrono::hours(1)) >= config_.sends_per_hour ||
         account.sent.since(now - std::chrono::hours(24)) >= config_.sends_per_day ||
         round.source.sent.since(now - std::chrono::hours(1)) >= config_.sends_per_source_hour;
}

std::uint32_t EmailCode::resend_wait_s(const Round& round) const {
  const auto last = round.account.sent.last();
  if (!last) return 0;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(*last + config_.resend_after - round.request.now).count();
  return static_cast<std::uint32_t>(std::max<std::int64_t>(wait, 0));
}

AuthStep EmailCode::send(Round& round) const {
  const Instant now = round.request.now;
  const Subject& subject = round.request.subject;
  if (subject.known && !is_mailable(subject.mail)) return round.no(No::no_address);
  if (send_limit_reached(round)) {
    if (!round.login.asked) return round.no(No::send_limit);
    // Asked for again too early: the open question stays as it is.
    const std::uint32_t wait = resend_wait_s(round);
    return round.ask(not_sent_prompt(wait), wait);
  }
  const bool again = round.login.asked;

  const Secret code = draw_code(entropy_);
  std::array<unsigned char, 16> salt{};
  entropy_.fill(std::as_writable_bytes(std::span(salt)));
  OpenCode open{round.transaction, hex(salt), {}, now + config_.life, 0};
  open.mac_hex = mac(round, open.salt_hex, code.reveal());
  round.account.open = std::move(open);
  round.account.sent.add(now);
  round.source.sent.add(now);
  AuthStep step =
      round.ask(again ? sent_again_prompt() : first_prompt(), static_cast<std::uint32_t>(config_.resend_after.count()));
  // A stranger's id gets the same question and nobody a mail (T-32).
  if (subject.known) step.effects.emplace_back(code_mail(config_, subject, code.reveal(), round.occasion()));
  return step;
}

AuthStep EmailCode::judge(Round& round, std::string_view typed) const {
  Account& account = round.account;
  const bool newest = account.open && account.open->login == round.transaction;
  if (!newest || account.open->expires_at <= round.request.now) {
    if (newest) account.open.reset();  // a code of another login stays that login's
    return round.no(No::expired);
  }
  const Secret code(tidy_code(typed));
  const bool right = round.request.subject.known &&
                     equal_in_constant_time(mac(round, account.open->salt_hex, code.reveal()), account.open->mac_hex);
  if (!right) return count_wrong(round);  // enforces R04/code.wrong
  account.open.reset();                   // consumed, in the same transaction that passes the login
  account.consecutive = 0;
  return round.end(Verdict::yes, one("tries", round.login.tries));
}

AuthStep EmailCode::count_wrong(Round& round) const {
  Account& account = round.account;
  const Instant now = round.request.now;
  ++round.login.tries;
  ++account.open->tries;
  ++account.consecutive;
  account.wrong.add(now);

  const bool disabled = account.consecutive >= config_.disable_after;
  const bool locked = account.wrong.since(now - std::chrono::hours(24)) >= config_.wrong_per_day;
  if (disabled || locked) {
    account.open.reset();
    if (disabled) account.disabled_address = round.address, account.consecutive = 0;
    if (locked) account.locked_until = now + config_.lock;
    AuthStep step = round.no(disabled ? No::disabled : No::locked);
    step.detail["alarm"] = disabled ? "code.disabled" : "code.locked";
    const Subject& subject = round.request.subject;
    if (subject.known && is_mailable(subject.mail)) {
      step.effects.emplace_back(lock_mail(config_, subject, disabled, round.occasion()));
    }
    return step;
  }
  const std::uint32_t left_in_login =
      config_.tries_per_login > round.login.tries ? config_.tries_per_login - round.login.tries : 0;
  const std::uint32_t left_in_code =
      config_.tries_per_code > account.open->tries ? config_.tries_per_code - account.open->tries : 0;
  if (left_in_login == 0 || left_in_code == 0) {
    account.open.reset();
    return round.no(No::too_many_tries);
  }
  AuthStep step = round.ask(wrong_prompt(std::min(left_in_login, left_in_code)), resend_wait_s(round));
  step.refusal = refusal(No::wrong);
  return step;
}

}  // namespace sekisho::email_code
