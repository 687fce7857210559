// The closed list of what the posture front answers; everything else is one and the same 404 (threats.md T-02, T-15).
// Threads: pure functions. Method and path are compared byte for byte, and no route takes a query.
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>

namespace sekisho::posture_page {

enum class Route : std::uint8_t {
  unknown,
  human_page,  ///< GET /
  challenge,   ///< GET /posture/v1/challenge
  report,      ///< POST /posture/v1/report, application/jose
  enrol,       ///< POST /posture/v1/enrol, application/json
};

[[nodiscard]] Route find_route(const HttpRequest& request);

/// True when the body's media type is the route's; parameters of the type are ignored.
[[nodiscard]] bool media_type_fits(Route route, const HttpRequest& request);

}  // namespace sekisho::posture_page
