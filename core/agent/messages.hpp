// What the gate answers, read strictly: a missing or odd member never becomes a yes.
// Threads: pure functions. Units: seconds of gate time. Ranges: answers <= 64 KiB, depth <= 8. Errors:
// agent.answer_malformed. Source: posture.md §8; core/admission/posture.hpp.
#pragma once
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::agent {

struct Challenge {
  std::string nonce, sid, gateway;
  Instant server_time{};
  [[nodiscard]] bool in_session() const { return !sid.starts_with("pre:"); }
};

/// One check's row, with its reason and remedy in both languages; `verdict`: pass, warn, fail, unknown, not_applicable.
struct CheckRow {
  std::string check, rule, verdict, code, observed, required, until;
  Text why, remedy;
  friend bool operator==(const CheckRow&, const CheckRow&) = default;
};

struct Verdict {
  bool admitted = false;  ///< only for the very word "admit"
  std::vector<CheckRow> checks;
  std::optional<Refusal> refusal;  ///< of the worst failed check
  Seconds recheck{300}, heartbeat{30};
};

struct Enrolled {
  std::string terminal, kid, gateway;
  std::int64_t binding = 0;
};

[[nodiscard]] Result<Challenge> read_challenge(std::string_view body);
[[nodiscard]] Result<Verdict> read_verdict(std::string_view body);
[[nodiscard]] Result<Enrolled> read_enrolled(std::string_view body);
/// The refusal in an answer that is not 200; nullopt when the gate gave none.
[[nodiscard]] std::optional<Refusal> read_refusal(std::string_view body);

}  // namespace sekisho::agent
