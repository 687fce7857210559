#include "pages.hpp"

#include "html.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace sekisho::ip_vpn {
namespace {

constexpr std::size_t kLargestAnswer = 64 * 1024;

std::string_view pick(const Text& text, Language language) {
  return language == Language::ja ? text.ja : text.en;
}

HttpResponse page(std::uint16_t status, Html html) {
  HttpResponse out;
  out.status = status;
  out.content_type = "text/html; charset=utf-8";
  out.page = true;
  out.fields = {{"Vary", "Accept-Language"}};
  out.body = std::move(html).str();
  return out;
}

void begin(Html& out, const Frame& frame, std::string_view title, bool error, bool switched = false) {
  const std::string_view service = frame.service.empty() ? say(Say::service, frame.language) : frame.service;
  out.add("<!DOCTYPE html>\n<html lang=\"").text(tag_of(frame.language));
  out.add("\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
  if (error) out.text(say(Say::error_prefix, frame.language));
  out.text(title).add(" | ").text(service).add("</title>\n<link rel=\"stylesheet\" href=\"").text(style_path());
  out.add("\">\n</head>\n<body>\n<header class=\"top\"><div class=\"wide\">\n<p class=\"service\">").text(service);
  out.add("</p>\n");
  if (switched) {
    const Language to = other(frame.language);
    out.add("<p><a lang=\"").text(tag_of(to)).add("\" hreflang=\"").text(tag_of(to)).add("\" href=\"/?lang=");
    out.text(tag_of(to)).add("\">").text(say(Say::other_language, frame.language)).add("</a></p>\n");
  }
  out.add("</div></header>\n<main class=\"content\">\n<h1>").text(title).add("</h1>\n");
}
void end(Html& out) {
  out.add("</main>\n</body>\n</html>\n");
}

void hidden(Html& out, std::string_view name, std::string_view value) {
  out.add("<input type=\"hidden\" name=\"").text(name).add("\" value=\"").text(value).add("\">\n");
}

struct Field {
  std::string_view name, label;
  Html::Markup attributes;
  std::string_view value = {};
  bool wrong = false;
};
void field(Html& out, const Field& f) {
  out.add("<div class=\"field\">\n<label for=\"").text(f.name).add("\">").text(f.label).add("</label>\n<input id=\"");
  out.text(f.name).add("\" name=\"").text(f.name).add("\" required ").add(f.attributes);
  if (!f.value.empty()) out.add(" value=\"").text(f.value).add("\"");
  if (f.wrong) out.add(" aria-invalid=\"true\" aria-describedby=\"error\"");
  out.add(">\n</div>\n");
}
void complain(Html& out, const Frame& frame, std::string_view error) {
  if (error.empty()) return;
  out.add("<p class=\"error\" id=\"error\" role=\"alert\"><strong>").text(say(Say::error_prefix, frame.language));
  out.add("</strong>").text(error).add("</p>\n");
}
void button(Html& out, const Frame& frame, Say words) {
  out.add("<button class=\"main\">").text(say(words, frame.language)).add("</button>\n");
}
void to_login(Html& out, const Frame& frame) {
  out.add("<p class=\"again\"><a href=\"/?lang=").text(tag_of(frame.language)).add("\">");
  out.text(say(Say::to_login, frame.language)).add("</a></p>\n");
}

void refusal_rows(Html& out, Language l, const Refusal& refusal) {
  const std::array<std::pair<Say, std::string_view>, 3> rows = {{{Say::refused_what, pick(refusal.what, l)},
                                                                 {Say::refused_why, pick(refusal.why, l)},
                                                                 {Say::refused_remedy, pick(refusal.remedy, l)}}};
  out.add("<dl class=\"facts\">\n");
  for (const auto& [name, text] : rows) {
    out.add("<dt>").text(say(name, l)).add("</dt><dd>").text(text).add("</dd>\n");
  }
  out.add("<dt>").text(say(Say::refused_code, l)).add("</dt><dd><code>").text(refusal.rule).add(" ");
  out.text(refusal.code).add("</code></dd>\n</dl>\n");
}

/// A page of two sentences in both languages.
HttpResponse short_page(std::uint16_t status, const Frame& frame, Say title, Say text, bool again) {
  const Language second = other(frame.language);
  Html out;
  begin(out, frame, say(title, frame.language), false);
  out.add("<p>").text(say(text, frame.language)).add("</p>\n");
  if (again) to_login(out, frame);
  out.add("<div class=\"second-language\" lang=\"").text(tag_of(second)).add("\">\n<h2>").text(say(title, second));
  out.add("</h2>\n<p>").text(say(text, second)).add("</p>\n</div>\n");
  end(out);
  return page(status, std::move(out));
}

Refusal page_refusal(std::string_view code, Text why, Text remedy) {
  return {.rule = "T-14",
          .code = std::string(code),
          .what = {"この画面からの操作は受け付けられません。", "This form was not accepted."},
          .why = std::move(why),
          .remedy = std::move(remedy)};
}

}  // namespace

HttpResponse login_page(const Frame& frame, std::string_view token, std::string_view login, std::string_view error) {
  const Language l = frame.language;
  Html out;
  begin(out, frame, say(Say::login_title, l), !error.empty(), true);
  complain(out, frame, error);
  out.add("<p>").text(say(Say::login_lead, l)).add("</p>\n<form method=\"post\" action=\"/login\">\n");
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(l));
  field(out, {"login", say(Say::id_label, l),
              "type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"512\"",
              login, !error.empty()});
  field(out, {"password",
              say(Say::password_label, l),
              "type=\"password\" autocomplete=\"current-password\" maxlength=\"512\"",
              {},
              !error.empty()});
  button(out, frame, Say::log_in);
  out.add("</form>\n");
  end(out);
  return page(200, std::move(out));
}

HttpResponse answer_page(const Frame& frame, std::string_view token, std::string_view handle, std::string_view name,
                         std::string_view prompt, std::string_view error) {
  Html out;
  begin(out, frame, say(Say::answer_title, frame.language), !error.empty());
  complain(out, frame, error);
  out.add("<form method=\"post\" action=\"/answer\">\n");
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(frame.language));
  hidden(out, "handle", handle);
  hidden(out, "field", name);
  field(out, {"value",
              prompt,
              "type=\"text\" autocomplete=\"one-time-code\" spellcheck=\"false\" maxlength=\"512\"",
              {},
              !error.empty()});
  button(out, frame, Say::answer);
  out.add("</form>\n");
  to_login(out, frame);
  end(out);
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
  out.add("<dl class=\"facts\">\n<dt>").text(say(Say::session_number, l)).add("</dt><dd><code>").text(view.session);
  out.add("</code></dd>\n<dt>").text(say(Say::remaining, l)).add("</dt><dd>");
  out.text(std::to_string(view.remaining_s / 60)).add("</dd>\n</dl>\n<form method=\"post\" action=\"/logout\">\n");
  hidden(out, "token", token);
  hidden(out, "lang", tag_of(l));
  out.add("<button class=\"second\">").text(say(Say::log_out, l)).add("</button>\n</form>\n");
  end(out);
  return page(200, std::move(out));
}

HttpResponse logged_out_page(const Frame& frame) {
  return short_page(200, frame, Say::logged_out_title, Say::logged_out, true);
}

HttpResponse refusal_page(const Frame& frame, const Refusal& refusal) {
  const Language second = other(frame.language);
  Html out;
  begin(out, frame, say(Say::refused_title, frame.language), true);
  refusal_rows(out, frame.language, refusal);
  to_login(out, frame);
  out.add("<div class=\"second-language\" lang=\"").text(tag_of(second)).add("\">\n");
  refusal_rows(out, second, refusal);
  out.add("</div>\n");
  end(out);
  return page(403, std::move(out));
}

HttpResponse not_found_page(const Frame& frame) {
  return short_page(404, frame, Say::not_found_title, Say::not_found, true);
}

HttpResponse broken_page(const Frame& frame, std::uint16_t status) {
  HttpResponse out = short_page(status, frame, Say::broken_title, Say::broken, false);
  out.close = true;
  return out;
}

HttpResponse unavailable_page(const Frame& frame) {
  HttpResponse out = short_page(503, frame, Say::unavailable_title, Say::unavailable, true);
  out.close = true;
  return out;
}

HttpResponse agent_refused(std::uint16_t status, const Refusal& refusal) {
  const auto both = [](const Text& text) { return nlohmann::json{{"ja", text.ja}, {"en", text.en}}; };
  HttpResponse out;
  out.status = status;
  out.content_type = "application/json";
  out.body = nlohmann::json{{"decision", "deny"},
                            {"error", refusal.code},
                            {"refusal",
                             {{"rule", refusal.rule},
                              {"code", refusal.code},
                              {"what", both(refusal.what)},
                              {"why", both(refusal.why)},
                              {"remedy", both(refusal.remedy)}}}}
                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return out;
}

HttpResponse agent_unavailable() {
  return agent_refused(503, {"R10",
                             "gate.unavailable",
                             {"いま確認できません。", "The check cannot be made at the moment."},
                             {"接続先の処理が間に合っていません。", "The gate does not keep up."},
                             {"しばらく待ってからやり直してください。", "Wait a while and try again."}});
}

HttpResponse agent_answer(PostureAnswer answer) {
  if (answer.status < 200 || answer.status > 599 || answer.body.size() > kLargestAnswer) return agent_unavailable();
  HttpResponse out;
  out.status = answer.status;
  out.content_type = "application/json";
  out.body = std::move(answer.body);
  return out;
}

Refusal other_origin() {
  return page_refusal(
      "page.other_origin",
      {"この関所の画面から送られたことを確認できません。",
       "It could not be confirmed that the form came from a page of this gate."},
      {"アドレス欄からログイン画面を開き直してください。", "Open the login page from the address bar."});
}
Refusal stale_page() {
  return page_refusal("page.stale",
                      {"画面が古いか、別のログインの画面か、Cookieが使えません。",
                       "The page is old or belongs to another login, or cookies are switched off."},
                      {"最初からやり直してください。続くときは、このサイトのCookieを許可してください。",
                       "Start again. If it goes on, allow cookies for this site."});
}
Refusal wrong_media_type() {
  return {.rule = "R10",
          .code = "http.media_type",
          .what = {"要求を受け付けられません。", "The request cannot be taken."},
          .why = {"本文の種類が違います。", "The body is of another media type."},
          .remedy = {"端末の確認プログラムを最新にして、もう一度実行してください。",
                     "Update the terminal's agent and run it again."}};
}

}  // namespace sekisho::ip_vpn
