#include "pages.hpp"

#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/path/page_parts.hpp>
#include <sekisho/sdk/path/page_style.hpp>

#include <utility>

namespace sekisho::ip_vpn {
namespace {

using pages::hidden;
using pages::Html;

/// Less than an idle connection lives, so that asking again needs no new handshake.
constexpr std::uint32_t kAsksEvery_s = 10;
constexpr std::string_view kRetryAfter_s = "10";

HttpResponse page(std::uint16_t status, Html html) {
  return pages::page_of(status, std::move(html), "Accept-Language, Cookie");
}

std::string_view service_of(const Frame& frame) {
  return frame.service.empty() ? say(Say::service, frame.language) : frame.service;
}
std::string in_language(std::string_view path, Language language) {
  return std::string(path).append("?lang=").append(tag_of(language));
}
Html switch_by_link(const Frame& frame, std::string_view path) {
  return pages::switch_by_link(frame.language, in_language(path, other(frame.language)));
}

void begin(Html& out, const Frame& frame, std::string_view title, bool error, const Html& switcher) {
  pages::begin_page(out, {frame.language, service_of(frame), style_path()}, title, error, switcher);
}
void carried(Html& out, const Frame& frame, std::string_view token) {
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(frame.language));
}
void of_question(Html& out, const Frame& frame, const Question& question) {
  carried(out, frame, question.token);
  hidden(out, "handle", question.handle);
  hidden(out, "field", question.field);
  if (question.resend_at != 0) hidden(out, "resend_at", std::to_string(question.resend_at));
}
/// A question lives in its form, so the switch is a form as well: a handle never stands in a URL.
Html switch_by_form(const Frame& frame, const Question& question) {
  Html form;
  form.add("<form method=\"post\" action=\"/language\">\n");
  of_question(form, frame, question);
  form.add(pages::switch_button(frame.language)).add("</form>");
  return pages::switcher(frame.language, form);
}

/// Its words and where it goes; `url` keeps the bytes.
pages::Again link_of(const Frame& frame, Leads leads, std::string& url) {
  if (leads == Leads::nowhere) return {};
  url = leads == Leads::to_session ? std::string("/session") : in_language("/", frame.language);
  return {url,
          leads == Leads::to_session ? say(Say::to_session, frame.language) : say(Common::to_login, frame.language)};
}

/// A page of two sentences in both languages.
HttpResponse short_page(std::uint16_t status, const Frame& frame, pages::Both title, pages::Both text, Leads leads) {
  const std::string style = style_path();
  std::string url;
  const auto again = link_of(frame, leads, url);
  return page(status, pages::short_page({frame.language, service_of(frame), style}, title, text, again));
}

}  // namespace

std::string style_path() {
  return pages::style_path("/style-");
}

HttpResponse login_page(const Frame& frame, std::string_view token, std::string_view login, LoginError error) {
  const Language l = frame.language;
  const auto error_of = [&error](std::string_view field) {
    return error.field == field ? error.text : std::string_view();
  };
  Html out;
  begin(out, frame, say(Common::login_title, l), !error.text.empty(), switch_by_link(frame, "/"));
  pages::error_summary(out, l, error.field, error.text);
  pages::heading(out, say(Common::login_title, l));
  out.add("<p>").text(say(Say::login_lead, l)).add("</p>\n<form method=\"post\" action=\"/login\">\n");
  carried(out, frame, token);
  pages::field(
      out, l,
      {"login", say(Common::id_label, l), say(Common::id_hint, l), error_of("login"),
       "type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"512\"",
       login});
  pages::field(out, l,
               {"password",
                say(Common::password_label, l),
                {},
                error_of("password"),
                "type=\"password\" autocomplete=\"current-password\" maxlength=\"512\""});
  pages::button(out, say(Common::log_in, l));
  out.add("</form>\n");
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse question_page(const Frame& frame, const Question& question, Instant now) {
  const Language l = frame.language;
  const bool password = question.field == "password", code = question.field == "code";
  const bool digits = code || question.field == "totp";
  const Common title = password ? Common::password_title : code ? Common::code_title : Common::answer_title;
  Html out;
  begin(out, frame, say(title, l), !question.error.empty(), switch_by_form(frame, question));
  pages::error_summary(out, l, "value", question.error);
  pages::heading(out, say(title, l));
  if (!question.notice.empty()) out.add("<p class=\"notice\" role=\"status\">").text(question.notice).add("</p>\n");
  out.add("<form method=\"post\" action=\"/answer\">\n");
  of_question(out, frame, question);
  const std::string_view label = password ? say(Common::password_label, l)
                                 : code   ? say(Common::code_label, l)
                                          : question.prompt;
  const Html::Markup attributes =
      password ? Html::Markup("type=\"password\" autocomplete=\"current-password\" maxlength=\"512\"")
      : digits ? Html::Markup(
                     "type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" spellcheck=\"false\" "
                     "class=\"code\" maxlength=\"512\"")
               : Html::Markup("type=\"text\" autocomplete=\"off\" spellcheck=\"false\" maxlength=\"512\"");
  pages::field(out, l,
               {"value", label, code ? say(Common::code_hint, l) : std::string_view(), question.error, attributes});
  pages::button(out, say(Say::answer, l));
  out.add("</form>\n");
  if (code) {
    Html fields;
    of_question(fields, frame, question);
    pages::resend_form(out, l, {"/resend", fields, question.resend_at}, now);
  }
  pages::link_line(out, in_language("/", l), say(Common::start_again, l));
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse session_page(const Frame& frame, const SessionView& view, std::string_view token,
                          std::string_view desktop_page) {
  const Language l = frame.language;
  const bool admitted = view.state == SessionState::admitted;
  Html out;
  begin(out, frame, say(Say::session_title, l), false, switch_by_link(frame, "/session"));
  pages::heading(out, say(Say::session_title, l));
  out.add("<p class=\"notice\">").text(say(admitted ? Say::admitted : Say::quarantine, l)).add("</p>\n");
  if (admitted && !desktop_page.empty()) {
    out.add("<p><a class=\"main\" href=\"").text(desktop_page).add("/\">").text(say(Say::to_desktop, l));
    out.add("</a></p>\n");
  }
  if (!admitted) {
    out.add("<p>").text(say(Say::asks_itself, l, {std::to_string(kAsksEvery_s)}));
    out.add(" <a href=\"/session\">").text(say(Say::ask_again, l)).add("</a></p>\n");
  }
  out.add("<dl class=\"facts\">\n<dt>").text(say(Common::session_number, l)).add("</dt><dd><code>").text(view.session);
  out.add("</code></dd>\n<dt>").text(say(Say::remaining, l)).add("</dt><dd>");
  out.text(std::to_string(view.remaining_s / 60)).add("</dd>\n</dl>\n");
  out.add("<form class=\"more\" method=\"post\" action=\"/logout\">\n");
  carried(out, frame, token);
  out.add("<button class=\"second\">").text(say(Say::log_out, l)).add("</button>\n</form>\n");
  pages::end_page(out);
  HttpResponse response = page(200, std::move(out));
  if (!admitted) response.fields.emplace_back("Refresh", std::to_string(kAsksEvery_s) + "; url=/session");
  return response;
}

HttpResponse logged_out_page(const Frame& frame) {
  return short_page(200, frame, both(Say::logged_out_title), both(Say::logged_out), Leads::to_login);
}

HttpResponse refusal_page(const Frame& frame, const Refusal& refusal, Leads leads) {
  const bool later = pages::could_not_judge(refusal);
  const std::string style = style_path();
  std::string url;
  const auto again = link_of(frame, leads, url);
  const auto title = later ? both(Say::later_title) : pages::both(Common::refused_title);
  HttpResponse response = page(later ? 503 : 403, pages::refusal_page({frame.language, service_of(frame), style},
                                                                      refusal, again, title.in(frame.language)));
  if (later) response.fields.emplace_back("Retry-After", kRetryAfter_s);
  return response;
}

HttpResponse not_found_page(const Frame& frame) {
  return short_page(404, frame, pages::both(Common::not_found_title), pages::both(Common::not_found_text),
                    Leads::to_login);
}

HttpResponse broken_page(const Frame& frame, std::uint16_t status) {
  const auto words = pages::words_for_broken(status);
  HttpResponse out = short_page(status, frame, pages::both(words.title), pages::both(words.text), Leads::to_login);
  if (status == 405) out.fields.emplace_back("Allow", "GET, POST");
  out.close = true;
  return out;
}

HttpResponse unavailable_page(const Frame& frame, Leads leads) {
  HttpResponse out =
      short_page(503, frame, pages::both(Common::unavailable_title), pages::both(Common::unavailable_text), leads);
  out.fields.emplace_back("Retry-After", kRetryAfter_s);
  out.close = true;
  return out;
}

}  // namespace sekisho::ip_vpn
