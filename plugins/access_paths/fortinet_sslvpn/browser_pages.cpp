#include "browser_pages.hpp"

#include "html.hpp"
#include "routes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::fortinet {
namespace {

constexpr std::int64_t kJapan_s = 9 * 3600;

std::int64_t seconds_of(Instant at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

HttpResponse page(std::uint16_t status, Html html) {
  HttpResponse out;
  out.status = status;
  out.content_type = "text/html; charset=utf-8";
  out.page = true;
  out.fields = {{"Vary", "Accept, Accept-Language"}};
  out.body = std::move(html).str();
  return out;
}

std::string_view service_of(const PageFrame& frame) {
  return frame.service.empty() ? say(Say::service, frame.language) : frame.service;
}

/// Everything before the content; `switcher` is the language switch or nothing.
void begin(Html& out, const PageFrame& frame, std::string_view title, bool error, const Html& switcher) {
  out.add("<!DOCTYPE html>\n<html lang=\"").text(tag_of(frame.language));
  out.add("\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
  if (error) out.text(say(Say::error_prefix, frame.language));
  out.text(title).add(" | ").text(service_of(frame));
  out.add("</title>\n<link rel=\"stylesheet\" href=\"").text(style_path());
  out.add("\">\n</head>\n<body>\n<header class=\"top\"><div class=\"wide\">\n<p class=\"service\">");
  out.text(service_of(frame)).add("</p>\n").add(switcher).add("</div></header>\n<main class=\"content\">\n");
}
void end(Html& out) {
  out.add("</main>\n</body>\n</html>\n");
}
void heading(Html& out, std::string_view title) {
  out.add("<h1>").text(title).add("</h1>\n");
}

void hidden(Html& out, std::string_view name, std::string_view value) {
  out.add("<input type=\"hidden\" name=\"").text(name).add("\" value=\"").text(value).add("\">\n");
}
/// What every form sends along.
void carried(Html& out, const PageFrame& frame, std::string_view token) {
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(frame.language));
  if (frame.for_client) hidden(out, "client", "1");
  if (!frame.realm.empty()) hidden(out, "realm", frame.realm);
}

Say name_of(Language language) {
  return language == Language::ja ? Say::japanese : Say::english;
}
void switcher_item(Html& out, const PageFrame& frame, Language language, const Html& control) {
  if (language == frame.language) {
    out.add("<li><span aria-current=\"true\" lang=\"").text(tag_of(language)).add("\">");
    out.text(say(name_of(language), language)).add("</span></li>\n");
  } else {
    out.add("<li>").add(control).add("</li>\n");
  }
}
/// `control` switches to the other language.
Html switcher(const PageFrame& frame, const Html& control) {
  Html out;
  out.add("<nav aria-label=\"").text(say(Say::switch_language, frame.language)).add("\"><ul class=\"languages\">\n");
  switcher_item(out, frame, Language::ja, control);
  switcher_item(out, frame, Language::en, control);
  out.add("</ul></nav>\n");
  return out;
}
Html switch_by_link(const PageFrame& frame) {
  const Language to = other(frame.language);
  Html link;
  link.add("<a lang=\"").text(tag_of(to)).add("\" hreflang=\"").text(tag_of(to)).add("\" href=\"");
  link.text(start_url(frame, to)).add("\">").text(say(name_of(to), to)).add("</a>");
  return switcher(frame, link);
}
/// A question lives in its form, so the switch is a form as well: a handle never stands in a URL.
Html switch_by_form(const PageFrame& frame, const Question& question) {
  const Language to = other(frame.language);
  Html form;
  form.add("<form method=\"post\" action=\"/remote/login/language\">\n");
  carried(form, frame, question.token);
  hidden(form, "handle", question.handle);
  hidden(form, "field", question.field);
  if (!question.login.empty()) hidden(form, "login", question.login);
  if (question.resend_at != 0) hidden(form, "resend_at", std::to_string(question.resend_at));
  form.add("<button class=\"plain\" lang=\"").text(tag_of(to)).add("\" name=\"to\" value=\"").text(tag_of(to));
  form.add("\">").text(say(name_of(to), to)).add("</button>\n</form>");
  return switcher(frame, form);
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

void error_summary(Html& out, const PageFrame& frame, std::string_view field, std::string_view error) {
  if (error.empty()) return;
  out.add("<section class=\"summary\" aria-labelledby=\"summary-title\" tabindex=\"-1\" autofocus>\n");
  out.add("<h2 id=\"summary-title\">").text(say(Say::error_summary, frame.language)).add("</h2>\n<ul><li><a href=\"#");
  out.text(field).add("\">").text(error).add("</a></li></ul>\n</section>\n");
}

struct Field {
  std::string_view name, label, hint, error;
  Html::Markup attributes;
  std::string_view value = {};
};
void field(Html& out, const PageFrame& frame, const Field& f) {
  out.add(f.error.empty() ? Html::Markup("<div class=\"field\">\n<label for=\"")
                          : Html::Markup("<div class=\"field wrong\">\n<label for=\""));
  out.text(f.name).add("\">").text(f.label).add("</label>\n");
  if (!f.hint.empty()) out.add("<p class=\"hint\" id=\"hint\">").text(f.hint).add("</p>\n");
  if (!f.error.empty()) {
    out.add("<p class=\"error\" id=\"error\"><strong>").text(say(Say::error_prefix, frame.language));
    out.add("</strong>").text(f.error).add("</p>\n");
  }
  out.add("<input id=\"").text(f.name).add("\" name=\"").text(f.name).add("\" ").add(f.attributes);
  if (!f.value.empty()) out.add(" value=\"").text(f.value).add("\"");
  if (!f.error.empty()) {
    out.add(" aria-invalid=\"true\" aria-describedby=\"error");
    if (!f.hint.empty()) out.add(" hint");
    out.add("\"");
  } else if (!f.hint.empty()) {
    out.add(" aria-describedby=\"hint\"");
  }
  out.add(">\n</div>\n");
}

void button(Html& out, const PageFrame& frame, Say words) {
  out.add("<button class=\"main\">").text(say(words, frame.language)).add("</button>\n");
}
void start_again(Html& out, const PageFrame& frame, Say words) {
  out.add("<p class=\"again\"><a href=\"").text(start_url(frame)).add("\">").text(say(words, frame.language));
  out.add("</a></p>\n");
}

/// The same content in the other language, folded: the switch of pages that cannot be asked for again.
void folded(Html& out, Language language, const Html& content) {
  out.add("<details lang=\"").text(tag_of(language)).add("\">\n<summary>");
  out.text(say(name_of(language), language)).add("</summary>\n").add(content).add("</details>\n");
}

void resend_form(Html& out, const PageFrame& frame, const Question& question, Instant now) {
  const Language l = frame.language;
  out.add("<section class=\"more\" aria-labelledby=\"resend-title\">\n<h2 id=\"resend-title\">");
  out.text(say(Say::resend_title, l)).add("</h2>\n<p>").text(say(Say::resend_now, l)).add("</p>\n");
  const std::int64_t wait = question.resend_at - seconds_of(now);
  if (wait > 0) {
    out.add("<p id=\"resend-wait\">");
    out.text(say(Say::resend_wait, l, {std::to_string(wait), clock_in_japan(question.resend_at)})).add("</p>\n");
  }
  out.add("<form method=\"post\" action=\"/remote/login/resend\">\n");
  carried(out, frame, question.token);
  hidden(out, "handle", question.handle);
  if (wait > 0) {
    out.add("<button class=\"second\" aria-describedby=\"resend-wait\">");
  } else {
    out.add("<button class=\"second\">");
  }
  out.text(say(Say::resend, l)).add("</button>\n</form>\n</section>\n");
}

void refusal_rows(Html& out, Language l, const Refusal& refusal) {
  const auto pick = [l](const Text& text) -> std::string_view { return l == Language::ja ? text.ja : text.en; };
  const std::array<std::pair<Say, std::string_view>, 3> rows = {{{Say::refused_what, pick(refusal.what)},
                                                                 {Say::refused_why, pick(refusal.why)},
                                                                 {Say::refused_remedy, pick(refusal.remedy)}}};
  out.add("<dl class=\"facts\">\n");
  for (const auto& [name, text] : rows) {
    out.add("<dt>").text(say(name, l)).add("</dt><dd>").text(text).add("</dd>\n");
  }
  out.add("<dt>").text(say(Say::refused_code, l)).add("</dt><dd><code>").text(refusal.rule).add(" ");
  out.text(refusal.code).add("</code></dd>\n</dl>\n");
}

Html done_body(Language l, const Granted& grant, std::string_view origin, Instant now) {
  Html out;
  const std::string limit = std::to_string(grant.tunnel_within_s);
  const std::string until = clock_in_japan(seconds_of(now) + grant.tunnel_within_s);
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
  out.text(say(Say::done_secret, l)).add("</li>\n</ul>\n<p>").text(say(Say::session_number, l)).add(": <code>");
  out.text(grant.session).add("</code></p>\n");
  return out;
}

struct Short {
  Say title, text;
};
/// A page of two sentences in both languages.
HttpResponse short_page(std::uint16_t status, const PageFrame& frame, Short words, bool to_login) {
  const Language second = other(frame.language);
  Html out;
  begin(out, frame, say(words.title, frame.language), false, {});
  heading(out, say(words.title, frame.language));
  out.add("<p>").text(say(words.text, frame.language)).add("</p>\n");
  if (to_login) start_again(out, frame, Say::to_login);
  out.add("<div class=\"second-language\" lang=\"").text(tag_of(second)).add("\">\n<h2>");
  out.text(say(words.title, second)).add("</h2>\n<p>").text(say(words.text, second)).add("</p>\n</div>\n");
  end(out);
  return page(status, std::move(out));
}

}  // namespace

std::string clock_in_japan(std::int64_t seconds_since_1970) {
  const std::int64_t day = ((seconds_since_1970 + kJapan_s) % 86400 + 86400) % 86400;
  std::string out;
  for (const std::int64_t part : {day / 3600, day / 60 % 60, day % 60}) {
    if (!out.empty()) out += ':';
    out += static_cast<char>('0' + part / 10);
    out += static_cast<char>('0' + part % 10);
  }
  return out;
}

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
  begin(out, frame, say(Say::id_title, l), !error.empty(), switch_by_link(frame));
  steps(out, frame, 0);
  error_summary(out, frame, "login", error);
  heading(out, say(Say::id_title, l));
  out.add("<p>").text(say(frame.for_client ? Say::id_lead_client : Say::id_lead, l)).add("</p>\n");
  out.add("<form method=\"post\" action=\"/remote/login/id\">\n");
  carried(out, frame, token);
  field(out, frame,
        {"login", say(Say::id_label, l), say(Say::id_hint, l), error,
         "type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"", login});
  button(out, frame, Say::next);
  out.add("</form>\n");
  end(out);
  return page(200, std::move(out));
}

HttpResponse question_page(const PageFrame& frame, const Question& question, Instant now) {
  const Language l = frame.language;
  const bool password = question.field == "password", code = question.field == "code";
  const Say title = password ? Say::password_title : code ? Say::code_title : Say::other_title;
  Html out;
  begin(out, frame, say(title, l), !question.error.empty(), switch_by_form(frame, question));
  steps(out, frame, password ? 1 : 2);
  error_summary(out, frame, question.field, question.error);
  heading(out, say(title, l));
  if (!question.notice.empty()) out.add("<p class=\"notice\">").text(question.notice).add("</p>\n");
  out.add(password ? Html::Markup("<form method=\"post\" action=\"/remote/login/password\">\n")
                   : Html::Markup("<form method=\"post\" action=\"/remote/login/code\">\n"));
  carried(out, frame, question.token);
  hidden(out, "handle", question.handle);
  if (password) {
    field(out, frame,
          {"login", say(Say::id_label, l), {}, {}, "type=\"text\" autocomplete=\"username\" readonly", question.login});
    field(out, frame,
          {"password",
           say(Say::password_label, l),
           {},
           question.error,
           "type=\"password\" autocomplete=\"current-password\""});
    button(out, frame, Say::next);
  } else {
    hidden(out, "field", question.field);
    const std::string_view label = code ? say(Say::code_label, l) : question.prompt;
    field(out, frame,
          {question.field, label, code ? say(Say::code_hint, l) : std::string_view(), question.error,
           "type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" spellcheck=\"false\""});
    button(out, frame, Say::log_in);
  }
  out.add("</form>\n");
  if (code) resend_form(out, frame, question, now);
  start_again(out, frame, Say::start_again);
  end(out);
  return page(200, std::move(out));
}

HttpResponse done_page(const PageFrame& frame, const Granted& grant, std::string_view origin, Instant now) {
  Html out;
  begin(out, frame, say(Say::done_title, frame.language), false, {});
  heading(out, say(Say::done_title, frame.language));
  out.add(done_body(frame.language, grant, origin, now));
  folded(out, other(frame.language), done_body(other(frame.language), grant, origin, now));
  end(out);
  return page(200, std::move(out));
}

HttpResponse return_page(const PageFrame& frame, std::string_view id, std::uint16_t port, std::uint32_t within_s,
                         Instant now) {
  const std::string target = "http://127.0.0.1:" + std::to_string(port) + "/?id=" + std::string(id);
  const std::string limit = std::to_string(within_s), until = clock_in_japan(seconds_of(now) + within_s);
  const auto body = [&](Language l) {
    Html out;
    out.add("<p>").text(say(Say::return_lead, l)).add(" ").text(say(Say::return_nothing, l));
    out.add("</p>\n<p><a class=\"main\" href=\"").text(target).add("\">").text(say(Say::return_link, l));
    out.add("</a></p>\n<p class=\"notice\">").text(say(Say::return_limit, l, {limit, until})).add("</p>\n");
    return out;
  };
  Html out;
  begin(out, frame, say(Say::return_title, frame.language), false, {});
  heading(out, say(Say::return_title, frame.language));
  out.add(body(frame.language));
  folded(out, other(frame.language), body(other(frame.language)));
  end(out);
  HttpResponse response = page(200, std::move(out));
  // Not a redirect: form-action 'self' also bounds where a form's answer may lead.
  response.fields.emplace_back("Refresh", "0; url=" + target);
  return response;
}

HttpResponse refusal_page(const PageFrame& frame, const Refusal& refusal, bool to_login) {
  Html out;
  begin(out, frame, say(Say::refused_title, frame.language), true, {});
  out.add("<div class=\"refused\">\n");
  heading(out, say(Say::refused_title, frame.language));
  refusal_rows(out, frame.language, refusal);
  out.add("</div>\n");
  if (to_login) start_again(out, frame, Say::start_again);
  Html second;
  refusal_rows(second, other(frame.language), refusal);
  folded(out, other(frame.language), second);
  end(out);
  return page(403, std::move(out));
}

HttpResponse not_found_page(const PageFrame& frame, bool to_login) {
  return short_page(404, frame, {Say::not_found_title, Say::not_found_text}, to_login);
}

HttpResponse broken_page(std::uint16_t status) {
  Short words{Say::broken_title, Say::broken_text};
  if (status == 405) words = {Say::method_title, Say::method_text};
  if (status == 413 || status == 414 || status == 431) words = {Say::too_large_title, Say::too_large_text};
  HttpResponse out = short_page(status, {}, words, true);
  if (status == 405) out.fields.emplace_back("Allow", "GET, POST");
  out.close = true;
  return out;
}

HttpResponse unavailable_page(const PageFrame& frame) {
  HttpResponse out = short_page(503, frame, {Say::unavailable_title, Say::unavailable_text}, true);
  out.close = true;
  return out;
}

}  // namespace sekisho::fortinet
