#include "agent/facts.hpp"

#include "admission/device_facts.hpp"
#include "admission/device_key.hpp"
#include "base/json.hpp"

namespace sekisho::agent {
namespace {

constexpr std::size_t kMostBytes = 46 * 1024;
constexpr std::size_t kMostDepth = 7;  // one less than the envelope's payload may have

bool is_fixture(const nlohmann::json& facts) {
  const auto collector = facts.find("collector");
  return collector != facts.end() && collector->is_object() && collector->value("source", "") == "simulator";
}

}  // namespace

Result<nlohmann::json> read_facts(std::string_view text) {
  if (text.size() > kMostBytes) return fail("agent.facts_too_large", "more than 46 KiB");
  auto facts = parse_json(text, {.bytes = kMostBytes, .depth = kMostDepth});
  if (!facts) return fail("agent.facts_malformed", facts.error().code + " " + facts.error().detail);
  if (const auto shape = admission::check_facts(*facts); !shape) {
    return fail("agent.facts_malformed", shape.error().code + " " + shape.error().detail);
  }
  return facts;
}

std::string facts_digest(const nlohmann::json& facts) {
  nlohmann::json ageless = facts;
  if (ageless.is_object()) ageless.erase("collected_at");
  return admission::sha256_hex(ageless.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

nlohmann::json FixtureAge::at(const nlohmann::json& facts, Instant now) {
  if (!facts.is_object() || !is_fixture(facts)) return facts;
  std::string bytes = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (bytes != known_) {
    known_ = std::move(bytes);
    first_ = now;
    return facts;
  }
  nlohmann::json out = facts;
  const auto stated = facts.find("collected_at");
  if (stated != facts.end() && stated->is_string()) {
    if (const auto at = parse_rfc3339(stated->get<std::string>()))
      out["collected_at"] = to_rfc3339(*at + (now - first_));
  }
  return out;
}

}  // namespace sekisho::agent
