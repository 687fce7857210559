#include "posture_page.hpp"

#include "human_page.hpp"

#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/path/posture_answers.hpp>

#include <utility>

namespace sekisho::posture_page {
namespace {

HttpPatience patience_of(const Config& config) {
  HttpPatience out;
  out.limits.body_bytes = 64 * 1024;
  out.limits.body_of = &pages::largest_posture_body;
  out.gatekeeper = config.gatekeeper_limit;
  return out;
}

}  // namespace

std::unique_ptr<PathConnection> PosturePage::open(PathHost& host, Arrival arrival, Instant now) {
  return std::make_unique<PostureConnection>(host, config_, std::move(arrival), now);
}

PostureConnection::PostureConnection(PathHost& host, const Config& config, Arrival arrival, Instant now)
    : config_(config), arrival_(std::move(arrival)), http_(host, *this, patience_of(config), now) {
  arrival_.language = config_.language;
  arrival_.user_agent.clear();
}

HttpResponse PostureConnection::broken(const HttpRefusal& refusal) {
  return pages::posture_broken(refusal.status);
}

HttpResponse PostureConnection::silent() {
  return pages::posture_unavailable();
}

void PostureConnection::on_request(HttpRequest& request, Instant now) {
  arrival_.language = accepted_language(request, config_.language);
  arrival_.user_agent = printable_user_agent(request);
  if (request.method == "POST" && pages::from_other_site(request, {})) {
    return http_.answer(pages::posture_refused(403, pages::other_origin()));
  }
  if (const auto route = pages::posture_route(request)) {
    if (!pages::media_type_fits(*route, request)) return http_.answer(pages::posture_wrong_media_type());
    std::string body = route->media_type.empty() ? std::string() : std::move(request.body);
    return http_.ask(PostureRequest{std::string(route->kind), arrival_, Secret(), std::move(body)}, now);
  }
  if (request.method != "GET" || request.path != "/" || !request.query.empty()) {
    return http_.answer(pages::posture_not_found());
  }
  HttpResponse page;
  page.content_type = "text/html; charset=utf-8";
  page.fields = {{"Content-Language", arrival_.language}, {"Vary", "Accept-Language"}};
  page.body = human_page(arrival_.language);
  http_.answer(std::move(page));
}

void PostureConnection::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (!http_.on_reply(request, now)) return;
  http_.answer(pages::posture_answer(std::move(reply)));
  http_.go_on(now);
}

}  // namespace sekisho::posture_page
