// Client: one request and its answer over the control socket.
// Threads: one. Errors: ctl.no_gate (nobody listens), ctl.not_allowed (closed without a word), ctl.late (30 s),
// ctl.broken; an error of the API is an Answer with `error` set.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace sekisho::ctl {

struct Answer {
  nlohmann::json result;  ///< when `error` is null
  nlohmann::json error;   ///< as api::error_json() makes it
};
[[nodiscard]] Result<Answer> call(const std::string& socket, const std::string& method, const nlohmann::json& params);

}  // namespace sekisho::ctl
