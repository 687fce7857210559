// Fuzz: what a stranger types, against a stored account of any shape. Input: the account as JSON, a line feed, the
// typed code. A code that counts must be one that the app shows; whatever is stored, no step is used twice.
#include "otp.hpp"
#include "totp.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace sekisho;
using namespace sekisho::totp;

class NoEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = std::byte{7};
  }
};

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static NoEntropy entropy;
  static const Secret key(std::string(32, 'k'));
  static const auto factor = std::move(Totp::make({}, key.clone(), entropy).value());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos) return 0;
  auto document = nlohmann::json::parse(input.substr(0, end), nullptr, false);
  if (document.is_discarded()) return 0;

  const Arrival arrival;
  Evidence evidence;
  evidence.emplace("totp", Secret(std::string(input.substr(end + 1))));
  Subject person;
  person.known = true;
  person.person = "mori";
  const Instant now{std::chrono::seconds{1795305600}};
  const auto once = [&](nlohmann::json account) {
    return factor->step(AuthRequest{.arrival = arrival,
                                    .evidence = evidence,
                                    .subject = person,
                                    .now = now,
                                    .transaction = "t",
                                    .account_state = std::move(account),
                                    .source_state = nullptr,
                                    .transaction_state = nullptr,
                                    .effect = std::nullopt});
  };
  const AuthStep first = once(document);
  check(first.account_state.dump().size() <= 8192);
  if (first.verdict != Verdict::yes) return 0;
  const std::string salt = document.at("enrolment").at("salt").get<std::string>();
  const Secret typed = tidy_code(evidence.at("totp").reveal());
  bool shown = false;
  for (std::int64_t step = step_of(now) - 1; step <= step_of(now) + 1; ++step) {
    const auto value = hotp(seed_of(key, "mori", salt).reveal(), static_cast<std::uint64_t>(step));
    shown = shown || six_digits(value).reveal() == typed.reveal();
  }
  check(shown);
  check(once(first.account_state).verdict != Verdict::yes);
  return 0;
}
