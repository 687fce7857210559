// Fuzz: the signed envelope. Input: first byte even: the rest is a whole JWS; odd: header and payload, each of one line
// (KID in the header stands for the key's thumbprint), signed here, so that what lies behind the signature is reached.
#include "admission/posture_envelope.hpp"

#include <cstdlib>

namespace {

using namespace sekisho;
using namespace sekisho::admission;

const std::string kServer(64, 'a');
constexpr std::string_view kSid = "S20261122-1-000042";

class OneTerminal final : public EnvelopeBook {
 public:
  explicit OneTerminal(const DeviceKey& key) : key_(key) {}
  std::optional<KnownKey> key(std::string_view kid) override {
    if (kid != key_.public_key().thumbprint()) return std::nullopt;
    return KnownKey{"pc-mori", key_.public_key().jwk(), false, false};
  }
  std::optional<KnownChallenge> take(std::string_view nonce) override {
    if (taken || nonce != "nonce-0001") return std::nullopt;
    taken = true;
    return KnownChallenge{std::string(kSid), now};
  }
  std::int64_t last_seq(const std::string&, std::string_view) override { return 5; }

  Instant now{};
  bool taken = false;

 private:
  const DeviceKey& key_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DeviceKey key = *DeviceKey::generate();
  static const PostureOptions options{.gate_id = "gate.seki.example", .server_fingerprints = {kServer}, .verify = {}};
  if (size == 0) return 0;
  std::string jws(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool ours = data[0] % 2 == 1;
  if (ours) {
    const auto line = jws.find('\n');
    std::string header = jws.substr(0, line);
    const std::string payload = line == std::string::npos ? "" : jws.substr(line + 1);
    if (const auto at = header.find("KID"); at != std::string::npos) {
      header.replace(at, 3, key.public_key().thumbprint());
    }
    const std::string part = base64url(header) + "." + base64url(payload);
    jws = part + "." + base64url(*key.sign(part));
  }
  OneTerminal book(key);
  book.now = *parse_rfc3339("2026-11-22T00:31:00Z");
  const std::optional<SessionRef> session = SessionRef{std::string(kSid), "10.202.0.5", "pc-mori", "internet"};
  const auto opened = open_report(jws, {options, session, book.now}, book);
  if (const auto* failure = std::get_if<EnvelopeFailure>(&opened)) {
    if (failure->code.empty() || failure->status < 400) std::abort();
    if (!failure->terminal.empty() && !ours) std::abort();  // named without its key
    return 0;
  }
  const ReportPayload& payload = std::get<OpenedReport>(opened).payload;
  const auto skew = payload.iat - std::chrono::duration_cast<Seconds>(book.now.time_since_epoch()).count();
  if (!ours || !book.taken || payload.aud != options.gate_id || payload.srv != kServer || payload.sid != kSid ||
      payload.ip != "10.202.0.5" || payload.seq <= 5 || std::abs(skew) > 300 || !payload.facts.is_object()) {
    std::abort();
  }
  return 0;
}
