// The three requests of agents, wherever a path takes them, and every answer that a front gives them by itself; the
// gatekeeper's own go out as they came. A refusal has the shape of the gatekeeper's:
// {"decision":"deny","error":code,"refusal":{rule,code,what,why,remedy}}.
// Threads: pure functions. Ownership: plain values. Ranges: an answer <= 64 KiB. Errors: what no gatekeeper
// says becomes 503. Source: posture.md §8. The implementation stands in core/net/pages.
#pragma once
#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace sekisho::pages {

/// One of the agents' routes. Method and path are compared byte for byte, and none takes a query.
struct PostureRoute {
  std::string_view kind;        ///< PostureRequest::kind: "challenge", "report", "enrol"
  std::string_view media_type;  ///< of the body; empty: it has none
};
[[nodiscard]] std::optional<PostureRoute> posture_route(const HttpRequest& request);
/// Whether an agent would ask there, whatever else is wrong with the request.
[[nodiscard]] bool is_posture_path(std::string_view path);
/// HttpLimits::body_of for paths that agents report to: 64 KiB for a report, 8 KiB for everything else.
[[nodiscard]] std::size_t largest_posture_body(std::string_view method, std::string_view path);
/// Whether the body's media type is the route's; parameters of the type are ignored.
[[nodiscard]] bool media_type_fits(const PostureRoute& route, const HttpRequest& request);

[[nodiscard]] HttpResponse posture_refused(std::uint16_t status, const Refusal& refusal);
[[nodiscard]] HttpResponse posture_not_found();
/// The parser refused: its status, and the connection is over.
[[nodiscard]] HttpResponse posture_broken(std::uint16_t status);
[[nodiscard]] HttpResponse posture_wrong_media_type();
[[nodiscard]] HttpResponse posture_unavailable();
/// The gatekeeper's words: its answer, its refusal (403; 503 where it could not judge), or 503 instead of a status, a
/// body or a reply that it never gives here.
[[nodiscard]] HttpResponse posture_answer(GateReply reply);

}  // namespace sekisho::pages
