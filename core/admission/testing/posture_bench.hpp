// A posture bench for tests: one gate, two enrolled terminals with real keys, checks that do as told, a fixed time.
// Threads: one. Ownership: the bench owns everything.
#pragma once
#include "admission/device_key.hpp"
#include "admission/posture.hpp"
#include "admission/posture_envelope.hpp"
#include "admission/testing/login_bench.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace sekisho::admission::testing {

inline const Instant kGateTime = *parse_rfc3339("2026-11-22T00:31:00Z");
inline const std::string kGateId = "gate.seki.example";
inline const std::string kServer(64, 'a');

/// One of the example documents: "compliant", "outdated", "trend_micro".
inline nlohmann::json example_facts(const std::string& name) {
  std::ifstream in(std::string(SEKISHO_SOURCE_DIR) + "/core/admission/testing/facts/" + name + ".json");
  std::stringstream text;
  text << in.rdbuf();
  return nlohmann::json::parse(text.str());
}

/// Answers with the results it was given and remembers what it was asked.
class ScriptedCheck final : public PostureCheck {
 public:
  explicit ScriptedCheck(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override {
    ++calls;
    signed_by = input.signed_by_terminal;
    binding = input.binding;
    macs = input.registered_macs;
    memory_seen = input.memory;
    user_agent_seen = input.user_agent;
    if (throws) throw std::runtime_error("broken");
    return {results, memory};
  }
  std::vector<CheckResult> results;
  nlohmann::json memory;
  bool throws = false;
  mutable int calls = 0;
  mutable std::string signed_by;
  mutable int binding = -1;
  mutable std::vector<std::string> macs;
  mutable nlohmann::json memory_seen;
  mutable std::string user_agent_seen;

 private:
  std::string name_;
};

inline CheckResult result(std::string rule, CheckVerdict verdict, std::string code) {
  return {{}, std::move(rule), verdict, std::move(code), {}, {}, {}, std::nullopt};
}

struct PostureBench {
  PostureBench() {
    options.gate_id = kGateId;
    options.server_fingerprints = {kServer};
    for (const auto& [id, key] : {std::pair{"pc-mori", &mori}, std::pair{"pc-tani", &tani}}) {
      registry::Terminal terminal;
      terminal.id = id;
      terminal.contractor = "hoshu";
      terminal.macs = {"3c:7c:3f:1a:2b:01"};
      terminal.key_thumbprint = key->public_key().thumbprint();
      terminal.key_jwk = key->public_key().jwk();
      terminal.binding = 1;
      registry.terminals[id] = terminal;
    }
    os.results = {result("R06", CheckVerdict::pass, "")};
    policy.path = "internet";
    policy.checks = {{"os", CheckMode::enforce}};
  }

  PostureDesk& desk() {
    if (!desk_) {
      desk_ = std::make_unique<PostureDesk>(options, checks, entropy);
    }
    return *desk_;
  }
  /// A payload as a good agent would sign it, after a fresh challenge.
  ReportPayload payload(const std::optional<SessionRef>& session) {
    const auto challenge = nlohmann::json::parse(desk().challenge(session, now));
    ReportPayload out;
    out.aud = challenge["gateway"];
    out.sid = challenge["sid"];
    out.nonce = challenge["nonce"];
    if (session) out.ip = session->address;
    out.srv = kServer;
    out.iat = std::chrono::duration_cast<Seconds>(now.time_since_epoch()).count();
    out.seq = ++seq;
    out.reason = "connect";
    out.facts = example_facts("compliant");
    out.facts["collected_at"] = to_rfc3339(now);
    return out;
  }
  ReportVerdict send(std::string_view jws, const std::optional<SessionRef>& session) {
    ReportVerdict verdict = desk().report(
        jws, session, registry, policy, user_agent,
        [this](const std::string& terminal) {
          const auto found = stored.find(terminal);
          return found == stored.end() ? TerminalPosture{} : found->second;
        },
        now);
    if (verdict.counted) stored[verdict.terminal] = verdict.posture;
    return verdict;
  }
  ReportVerdict send(const ReportPayload& payload, const DeviceKey& key, const std::optional<SessionRef>& session) {
    return send(*seal_report(payload, key), session);
  }

  Instant now = kGateTime;
  DeviceKey mori = *DeviceKey::generate();
  DeviceKey tani = *DeviceKey::generate();
  CountingEntropy entropy;
  PostureOptions options;
  registry::Registry registry;
  PathPolicy policy;
  ScriptedCheck os{"os"};
  std::map<std::string, const PostureCheck*> checks{{"os", &os}};  ///< before the first use of desk()
  std::string user_agent;
  std::map<std::string, TerminalPosture> stored;
  std::int64_t seq = 0;
  std::optional<SessionRef> session_of_mori = SessionRef{"S20261122-1-000042", "10.202.0.5", "pc-mori", "internet"};
  std::optional<SessionRef> session_of_tani = SessionRef{"S20261122-1-000043", "10.202.0.6", "pc-tani", "internet"};
  std::optional<SessionRef> before_login;

 private:
  std::unique_ptr<PostureDesk> desk_;
};

}  // namespace sekisho::admission::testing
