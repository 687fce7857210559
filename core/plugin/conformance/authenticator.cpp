#include "plugin/conformance.hpp"
#include "plugin/conformance/contracts.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sekisho::conformance {
namespace {

using nlohmann::json;

struct Case {
  Arrival arrival;
  Evidence evidence;
  Subject subject;
};

/// Evidence whose every value is long and unlike anything else, so that it can be searched for.
Case hostile_case(Chaos& chaos, unsigned number, const std::set<std::string>& names) {
  Case out;
  out.arrival = chaos.arrival();
  for (const std::string& name : names) {
    if (chaos.chance(30)) continue;
    std::string value = chaos.chance(30) ? chaos.text(400) : chaos.chance(20) ? "123456" : "";
    value += "geheim" + std::to_string(number) + name;
    out.evidence.emplace(name, Secret(std::move(value)));
  }
  if (chaos.chance(10)) out.evidence.insert_or_assign("code", Secret("000000"));
  out.subject.known = chaos.chance(60);
  if (out.subject.known) {
    out.subject.person = "p" + std::to_string(chaos.below(5));
    out.subject.name = chaos.text(64);
    out.subject.mail = chaos.chance(70) ? "mori@example.org" : chaos.text(64);
    out.subject.password_hash = chaos.chance(70) ? "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ$aGFzaA" : chaos.text(64);
    for (std::uint64_t left = chaos.below(3); left > 0; --left) {
      out.subject.certificates.push_back({.fingerprint_sha256 = std::string(64, 'a'),
                                          .serial_hex = "01",
                                          .person = out.subject.person,
                                          .terminal = "t1",
                                          .not_before = Instant{},
                                          .not_after = Instant::max(),
                                          .revoked = chaos.chance(30)});
    }
  }
  return out;
}

/// Every text that leaves the plugin and may be kept or shown (the candidate of VerifyPassword may not).
std::string everything_shown(const AuthStep& step) {
  std::string out = step.terminal + step.detail.dump() + step.account_state.dump() + step.source_state.dump() +
                    step.transaction_state.dump();
  const auto add = [&](const Text& text) { out += text.ja + text.en; };
  if (step.refusal) {
    out += step.refusal->rule + step.refusal->code;
    add(step.refusal->what), add(step.refusal->why), add(step.refusal->remedy);
  }
  if (step.ask) {
    out += step.ask->factor + step.ask->field;
    add(step.ask->prompt);
  }
  for (const Effect& effect : step.effects) {
    if (const auto* mail = std::get_if<SendMail>(&effect)) out += mail->to + mail->subject + mail->body;
  }
  return out;
}

bool holds(const std::string& text, std::string_view secret) {
  return text.find(secret) != std::string::npos;
}

void expect_contract(const AuthStep& step, const Case& given, const std::optional<EffectResult>& effect,
                     std::string_view factor, const std::vector<std::string>& secrets) {
  std::size_t passwords = 0;
  for (const Effect& wanted : step.effects) {
    if (const auto* mail = std::get_if<SendMail>(&wanted)) {
      EXPECT_EQ(mail->to, given.subject.mail) << "mail goes to the registered address and nowhere else";
      EXPECT_EQ(mail->to.find_first_of("\r\n"), std::string::npos);
      EXPECT_EQ(mail->subject.find_first_of("\r\n"), std::string::npos);
      EXPECT_FALSE(mail->body.empty());
    } else {
      ++passwords;
    }
  }
  EXPECT_EQ(passwords, step.verdict == Verdict::wait ? 1u : 0u)
      << "wait comes with one VerifyPassword, nothing else does";
  switch (step.verdict) {
    case Verdict::no:
      ASSERT_TRUE(step.refusal);
      expect_complete(*step.refusal);
      break;
    case Verdict::ask:
      ASSERT_TRUE(step.ask);
      EXPECT_EQ(step.ask->factor, factor);
      EXPECT_FALSE(step.ask->field.empty());
      expect_complete(step.ask->prompt, "prompt");
      break;
    case Verdict::yes:
      EXPECT_TRUE(given.subject.known) << "nobody unknown is let in";
      EXPECT_TRUE(effect && effect->done && effect->matched) << "hostile evidence was taken for a proof";
      break;
    case Verdict::wait:
      break;
  }
  EXPECT_LE(step.account_state.dump().size(), 8192u);
  EXPECT_LE(step.source_state.dump().size(), 8192u);
  EXPECT_LE(step.transaction_state.dump().size(), 8192u);
  EXPECT_LE(step.detail.dump().size(), 1024u);
  const std::string shown = everything_shown(step);
  for (const auto& [name, secret] : given.evidence) {
    if (secret.size() < 8) continue;  // too short to be told from chance
    EXPECT_FALSE(holds(shown, secret.reveal())) << "evidence '" << name << "' is shown";
  }
  for (const std::string& secret : secrets) EXPECT_FALSE(holds(shown, secret)) << "a secret file's content is shown";
}

}  // namespace

void run_authenticator(const Spec& spec) {
  Bench bench(spec);
  auto loaded = bench.load(bench.config());
  ASSERT_TRUE(loaded) << loaded.error().code << ": " << loaded.error().detail;
  keep_contract(*std::get<std::unique_ptr<Authenticator>>(loaded->object), bench.secrets(), bench.log_lines());
}

void keep_contract(Authenticator& plugin, const std::vector<std::string>& secrets,
                   const std::vector<std::string>& log_lines) {
  const std::string factor(plugin.factor());
  EXPECT_FALSE(factor.empty());
  EXPECT_LE(plugin.weight(), 1u);

  Chaos chaos(20261122);
  Instant now = parse_rfc3339("2026-11-22T00:31:00Z").value();
  json account, source, transaction;
  std::set<std::string> names{"login", "password", "code", "certificate", "x"};
  std::optional<EffectResult> effect;
  std::size_t logged = 0;
  for (unsigned i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    if (chaos.chance(20)) {
      transaction = nullptr;
      effect.reset();
    }
    if (chaos.chance(10)) account = chaos.json();
    if (chaos.chance(10)) source = chaos.json();
    if (chaos.chance(10)) transaction = chaos.json();
    if (chaos.chance(15)) chaos.spoil(account, 1);
    if (chaos.chance(15)) chaos.spoil(source, 1);
    if (chaos.chance(15)) chaos.spoil(transaction, 1);
    if (chaos.chance(10)) effect = EffectResult{chaos.chance(50), chaos.chance(50), chaos.text(20)};
    const Case given = hostile_case(chaos, i, names);
    now += std::chrono::seconds(chaos.below(chaos.chance(5) ? 90000 : 40));
    AuthStep step;
    try {
      step = plugin.step({.arrival = given.arrival,
                          .evidence = given.evidence,
                          .subject = given.subject,
                          .now = now,
                          .transaction = "t" + std::to_string(chaos.below(20)),
                          .account_state = account,
                          .source_state = source,
                          .transaction_state = transaction,
                          .effect = effect,
                          .owner_certificate = chaos.chance(30)});
    } catch (...) {
      FAIL() << "step() threw; states: " << account.dump() << source.dump() << transaction.dump();
    }
    expect_contract(step, given, effect, factor, secrets);
    for (; logged < log_lines.size(); ++logged) {
      const std::string& line = log_lines[logged];
      EXPECT_FALSE(holds(line, "geheim")) << "evidence is logged: " << line;
      for (const std::string& secret : secrets)
        EXPECT_FALSE(holds(line, secret)) << "a secret file's content is logged";
    }
    if (step.ask) names.insert(step.ask->field);
    account = step.account_state;
    source = step.source_state;
    transaction = step.transaction_state;
    effect.reset();
    if (step.verdict == Verdict::wait) effect = EffectResult{chaos.chance(80), chaos.chance(50), "run.busy"};
  }
}

}  // namespace sekisho::conformance
