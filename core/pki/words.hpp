// What the operator reads when the CA refuses. Threads: constant data.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <vector>

namespace sekisho::pki {

/// Every code that this room gives, with its words (R04, R22).
[[nodiscard]] std::vector<Refusal> pki_refusals();

}  // namespace sekisho::pki
