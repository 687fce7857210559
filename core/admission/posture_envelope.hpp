// The signed envelope around a posture report: JWS compact, ES256, sealed by the agent, opened by the gate.
//
//   size → shape → header → key known, not revoked → signature → UTF-8 → v, aud, srv → nonce (deleted at its first
//   correctly signed use) young and of this sid → session's terminal = key's terminal → address → |iat − now| → seq
//
// The order is the point: nothing of the payload is looked at before the signature holds, and a nonce is spent by the
// right key only. The signed bytes are parsed as they are; there is no canonical JSON.
// Threads: pure functions; EnvelopeBook is called during open_report() only, on the caller's thread.
// Units: iat in whole seconds since 1970. Ranges: report <= 64 KiB, payload depth <= 8. Errors: EnvelopeFailure.
// Source: posture.md §8; RFC 7515 §7.1, RFC 7518 §3.4.
#pragma once
#include "admission/device_key.hpp"
#include "admission/posture.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sekisho::admission {

inline constexpr std::size_t kMaxReportBytes = 64 * 1024;
inline constexpr std::string_view kReportType = "sekisho-posture+jws";

/// What the agent signs.
struct ReportPayload {
  std::string aud;                ///< the gate's id
  std::string sid;                ///< session number, or "pre:<random>" before login
  std::string nonce;              ///< as the challenge gave it
  std::optional<std::string> ip;  ///< tunnel address; absent before login
  std::string srv;                ///< SHA-256 of the gate's certificate, 64 lower-case hexadecimal digits
  std::int64_t iat = 0;
  std::int64_t seq = 0;  ///< >= 0, persisted before sending, strictly rising per key
  std::string reason;    ///< "connect", "interval", "event"
  nlohmann::json facts;
};

/// Compact JWS. Errors: device_key.machinery.
[[nodiscard]] Result<std::string> seal_report(const ReportPayload& payload, const DeviceKey& key);

/// `code` stands in posture_refusals(); `status` is the HTTP answer; `detail` is for the operator.
struct EnvelopeFailure {
  std::uint16_t status = 400;
  std::string code;
  std::string detail;
  std::string terminal;  ///< whose key signed, once that is proved
};

struct KnownKey {
  std::string terminal;
  std::string jwk;
  bool revoked = false;
  bool shared = false;  ///< two terminals name the same key: a clone
};
struct KnownChallenge {
  std::string sid;
  Instant issued_at{};
};

/// What the gate knows while it opens an envelope. Each member is called at most once per report.
class EnvelopeBook {
 public:
  virtual ~EnvelopeBook() = default;
  [[nodiscard]] virtual std::optional<KnownKey> key(std::string_view kid) = 0;
  /// Deletes and returns: a nonce lives for one correctly signed use.
  [[nodiscard]] virtual std::optional<KnownChallenge> take(std::string_view nonce) = 0;
  /// -1: this key has never reported.
  [[nodiscard]] virtual std::int64_t last_seq(const std::string& terminal, std::string_view kid) = 0;
};

struct EnvelopeDemands {
  const PostureOptions& options;
  const std::optional<SessionRef>& session;  ///< nullopt: before login
  Instant now{};
};

struct OpenedReport {
  std::string terminal, kid;
  ReportPayload payload;
};

/// `jws` is untrusted.
[[nodiscard]] std::variant<OpenedReport, EnvelopeFailure> open_report(std::string_view jws,
                                                                      const EnvelopeDemands& demands,
                                                                      EnvelopeBook& book);

/// Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing beyond U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace sekisho::admission
