#include "entrance.hpp"

#include <sekisho/sdk/path/page_parts.hpp>
#include <sekisho/sdk/path/page_style.hpp>
#include <sekisho/sdk/path/posture_answers.hpp>

namespace sekisho::ip_vpn {
namespace {

constexpr std::string_view kPageCookie = "__Host-page", kSessionCookie = "__Host-session",
                           kLanguageCookie = "__Host-language";
constexpr std::int64_t kLongestResendWait_s = 86'400;

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
  out.limits.body_of = &pages::largest_posture_body;
  out.gatekeeper = config.gatekeeper_limit;
  return out;
}

/// Those after which a session's cookie is worth nothing.
bool session_is_over(const Refusal& refusal) {
  return refusal.code == "session.unknown_cookie" || refusal.code == "session.right_ended";
}

std::string explain(const Refusal& refusal, Language language) {
  std::string out(pick(refusal.why, language));
  out.append(language == Language::ja ? "" : " ").append(pick(refusal.remedy, language));
  return out.append(" [").append(refusal.rule).append(" ").append(refusal.code).append("]");
}

/// Why an answer is not even asked about; empty: it is.
std::string_view unusable(std::string_view field, std::string_view value, Language language) {
  const bool password = field == "password", code = field == "code";
  if (value.empty()) {
    return say(password ? Common::password_missing : code ? Common::code_missing : Common::answer_missing, language);
  }
  if (value.size() <= kLongestValue) return {};
  return say(password ? Common::password_unusable : code ? Common::code_unusable : Common::answer_unusable, language);
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
  if (pages::is_posture_path(refusal.path)) return pages::posture_broken(refusal.status);
  return broken_page(frame(), refusal.status);
}

HttpResponse EntranceConnection::silent() {
  return of_agent_ ? pages::posture_unavailable() : unavailable_page(frame(), leads());
}

void EntranceConnection::answer(HttpResponse response) {
  for (const std::string& cookie : set_cookies_) response.fields.emplace_back("Set-Cookie", cookie);
  set_cookies_.clear();
  http_.answer(std::move(response));
}

Frame EntranceConnection::frame() const {
  return {language_, language_ == Language::ja ? config_.service_ja : config_.service_en};
}

/// Whoever has a session goes on there, whatever happens to one request.
Leads EntranceConnection::leads() const {
  return has_session_ ? Leads::to_session : Leads::to_login;
}

void EntranceConnection::refuse(const Refusal& refusal) {
  answer(refusal_page(frame(), refusal, leads()));
}

void EntranceConnection::choose(std::string_view language) {
  const auto chosen = pages::language_named(language);
  if (!chosen || *chosen == language_) return;
  language_ = *chosen;
  arrival_.language = tag_of(language_);
  set_cookies_.push_back(set_cookie(kLanguageCookie, tag_of(language_)));
}

void EntranceConnection::need_page_cookie() {
  if (!page_cookie_.empty()) return;
  page_cookie_ = pages::new_cookie(host_.entropy());
  set_cookies_.push_back(set_cookie(kPageCookie, page_cookie_));
}

void EntranceConnection::on_request(HttpRequest& request, Instant now) {
  const auto kept = pages::language_named(pages::cookie_value(request, kLanguageCookie));
  const bool english = accepted_language(request, config_.language) == "en";
  language_ = kept.value_or(english ? Language::en : Language::ja);
  arrival_.language = tag_of(language_);
  arrival_.user_agent = printable_user_agent(request);
  page_cookie_ = token_cookie(request, kPageCookie);
  has_session_ = !token_cookie(request, kSessionCookie).empty();
  login_.clear();
  answered_.clear();
  const auto agents = pages::posture_route(request);
  of_agent_ = agents.has_value();
  if (request.method == "POST" && pages::from_other_site(request, config_.origin)) {
    if (of_agent_) return answer(pages::posture_refused(403, pages::other_origin()));
    return refuse(pages::other_origin());
  }
  if (agents) {
    if (!pages::media_type_fits(*agents, request)) return answer(pages::posture_wrong_media_type());
    std::string body = agents->media_type.empty() ? std::string() : std::move(request.body);
    return http_.ask(PostureRequest{std::string(agents->kind), arrival_, Secret(), std::move(body)}, now);
  }
  route_ = find_route(request);
  if (is_form(route_) && !pages::media_type_is(request, "application/x-www-form-urlencoded")) {
    return answer(broken_page(frame(), 415));
  }
  switch (route_) {
    case Route::unknown:
      return answer(not_found_page(frame()));
    case Route::style:
      return answer(pages::style_sheet());
    case Route::start:
      return first_page(request);
    case Route::login:
    case Route::answer:
    case Route::resend:
    case Route::language:
    case Route::logout:
      return form(request, now);
    case Route::session: {
      if (!has_session_) return first_page(request);
      if (const auto query = pages::FormPairs::read(request.query)) choose(query->value("lang"));
      const std::string_view cookie = token_cookie(request, kSessionCookie);
      return http_.ask(ResumeSession{Secret(std::string(cookie)), arrival_, false}, now);
    }
  }
}

void EntranceConnection::first_page(const HttpRequest& request) {
  const auto query = pages::FormPairs::read(request.query);
  if (!query) return answer(not_found_page(frame()));
  choose(query->value("lang"));
  need_page_cookie();
  answer(login_page(frame(), page_token(page_cookie_, "login", {}), {}, {}));
}

void EntranceConnection::form(HttpRequest& request, Instant now) {
  if (!pages::same_origin(request, config_.origin)) return refuse(pages::other_origin());
  const auto pairs = pages::FormPairs::read(request.body);
  if (!pairs) return answer(broken_page(frame(), 400));
  choose(pairs->value("lang"));
  if (route_ == Route::login) return log_in(*pairs, now);
  if (route_ == Route::logout) return log_out(request, *pairs, now);
  question(*pairs, now);
}

void EntranceConnection::log_out(const HttpRequest& request, const pages::FormPairs& pairs, Instant now) {
  const std::string_view cookie = token_cookie(request, kSessionCookie);
  if (!token_fits(pairs.value("token"), page_cookie_, "logout", {}) || cookie.empty()) {
    return refuse(pages::stale_page());
  }
  http_.ask(LogoutSession{Secret(std::string(cookie)), arrival_}, now);
}

void EntranceConnection::log_in(const pages::FormPairs& pairs, Instant now) {
  if (!token_fits(pairs.value("token"), page_cookie_, "login", {})) return refuse(pages::stale_page());
  const std::string_view login = pairs.value("login"), password = pairs.value("password");
  LoginError error;
  if (login.empty()) {
    error = {"login", say(Common::id_missing, language_)};
  } else if (login.size() > kLongestValue) {
    error = {"login", say(Common::id_unusable, language_)};
  } else if (const auto why = unusable("password", password, language_); !why.empty()) {
    error = {"password", why};
  }
  if (!error.text.empty()) {
    const std::string fresh = page_token(page_cookie_, "login", {});
    return answer(login_page(frame(), fresh, login.size() > kLongestValue ? std::string_view() : login, error));
  }
  login_ = login;
  BeginLogin begin{.arrival = arrival_, .evidence = {}};
  begin.evidence.emplace("login", Secret(login_));
  begin.evidence.emplace("password", Secret(std::string(password)));
  http_.ask(std::move(begin), now);
}

void EntranceConnection::question(const pages::FormPairs& pairs, Instant now) {
  Question same{.handle = pairs.value("handle"), .token = pairs.value("token"), .field = pairs.value("field")};
  if (!pages::handle_shape(same.handle) || !pages::field_shape(same.field) ||
      !token_fits(same.token, page_cookie_, same.field, same.handle)) {
    return refuse(pages::stale_page());
  }
  AnswerLogin next{.handle = std::string(same.handle), .arrival = arrival_, .evidence = {}};
  if (route_ == Route::resend) {
    if (same.field != "code") return refuse(pages::stale_page());
    return http_.ask(std::move(next), now);  // an answer without a code asks for one
  }
  same.prompt = say(Common::answer_title, language_);  // the gatekeeper's words are gone; ours must do
  same.resend_at = pages::small_number(pairs.value("resend_at"));
  if (same.resend_at > pages::seconds_of(now) + kLongestResendWait_s) same.resend_at = 0;
  if (route_ == Route::language) {
    choose(pairs.value("to"));
    same.prompt = say(Common::answer_title, language_);
    return answer(question_page(frame(), same, now));
  }
  const std::string_view value = pairs.value("value");
  same.error = unusable(same.field, value, language_);
  if (!same.error.empty()) return answer(question_page(frame(), same, now));
  answered_ = same.field;
  next.evidence.emplace(answered_, Secret(std::string(value)));
  http_.ask(std::move(next), now);
}

HttpResponse EntranceConnection::asked_page(const LoginAsked& asked, Instant now) const {
  const std::string& field = asked.ask.field;
  if (!pages::handle_shape(asked.handle) || !pages::field_shape(field)) return unavailable_page(frame(), leads());
  const std::string token = page_token(page_cookie_, field, asked.handle);
  Question question{
      .handle = asked.handle, .token = token, .field = field, .prompt = pick(asked.ask.prompt, language_)};
  if (asked.ask.resend_after_s > 0) question.resend_at = pages::seconds_of(now) + asked.ask.resend_after_s;
  // The same question once more: the last answer was wrong. Without an answer: another code is on its way.
  if (field == answered_) question.error = question.prompt;
  if (route_ == Route::resend) question.notice = question.prompt;
  return question_page(frame(), question, now);
}

HttpResponse EntranceConnection::refused_page(const Refused& refused) {
  const Refusal& refusal = refused.refusal;
  if (has_session_ && session_is_over(refusal)) {
    set_cookies_.push_back(pages::drop_cookie(kSessionCookie));
    has_session_ = false;
  }
  if (!refused.may_retry || route_ != Route::login || page_cookie_.empty() || pages::could_not_judge(refusal)) {
    return refusal_page(frame(), refusal, leads());
  }
  const std::string text = explain(refusal, language_);
  HttpResponse again = login_page(frame(), page_token(page_cookie_, "login", {}), login_, {"password", text});
  again.status = 403;
  return again;
}

HttpResponse EntranceConnection::reply_page(GateReply reply, Instant now) {
  if (const auto* asked = std::get_if<LoginAsked>(&reply)) return asked_page(*asked, now);
  if (const auto* refused = std::get_if<Refused>(&reply)) return refused_page(*refused);
  if (auto* grant = std::get_if<Granted>(&reply)) {
    const std::string_view cookie = grant->cookie.reveal();
    if (cookie.size() != kCookieSize || !pages::is_base64url(cookie)) return unavailable_page(frame(), leads());
    set_cookies_.push_back(set_cookie(kSessionCookie, cookie));
    HttpResponse go;
    go.status = 303;
    go.fields = {{"Location", "/session"}};
    return go;
  }
  if (const auto* resumed = std::get_if<Resumed>(&reply)) {
    need_page_cookie();
    return session_page(frame(), resumed->view, page_token(page_cookie_, "logout", {}), config_.desktop_page);
  }
  if (std::holds_alternative<Done>(reply) && route_ == Route::logout) {
    set_cookies_.push_back(pages::drop_cookie(kSessionCookie));
    return logged_out_page(frame());
  }
  return unavailable_page(frame(), leads());
}

void EntranceConnection::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (!http_.on_reply(request, now)) return;
  answer(of_agent_ ? pages::posture_answer(std::move(reply)) : reply_page(std::move(reply), now));
  http_.go_on(now);
}

}  // namespace sekisho::ip_vpn
