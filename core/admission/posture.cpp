// PostureDesk: challenge, report, host check and enrolment. The envelope decides who speaks (posture_envelope.cpp), the
// schema whether it can be understood (device_facts.cpp), the check plugins what it is worth; here the policy's modes
// and the accepted exceptions are applied and the answer is written.
#include "admission/posture.hpp"

#include "admission/device_facts.hpp"
#include "admission/enforce.hpp"
#include "admission/enforcement_points.hpp"
#include "admission/posture_challenges.hpp"
#include "admission/posture_envelope.hpp"
#include "admission/posture_exceptions.hpp"
#include "admission/posture_refusals.hpp"
#include "base/json.hpp"
#include "base/json_object.hpp"
#include "base/json_text.hpp"

#include <sekisho/sdk/secret.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <mutex>

namespace sekisho::admission {
namespace {

using nlohmann::json;

constexpr std::uint32_t kRecheckAfterDeny_s = 30;
constexpr std::size_t kMaxMemoryBytes = 4096;
constexpr std::size_t kMaxShownBytes = 256;
constexpr std::string_view kEnvelopeMemory = "envelope";  // reserved beside the checks' names
/// Fresh, rightly signed reports of one terminal: 60 at once, then one a second.
constexpr std::int64_t kReportBurst = 60;

std::string_view word(CheckVerdict verdict) {
  switch (verdict) {
    case CheckVerdict::pass:
      return "pass";
    case CheckVerdict::warn:
      return "warn";
    case CheckVerdict::fail:
      return "fail";
    case CheckVerdict::not_applicable:
      return "not_applicable";
    default:
      return "unknown";
  }
}

bool denies(const CheckResult& r) {
  return r.verdict != CheckVerdict::pass && r.verdict != CheckVerdict::warn &&
         r.verdict != CheckVerdict::not_applicable;
}

/// At most kMaxShownBytes, cut between characters.
void shorten(std::string& text) {
  if (text.size() <= kMaxShownBytes) return;
  std::size_t end = kMaxShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  text.resize(end);
}

void append_text(std::string& out, const Text& t) {
  JsonMembers(out).add("en", t.en).add("ja", t.ja).close();
}

void append_refusal(std::string& out, const Refusal& r) {
  JsonMembers members(out);
  members.add("code", r.code);
  append_text(members.place("remedy"), r.remedy);
  members.add("rule", r.rule);
  append_text(members.place("what"), r.what);
  append_text(members.place("why"), r.why);
  members.close();
}

void append_checks(std::string& out, const std::vector<CheckResult>& results) {
  out += '[';
  for (const CheckResult& r : results) {
    if (&r != &results.front()) out += ',';
    JsonMembers row(out);
    row.add("check", r.check).add("code", r.code).add("observed", r.observed).add("remedy_en", r.remedy.en);
    row.add("remedy_ja", r.remedy.ja).add("required", r.required).add("rule", r.rule);
    r.until ? row.add("until", to_rfc3339(*r.until)) : row.add("until", nullptr);
    row.add("verdict", word(r.verdict));
    if (r.verdict != CheckVerdict::pass && r.verdict != CheckVerdict::not_applicable) {
      const Refusal told = refusal_of(r);
      row.add("why_en", told.why.en).add("why_ja", told.why.ja);
    }
    row.close();
  }
  out += ']';
}

/// Never throws for text that a plugin left broken.
std::string dump(const json& value) {
  return json_text(value);
}

Refusal refusal_for(std::string_view code) {
  const Refusal* known = posture_refusal(code);
  SEKISHO_ASSERT(known != nullptr);
  return *known;
}

std::string error_answer(const Refusal& refusal) {
  std::string out;
  JsonMembers members(out);
  members.add("decision", "deny").add("error", refusal.code);
  append_refusal(members.place("refusal"), refusal);
  members.close();
  return out;
}

/// Every claim fails so, whatever it states.
bool only_unsigned(const CheckResult& result) {
  return result.code.starts_with("device.key_");
}

/// The failure that the person should read first: one that cannot wait, then one that can, fails before unknowns; of a
/// claim, what it states before that nobody has signed it.
const CheckResult* worst_of(const std::vector<CheckResult>& results, bool is_claim = false) {
  const CheckResult* worst = nullptr;
  const auto rank = [is_claim](const CheckResult& r) {
    if (is_claim && only_unsigned(r)) return -1;
    return (is_mendable(r.code) ? 0 : 2) + (r.verdict == CheckVerdict::fail ? 1 : 0);
  };
  for (const CheckResult& r : results) {
    if (denies(r) && (worst == nullptr || rank(r) > rank(*worst))) worst = &r;
  }
  return worst;
}

CheckResult unavailable(const std::string& check, const char* why) {
  const Refusal text = refusal_for("posture.check_unavailable");
  return {check, "R10", CheckVerdict::unknown, text.code, why, {}, text.remedy, std::nullopt};
}

struct Judged {
  std::vector<CheckResult> results;
  json memory = json::object();
  bool exception_used = false;
  [[nodiscard]] bool passed() const { return std::ranges::none_of(results, denies); }
};

}  // namespace

struct PostureDesk::Impl {
  PostureOptions options;
  std::map<std::string, const PostureCheck*> checks;
  std::mutex mutex;           // guards challenges
  ChallengeTable challenges;  // given on one thread, taken on another
  struct Budget {
    std::int64_t left = kReportBurst;
    Instant counted_at{};
  };
  std::map<std::string, Budget> budgets;  // by terminal; as many as the registry has

  Impl(PostureOptions o, std::map<std::string, const PostureCheck*> c, Entropy& entropy)
      : options(std::move(o)), checks(std::move(c)), challenges(entropy, options.nonces, options.nonce_life) {}

  std::string issue(const std::string& sid, bool before_login, Instant now) {
    const std::lock_guard lock(mutex);
    return challenges.issue(sid, before_login, now);
  }
  std::optional<KnownChallenge> take(std::string_view nonce) {
    const std::lock_guard lock(mutex);
    return challenges.take(nonce);
  }

  /// False when the terminal reports too often.
  bool may_report(const std::string& terminal, Instant now) {
    Budget& budget = budgets.try_emplace(terminal, Budget{kReportBurst, now}).first->second;
    const auto passed = std::chrono::duration_cast<Seconds>(now - budget.counted_at).count();
    if (passed > 0) {
      budget.left = std::min(kReportBurst, budget.left + passed);
      budget.counted_at = now;
    }
    return budget.left > 0 && budget.left-- > 0;
  }

  CheckOutcome run(const std::string& name, const CheckInput& input) const {
    const auto found = checks.find(name);
    const bool loaded = found != checks.end() && found->second != nullptr;
    if (!loaded) return {{unavailable(name, "not loaded")}, input.memory};
    try {
      CheckOutcome out = found->second->judge(input);
      if (out.results.empty()) {  // enforces R10/posture.check_unavailable
        out.results.push_back(unavailable(name, "no result"));
      }
      return out;
    } catch (const std::exception&) {
      return {{unavailable(name, "ended with an exception")}, input.memory};
    }
  }

  Judged judge(CheckInput input, const registry::Registry& registry, const PathPolicy& policy,
               const json& memory) const {
    Judged out;
    out.memory = memory.is_object() ? memory : json::object();
    json before;  // what the check at hand remembered
    const CheckInput each{input.facts,
                          input.now,
                          input.terminal,
                          std::move(input.registered_macs),
                          std::move(input.signed_by_terminal),
                          input.binding,
                          std::move(input.user_agent),
                          before,
                          policy.path};
    for (const CheckPolicy& wanted : policy.checks) {
      if (wanted.mode == CheckMode::off) continue;
      const auto remembered = out.memory.find(wanted.check);
      before = remembered == out.memory.end() ? json() : *remembered;
      CheckOutcome outcome = run(wanted.check, each);
      if (!outcome.memory.is_null() && dump(outcome.memory).size() <= kMaxMemoryBytes) {
        out.memory[wanted.check] = std::move(outcome.memory);
      }
      for (CheckResult& r : outcome.results) {
        apply(r, wanted, registry, each, out);
        out.results.push_back(std::move(r));
      }
    }
    return out;
  }

  /// Modes and exceptions: after this, whatever denies() is an enforced failure.
  static void apply(CheckResult& r, const CheckPolicy& wanted, const registry::Registry& registry,
                    const CheckInput& input, Judged& judged) {
    r.check = wanted.check;
    if (r.rule.empty()) r.rule = "R10";
    if (r.code.empty() && (denies(r) || r.verdict == CheckVerdict::warn)) r.code = "posture.failed";
    if (const Refusal* known = posture_refusal(r.code); known && (r.remedy.ja.empty() || r.remedy.en.empty())) {
      r.remedy = known->remedy;
    }
    shorten(r.observed);
    shorten(r.required);
    if (!denies(r)) return;
    if (wanted.mode == CheckMode::warn) {
      r.verdict = CheckVerdict::warn;
    } else if (const auto* exception = exception_for(registry, input.terminal, wanted.check, input.now)) {
      r.verdict = CheckVerdict::warn;
      r.until = exception->until;
      judged.exception_used = true;
    } else if (is_enforcement_point(r.rule, r.code) && enforce(r.rule, r.code, false)) {
      r.verdict = CheckVerdict::pass;  // only in a build that proves that somebody notices
    }
  }
};

namespace {

/// What the registry and the store know, as the envelope asks for it.
class Book final : public EnvelopeBook {
 public:
  using Take = std::function<std::optional<KnownChallenge>(std::string_view nonce)>;
  Book(const registry::Registry& registry, Take take, const PostureDesk::Load& load, Instant now)
      : registry_(registry), take_(std::move(take)), load_(load), now_(now) {}

  std::optional<KnownKey> key(std::string_view kid) override {
    std::optional<KnownKey> live, ended;
    for (const auto& [id, terminal] : registry_.terminals) {
      if (terminal.key_thumbprint != kid) continue;
      const bool over = terminal.ended_at && *terminal.ended_at <= now_;
      if (over) {
        ended = KnownKey{id, terminal.key_jwk, true, false};
      } else if (live) {
        live->shared = true;
      } else {
        live = KnownKey{id, terminal.key_jwk, false, false};
      }
    }
    return live ? live : ended;
  }
  std::optional<KnownChallenge> take(std::string_view nonce) override { return take_(nonce); }
  std::int64_t last_seq(const std::string& terminal, std::string_view kid) override {
    stored_ = load_(terminal);
    if (!stored_.memory.is_object()) stored_.memory = json::object();
    // The counter belongs to the key: a terminal enrolled anew begins again.
    const auto envelope = stored_.memory.find(kEnvelopeMemory);
    if (envelope != stored_.memory.end() && envelope->is_object() && envelope->value("kid", "") != kid) return -1;
    return stored_.last_seq;
  }
  [[nodiscard]] TerminalPosture& stored() { return stored_; }

 private:
  const registry::Registry& registry_;
  Take take_;
  const PostureDesk::Load& load_;
  Instant now_;
  TerminalPosture stored_;
};

ReportVerdict refused(const EnvelopeFailure& failure) {
  ReportVerdict out;
  out.http_status = failure.status;
  out.terminal = failure.terminal;
  out.refusal = refusal_for(failure.code);
  out.answer = error_answer(*out.refusal);
  out.clone_suspected = failure.code == "device.clone_suspected" && !failure.terminal.empty();
  return out;
}

}  // namespace

PostureDesk::PostureDesk(PostureOptions options, std::map<std::string, const PostureCheck*> checks, Entropy& entropy)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(checks), entropy)) {}
PostureDesk::~PostureDesk() = default;

std::string PostureDesk::challenge(const std::optional<SessionRef>& session, Instant now) {
  const std::string sid = session ? session->number : "pre:" + impl_->challenges.random(16);
  const std::string nonce = impl_->issue(sid, !session, now);
  std::string out;
  out.reserve(256);
  JsonMembers members(out);
  members.add("gateway", impl_->options.gate_id).add("nonce", nonce).add("server_time", to_rfc3339(now));
  members.add("sid", sid).add("ttl_s", impl_->options.nonce_life.count()).close();
  return out;
}

ReportVerdict PostureDesk::report(std::string_view jws, const std::optional<SessionRef>& session,
                                  const registry::Registry& registry, const PathPolicy& policy,
                                  const std::string& user_agent, const Load& load, Instant now) {
  Book book(
      registry, [this](std::string_view nonce) { return impl_->take(nonce); }, load, now);
  auto opened = open_report(jws, {impl_->options, session, now}, book);
  if (const auto* failure = std::get_if<EnvelopeFailure>(&opened)) return refused(*failure);
  const OpenedReport& report = std::get<OpenedReport>(opened);
  const auto refuse = [&](std::uint16_t status, std::string code) {
    ReportVerdict out = refused({status, std::move(code), {}, report.terminal});
    out.reason = report.payload.reason;
    return out;
  };
  if (!impl_->may_report(report.terminal, now)) return refuse(429, "report.too_many");
  const json& facts = report.payload.facts;
  if (const auto shape = check_facts(facts); !shape) {
    return refuse(400, shape.error().code == "report.other_schema" ? "report.other_schema" : "report.malformed");
  }
  const std::string source = facts["collector"]["source"].get<std::string>();
  if (source != "agent" && !(source == "simulator" && impl_->options.allow_simulator)) {
    return refuse(403, "report.source_not_allowed");
  }
  const auto collected_at = parse_rfc3339(facts["collected_at"].get<std::string>());
  if (!enforce("R10", "report.clock_skew",
               collected_at && std::chrono::abs(*collected_at - now) <= impl_->options.clock_tolerance)) {
    return refuse(403, "report.clock_skew");
  }

  const registry::Terminal& terminal = registry.terminals.at(report.terminal);
  const json nothing;
  Judged judged = impl_->judge(CheckInput{facts, now, session ? session->terminal : report.terminal, terminal.macs,
                                          report.terminal, terminal.binding, user_agent, nothing, policy.path},
                               registry, policy, book.stored().memory);
  ReportVerdict out;
  out.counted = true;
  out.passed = judged.passed();
  out.terminal = report.terminal;
  out.reason = report.payload.reason;
  out.results = std::move(judged.results);
  if (const CheckResult* worst = worst_of(out.results)) out.refusal = refusal_of(*worst);
  out.posture.last_seq = report.payload.seq;
  out.posture.memory = std::move(judged.memory);
  out.posture.memory[std::string(kEnvelopeMemory)] = json_object("kid", report.kid);
  out.answer.reserve(2048);
  JsonMembers answer(out.answer);
  append_checks(answer.place("checks"), out.results);
  answer.add("decision", out.passed ? "admit" : "deny").add("heartbeat_s", policy.heartbeat.count());
  answer.add("next_nonce", impl_->issue(report.payload.sid, !session, now));
  answer.add("recheck_s", out.passed ? policy.report_interval.count() : std::int64_t{kRecheckAfterDeny_s});
  if (out.refusal) append_refusal(answer.place("refusal"), *out.refusal);
  answer.close();
  return out;
}

ReportVerdict PostureDesk::hostcheck(std::string_view form, const SessionRef& session,
                                     const registry::Registry& registry, const PathPolicy& policy, Instant now) {
  const auto facts = facts_of_hostcheck(form, now);
  if (!facts) return refused({400, "report.malformed", facts.error().detail, {}});
  const auto terminal = registry.terminals.find(session.terminal);
  if (terminal == registry.terminals.end()) return refused({403, "device.key_unknown", "no such terminal", {}});
  const json nothing;
  Judged judged =
      impl_->judge(CheckInput{*facts, now, session.terminal, terminal->second.macs, {}, 0, {}, nothing, policy.path},
                   registry, policy, nothing);
  // A claim that is merely unsigned or silent says nothing about the terminal; what it states may lower rights.
  const bool states_failure = std::ranges::any_of(
      judged.results, [](const CheckResult& r) { return r.verdict == CheckVerdict::fail && !only_unsigned(r); });
  if (judged.passed() && !judged.exception_used) {
    const Refusal text = refusal_for("posture.unsigned");
    judged.results.push_back({"session", "R10", CheckVerdict::fail, text.code, {}, {}, text.remedy, std::nullopt});
  }
  ReportVerdict out;
  out.passed = judged.passed();
  out.counted = out.passed || states_failure;
  out.terminal = session.terminal;
  out.reason = "connect";
  out.results = std::move(judged.results);
  if (const CheckResult* worst = worst_of(out.results, true)) out.refusal = refusal_of(*worst);
  JsonMembers answer(out.answer);
  append_checks(answer.place("checks"), out.results);
  answer.add("decision", out.passed ? "admit" : "deny");
  if (out.refusal) append_refusal(answer.place("refusal"), *out.refusal);
  answer.close();
  return out;
}

EnrolVerdict PostureDesk::enrol(std::string_view body, const registry::Registry& registry, Instant now) {
  const auto refuse = [](std::uint16_t status, const char* code) {
    return EnrolVerdict{status, error_answer(refusal_for(code)), std::nullopt};
  };
  const auto request = parse_json(body, {.bytes = 4096, .depth = 3});
  if (!request) return refuse(400, "enrol.malformed");
  const auto token = get_string(*request, "token", 256);
  const auto jwk = get_object(*request, "jwk");
  if (!token || token->size() < 16 || !jwk) return refuse(400, "enrol.malformed");
  const auto key = DevicePublicKey::from_jwk(**jwk);
  if (!key) return refuse(400, "enrol.malformed");

  // All terminals are compared, so that the time says nothing about which one the token is for.
  const std::string hash = sha256_hex(*token);
  const registry::Terminal* named = nullptr;
  for (const auto& [id, terminal] : registry.terminals) {
    const bool open = !terminal.enrolment_hash.empty() && terminal.enrolment_until && now < *terminal.enrolment_until &&
                      !(terminal.ended_at && *terminal.ended_at <= now);
    if (equal_in_constant_time(terminal.enrolment_hash, hash) && open) named = &terminal;
  }
  if (named == nullptr) return refuse(403, "enrol.token_unknown");
  for (const auto& [id, terminal] : registry.terminals) {
    if (id != named->id && terminal.key_thumbprint == key->thumbprint()) return refuse(409, "enrol.key_in_use");
  }
  registry::Terminal next = *named;
  next.key_thumbprint = key->thumbprint();
  next.key_jwk = key->jwk();
  next.binding = 1;  // a software key; more needs a proof that the key lives in a TPM
  next.enrolment_hash.clear();
  next.enrolment_until.reset();
  return {200,
          dump({{"terminal", next.id},
                {"kid", next.key_thumbprint},
                {"binding", next.binding},
                {"gateway", impl_->options.gate_id}}),
          std::move(next)};
}

}  // namespace sekisho::admission
