// Every answer that the posture front writes by itself; the gatekeeper's own go out as they came.
// A refusal has the shape of the gatekeeper's: {"decision":"deny","error":code,"refusal":{rule,code,what,why,remedy}}.
// Threads: pure functions.
#pragma once
#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/path/http.hpp>

namespace sekisho::posture_page {

[[nodiscard]] HttpResponse refused(std::uint16_t status, const Refusal& refusal);
[[nodiscard]] HttpResponse not_found();
/// The parser refused: its status, and the connection is over.
[[nodiscard]] HttpResponse broken(std::uint16_t status);
[[nodiscard]] HttpResponse wrong_media_type();
[[nodiscard]] HttpResponse unavailable();
/// 503 instead of a status or a body that no gatekeeper gives.
[[nodiscard]] HttpResponse from_gatekeeper(PostureAnswer answer);

}  // namespace sekisho::posture_page
