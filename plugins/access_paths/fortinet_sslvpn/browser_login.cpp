#include "browser_login.hpp"

#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/path/page_parts.hpp>

#include <algorithm>
#include <utility>

namespace sekisho::fortinet {
namespace {

constexpr std::int64_t kLongestResendWait_s = 86'400;
constexpr std::string_view kPageCookie = "__Host-login";
/// How long a handover's id lives in the gate, for the page's words.
constexpr std::uint32_t kHandoverLife_s = 60;

using pages::FormPairs;
using pages::handle_shape;
using pages::is_base64url;
using pages::kCookieSize;
using pages::kLongestValue;
using pages::page_token;
using pages::seconds_of;
using pages::token_fits;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}
/// Lower case only: an id has one spelling. Empty for anything else.
std::string unhex(std::string_view text) {
  std::string out;
  if (text.size() % 2 != 0) return out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    for (const char c : text.substr(i, 2)) {
      const std::size_t digit = std::string_view("0123456789abcdef").find(c);
      if (digit == std::string_view::npos) return {};
      byte = byte * 16 + static_cast<unsigned>(digit);
    }
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace

/// A form's fields, borrowed from its decoded pairs.
struct BrowserLogin::Form {
  explicit Form(const FormPairs& pairs)
      : token(pairs.value("token")),
        handle(pairs.value("handle")),
        field(pairs.value("field")),
        login(pairs.value("login")),
        to(pairs.value("to")),
        resend_at(pages::small_number(pairs.value("resend_at"))) {}
  std::string_view token, handle, field, login, to;
  std::int64_t resend_at;
};

PageFrame BrowserLogin::frame(Language language, bool for_client, bool realm) const {
  return {language, for_client, realm ? std::string_view(config_.realm) : std::string_view(),
          language == Language::ja ? config_.service_ja : config_.service_en};
}

Language BrowserLogin::language_of(const HttpRequest& request, std::string_view wanted) const {
  if (const auto named = pages::language_named(wanted)) return *named;
  return accepted_language(request, config_.language) == "en" ? Language::en : Language::ja;
}

HttpResponse BrowserLogin::first_page(const HttpRequest& request, bool for_client) {
  const auto query = FormPairs::read(request.query);
  const std::string_view realm = query ? query->value("realm") : std::string_view();
  const std::string_view wanted = query ? query->value("lang") : std::string_view();
  frame_ = frame(language_of(request, wanted), for_client, !realm.empty());
  if (!realm.empty() && realm != config_.realm) return not_found_page(frame_, true);
  cookie_ = pages::token_cookie(request, kPageCookie);
  const bool known = !cookie_.empty();
  if (!known) cookie_ = pages::new_cookie(entropy_);
  HttpResponse page = ask_id({}, {});
  if (!known) page.fields.emplace_back("Set-Cookie", pages::set_cookie(kPageCookie, cookie_));
  return page;
}

HttpResponse BrowserLogin::not_found(const HttpRequest& request) const {
  return not_found_page(frame(language_of(request, {}), false, false), config_.login_forms != "client");
}
HttpResponse BrowserLogin::refused(const HttpRequest& request, const Refusal& refusal) const {
  return refusal_page(frame(language_of(request, {}), false, false), refusal, config_.login_forms != "client");
}
HttpResponse BrowserLogin::unavailable() const {
  return unavailable_page(frame_);
}
HttpResponse BrowserLogin::refusal(const Refusal& refusal) const {
  return refusal_page(frame_, refusal, true);
}

HttpResponse BrowserLogin::ask_id(std::string_view login, std::string_view error) const {
  return id_page(frame_, page_token(cookie_, "id", {}), login, error);
}

HttpResponse BrowserLogin::same_question(const Form& form, std::string_view error, Instant now) const {
  Question question{.handle = form.handle, .token = form.token, .field = form.field, .error = error};
  if (form.field == "password") question.login = form.login;
  // The gatekeeper's words for another question are gone; ours must do.
  if (form.field != "password" && form.field != "code") question.prompt = say(Common::answer_title, frame_.language);
  if (form.resend_at <= seconds_of(now) + kLongestResendWait_s) question.resend_at = form.resend_at;
  return question_page(frame_, question, now);
}

BrowserLogin::Next BrowserLogin::on_form(Route route, HttpRequest& request, Arrival arrival, Instant now) {
  route_ = route;
  wrong_.reset();
  login_.clear();
  answered_.clear();
  frame_ = frame(language_of(request, {}), false, false);
  cookie_ = pages::token_cookie(request, kPageCookie);
  origin_ = pages::origin_of(request, config_.origin);
  if (!pages::same_origin(request, config_.origin)) return refusal(pages::other_origin());

  const auto pairs = FormPairs::read(request.body);
  if (!pairs || !pages::media_type_is(request, "application/x-www-form-urlencoded")) return broken_page(400);

  Form form(*pairs);
  const std::string_view realm = pairs->value("realm");
  frame_ = frame(language_of(request, pairs->value("lang")), pairs->value("client") == "1", !realm.empty());
  arrival.form = frame_.for_client ? LoginForm::page_for_client : LoginForm::page;
  if (!realm.empty() && realm != config_.realm) return not_found_page(frame_, true);
  if (route == Route::page_password) form.field = "password";
  if (route == Route::page_resend) form.field = "code";

  const bool first = route == Route::page_id;
  if (!first && (!handle_shape(form.handle) || !pages::field_shape(form.field))) return refusal(pages::stale_page());
  const bool fits =
      first ? token_fits(form.token, cookie_, "id", {}) : token_fits(form.token, cookie_, form.field, form.handle);
  if (!fits) return refusal(pages::stale_page());
  if (const auto to = pages::language_named(form.to); to && route == Route::page_language) {
    frame_ = frame(*to, frame_.for_client, !realm.empty());
  }
  arrival.language = tag_of(frame_.language);
  arrival_ = std::move(arrival);

  const Language l = frame_.language;
  if (first) {
    if (form.login.empty()) return ask_id({}, say(Common::id_missing, l));
    if (form.login.size() > kLongestValue) return ask_id({}, say(Common::id_unusable, l));
    login_ = form.login;
    BeginLogin begin{.arrival = arrival_, .evidence = {}};
    begin.evidence.emplace("login", Secret(login_));
    return GateRequest(std::move(begin));
  }
  if (route == Route::page_language) return same_question(form, {}, now);

  AnswerLogin answer{.handle = std::string(form.handle), .arrival = arrival_, .evidence = {}};
  if (route == Route::page_resend) return GateRequest(std::move(answer));  // an answer without a code asks for one
  const std::string_view value = pairs->value(form.field);
  const bool password = route == Route::page_password;
  if (value.empty()) {
    return same_question(form, say(password ? Common::password_missing : Common::code_missing, l), now);
  }
  if (value.size() > kLongestValue) {
    return same_question(form, say(password ? Common::password_unusable : Common::code_unusable, l), now);
  }
  if (password && !form.login.empty() && form.login.size() <= kLongestValue) {
    login_ = form.login;
    answer.evidence.emplace("login", Secret(login_));
  }
  answered_ = form.field;
  answer.evidence.emplace(form.field, Secret(std::string(value)));
  return GateRequest(std::move(answer));
}

HttpResponse BrowserLogin::ask(const LoginAsked& asked, Instant now) const {
  const Language l = frame_.language;
  const std::string& field = asked.ask.field;
  const std::string token = page_token(cookie_, field, asked.handle);
  Question question{.handle = asked.handle,
                    .token = token,
                    .field = field,
                    .login = login_,
                    .prompt = pages::pick(asked.ask.prompt, l)};
  if (asked.ask.resend_after_s > 0) question.resend_at = seconds_of(now) + asked.ask.resend_after_s;
  std::string error;
  if (wrong_) {
    error.append(pages::pick(wrong_->why, l))
        .append(l == Language::ja ? "" : " ")
        .append(pages::pick(wrong_->remedy, l));
    error.append(" [").append(wrong_->rule).append(" ").append(wrong_->code).append("]");
    question.error = error;
  } else if (route_ == Route::page_code && field == answered_) {
    question.error = question.prompt;  // the same question once more: the last answer was wrong
  } else if (route_ == Route::page_resend) {
    question.notice = question.prompt;
  }
  return question_page(frame_, question, now);
}

BrowserLogin::Next BrowserLogin::on_reply(GateReply reply, Instant now) {
  if (const auto* asked = std::get_if<LoginAsked>(&reply)) {
    if (!handle_shape(asked->handle)) return unavailable();
    if (asked->ask.field == "handover") {
      if (!frame_.for_client) return unavailable();
      HttpResponse page = return_page(frame_, hex(asked->handle), config_.saml_port, kHandoverLife_s, now);
      page.fields.emplace_back("Set-Cookie", pages::drop_cookie(kPageCookie));
      return page;
    }
    if (!pages::field_shape(asked->ask.field)) return unavailable();
    return ask(*asked, now);
  }
  if (const auto* grant = std::get_if<Granted>(&reply)) {
    if (frame_.for_client || grant->cookie.size() != kCookieSize || !is_base64url(grant->cookie.reveal())) {
      return unavailable();
    }
    HttpResponse page = done_page(frame_, *grant, origin_, now);
    page.fields.emplace_back("Set-Cookie", pages::drop_cookie(kPageCookie));
    return page;
  }
  if (const auto* said = std::get_if<Refused>(&reply)) {
    if (said->may_retry && route_ == Route::page_password && !login_.empty() && !wrong_) {
      wrong_ = said->refusal;
      BeginLogin begin{.arrival = arrival_, .evidence = {}};
      begin.evidence.emplace("login", Secret(login_));
      return GateRequest(std::move(begin));
    }
    return refusal(said->refusal);
  }
  return unavailable();
}

std::string BrowserLogin::handover_handle(std::string_view query) {
  const auto pairs = FormPairs::read(query);
  if (!pairs || pairs->all().size() != 1 || pairs->all().front().first != "id") return {};
  std::string handle = unhex(pairs->all().front().second);
  return handle_shape(handle) ? handle : std::string();
}

}  // namespace sekisho::fortinet
