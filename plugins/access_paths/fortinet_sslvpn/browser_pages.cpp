#include "browser_pages.hpp"

#include "routes.hpp"

#include <sekisho/sdk/path/page_parts.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::fortinet {
namespace {

using pages::Html;

HttpResponse page(std::uint16_t status, Html html) {
  return pages::page_of(status, std::move(html), "Accept, Accept-Language");
}

std::string_view service_of(const PageFrame& frame) {
  return frame.service.empty() ? say(Say::service, frame.language) : frame.service;
}

/// Everything before the content; `switcher` is the language switch or nothing.
void begin(Html& out, const PageFrame& frame, std::string_view title, bool error, const Html& switcher) {
  pages::begin_page(out, {frame.language, service_of(frame), style_path()}, title, error, switcher);
}

/// What every form sends along.
void carried(Html& out, const PageFrame& frame, std::string_view token) {
  pages::hidden(out, "token", token);
  pages::hidden(out, "lang", tag_of(frame.language));
  if (frame.for_client) pages::hidden(out, "client", "1");
  if (!frame.realm.empty()) pages::hidden(out, "realm", frame.realm);
}

Html switch_by_link(const PageFrame& frame) {
  return pages::switch_by_link(frame.language, start_url(frame, other(frame.language)));
}
/// A question lives in its form, so the switch is a form as well: a handle never stands in a URL.
Html switch_by_form(const PageFrame& frame, const Question& question) {
  Html form;
  form.add("<form method=\"post\" action=\"/remote/login/language\">\n");
  carried(form, frame, question.token);
  pages::hidden(form, "handle", question.handle);
  pages::hidden(form, "field", question.field);
  if (!question.login.empty()) pages::hidden(form, "login", question.login);
  if (question.resend_at != 0) pages::hidden(form, "resend_at", std::to_string(question.resend_at));
  form.add(pages::switch_button(frame.language)).add("</form>");
  return pages::switcher(frame.language, form);
}

void steps(Html& out, const PageFrame& frame, unsigned current) {
  out.add("<ol class=\"steps\" aria-label=\"").text(say(Say::step, frame.language)).add("\">\n");
  constexpr std::array<Say, 3> kSteps = {Say::step_id, Say::step_password, Say::step_code};
  for (unsigned i = 0; i < kSteps.size(); ++i) {
    if (i == current) {
      out.add("<li aria-current=\"step\">");
    } else {
      out.add("<li>");
    }
    out.text(say(kSteps.at(i), frame.language)).add("</li>\n");
  }
  out.add("</ol>\n");
}

void start_again(Html& out, const PageFrame& frame, Common words) {
  pages::link_line(out, start_url(frame), say(words, frame.language));
}

void resend_form(Html& out, const PageFrame& frame, const Question& question, Instant now) {
  Html fields;
  carried(fields, frame, question.token);
  pages::hidden(fields, "handle", question.handle);
  pages::resend_form(out, frame.language, {"/remote/login/resend", fields, question.resend_at}, now);
}

Html done_body(Language l, const Granted& grant, std::string_view origin, Instant now) {
  Html out;
  const std::string limit = std::to_string(grant.tunnel_within_s);
  const std::string until = pages::clock_in_japan(pages::seconds_of(now) + grant.tunnel_within_s);
  const std::string_view cookie = grant.cookie.reveal();
  std::string host(origin.substr(std::min(origin.size(), std::string_view("https://").size())));
  if (host.find(':', host.find(']') == host.npos ? 0 : host.find(']')) == host.npos) host += ":443";
  const auto file = [&out, l](bool key) {
    if (l == Language::ja) {
      out.add(key ? Html::Markup("鍵.pem") : Html::Markup("証明書.pem"));
    } else {
      out.add(key ? Html::Markup("key.pem") : Html::Markup("certificate.pem"));
    }
  };
  out.add("<p>").text(say(Say::done_lead, l)).add("</p>\n<p class=\"notice\">");
  out.text(say(Say::done_limit, l, {limit, until})).add("</p>\n");
  out.add("<div class=\"field\">\n<label for=\"value-").text(tag_of(l)).add("\">").text(say(Say::done_value, l));
  out.add("</label>\n<p class=\"hint\" id=\"value-hint-").text(tag_of(l)).add("\">").text(say(Say::done_value_hint, l));
  out.add("</p>\n<input class=\"value\" readonly id=\"value-").text(tag_of(l)).add("\" aria-describedby=\"value-hint-");
  out.text(tag_of(l)).add("\" value=\"SVPNCOOKIE=").text(cookie).add("\">\n</div>\n");
  out.add("<h2>").text(say(Say::done_openconnect, l)).add("</h2>\n<pre class=\"command\"><code>");
  out.add("openconnect --protocol=fortinet <span>-c ");
  file(false);
  out.add("</span> <span>-k ");
  file(true);
  out.add("</span> <span>--cookie-on-stdin</span> <span>").text(origin);
  out.add("/</span></code></pre>\n<h2>")
      .text(say(Say::done_openfortivpn, l))
      .add("</h2>\n<pre class=\"command\"><code>");
  out.add("openfortivpn ").text(host).add(" <span>--user-cert=");
  file(false);
  out.add("</span> <span>--user-key=");
  file(true);
  out.add("</span> <span>--cookie-on-stdin</span></code></pre>\n<ul class=\"notes\">\n<li>");
  out.text(say(Say::done_paste, l)).add("</li>\n<li>").text(say(Say::done_files, l)).add("</li>\n<li>");
  out.text(say(Say::done_secret, l)).add("</li>\n</ul>\n<p>").text(say(Common::session_number, l)).add(": <code>");
  out.text(grant.session).add("</code></p>\n");
  return out;
}

pages::Again again(bool wanted, const std::string& url, Common words, const PageFrame& frame) {
  return wanted ? pages::Again{url, say(words, frame.language)} : pages::Again{};
}
/// A page of two sentences in both languages.
HttpResponse short_page(std::uint16_t status, const PageFrame& frame, pages::ShortWords words, bool to_login) {
  const std::string url = start_url(frame), style = style_path();
  return page(status, pages::short_page({frame.language, service_of(frame), style}, pages::both(words.title),
                                        pages::both(words.text), again(to_login, url, Common::to_login, frame)));
}

}  // namespace

std::string start_url(const PageFrame& frame, std::optional<Language> language) {
  std::string out = frame.for_client ? "/remote/saml/start?redirect=1" : "/remote/login";
  char next = frame.for_client ? '&' : '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    out += std::exchange(next, '&');
    out.append(name).append("=").append(value);
  };
  if (!frame.realm.empty()) add("realm", frame.realm);
  add("lang", tag_of(language.value_or(frame.language)));
  return out;
}

HttpResponse id_page(const PageFrame& frame, std::string_view token, std::string_view login, std::string_view error) {
  const Language l = frame.language;
  Html out;
  begin(out, frame, say(Common::login_title, l), !error.empty(), switch_by_link(frame));
  steps(out, frame, 0);
  pages::error_summary(out, l, "login", error);
  pages::heading(out, say(Common::login_title, l));
  out.add("<p>").text(say(frame.for_client ? Say::id_lead_client : Say::id_lead, l)).add("</p>\n");
  out.add("<form method=\"post\" action=\"/remote/login/id\">\n");
  carried(out, frame, token);
  pages::field(out, l,
               {"login", say(Common::id_label, l), say(Common::id_hint, l), error,
                "type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"", login});
  pages::button(out, say(Say::next, l));
  out.add("</form>\n");
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse question_page(const PageFrame& frame, const Question& question, Instant now) {
  const Language l = frame.language;
  const bool password = question.field == "password", code = question.field == "code";
  const Common title = password ? Common::password_title : code ? Common::code_title : Common::answer_title;
  Html out;
  begin(out, frame, say(title, l), !question.error.empty(), switch_by_form(frame, question));
  steps(out, frame, password ? 1 : 2);
  pages::error_summary(out, l, question.field, question.error);
  pages::heading(out, say(title, l));
  if (!question.notice.empty()) out.add("<p class=\"notice\">").text(question.notice).add("</p>\n");
  out.add(password ? Html::Markup("<form method=\"post\" action=\"/remote/login/password\">\n")
                   : Html::Markup("<form method=\"post\" action=\"/remote/login/code\">\n"));
  carried(out, frame, question.token);
  pages::hidden(out, "handle", question.handle);
  if (password) {
    pages::field(out, l,
                 {"login",
                  say(Common::id_label, l),
                  {},
                  {},
                  "type=\"text\" autocomplete=\"username\" readonly",
                  question.login});
    pages::field(out, l,
                 {"password",
                  say(Common::password_label, l),
                  {},
                  question.error,
                  "type=\"password\" autocomplete=\"current-password\""});
    pages::button(out, say(Say::next, l));
  } else {
    pages::hidden(out, "field", question.field);
    const std::string_view label = code ? say(Common::code_label, l) : question.prompt;
    pages::field(out, l,
                 {question.field, label, code ? say(Common::code_hint, l) : std::string_view(), question.error,
                  "type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" spellcheck=\"false\""});
    pages::button(out, say(Common::log_in, l));
  }
  out.add("</form>\n");
  if (code) resend_form(out, frame, question, now);
  start_again(out, frame, Common::start_again);
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse done_page(const PageFrame& frame, const Granted& grant, std::string_view origin, Instant now) {
  Html out;
  begin(out, frame, say(Say::done_title, frame.language), false, {});
  pages::heading(out, say(Say::done_title, frame.language));
  out.add(done_body(frame.language, grant, origin, now));
  pages::folded(out, other(frame.language), done_body(other(frame.language), grant, origin, now));
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse return_page(const PageFrame& frame, std::string_view id, std::uint16_t port, std::uint32_t within_s,
                         Instant now) {
  const std::string target = "http://127.0.0.1:" + std::to_string(port) + "/?id=" + std::string(id);
  const std::string limit = std::to_string(within_s), until = pages::clock_in_japan(pages::seconds_of(now) + within_s);
  const auto body = [&](Language l) {
    Html out;
    out.add("<p>").text(say(Say::return_lead, l)).add(" ").text(say(Say::return_nothing, l));
    out.add("</p>\n<p><a class=\"main\" href=\"").text(target).add("\">").text(say(Say::return_link, l));
    out.add("</a></p>\n<p class=\"notice\">").text(say(Say::return_limit, l, {limit, until})).add("</p>\n");
    return out;
  };
  Html out;
  begin(out, frame, say(Say::return_title, frame.language), false, {});
  pages::heading(out, say(Say::return_title, frame.language));
  out.add(body(frame.language));
  pages::folded(out, other(frame.language), body(other(frame.language)));
  pages::end_page(out);
  HttpResponse response = page(200, std::move(out));
  // Not a redirect: form-action 'self' also bounds where a form's answer may lead.
  response.fields.emplace_back("Refresh", "0; url=" + target);
  return response;
}

HttpResponse refusal_page(const PageFrame& frame, const Refusal& refusal, bool to_login) {
  const std::string url = start_url(frame), style = style_path();
  return page(403, pages::refusal_page({frame.language, service_of(frame), style}, refusal,
                                       again(to_login, url, Common::start_again, frame)));
}

HttpResponse not_found_page(const PageFrame& frame, bool to_login) {
  return short_page(404, frame, {Common::not_found_title, Common::not_found_text}, to_login);
}

HttpResponse broken_page(std::uint16_t status) {
  HttpResponse out = short_page(status, {}, pages::words_for_broken(status), true);
  if (status == 405) out.fields.emplace_back("Allow", "GET, POST");
  out.close = true;
  return out;
}

HttpResponse unavailable_page(const PageFrame& frame) {
  HttpResponse out = short_page(503, frame, {Common::unavailable_title, Common::unavailable_text}, true);
  out.close = true;
  return out;
}

}  // namespace sekisho::fortinet
