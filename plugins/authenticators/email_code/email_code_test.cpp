#include "email_code.hpp"

#include <sekisho/sdk/config.hpp>

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <regex>
#include <set>

namespace sekisho::email_code {
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

std::string code_in(const SendMail& mail) {
  std::smatch found;
  return std::regex_search(mail.body, found, std::regex("\n    ([0-9]{6})\n")) ? found[1].str() : "none";
}
std::string wrong_of(std::string code) {
  code.back() = code.back() == '9' ? '0' : static_cast<char>(code.back() + 1);
  return code;
}

/// One account in a shared store, several logins beside each other.
struct CodeTest : testing::Test {
  struct Login {
    std::string transaction, path = "internet", certificate = "leaf of mori", source = "203.0.113.7";
    nlohmann::json state;
  };
  CodeTest() { build({}); }
  void build(const Config& config) {
    auto made = EmailCode::make(config, Secret(std::string(32, 'p')), entropy);
    factor = std::move(made.value());
  }
  AuthStep run(Login& login, const std::string& code = "") {
    Arrival arrival;
    arrival.path = login.path;
    arrival.peer_address = login.source;
    arrival.certificate_chain = {login.certificate};
    Evidence evidence;
    if (!code.empty()) evidence.emplace("code", Secret(code));
    AuthStep step = factor->step(AuthRequest{.arrival = arrival,
                                             .evidence = evidence,
                                             .subject = person,
                                             .now = now,
                                             .transaction = login.transaction,
                                             .account_state = account,
                                             .source_state = sources[login.source],
                                             .transaction_state = login.state,
                                             .effect = std::nullopt,
                                             .owner_certificate = true});
    account = step.account_state;
    sources[login.source] = step.source_state;
    login.state = step.transaction_state;
    for (Effect& effect : step.effects) {
      const SendMail& mail = std::get<SendMail>(effect);
      mails.push_back(mail);
      if (code_in(mail) != "none") newest = code_in(mail);
    }
    return step;
  }
  static std::string end_of(const AuthStep& step) {
    if (step.verdict == Verdict::yes) return "yes";
    if (step.verdict == Verdict::ask) return step.refusal ? "ask:" + step.refusal->code : "ask";
    return step.refusal ? step.refusal->code : "nothing";
  }
  Login fresh() { return Login{"t" + std::to_string(++logins), "internet", "leaf of mori", "203.0.113.7", nullptr}; }
  /// A login that is asked for a code, waiting for the send limits as long as it takes.
  Login asked() {
    Login login = fresh();
    while (end_of(run(login)) == "code.send_limit") now += 60s;
    return login;
  }

  SeededEntropy entropy;
  std::unique_ptr<EmailCode> factor;
  Subject person = [] {
    Subject out;
    out.known = true;
    out.person = "mori";
    out.name = "森 花子";
    out.mail = "mori@contractor.test";
    return out;
  }();
  nlohmann::json account;
  std::map<std::string, nlohmann::json> sources;
  Instant now = Instant(std::chrono::seconds(1795305600));
  std::vector<SendMail> mails;
  std::string newest;
  int logins = 0;
};

TEST_F(CodeTest, MailsACodeAndTakesItOnce) {
  Login login = fresh();
  const AuthStep first = run(login);
  EXPECT_EQ(end_of(first), "ask");
  EXPECT_EQ(first.ask->field, "code");
  EXPECT_EQ(first.ask->resend_after_s, 60u);
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].to, "mori@contractor.test");
  const Login before = login;
  EXPECT_EQ(end_of(run(login, newest)), "yes");
  for (int i = 0; i < 50; ++i) {
    Login replay = before;
    EXPECT_EQ(end_of(run(replay, newest)), "code.expired") << "consumed";
  }
  EXPECT_EQ(factor->weight(), 0u);
}

TEST_F(CodeTest, KeepsNeitherCodeNorAddressInItsStates) {
  Login login = fresh();
  const AuthStep step = run(login);
  const std::string all = account.dump() + sources["203.0.113.7"].dump() + login.state.dump() + step.detail.dump();
  EXPECT_EQ(all.find(newest), all.npos);
  EXPECT_EQ(all.find("mori"), all.npos);
  EXPECT_EQ(account["open"]["mac"].get<std::string>().size(), 64u);
  EXPECT_EQ(account["open"]["salt"].get<std::string>().size(), 32u);
}

TEST_F(CodeTest, TakesTheCodeInTheWaysPeopleTypeIt) {
  EXPECT_EQ(tidy_code(" 047 238 "), "047238");
  EXPECT_EQ(tidy_code("０４７２３８"), "047238");
  EXPECT_EQ(tidy_code("０４７　２３８"), "047238");
  EXPECT_EQ(tidy_code("04723８\t"), "047238");
  EXPECT_EQ(tidy_code("O47238"), "O47238");
  EXPECT_EQ(tidy_code("\xef\xbc"), "\xef\xbc");
  Login login = asked();
  EXPECT_EQ(end_of(run(login, " " + newest.substr(0, 3) + "　" + newest.substr(3))), "yes");
}

TEST_F(CodeTest, LivesFiveMinutes) {
  for (const auto& [age, wanted] : {std::pair(300s - 1us, "yes"), std::pair(300s + 0us, "code.expired")}) {
    Login login = asked();
    now += age;
    EXPECT_EQ(end_of(run(login, newest)), wanted);
  }
}

TEST_F(CodeTest, AsksAgainTwiceAndThenSaysNo) {
  Login login = asked();
  const AuthStep first = run(login, wrong_of(newest));
  EXPECT_EQ(end_of(first), "ask:code.wrong");
  EXPECT_NE(first.ask->prompt.en.find("2 more tries"), std::string::npos);
  const AuthStep second = run(login, "not a code");
  EXPECT_EQ(end_of(second), "ask:code.wrong");
  EXPECT_NE(second.ask->prompt.en.find("1 more"), std::string::npos);
  Login right_now = login;
  const nlohmann::json saved = account;
  EXPECT_EQ(end_of(run(right_now, newest)), "yes") << "the third try may be right";
  account = saved;
  EXPECT_EQ(end_of(run(login, wrong_of(newest))), "code.too_many_tries");
  EXPECT_EQ(end_of(run(login, newest)), "code.expired") << "the code died with the tries";
}

TEST_F(CodeTest, CountsTriesPerCodeWhenASiteWantsFewer) {
  Config strict;
  strict.tries_per_code = 2;
  build(strict);
  Login login = asked();
  EXPECT_EQ(end_of(run(login, wrong_of(newest))), "ask:code.wrong");
  EXPECT_EQ(end_of(run(login, wrong_of(newest))), "code.too_many_tries");
}

TEST_F(CodeTest, BelongsToItsLoginPathPersonAndCertificate) {
  Login a = asked();
  const std::string code_of_a = newest;
  Login b = asked();
  EXPECT_EQ(end_of(run(a, code_of_a)), "code.expired") << "newest only";
  EXPECT_EQ(end_of(run(b, code_of_a)), code_of_a == newest ? "yes" : "ask:code.wrong");
  const Login good = b;
  const nlohmann::json saved = account;
  const auto changed = [&](const std::function<void(Login&)>& change) {
    account = saved;
    Login login = good;
    change(login);
    return end_of(run(login, newest));
  };
  EXPECT_EQ(changed([](Login&) {}), "yes");
  EXPECT_EQ(changed([](Login& l) { l.path = "closed"; }), "ask:code.wrong");
  EXPECT_EQ(changed([](Login& l) { l.certificate = "leaf of tani"; }), "ask:code.wrong");
  EXPECT_EQ(changed([](Login& l) { l.transaction = "another"; }), "code.expired");
  person.person = "tani";
  EXPECT_EQ(changed([](Login&) {}), "ask:code.wrong") << "even with the other's state in hand";
}

TEST_F(CodeTest, NeedsTheSamePepper) {
  Login login = asked();
  auto other = EmailCode::make({}, Secret(std::string(32, 'q')), entropy);
  factor = std::move(other.value());
  EXPECT_EQ(end_of(run(login, newest)), "ask:code.wrong");
}

TEST_F(CodeTest, DoesNotTakeACodeBeforeItsQuestion) {
  Login login = fresh();
  EXPECT_EQ(end_of(run(login, "123456")), "ask");
  EXPECT_TRUE(account["wrong"].empty());
}

TEST_F(CodeTest, SendsAgainAfterAMinuteAndOnlyTheNewestCounts) {
  Login login = asked();
  const std::string first = newest;
  now += 59s;
  const AuthStep early = run(login);
  EXPECT_EQ(end_of(early), "ask");
  EXPECT_EQ(early.ask->resend_after_s, 1u);
  EXPECT_NE(early.ask->prompt.en.find("wait 1 s"), std::string::npos);
  EXPECT_NE(early.ask->prompt.ja.find("1秒後"), std::string::npos);
  EXPECT_EQ(mails.size(), 1u);
  now += 1s;
  const AuthStep again = run(login);
  EXPECT_EQ(end_of(again), "ask");
  EXPECT_EQ(mails.size(), 2u);
  EXPECT_NE(again.ask->prompt.en.find("A new code was sent"), std::string::npos);
  ASSERT_NE(first, newest);
  EXPECT_EQ(end_of(run(login, first)), "ask:code.wrong");
  EXPECT_EQ(end_of(run(login, newest)), "yes");
}

TEST_F(CodeTest, SaysThatNoFurtherCodeIsSentWhenTheHourIsUsedUp) {
  Login login = asked();
  for (int sent = 1; sent < 5; ++sent) {
    now += 60s;
    EXPECT_EQ(end_of(run(login)), "ask");
  }
  ASSERT_EQ(mails.size(), 5u);
  now += 60s;
  const AuthStep more = run(login);
  EXPECT_EQ(mails.size(), 5u);
  EXPECT_EQ(more.ask->resend_after_s, 0u);
  EXPECT_NE(more.ask->prompt.en.find("No further code"), std::string::npos);
  EXPECT_EQ(end_of(run(login, newest)), "yes") << "the last one still counts";
}

TEST_F(CodeTest, SendsFiveAnHourAndTenADayPerAccount) {
  int sent = 0;
  const Instant begin = now;
  std::vector<Instant> times;
  for (; now < begin + 24h; now += 60s) {
    Login login = fresh();
    if (end_of(run(login)) == "ask") ++sent, times.push_back(now);
    if (now == begin + 59min) {
      EXPECT_EQ(sent, 5);
    }
  }
  EXPECT_EQ(sent, 10);
  EXPECT_EQ(mails.size(), 10u);
  for (std::size_t i = 5; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 5], 1h);
}

TEST_F(CodeTest, RefusesANewLoginWithinAMinuteOfTheLastCode) {
  Login one = asked(), two = fresh();
  EXPECT_EQ(end_of(run(two)), "code.send_limit");
  EXPECT_EQ(end_of(run(one, newest)), "yes") << "a refused send must not end the open code";
}

TEST_F(CodeTest, SendsThirtyAnHourPerSourceNetwork) {
  int sent = 0;
  for (int i = 0; i < 50; ++i) {
    account = nullptr;  // fifty accounts, one source
    Login login = fresh();
    const std::string end = end_of(run(login));
    if (end == "ask") ++sent;
    if (i >= 30) {
      EXPECT_EQ(end, "code.send_limit");
    }
  }
  EXPECT_EQ(sent, 30);
  account = nullptr;
  Login elsewhere = fresh();
  elsewhere.source = "198.51.100.9";
  EXPECT_EQ(end_of(run(elsewhere)), "ask");
}

TEST_F(CodeTest, LocksForHalfAnHourAtTenWrongInADayAndTellsThePerson) {
  int wrong = 0;
  std::string end;
  nlohmann::json detail;
  while (end != "code.locked" && wrong < 20) {
    Login login = asked();
    do {
      const AuthStep step = run(login, wrong_of(newest));
      end = end_of(step);
      detail = step.detail;
      ++wrong;
    } while (end == "ask:code.wrong");
    now += 60s;
  }
  EXPECT_EQ(wrong, 10);
  EXPECT_EQ(end, "code.locked");
  EXPECT_EQ(detail.at("alarm"), "code.locked");
  EXPECT_NE(mails.back().subject.find("locked"), std::string::npos);
  const std::size_t before = mails.size();
  now += 1800s - 61s;
  Login still = fresh();
  EXPECT_EQ(end_of(run(still)), "code.locked");
  EXPECT_EQ(mails.size(), before) << "no code and no further notice while locked";
  now += 3600s;
  Login later = asked();
  EXPECT_EQ(end_of(run(later, wrong_of(newest))), "code.locked") << "the day's count goes on";
  now += 24h;
  Login next_day = asked();
  EXPECT_EQ(end_of(run(next_day, newest)), "yes");
}

TEST_F(CodeTest, DoesNotForgetWrongCodesWhenANewOneIsSentOrOneWasRight) {
  for (int i = 0; i < 3; ++i) {
    Login login = asked();
    EXPECT_EQ(end_of(run(login, wrong_of(newest))), "ask:code.wrong");
    EXPECT_EQ(end_of(run(login, wrong_of(newest))), "ask:code.wrong");
    EXPECT_EQ(end_of(run(login, newest)), "yes");
  }
  EXPECT_EQ(account["wrong"].size(), 6u);
  EXPECT_EQ(account["consecutive"], 0);
}

TEST_F(CodeTest, EndsAnAddressAfterAHundredWrongInARowUntilAnotherIsRegistered) {
  int wrong = 0;
  std::string end;
  nlohmann::json detail;
  while (end != "code.disabled" && wrong < 200) {
    now += 2h;
    Login login = asked();
    do {
      const AuthStep step = run(login, wrong_of(newest));
      end = end_of(step);
      detail = step.detail;
      ++wrong;
    } while (end == "ask:code.wrong");
  }
  EXPECT_EQ(wrong, 100);
  EXPECT_EQ(detail.at("alarm"), "code.disabled");
  EXPECT_NE(mails.back().subject.find("ended"), std::string::npos);
  now += 48h;
  Login login = fresh();
  EXPECT_EQ(end_of(run(login)), "code.disabled");
  person.mail = "hanako.mori@contractor.test";
  EXPECT_EQ(end_of(run(login)), "ask");
  EXPECT_EQ(end_of(run(login, newest)), "yes");
}

TEST_F(CodeTest, EvaluatesFewGuessesHoweverManyLoginsRunBesideEachOther) {
  // 500 logins of one account, each tries to get a code and guesses three times, all within the same minute.
  std::vector<Login> many;
  for (int i = 0; i < 500; ++i) {
    many.push_back(fresh());
    (void)run(many.back());
  }
  int evaluated = 0;
  for (int round = 0; round < 3; ++round) {
    for (Login& login : many) {
      const std::string end = end_of(run(login, wrong_of(newest)));
      evaluated += end == "ask:code.wrong" || end == "code.too_many_tries" || end == "code.locked" ? 1 : 0;
    }
  }
  EXPECT_EQ(mails.size(), 1u);
  EXPECT_EQ(evaluated, 3);
}

TEST_F(CodeTest, TreatsAStrangerLikeAPersonButSendsNothing) {
  person = Subject{};
  person.person = "#8fcc";
  Login login = fresh();
  const AuthStep step = run(login);
  EXPECT_EQ(end_of(step), "ask");
  EXPECT_EQ(step.ask->prompt.en, "Enter the 6-digit code sent to you by mail");
  EXPECT_EQ(step.ask->resend_after_s, 60u);
  EXPECT_TRUE(mails.empty());
  EXPECT_EQ(end_of(run(login, "000000")), "ask:code.wrong");
  EXPECT_EQ(end_of(run(login, "000000")), "ask:code.wrong");
  EXPECT_EQ(end_of(run(login, "000000")), "code.too_many_tries");
}

TEST_F(CodeTest, RefusesAPersonWithoutAnAddress) {
  for (const std::string address :
       {"", "mori", "@contractor.test", "mori@", "mori@contractor.test\r\nBcc: hama@elsewhere.test",
        "mori hanako@contractor.test", "\xe6\xa3\xae@contractor.test"}) {
    person.mail = address;
    Login login = fresh();
    EXPECT_EQ(end_of(run(login)), "code.no_address") << address;
  }
  person.mail = "m@" + std::string(253, 'x');
  Login login = fresh();
  EXPECT_EQ(end_of(run(login)), "code.no_address");
}

TEST_F(CodeTest, SurvivesStatesThatItDidNotWrite) {
  for (const char* text :
       {"7", "[]", R"({"sent":7,"wrong":["x",1.5,-3],"locked_until":"never","consecutive":-1,"open":7})",
        R"({"open":{"login":7,"salt":[],"mac":null,"expires_at":"x","tries":-9},"disabled_address":3})",
        R"({"sent":[9223372036854775807,-9223372036854775808]})"}) {
    account = nlohmann::json::parse(text);
    sources.clear();
    Login login = fresh();
    login.state = nlohmann::json::parse(R"({"asked":"yes","tries":"many"})");
    const std::string end = end_of(run(login));
    EXPECT_TRUE(end == "ask" || end == "code.send_limit") << text << ": " << end;
    EXPECT_NE(end_of(run(login, "000000")), "yes");
  }
}

TEST_F(CodeTest, KeepsItsStatesSmall) {
  for (int i = 0; i < 3000; ++i) {
    Login login = fresh();
    (void)run(login);
    (void)run(login, "bad");
    now += 61s;
    EXPECT_LE(account.dump().size(), 2048u);
    EXPECT_LE(sources["203.0.113.7"].dump().size(), 2048u);
  }
}

TEST(CodeDigits, AreUniform) {
  // 10^6 codes of the real drawing; chi-square over 1,000 bins of 1,000 codes, and each digit place by itself.
  class Kernel final : public Entropy {
   public:
    void fill(std::span<std::byte> out) override {
      for (std::byte& byte : out) byte = static_cast<std::byte>(numbers_());
    }

   private:
    std::mt19937_64 numbers_{20261122};
  } entropy;
  std::vector<int> bins(1000);
  std::array<std::array<int, 10>, 6> digits{};
  for (int i = 0; i < 1'000'000; ++i) {
    std::uint32_t code = entropy.below(1'000'000);
    ++bins[code / 1000];
    for (auto& place : digits) ++place[code % 10], code /= 10;
  }
  double chi = 0;
  for (const int count : bins) chi += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_GT(chi, 850) << "999 degrees of freedom";
  EXPECT_LT(chi, 1150);
  for (const auto& place : digits) {
    double each = 0;
    for (const int count : place) each += (count - 100'000.0) * (count - 100'000.0) / 100'000.0;
    EXPECT_LT(each, 33.7) << "9 degrees of freedom, 1 in 10,000";
  }
}

TEST(CodePepper, MustBeLongAndMayEndWithALine) {
  SeededEntropy entropy;
  EXPECT_FALSE(EmailCode::make({}, Secret(""), entropy).has_value());
  EXPECT_EQ(EmailCode::make({}, Secret(std::string(31, 'p') + "\n"), entropy).error().code, "code.bad_pepper");
  EXPECT_TRUE(EmailCode::make({}, Secret(std::string(32, 'p') + "\n"), entropy).has_value());
  EXPECT_FALSE(EmailCode::make({}, Secret(std::string(4097, 'p')), entropy).has_value());
}

TEST(CodeConfig, CanOnlyBeMadeStricter) {
  const nlohmann::json good = {{"pepper_file", "pepper"}};
  EXPECT_TRUE(read_config<Config>(good).has_value());
  EXPECT_FALSE(read_config<Config>(nlohmann::json::object()).has_value());
  const std::multimap<std::string, int> weaker = {
      {"life_s", 601},       {"life_s", 59},        {"tries_per_code", 6},        {"tries_per_login", 4},
      {"wrong_per_day", 11}, {"lock_s", 1799},      {"disable_after", 101},       {"resend_after_s", 59},
      {"sends_per_hour", 6}, {"sends_per_day", 11}, {"sends_per_source_hour", 31}};
  for (const auto& [key, value] : weaker) {
    nlohmann::json bad = good;
    bad[key] = value;
    EXPECT_FALSE(read_config<Config>(bad).has_value()) << key;
  }
}

TEST(CodeRefusals, SpeakBothLanguages) {
  std::set<std::string> seen;
  for (const No no :
       {No::wrong, No::expired, No::too_many_tries, No::locked, No::disabled, No::send_limit, No::no_address}) {
    const Refusal each = refusal(no);
    EXPECT_TRUE(seen.insert(each.code).second);
    EXPECT_EQ(each.rule, "R04");
    for (const Text& text : {each.what, each.why, each.remedy}) EXPECT_FALSE(text.ja.empty() || text.en.empty());
  }
}

}  // namespace
}  // namespace sekisho::email_code
