#include "admission/posture_envelope.hpp"

#include "admission/enforce.hpp"
#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sekisho::admission {
namespace {

constexpr std::size_t kMaxHeaderBytes = 512;
constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kThumbprintChars = 43;
constexpr std::size_t kSignatureChars = 86;  // 64 bytes

EnvelopeFailure failure(std::uint16_t status, std::string code, std::string detail, std::string terminal = {}) {
  return {status, std::move(code), std::move(detail), std::move(terminal)};
}
EnvelopeFailure malformed(std::string detail) {
  return failure(400, "report.malformed", std::move(detail));
}

struct Parts {
  std::string_view header, payload, signature;
};

/// Three non-empty parts between exactly two dots.
std::optional<Parts> split(std::string_view jws) {
  const auto first = jws.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = jws.find('.', first + 1);
  if (second == std::string_view::npos || jws.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  Parts out{jws.substr(0, first), jws.substr(first + 1, second - first - 1), jws.substr(second + 1)};
  if (out.header.empty() || out.payload.empty() || out.signature.empty()) return std::nullopt;
  return out;
}

/// The kid of a header that holds exactly alg, typ and kid with the only values there are. Everything else (none, jwk,
/// jku, x5u, crit, …) is refused by not being listed.
Result<std::string> kid_of(std::string_view encoded) {
  if (encoded.size() > kMaxHeaderBytes) return fail("report.malformed", "header too long");
  const auto text = from_base64url(encoded);
  if (!text) return fail("report.malformed", "header is no base64url");
  const auto header = parse_json(*text, {.bytes = kMaxHeaderBytes, .depth = 1});
  if (!header || !header->is_object() || header->size() != 3) {
    return fail("report.malformed", "header is not exactly alg, typ, kid");
  }
  const auto alg = get_string(*header, "alg", 16), typ = get_string(*header, "typ", 32),
             kid = get_string(*header, "kid", kThumbprintChars);
  if (!alg || !typ || !kid || *alg != "ES256" || *typ != kReportType || kid->size() != kThumbprintChars ||
      !from_base64url(*kid)) {
    return fail("report.malformed", "header is not exactly alg ES256, typ, kid");
  }
  return *kid;
}

bool is_fingerprint(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The payload's own shape; `ip` may be absent or null.
Result<ReportPayload> read_payload(nlohmann::json from) {
  ReportPayload out;
  const auto version = get_int(from, "v", 1, 1);
  if (!version) return version.error();
  const std::array<std::pair<const char*, std::string ReportPayload::*>, 5> names{{{"aud", &ReportPayload::aud},
                                                                                   {"sid", &ReportPayload::sid},
                                                                                   {"nonce", &ReportPayload::nonce},
                                                                                   {"srv", &ReportPayload::srv},
                                                                                   {"reason", &ReportPayload::reason}}};
  for (const auto& [name, member] : names) {
    auto value = get_string(from, name, kMaxNameBytes);
    if (!value) return value.error();
    out.*member = std::move(*value);
  }
  if (!is_fingerprint(out.srv)) return fail("report.malformed", "/srv: 64 lower-case hexadecimal digits");
  if (out.reason != "connect" && out.reason != "interval" && out.reason != "event") {
    return fail("report.malformed", "/reason: connect, interval or event");
  }
  const auto iat = get_int(from, "iat", 0, std::int64_t{1} << 40U), seq = get_int(from, "seq", 0);
  if (!iat) return iat.error();
  if (!seq) return seq.error();
  out.iat = *iat;
  out.seq = *seq;
  if (const auto ip = from.find("ip"); ip != from.end() && !ip->is_null()) {
    auto value = get_string(from, "ip", 64);
    if (!value) return value.error();
    out.ip = std::move(*value);
  }
  if (const auto facts = get_object(from, "facts"); !facts) return facts.error();
  out.facts = std::move(from["facts"]);
  return out;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    for (std::uint64_t eight = 0; text.size() - i >= sizeof eight; i += sizeof eight) {  // of ASCII, as most are
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & 0x8080808080808080U) != 0) break;
    }
    if (i == text.size()) return true;
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80 ? 0 : (lead & 0xE0U) == 0xC0 ? 1 : (lead & 0xF0U) == 0xE0 ? 2 : 3;
    if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4)) return false;
    if (text.size() - i <= more) return false;
    std::uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80) return false;
      point = (point << 6U) | (next & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 4> kSmallest{0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[more] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += more + 1;
  }
  return true;
}

Result<std::string> seal_report(const ReportPayload& payload, const DeviceKey& key) {
  const nlohmann::json header{{"alg", "ES256"}, {"typ", kReportType}, {"kid", key.public_key().thumbprint()}};
  const nlohmann::json body{{"v", 1},
                            {"aud", payload.aud},
                            {"sid", payload.sid},
                            {"nonce", payload.nonce},
                            {"ip", payload.ip ? nlohmann::json(*payload.ip) : nlohmann::json(nullptr)},
                            {"srv", payload.srv},
                            {"iat", payload.iat},
                            {"seq", payload.seq},
                            {"reason", payload.reason},
                            {"facts", payload.facts}};
  const std::string signed_part = base64url(header.dump()) + "." + base64url(body.dump());
  auto signature = key.sign(signed_part);
  if (!signature) return signature.error();
  return signed_part + "." + base64url(*signature);
}

namespace {

using Verifier = std::function<bool(std::string_view message, std::string_view signature)>;

/// Empty when the stored key is none, or another than it is known by.
Verifier verifier_of(const PostureOptions& options, const std::string& stored, std::string_view kid) {
  if (options.verify) {
    return [&options, &stored](std::string_view message, std::string_view signature) {
      return options.verify(stored, message, signature);
    };
  }
  const auto jwk = parse_json(stored, {.bytes = 1024, .depth = 1});
  auto key = jwk ? DevicePublicKey::from_jwk(*jwk) : Result<DevicePublicKey>(jwk.error());
  if (!key || key->thumbprint() != kid) return {};
  return [key = std::move(*key)](std::string_view message, std::string_view signature) {
    return key.verify(message, signature);
  };
}

}  // namespace

std::variant<OpenedReport, EnvelopeFailure> open_report(std::string_view jws, const EnvelopeDemands& demands,
                                                        EnvelopeBook& book) {
  const PostureOptions& options = demands.options;
  if (jws.size() > kMaxReportBytes) return failure(413, "report.too_large", "more than 64 KiB");
  const auto parts = split(jws);
  if (!parts) return malformed("not three parts");
  const auto kid = kid_of(parts->header);
  if (!kid) return malformed(kid.error().detail);

  const auto known = book.key(*kid);
  if (!known) return failure(403, "device.key_unknown", "no terminal has this key");
  if (!enforce("R03", "device.clone_suspected", !known->shared)) {
    return failure(403, "device.clone_suspected", "two terminals have this key");
  }
  if (!enforce("R03", "device.key_revoked", !known->revoked)) {
    return failure(403, "device.key_revoked", "the terminal has ended", known->terminal);
  }
  const auto holds = verifier_of(options, known->jwk, *kid);
  if (!holds) return failure(403, "device.key_unknown", "the stored key is broken");

  if (parts->signature.size() != kSignatureChars) return malformed("the signature is not 64 bytes");
  const auto signature = from_base64url(parts->signature);
  if (!signature) return malformed("the signature is no base64url");
  const std::string_view signed_part = jws.substr(0, parts->header.size() + 1 + parts->payload.size());
  if (!enforce("R03", "report.bad_signature", holds(signed_part, *signature))) {
    return failure(403, "report.bad_signature", "the signature is wrong");
  }

  // From here on the terminal speaks, not a stranger.
  const auto refuse = [&known](std::uint16_t status, const char* code, const char* detail) {
    return failure(status, code, detail, known->terminal);
  };
  const auto bytes = from_base64url(parts->payload);
  if (!bytes) return malformed("the payload is no base64url");
  if (!is_utf8(*bytes)) return malformed("the payload is no UTF-8");
  auto document = parse_json(*bytes, {.bytes = kMaxReportBytes, .depth = 8});
  if (!document) return malformed(document.error().detail);
  auto payload = read_payload(std::move(*document));
  if (!payload) return malformed(payload.error().detail);
  if (!enforce("R10", "report.other_gate", payload->aud == options.gate_id)) {
    return refuse(403, "report.other_gate", "the report is for another gate");
  }
  const bool our_certificate =
      std::ranges::find(options.server_fingerprints, payload->srv) != options.server_fingerprints.end();
  if (!enforce("R10", "report.intercepted", our_certificate)) {
    return refuse(403, "report.intercepted", "the agent saw another certificate than ours");
  }

  const auto challenge = book.take(payload->nonce);
  const bool fresh =
      challenge && challenge->issued_at <= demands.now && demands.now - challenge->issued_at <= options.nonce_life;
  if (!enforce("R10", "report.replayed", fresh)) {
    return refuse(409, "report.replayed", challenge ? "the nonce is too old" : "the nonce is unknown or used");
  }
  const bool before_login = !demands.session;
  const bool same_sid = challenge && payload->sid == challenge->sid &&
                        (before_login ? payload->sid.starts_with("pre:") : payload->sid == demands.session->number);
  if (!enforce("R10", "report.other_session", same_sid)) {
    return refuse(403, "report.other_session", "the challenge was given to another session");
  }
  if (!enforce("R03", "report.other_terminal", before_login || demands.session->terminal == known->terminal)) {
    return refuse(403, "report.other_terminal", "the session belongs to another terminal");
  }
  const bool same_address = before_login ? !payload->ip : payload->ip == demands.session->address;
  if (!enforce("R10", "report.other_address", same_address)) {
    return refuse(403, "report.other_address", "the report names another tunnel address");
  }
  const Instant signed_at{std::chrono::seconds(payload->iat)};
  if (!enforce("R10", "report.clock_skew", std::chrono::abs(signed_at - demands.now) <= options.clock_tolerance)) {
    return refuse(403, "report.clock_skew", "the terminal's clock differs too much");
  }
  if (!enforce("R03", "device.clone_suspected", payload->seq > book.last_seq(known->terminal, *kid))) {
    return refuse(403, "device.clone_suspected", "the sequence number did not rise");
  }
  return OpenedReport{known->terminal, *kid, std::move(*payload)};
}

}  // namespace sekisho::admission
