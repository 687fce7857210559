#include "http_phase.hpp"

#include "answers.hpp"
#include "settings_xml.hpp"

#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/path/page_style.hpp>

#include <utility>

namespace sekisho::fortinet {

namespace {

HttpPatience patience_of(const FortinetConfig& config) {
  HttpPatience out;
  out.idle = config.idle_before_login;
  out.body_within_head = true;
  return out;
}

}  // namespace

HttpPhase::HttpPhase(PathHost& host, const FortinetConfig& config, Arrival arrival, Instant now)
    : host_(host),
      config_(config),
      arrival_(std::move(arrival)),
      http_(host, *this, patience_of(config), now),
      pages_(config, host.entropy()) {
  arrival_.language = config_.language;
  arrival_.user_agent.clear();
}

std::optional<Instant> HttpPhase::next_deadline() const {
  if (opened_) return std::nullopt;
  return http_.next_deadline();
}

void HttpPhase::on_deadline(Instant now) {
  if (!opened_) http_.on_deadline(now);
}

HttpResponse HttpPhase::silent() {
  const bool form = std::exchange(asked_, Asked::nothing) == Asked::form;
  return form ? pages_.unavailable() : unavailable(arrival_.language);
}

HttpResponse HttpPhase::broken(const HttpRefusal& refusal) {
  return config_.login_forms == "client" ? fortinet::broken(refusal.status) : broken_page(refusal.status);
}

void HttpPhase::answer(HttpResponse response) {
  http_.answer(std::move(response));
}

void HttpPhase::on_bytes(std::span<const std::byte> bytes, Instant now) {
  if (!opened_) http_.on_bytes(bytes, now);
}

void HttpPhase::on_request(HttpRequest& request, Instant now) {
  arrival_.language = accepted_language(request, config_.language);
  // openfortivpn's tunnel request names no user agent; the connection's last one stands.
  if (const auto agent = printable_user_agent(request); !agent.empty()) arrival_.user_agent = agent;
  const bool pages = config_.login_forms != "client";
  const Route route = find_route(request.method, request.path, config_.realm, pages);
  switch (route) {
    case Route::unknown:
      return answer(pages && shows_pages(request) ? pages_.not_found(request) : not_found());
    case Route::start:
      return answer(answer_to_start(request.path == "/" ? std::string_view{} : std::string_view(config_.realm)));
    case Route::login_page:
      return answer(pages && shows_pages(request) ? pages_.first_page(request, false) : login_page());
    case Route::login_check:
      return on_login(request, now);
    case Route::session_page:
    case Route::settings:
    case Route::tunnel:
    case Route::logout:
    case Route::host_check:
      return on_session_route(route, request, now);
    case Route::page_style:
    case Route::page_id:
    case Route::page_password:
    case Route::page_code:
    case Route::page_resend:
    case Route::page_language:
    case Route::client_login:
    case Route::client_handover:
      return on_page_route(route, request, now);
  }
}

void HttpPhase::on_page_route(Route route, HttpRequest& request, Instant now) {
  switch (route) {
    case Route::page_style:
      return answer(pages::style_sheet());
    case Route::client_login:
      return answer(pages_.first_page(request, true));
    case Route::client_handover: {
      std::string handle = BrowserLogin::handover_handle(request.query);
      if (handle.empty()) return answer(no_session(arrival_.language));
      return ask(Asked::handover, AnswerLogin{.handle = std::move(handle), .arrival = arrival_, .evidence = {}}, now);
    }
    default:
      return follow(pages_.on_form(route, request, arrival_, now), now);
  }
}

void HttpPhase::follow(BrowserLogin::Next next, Instant now) {
  if (auto* question = std::get_if<GateRequest>(&next)) return ask(Asked::form, std::move(*question), now);
  answer(std::get<HttpResponse>(std::move(next)));
}

void HttpPhase::on_login(HttpRequest& request, Instant now) {
  if (config_.login_forms == "browser") return answer(form_not_allowed(arrival_.language));
  LoginRound round = read_login(request.body);
  if (auto* first = std::get_if<PasswordRound>(&round)) {
    // A realm that does not exist is answered like any other path that does not.
    if (!first->realm.empty() && first->realm != config_.realm) return answer(not_found());
    BeginLogin begin{.arrival = arrival_, .evidence = {}};
    begin.evidence.emplace("login", std::move(first->login));
    begin.evidence.emplace("password", std::move(first->password));
    return ask(Asked::password, std::move(begin), now);
  }
  if (auto* second = std::get_if<CodeRound>(&round)) {
    AnswerLogin answer_login{.handle = std::move(second->handle), .arrival = arrival_, .evidence = {}};
    answer_login.evidence.emplace(std::move(second->field), std::move(second->code));
    return ask(Asked::code, std::move(answer_login), now);
  }
  answer(fortinet::broken(400));
}

void HttpPhase::on_session_route(Route route, HttpRequest& request, Instant now) {
  const std::string_view cookie = session_cookie(request);
  if (route == Route::logout) {
    if (cookie.empty()) return answer(logged_out());  // openfortivpn after a failed login
    return ask(Asked::logout, LogoutSession{Secret(std::string(cookie)), arrival_}, now);
  }
  if (cookie.empty()) {
    const bool page = config_.login_forms != "client" && shows_pages(request);
    return answer(page ? pages_.refused(request, without_session()) : no_session(arrival_.language));
  }
  if (route == Route::host_check) {
    if (!acceptable_claim(request.body)) return answer(fortinet::broken(400));
    return ask(Asked::claim, PostureRequest{"hostcheck", arrival_, Secret(std::string(cookie)), request.body}, now);
  }
  const bool open_tunnel = route == Route::tunnel;
  if (open_tunnel) {
    from_openconnect_ =
        request.field("user-agent") == "Mozilla/5.0 SV1" && request.field("host") != "sslvpn" && request.query.empty();
  }
  const Asked what = open_tunnel ? Asked::tunnel : route == Route::settings ? Asked::settings : Asked::page;
  ask(what, ResumeSession{Secret(std::string(cookie)), arrival_, open_tunnel}, now);
}

void HttpPhase::ask(Asked what, GateRequest request, Instant now) {
  asked_ = what;
  http_.ask(std::move(request), now);
}

void HttpPhase::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (opened_ || !http_.on_reply(request, now)) return;
  if (asked_ == Asked::form) {
    asked_ = Asked::nothing;
    follow(pages_.on_reply(std::move(reply), now), now);  // perhaps another question
    http_.go_on(now);
    return;
  }
  switch (asked_) {
    case Asked::password:
    case Asked::code:
    case Asked::handover:
      on_login_reply(std::move(reply));
      break;
    case Asked::page:
    case Asked::settings:
    case Asked::tunnel:
      on_resume_reply(std::move(reply));
      break;
    case Asked::logout:
      answer(logged_out());  // also for a cookie that nobody knows
      break;
    case Asked::claim:
      if (const auto* refused = std::get_if<Refused>(&reply)) {
        answer_refusal(*refused);
      } else if (std::holds_alternative<PostureAnswer>(reply) || std::holds_alternative<Done>(reply)) {
        answer(claim_taken());  // the client ignores it; a verdict bites at the settings and the tunnel
      } else {
        answer(unavailable(arrival_.language));
      }
      break;
    case Asked::form:
    case Asked::nothing:
      break;
  }
  asked_ = Asked::nothing;
  if (!opened_) http_.go_on(now);
}

void HttpPhase::answer_refusal(const Refused& refused) {
  answer(fortinet::refused(refused.refusal, arrival_.language));
}

void HttpPhase::on_login_reply(GateReply reply) {
  if (const auto* asked = std::get_if<LoginAsked>(&reply)) {
    // The client's form has one field for an answer; a challenge tells in `grp` which question it is for.
    if (asked_ == Asked::handover || !pages::handle_shape(asked->handle) || !may_be_asked(asked->ask.field))
      return answer(unavailable(arrival_.language));
    return answer(challenge(*asked, config_.code_prompt));
  }
  if (const auto* grant = std::get_if<Granted>(&reply)) {
    if (grant->cookie.size() != pages::kCookieSize || !pages::is_base64url(grant->cookie.reveal()))
      return answer(unavailable(arrival_.language));
    return answer(granted(*grant, config_.ask_hostcheck && asked_ != Asked::handover));
  }
  if (const auto* refused = std::get_if<Refused>(&reply)) {
    // "ret=0" after a code makes openconnect with --token-mode post thousands of times a second (§2.5).
    if (asked_ == Asked::password && refused->may_retry && wrong_passwords_ < config_.wrong_passwords) {
      ++wrong_passwords_;
      return answer(wrong_password());
    }
    return answer_refusal(*refused);
  }
  answer(unavailable(arrival_.language));
}

void HttpPhase::on_resume_reply(GateReply reply) {
  if (const auto* refused = std::get_if<Refused>(&reply)) {
    HttpResponse response = fortinet::refused(refused->refusal, arrival_.language);
    response.close = asked_ == Asked::tunnel;  // the client has left HTTP behind
    return answer(std::move(response));
  }
  auto* resumed = std::get_if<Resumed>(&reply);
  if (resumed == nullptr || !usable(resumed->view)) return answer(unavailable(arrival_.language));
  switch (asked_) {
    case Asked::settings:
      return answer(settings(resumed->view, host_.takes_datagrams()));
    case Asked::tunnel:
      opened_ = std::move(resumed->view);
      return;
    default:
      return answer(session_page());
  }
}

}  // namespace sekisho::fortinet
