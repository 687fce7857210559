#include "entrance.hpp"

#include <sekisho/sdk/path/page_style.hpp>
#include <sekisho/sdk/path/posture_answers.hpp>

namespace sekisho::ip_vpn {
namespace {

constexpr Seconds kIdle{60};
constexpr std::size_t kLargestForm = 8192;
constexpr std::string_view kPageCookie = "__Host-page", kSessionCookie = "__Host-session";

using pages::kCookieSize;
using pages::kLongestValue;
using pages::page_token;
using pages::pick;
using pages::set_cookie;
using pages::token_cookie;
using pages::token_fits;

HttpPatience patience_of(const Config& config) {
  HttpPatience out;
  out.limits.body_bytes = 64 * 1024;
  out.first = out.idle = kIdle;
  out.gatekeeper = config.gatekeeper_limit;
  return out;
}

}  // namespace

std::unique_ptr<PathConnection> Entrance::open(PathHost& host, Arrival arrival, Instant now) {
  return std::make_unique<EntranceConnection>(host, config_, std::move(arrival), now);
}

EntranceConnection::EntranceConnection(PathHost& host, const Config& config, Arrival arrival, Instant now)
    : host_(host), config_(config), arrival_(std::move(arrival)), http_(host, *this, patience_of(config), now) {
  arrival_.circuit.clear();  // which one it is, the gatekeeper tells by the address
  arrival_.form = LoginForm::page;
  arrival_.language = config_.language;
  arrival_.user_agent.clear();
}

HttpResponse EntranceConnection::broken(const HttpRefusal& refusal) {
  return broken_page(frame(), refusal.status);
}

HttpResponse EntranceConnection::silent() {
  return of_agent_ ? pages::posture_unavailable() : unavailable_page(frame());
}

void EntranceConnection::answer(HttpResponse response) {
  for (const std::string& cookie : set_cookies_) response.fields.emplace_back("Set-Cookie", cookie);
  set_cookies_.clear();
  http_.answer(std::move(response));
}

Frame EntranceConnection::frame() const {
  return {language_, language_ == Language::ja ? config_.service_ja : config_.service_en};
}

void EntranceConnection::refuse(const Refusal& refusal) {
  answer(refusal_page(frame(), refusal));
}

void EntranceConnection::on_request(HttpRequest& request, Instant now) {
  language_ = accepted_language(request, config_.language) == "en" ? Language::en : Language::ja;
  arrival_.language = tag_of(language_);
  arrival_.user_agent = printable_user_agent(request);
  page_cookie_ = token_cookie(request, kPageCookie);
  login_.clear();
  const auto agents = pages::posture_route(request);
  of_agent_ = agents.has_value();
  if (agents) {
    if (!pages::media_type_fits(*agents, request)) return answer(pages::posture_wrong_media_type());
    std::string body = agents->media_type.empty() ? std::string() : std::move(request.body);
    return http_.ask(PostureRequest{std::string(agents->kind), arrival_, Secret(), std::move(body)}, now);
  }
  route_ = find_route(request);
  if (is_form(route_) && !pages::media_type_is(request, "application/x-www-form-urlencoded")) {
    return answer(broken_page(frame(), 415));
  }
  if (request.body.size() > kLargestForm) return answer(broken_page(frame(), 413));
  switch (route_) {
    case Route::unknown:
      return answer(not_found_page(frame()));
    case Route::style:
      return answer(pages::style_sheet());
    case Route::start:
      return first_page(request);
    case Route::login:
    case Route::answer:
    case Route::logout:
      return form(request, now);
    case Route::session: {
      const std::string_view cookie = token_cookie(request, kSessionCookie);
      if (cookie.empty()) return first_page(request);
      return http_.ask(ResumeSession{Secret(std::string(cookie)), arrival_, false}, now);
    }
  }
}

void EntranceConnection::first_page(const HttpRequest& request) {
  const auto query = pages::FormPairs::read(request.query);
  if (!query) return answer(not_found_page(frame()));
  language_ = pages::language_named(query->value("lang")).value_or(language_);
  if (page_cookie_.empty()) {
    page_cookie_ = pages::new_cookie(host_.entropy());
    set_cookies_.push_back(set_cookie(kPageCookie, page_cookie_));
  }
  answer(login_page(frame(), page_token(page_cookie_, "login", {}), {}, {}));
}

void EntranceConnection::form(HttpRequest& request, Instant now) {
  if (!pages::same_origin(request, config_.origin)) return refuse(pages::other_origin());
  const auto pairs = pages::FormPairs::read(request.body);
  if (!pairs) return answer(broken_page(frame(), 400));
  language_ = pages::language_named(pairs->value("lang")).value_or(language_);
  arrival_.language = tag_of(language_);
  if (route_ == Route::logout) {
    const std::string_view cookie = token_cookie(request, kSessionCookie);
    if (!token_fits(pairs->value("token"), page_cookie_, "logout", {}) || cookie.empty()) {
      return refuse(pages::stale_page());
    }
    return http_.ask(LogoutSession{Secret(std::string(cookie)), arrival_}, now);
  }
  take(*pairs, now);
}

void EntranceConnection::take(const pages::FormPairs& pairs, Instant now) {
  const std::string_view token = pairs.value("token");
  if (route_ == Route::login) {
    if (!token_fits(token, page_cookie_, "login", {})) return refuse(pages::stale_page());
    const std::string_view login = pairs.value("login"), password = pairs.value("password");
    if (login.empty() || password.empty() || login.size() > kLongestValue || password.size() > kLongestValue) {
      const std::string fresh = page_token(page_cookie_, "login", {});
      return answer(login_page(frame(), fresh, login.substr(0, kLongestValue), say(Say::missing, language_)));
    }
    login_ = login;
    BeginLogin begin{.arrival = arrival_, .evidence = {}};
    begin.evidence.emplace("login", Secret(login_));
    begin.evidence.emplace("password", Secret(std::string(password)));
    return http_.ask(std::move(begin), now);
  }
  const std::string_view handle = pairs.value("handle"), field = pairs.value("field"), value = pairs.value("value");
  if (!pages::handle_shape(handle) || !pages::field_shape(field) || value.size() > kLongestValue ||
      !token_fits(token, page_cookie_, field, handle)) {
    return refuse(pages::stale_page());
  }
  AnswerLogin next{.handle = std::string(handle), .arrival = arrival_, .evidence = {}};
  if (!value.empty()) next.evidence.emplace(std::string(field), Secret(std::string(value)));
  http_.ask(std::move(next), now);
}

HttpResponse EntranceConnection::reply_page(GateReply reply, Instant) {
  if (const auto* asked = std::get_if<LoginAsked>(&reply)) {
    if (!pages::handle_shape(asked->handle) || !pages::field_shape(asked->ask.field)) return unavailable_page(frame());
    const std::string token = page_token(page_cookie_, asked->ask.field, asked->handle);
    return answer_page(frame(), token, asked->handle, asked->ask.field, pick(asked->ask.prompt, language_), {});
  }
  if (auto* grant = std::get_if<Granted>(&reply)) {
    const std::string_view cookie = grant->cookie.reveal();
    if (cookie.size() != kCookieSize || !pages::is_base64url(cookie)) return unavailable_page(frame());
    set_cookies_.push_back(set_cookie(kSessionCookie, cookie));
    HttpResponse go;
    go.status = 303;
    go.fields = {{"Location", "/session"}};
    return go;
  }
  if (const auto* resumed = std::get_if<Resumed>(&reply)) {
    if (page_cookie_.empty()) {
      page_cookie_ = pages::new_cookie(host_.entropy());
      set_cookies_.push_back(set_cookie(kPageCookie, page_cookie_));
    }
    return session_page(frame(), resumed->view, page_token(page_cookie_, "logout", {}), config_.desktop_page);
  }
  if (std::holds_alternative<Done>(reply) && route_ == Route::logout) {
    set_cookies_.push_back(pages::drop_cookie(kSessionCookie));
    return logged_out_page(frame());
  }
  if (const auto* said = std::get_if<Refused>(&reply)) {
    if (route_ == Route::session) set_cookies_.push_back(pages::drop_cookie(kSessionCookie));
    if (said->may_retry && route_ == Route::login && !page_cookie_.empty()) {
      std::string error(pick(said->refusal.why, language_));
      error.append(language_ == Language::ja ? "" : " ").append(pick(said->refusal.remedy, language_));
      error.append(" [").append(said->refusal.rule).append(" ").append(said->refusal.code).append("]");
      HttpResponse again = login_page(frame(), page_token(page_cookie_, "login", {}), login_, error);
      again.status = 403;
      return again;
    }
    return refusal_page(frame(), said->refusal);
  }
  return unavailable_page(frame());
}

void EntranceConnection::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (!http_.on_reply(request, now)) return;
  answer(of_agent_ ? pages::posture_answer(std::move(reply)) : reply_page(std::move(reply), now));
  http_.go_on(now);
}

}  // namespace sekisho::ip_vpn
