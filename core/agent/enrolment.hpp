// Enrolment: the one exchange that binds a key to a terminal. The token goes over the wire once and into no log.
// Threads: pure functions. Errors: agent.answer_malformed, agent.internal. Source: posture.md §8.
#pragma once
#include "admission/device_key.hpp"
#include "agent/messages.hpp"
#include "agent/wire.hpp"

#include <sekisho/sdk/secret.hpp>

#include <variant>

namespace sekisho::agent {

[[nodiscard]] WireAsk enrolment_ask(const Secret& token, const admission::DevicePublicKey& key);

/// The gate's word about the key that we sent; a refusal says why not.
[[nodiscard]] std::variant<Enrolled, Refusal> enrolment_end(const WireAnswer& answer,
                                                            const admission::DevicePublicKey& key);

}  // namespace sekisho::agent
