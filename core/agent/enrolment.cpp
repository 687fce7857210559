#include "agent/enrolment.hpp"

#include "agent/refusals.hpp"
#include "base/json.hpp"

#include <nlohmann/json.hpp>

namespace sekisho::agent {

WireAsk enrolment_ask(const Secret& token, const admission::DevicePublicKey& key) {
  const auto jwk = parse_json(key.jwk());
  SEKISHO_ASSERT(jwk.has_value());
  nlohmann::json body{{"token", std::string(token.reveal())}, {"jwk", *jwk}};
  WireAsk out{"POST",
              "/posture/v1/enrol",
              "application/json",
              body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
              {}};
  auto& copy = body["token"].get_ref<std::string&>();
  wipe(copy.data(), copy.size());
  return out;
}

std::variant<Enrolled, Refusal> enrolment_end(const WireAnswer& answer, const admission::DevicePublicKey& key) {
  if (answer.status != 200) {
    if (auto told = read_refusal(answer.body)) return *told;
    return refusal(answer.status == 503 ? "agent.busy" : "agent.answer_malformed");
  }
  auto enrolled = read_enrolled(answer.body);
  if (!enrolled || enrolled->kid != key.thumbprint()) return refusal("agent.answer_malformed");
  return std::move(*enrolled);
}

}  // namespace sekisho::agent
