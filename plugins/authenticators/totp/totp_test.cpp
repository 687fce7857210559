#include "totp.hpp"

#include "otp.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sekisho::totp {
namespace {

using namespace std::chrono_literals;

class SeededEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(numbers_());
  }

 private:
  std::mt19937_64 numbers_{7};
};

/// One account in a shared store, several logins beside each other, and the app that was enrolled.
struct TotpTest : testing::Test {
  struct Login {
    bool owner = true;
    nlohmann::json state;
  };
  TotpTest() {
    build({});
    enrol();
  }
  void build(const Config& config, char key = 'k') {
    factor = std::move(Totp::make(config, Secret(std::string(32, key)), entropy).value());
  }
  void enrol() {
    Enrolled made = factor->enrol("mori", "mori.i", now);
    account = std::move(made.account_state);
    uri = made.shown.reveal();
    seed = seed_of(Secret(std::string(32, 'k')), "mori", account.at("enrolment").at("salt").get<std::string>());
  }
  /// What the app shows at `now + off`.
  [[nodiscard]] std::string app(std::chrono::seconds off = 0s) const {
    return std::string(six_digits(hotp(seed.reveal(), static_cast<std::uint64_t>(step_of(now + off)))).reveal());
  }
  /// A code that the app shows at none of the times that count.
  [[nodiscard]] std::string wrong() const {
    for (const char* code : {"000000", "000001", "000002", "000003"}) {
      if (code != app() && code != app(30s) && code != app(-30s)) return code;
    }
    return "";
  }
  AuthStep run(Login& login, const std::string& code = "") {
    Arrival arrival;
    Evidence evidence;
    if (!code.empty()) evidence.emplace("totp", Secret(code));
    AuthStep step = factor->step(AuthRequest{.arrival = arrival,
                                             .evidence = evidence,
                                             .subject = person,
                                             .now = now,
                                             .transaction = "t",
                                             .account_state = account,
                                             .source_state = nullptr,
                                             .transaction_state = login.state,
                                             .effect = std::nullopt,
                                             .owner_certificate = login.owner});
    account = step.account_state;
    login.state = step.transaction_state;
    return step;
  }
  std::string end(Login& login, const std::string& code = "") { return end_of(run(login, code)); }
  /// In a login of its own.
  std::string end(const std::string& code, bool owner = true) {
    Login login{owner, nullptr};
    return end(login, code);
  }
  static std::string end_of(const AuthStep& step) {
    if (step.verdict == Verdict::yes) return "yes";
    if (step.verdict == Verdict::ask) return step.refusal ? "ask:" + step.refusal->code : "ask";
    return step.refusal ? step.refusal->code : "nothing";
  }

  SeededEntropy entropy;
  std::unique_ptr<Totp> factor;
  Subject person = [] {
    Subject out;
    out.known = true;
    out.person = "mori";
    return out;
  }();
  nlohmann::json account;
  std::string uri;
  Secret seed;
  Instant now = Instant(1795305600s);
};

TEST_F(TotpTest, AsksAndTakesTheCodeOfTheApp) {
  Login login;
  const AuthStep first = run(login);
  EXPECT_EQ(end_of(first), "ask");
  EXPECT_EQ(first.ask->field, "totp");
  EXPECT_EQ(end(login, app()), "yes");
  EXPECT_EQ(factor->weight(), 1u);
  EXPECT_EQ(factor->factor(), "totp");
}

TEST_F(TotpTest, ShowsTheSeedOnceAndStoresNone) {
  const std::string shown = base32(seed.reveal());
  EXPECT_NE(uri.find("secret=" + shown + "&"), std::string::npos);
  EXPECT_EQ(uri.rfind("otpauth://totp/Sekisho:mori.i?", 0), 0u) << uri;
  EXPECT_EQ(account.dump().find(shown), std::string::npos);
  EXPECT_EQ(account.dump().find(std::string(32, 'k')), std::string::npos);
}

TEST_F(TotpTest, AStepIsUsedOnceAndNoneBeforeIt) {
  const std::string before = app(-30s), code = app(), after = app(30s);
  EXPECT_EQ(end(code), "yes");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(end(code), "ask:totp.used");
  EXPECT_EQ(end(before), "ask:totp.used") << "an earlier step is over once a later one was used";
  EXPECT_EQ(end(after), "yes");
  now += 30s;
  EXPECT_EQ(end(after), "ask:totp.used");
}

TEST_F(TotpTest, TakesOneStepToEitherSideAndNoMore) {
  for (const auto& [off, wanted] : {std::pair(-60s, "ask:totp.wrong"), std::pair(-30s, "yes"), std::pair(0s, "yes"),
                                    std::pair(30s, "yes"), std::pair(60s, "ask:totp.wrong")}) {
    enrol();
    EXPECT_EQ(end(app(off)), wanted) << off.count();
  }
}

TEST_F(TotpTest, AClockSetBackRevivesNothing) {
  const std::string code = app();
  EXPECT_EQ(end(code), "yes");
  now -= 1h;
  EXPECT_EQ(end(app()), "ask:totp.used") << "a step before the last one used";
  now += 1h;
  EXPECT_EQ(end(code), "ask:totp.used");
  now += 30s;
  EXPECT_EQ(end(app()), "yes");
}

TEST_F(TotpTest, ThreeTriesInALogin) {
  Login login;
  EXPECT_EQ(end(login), "ask");
  EXPECT_EQ(end(login, wrong()), "ask:totp.wrong");
  EXPECT_EQ(end(login, "１２"), "ask:totp.wrong");
  EXPECT_EQ(end(login, wrong()), "totp.too_many_tries");
}

TEST_F(TotpTest, TenWrongCodesLockForHalfAnHour) {
  for (int i = 1; i < 10; ++i) EXPECT_EQ(end(wrong()), "ask:totp.wrong") << i;
  Login last;
  const AuthStep step = run(last, wrong());
  EXPECT_EQ(end_of(step), "totp.locked");
  EXPECT_EQ(step.detail.at("alarm"), "totp.locked");
  EXPECT_EQ(end(app()), "totp.locked") << "the right code too";
  now += 29min;
  EXPECT_EQ(end(app()), "totp.locked");
  now += 2min;
  EXPECT_EQ(end(app()), "yes");
  EXPECT_EQ(end(wrong()), "ask:totp.wrong") << "the right code has cleared the counters";
}

TEST_F(TotpTest, StrangersLockThemselvesNotTheOwner) {
  for (int i = 0; i < 10; ++i) (void)end(wrong(), false);
  EXPECT_EQ(end(app(), false), "totp.locked");
  EXPECT_EQ(end(app(), true), "yes");
}

TEST_F(TotpTest, AHundredWrongInARowEndTheAppUntilItIsEnrolledAnew) {
  for (int round = 0; round < 100; ++round) {
    while (end("") == "totp.locked") now += 30min;
    (void)end(wrong());
  }
  now += 48h;
  EXPECT_EQ(end(app()), "totp.disabled");
  enrol();
  EXPECT_EQ(end(app()), "yes");
}

TEST_F(TotpTest, AnAppEnrolledBeforeNoLongerCounts) {
  const std::string old = app();
  enrol();
  ASSERT_NE(old, app());
  EXPECT_EQ(end(old), "ask:totp.wrong");
  EXPECT_EQ(end(app()), "yes");
}

TEST_F(TotpTest, AnotherKeyMakesNoCodes) {
  const std::string code = app();
  build({}, 'j');
  EXPECT_EQ(end(code, false), "ask:totp.wrong");
  EXPECT_EQ(end(code, true), "totp.not_enrolled");
}

TEST_F(TotpTest, WhoHasNoAppIsToldOnlyWithHisCertificate) {
  account = nullptr;
  EXPECT_EQ(end("", true), "totp.not_enrolled");
  Login stranger{false, nullptr};
  EXPECT_EQ(end(stranger), "ask");
  EXPECT_EQ(end(stranger, "123456"), "ask:totp.wrong");
  EXPECT_EQ(end(stranger, "123456"), "ask:totp.wrong");
  EXPECT_EQ(end(stranger, "123456"), "totp.too_many_tries");
}

TEST_F(TotpTest, AnUnknownPersonReadsTheSame) {
  const auto answers = [this] {
    std::vector<std::string> out;
    for (int i = 0; i < 12; ++i) {
      Login login{false, nullptr};
      const AuthStep step = run(login, wrong());
      out.push_back(end_of(step) + (step.ask ? step.ask->prompt.en : std::string()));
    }
    return out;
  };
  const auto known = answers();
  person = Subject{};
  person.person = "#1a2b";
  account = nullptr;
  EXPECT_EQ(answers(), known);
  // Not even the code of a seed without a salt lets an unknown person in.
  enrol();
  EXPECT_EQ(end(app(), false), "ask:totp.wrong");
}

TEST_F(TotpTest, BrokenStatesProveNothing) {
  const std::string code = app();
  for (const char* broken :
       {"[]", "7", R"("x")", R"({"enrolment":7})", R"({"enrolment":{"salt":"zz","key":"00000000"}})",
        R"({"enrolment":{"salt":"","key":""}})", R"({"owner":{"wrong":["x",-9223372036854775808,18446744073709551615],
        "locked_until":18446744073709551615,"consecutive":-1,"disabled":"true"},"last_step":-5})"}) {
    account = nlohmann::json::parse(broken);
    const std::string answer = end(code);
    EXPECT_TRUE(answer == "totp.not_enrolled" || answer == "totp.locked") << broken << ": " << answer;
  }
  // A last step beyond all time: nothing is left that could count.
  enrol();
  account["last_step"] = 18446744073709551615U;
  EXPECT_EQ(end(app()), "ask:totp.used");
}

TEST_F(TotpTest, TellsNoSecretInWhatIsJournalled) {
  Login login;
  ASSERT_TRUE(app() != "918273" && app(30s) != "918273" && app(-30s) != "918273");
  for (const std::string& code : {std::string("918273"), app()}) {  // no digits that a time could hold by chance
    const AuthStep step = run(login, code);
    EXPECT_EQ(step.detail.dump().find(code), std::string::npos);
    EXPECT_EQ(step.account_state.dump().find(code), std::string::npos);
    EXPECT_EQ(step.transaction_state.dump().find(code), std::string::npos);
  }
}

TEST(TotpKey, MustBeLong) {
  SeededEntropy entropy;
  const auto made = [&](std::string bytes) {
    const auto end = Totp::make({}, Secret(std::move(bytes)), entropy);
    return end ? std::string("ok") : end.error().code;
  };
  EXPECT_EQ(made(std::string(31, 'x') + "\n"), "totp.bad_key");
  EXPECT_EQ(made(std::string(32, 'x') + "\r\n"), "ok");
  EXPECT_EQ(made(std::string(4097, 'x')), "totp.bad_key");
}

TEST(TotpRefusals, SayWhatWhyAndRemedyInBothLanguages) {
  for (const No no : {No::wrong, No::used, No::too_many_tries, No::locked, No::disabled, No::not_enrolled}) {
    const Refusal said = refusal(no);
    EXPECT_EQ(said.rule, "R04");
    for (const Text& text : {said.what, said.why, said.remedy}) {
      EXPECT_FALSE(text.ja.empty());
      EXPECT_FALSE(text.en.empty());
    }
  }
}

}  // namespace
}  // namespace sekisho::totp
