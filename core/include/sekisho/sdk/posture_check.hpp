// PostureCheck: judges one subject of a device-facts document; it never talks to a terminal.
// Threads: judge() is const and may be called from any thread; no exception may leave it.
// Ownership: CheckInput is borrowed until judge() returns. Units: ages in seconds against `now`. Source: posture.md §7.
// Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho {

enum class CheckVerdict : std::uint8_t { pass, warn, fail, unknown, not_applicable };

struct CheckInput {
  const nlohmann::json& facts;  ///< valid against urn:sekisho:device-facts:1; {} when `browser` judges a login
  Instant now{};
  std::string terminal;                      ///< the terminal that the client certificate names
  std::vector<std::string> registered_macs;  ///< of that terminal, lower-case with colons
  std::string signed_by_terminal;            ///< terminal whose key signed the report; empty: unsigned claim
  int binding = 0;               ///< 0 MAC only, 1 software key, 2 TPM key, 3 = 2 and the VPN key is that key
  std::string user_agent;        ///< of the login in a browser; empty when there was none
  const nlohmann::json& memory;  ///< what this check remembered of this terminal (null at first)
  std::string path = {};         ///< configured name of the access path: limits may differ per path
};

/// One row of the verdict, as posture.md §7 lists them.
struct CheckResult {
  std::string check;  ///< plugin's name: "windows_version"
  std::string rule;   ///< "R06"
  CheckVerdict verdict = CheckVerdict::unknown;
  std::string code;  ///< "os.too_old"; empty with pass
  std::string observed, required;
  Text remedy;
  std::optional<Instant> until;
};

struct CheckOutcome {
  std::vector<CheckResult> results;  ///< at least one; all reasons, best first
  nlohmann::json memory;             ///< stored per (terminal, check); <= 4 KiB
};

class PostureCheck {
 public:
  virtual ~PostureCheck() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual CheckOutcome judge(const CheckInput& input) const = 0;
};

}  // namespace sekisho
