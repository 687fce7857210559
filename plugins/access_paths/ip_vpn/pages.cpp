#include "pages.hpp"

#include <sekisho/sdk/path/page_parts.hpp>
#include <sekisho/sdk/path/page_style.hpp>

#include <utility>

namespace sekisho::ip_vpn {
namespace {

using pages::hidden;
using pages::Html;

HttpResponse page(std::uint16_t status, Html html) {
  return pages::page_of(status, std::move(html), "Accept-Language");
}

std::string_view service_of(const Frame& frame) {
  return frame.service.empty() ? say(Say::service, frame.language) : frame.service;
}

void begin(Html& out, const Frame& frame, std::string_view title, bool error, bool switched = false) {
  Html control;
  if (switched) {
    const Language to = other(frame.language);
    control.add("<p><a lang=\"").text(tag_of(to)).add("\" hreflang=\"").text(tag_of(to)).add("\" href=\"/?lang=");
    control.text(tag_of(to)).add("\">").text(say(Say::other_language, frame.language)).add("</a></p>\n");
  }
  pages::begin_page(out, {frame.language, service_of(frame), style_path()}, title, error, control);
  pages::heading(out, title);
}

struct Typed {
  std::string_view name, label;
  Html::Markup attributes;
  std::string_view value = {};
  bool wrong = false;
};
void typed(Html& out, const Typed& f) {
  out.add("<div class=\"field\">\n<label for=\"").text(f.name).add("\">").text(f.label).add("</label>\n<input id=\"");
  out.text(f.name).add("\" name=\"").text(f.name).add("\" required ").add(f.attributes);
  if (!f.value.empty()) out.add(" value=\"").text(f.value).add("\"");
  if (f.wrong) out.add(" aria-invalid=\"true\" aria-describedby=\"error\"");
  out.add(">\n</div>\n");
}
void complain(Html& out, const Frame& frame, std::string_view error) {
  if (error.empty()) return;
  out.add("<p class=\"error\" id=\"error\" role=\"alert\"><strong>").text(say(Common::error_prefix, frame.language));
  out.add("</strong>").text(error).add("</p>\n");
}
void to_login(Html& out, const Frame& frame) {
  pages::link_line(out, std::string("/?lang=").append(tag_of(frame.language)), say(Common::to_login, frame.language));
}

/// A page of two sentences in both languages.
HttpResponse short_page(std::uint16_t status, const Frame& frame, pages::Both title, pages::Both text, bool again) {
  const std::string url = std::string("/?lang=").append(tag_of(frame.language)), style = style_path();
  const auto link = again ? pages::Again{url, say(Common::to_login, frame.language)} : pages::Again{};
  return page(status, pages::short_page({frame.language, service_of(frame), style}, title, text, link));
}

}  // namespace

std::string style_path() {
  return pages::style_path("/style-");
}

HttpResponse login_page(const Frame& frame, std::string_view token, std::string_view login, std::string_view error) {
  const Language l = frame.language;
  Html out;
  begin(out, frame, say(Say::login_title, l), !error.empty(), true);
  complain(out, frame, error);
  out.add("<p>").text(say(Say::login_lead, l)).add("</p>\n<form method=\"post\" action=\"/login\">\n");
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(l));
  typed(out, {"login", say(Say::id_label, l),
              "type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"512\"",
              login, !error.empty()});
  typed(out, {"password",
              say(Common::password_label, l),
              "type=\"password\" autocomplete=\"current-password\" maxlength=\"512\"",
              {},
              !error.empty()});
  pages::button(out, say(Common::log_in, l));
  out.add("</form>\n");
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse answer_page(const Frame& frame, std::string_view token, std::string_view handle, std::string_view name,
                         std::string_view prompt, std::string_view error) {
  Html out;
  begin(out, frame, say(Common::answer_title, frame.language), !error.empty());
  complain(out, frame, error);
  out.add("<form method=\"post\" action=\"/answer\">\n");
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(frame.language));
  hidden(out, "handle", handle);
  hidden(out, "field", name);
  typed(out, {"value",
              prompt,
              "type=\"text\" autocomplete=\"one-time-code\" spellcheck=\"false\" maxlength=\"512\"",
              {},
              !error.empty()});
  pages::button(out, say(Say::answer, frame.language));
  out.add("</form>\n");
  to_login(out, frame);
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse session_page(const Frame& frame, const SessionView& view, std::string_view token,
                          std::string_view desktop_page) {
  const Language l = frame.language;
  const bool admitted = view.state == SessionState::admitted;
  Html out;
  begin(out, frame, say(Say::session_title, l), false);
  out.add("<p class=\"notice\">").text(say(admitted ? Say::admitted : Say::quarantine, l)).add("</p>\n");
  if (admitted && !desktop_page.empty()) {
    out.add("<p><a class=\"main\" href=\"").text(desktop_page).add("/\">").text(say(Say::to_desktop, l));
    out.add("</a></p>\n");
  }
  out.add("<dl class=\"facts\">\n<dt>").text(say(Common::session_number, l)).add("</dt><dd><code>").text(view.session);
  out.add("</code></dd>\n<dt>").text(say(Say::remaining, l)).add("</dt><dd>");
  out.text(std::to_string(view.remaining_s / 60)).add("</dd>\n</dl>\n<form method=\"post\" action=\"/logout\">\n");
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(l));
  out.add("<button class=\"second\">").text(say(Say::log_out, l)).add("</button>\n</form>\n");
  pages::end_page(out);
  return page(200, std::move(out));
}

HttpResponse logged_out_page(const Frame& frame) {
  return short_page(200, frame, both(Say::logged_out_title), both(Say::logged_out), true);
}

HttpResponse refusal_page(const Frame& frame, const Refusal& refusal) {
  const Language second = other(frame.language);
  Html out;
  begin(out, frame, say(Common::refused_title, frame.language), true);
  pages::refusal_rows(out, frame.language, refusal);
  to_login(out, frame);
  out.add("<div class=\"second-language\" lang=\"").text(tag_of(second)).add("\">\n");
  pages::refusal_rows(out, second, refusal);
  out.add("</div>\n");
  pages::end_page(out);
  return page(403, std::move(out));
}

HttpResponse not_found_page(const Frame& frame) {
  return short_page(404, frame, pages::both(Common::not_found_title), pages::both(Common::not_found_text), true);
}

HttpResponse broken_page(const Frame& frame, std::uint16_t status) {
  HttpResponse out =
      short_page(status, frame, pages::both(Common::broken_title), pages::both(Common::broken_text), false);
  out.close = true;
  return out;
}

HttpResponse unavailable_page(const Frame& frame) {
  HttpResponse out =
      short_page(503, frame, pages::both(Common::unavailable_title), pages::both(Common::unavailable_text), true);
  out.close = true;
  return out;
}

}  // namespace sekisho::ip_vpn
