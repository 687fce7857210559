#include "agent/messages.hpp"

#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sekisho::agent {
namespace {

using nlohmann::json;

constexpr std::size_t kMostRows = 64;
constexpr std::size_t kNameBytes = 128;
constexpr std::size_t kSentenceBytes = 4096;

Error malformed(std::string detail) {
  return fail("agent.answer_malformed", std::move(detail));
}

/// A string that may be missing or null: then it is empty.
std::string loose(const json& object, const char* name, std::size_t most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  std::string out = found->get<std::string>();
  return out.size() <= most ? out : std::string();
}

Text text(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_object()) return {};
  return {loose(*found, "ja", kSentenceBytes), loose(*found, "en", kSentenceBytes)};
}

std::optional<Refusal> refusal_in(const json& document) {
  const auto found = document.find("refusal");
  if (found == document.end() || !found->is_object()) return std::nullopt;
  Refusal out{loose(*found, "rule", kNameBytes), loose(*found, "code", kNameBytes), text(*found, "what"),
              text(*found, "why"), text(*found, "remedy")};
  if (out.code.empty()) return std::nullopt;
  return out;
}

Result<json> document_of(std::string_view body) {
  auto document = parse_json(body);
  if (!document) return malformed(document.error().code);
  if (!document->is_object()) return malformed("not an object");
  return document;
}

}  // namespace

Result<Challenge> read_challenge(std::string_view body) {
  const auto document = document_of(body);
  if (!document) return document.error();
  const auto nonce = get_string(*document, "nonce", kNameBytes), sid = get_string(*document, "sid", kNameBytes),
             gateway = get_string(*document, "gateway", kNameBytes), time = get_string(*document, "server_time", 40);
  for (const auto* member : {&nonce, &sid, &gateway, &time}) {
    if (!*member) return malformed(member->error().detail);
    if ((*member)->empty()) return malformed("an empty member");
  }
  const auto at = parse_rfc3339(*time);
  if (!at) return malformed("/server_time: no instant");
  return Challenge{*nonce, *sid, *gateway, *at};
}

Result<Verdict> read_verdict(std::string_view body) {
  const auto document = document_of(body);
  if (!document) return document.error();
  const auto decision = get_string(*document, "decision", 16);
  if (!decision || (*decision != "admit" && *decision != "deny")) return malformed("/decision: admit or deny");
  const auto rows = get_array(*document, "checks", kMostRows);
  if (!rows) return malformed(rows.error().detail);
  Verdict out;
  for (const json& row : **rows) {
    if (!row.is_object()) return malformed("/checks: a row is no object");
    out.checks.push_back({loose(row, "check", kNameBytes),
                          loose(row, "rule", kNameBytes),
                          loose(row, "verdict", kNameBytes),
                          loose(row, "code", kNameBytes),
                          loose(row, "observed", kSentenceBytes),
                          loose(row, "required", kSentenceBytes),
                          loose(row, "until", kNameBytes),
                          {loose(row, "why_ja", kSentenceBytes), loose(row, "why_en", kSentenceBytes)},
                          {loose(row, "remedy_ja", kSentenceBytes), loose(row, "remedy_en", kSentenceBytes)}});
  }
  out.admitted = *decision == "admit";
  out.refusal = refusal_in(*document);
  // Without a number, or with a foolish one, the gate's usual one holds.
  if (const auto s = get_int(*document, "recheck_s", 5, 3600)) out.recheck = Seconds(*s);
  if (const auto s = get_int(*document, "heartbeat_s", 1, 600)) out.heartbeat = Seconds(*s);
  return out;
}

Result<Enrolled> read_enrolled(std::string_view body) {
  const auto document = document_of(body);
  if (!document) return document.error();
  const auto terminal = get_string(*document, "terminal", kNameBytes), kid = get_string(*document, "kid", kNameBytes),
             gateway = get_string(*document, "gateway", kNameBytes);
  const auto binding = get_int(*document, "binding", 0, 3);
  for (const auto* member : {&terminal, &kid, &gateway}) {
    if (!*member) return malformed(member->error().detail);
    if ((*member)->empty()) return malformed("an empty member");
  }
  if (!binding) return malformed(binding.error().detail);
  return Enrolled{*terminal, *kid, *gateway, *binding};
}

std::optional<Refusal> read_refusal(std::string_view body) {
  const auto document = document_of(body);
  if (!document) return std::nullopt;
  return refusal_in(*document);
}

}  // namespace sekisho::agent
