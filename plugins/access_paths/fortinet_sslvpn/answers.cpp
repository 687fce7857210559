#include "answers.hpp"

#include "login_form.hpp"
#include "settings_xml.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::fortinet {

namespace {

constexpr std::size_t kLongestPrompt = 120;
/// Opaque to the clients and echoed by them; the login is found by `reqid` alone, and `grp` says what is being
/// answered.
constexpr std::string_view kBeforeGroup = ",polid=1-1-1,grp=";
constexpr std::string_view kAfterGroup = ",portal=remote,magic=1-1,tokeninfo=,chal_msg=";

HttpResponse text(std::uint16_t status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.content_type = "text/plain; charset=utf-8";
  out.body = std::move(body);
  return out;
}

/// Printable ASCII without ',' (separates fields), '<' and '%'; empty when nothing but blanks is left.
std::string prompt_text(std::string_view wanted) {
  std::string out;
  for (const char c : wanted.substr(0, kLongestPrompt)) {
    if (c < 0x20 || c > 0x7e || c == '<' || c == '%') continue;
    out += c == ',' ? ';' : c;
  }
  return out.find_first_not_of(' ') == std::string::npos ? std::string() : out;
}

/// One line of text for a terminal window: no control characters, no '<'.
std::string one_line(std::string_view wanted) {
  std::string out(wanted);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f || c == '<'; }, ' ');
  return out;
}

std::string explain(const Refusal& refusal, bool japanese) {
  const auto pick = [japanese](const Text& t) { return one_line(japanese ? t.ja : t.en); };
  std::string out;
  out += japanese ? "接続できません: " : "Access refused: ";
  out += pick(refusal.what) + "\n";
  out += (japanese ? "理由: " : "Why: ") + pick(refusal.why) + "\n";
  out += (japanese ? "対処: " : "Remedy: ") + pick(refusal.remedy) + "\n";
  return out;
}

}  // namespace

HttpResponse answer_to_start(std::string_view realm) {
  HttpResponse out = text(302, "see /remote/login\n");
  std::string target = "/remote/login";
  if (!realm.empty()) target.append("?realm=").append(realm);
  out.fields.emplace_back("Location", std::move(target));
  return out;
}

HttpResponse login_page() {
  HttpResponse out;
  out.content_type = "text/html; charset=utf-8";
  out.page = true;
  out.body =
      "<!DOCTYPE html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\"><title>VPN</title></head><body>\n"
      "<p>VPNクライアントで接続してください。</p>\n<p lang=\"en\">Please connect with the VPN client.</p>\n"
      "</body></html>\n";
  return out;
}

HttpResponse not_found() {
  return text(404, "not found\n");
}

HttpResponse broken(std::uint16_t status) {
  HttpResponse out = text(status, "request not understood\n");
  out.close = true;
  return out;
}

HttpResponse challenge(const LoginAsked& asked, std::string_view otherwise_prompt) {
  std::string prompt = prompt_text(asked.ask.prompt.en);
  if (prompt.empty()) prompt = prompt_text(otherwise_prompt);
  std::string body = "ret=2,reqid=";
  body.append(asked.handle).append(kBeforeGroup).append(group_of_field(asked.ask.field)).append(kAfterGroup);
  body.append(prompt);
  HttpResponse out = text(200, std::move(body));
  out.content_type = "text/plain";
  return out;
}

HttpResponse granted(const Granted& grant, bool ask_hostcheck) {
  HttpResponse out = text(200, "ret=1,redir=/remote/fortisslvpn_xml");
  out.content_type = "text/plain";
  if (ask_hostcheck) out.body += "\n<form action=\"/remote/hostcheck_validate\" method=\"post\"></form>\n";
  out.fields.emplace_back("Set-Cookie",
                          "SVPNCOOKIE=" + std::string(grant.cookie.reveal()) + "; path=/; secure; httponly");
  return out;
}

HttpResponse wrong_password() {
  HttpResponse out = text(200, "ret=0,redir=/remote/login");
  out.content_type = "text/plain";
  return out;
}

HttpResponse refused(const Refusal& refusal, std::string_view language) {
  const bool japanese_first = language != "en";
  std::string body = explain(refusal, japanese_first) + "\n" + explain(refusal, !japanese_first) + "\n";
  body += "[" + one_line(refusal.rule) + " " + one_line(refusal.code) + "]\n";
  return text(403, std::move(body));
}

HttpResponse form_not_allowed(std::string_view language) {
  return refused(
      {.rule = "R04",
       .code = "login.form_not_allowed",
       .what = {"VPNクライアントの画面からはログインできません。", "You cannot log in with the client's own form."},
       .why = {"この接続経路では、ブラウザーでのログインが必要です。",
               "This access path asks for the login in a browser."},
       .remedy = {"ブラウザーでこの接続先を開いてログインしてください。",
                  "Open this address in a browser and log in there."}},
      language);
}

Refusal without_session() {
  return {.rule = "R04",
          .code = "session.no_cookie",
          .what = {"この要求にはログインが必要です。", "This request needs a login."},
          .why = {"有効な形のセッション情報がありません。", "It carries no well-formed session cookie."},
          .remedy = {"VPNクライアントでもう一度ログインしてください。", "Log in again with the VPN client."}};
}

HttpResponse no_session(std::string_view language) {
  return refused(without_session(), language);
}

HttpResponse unavailable(std::string_view language) {
  HttpResponse out =
      refused({.rule = "R15",
               .code = "gate.unavailable",
               .what = {"いま判定ができません。", "No decision can be made now."},
               .why = {"関所の判定部が応答していません。", "The deciding part of the gate does not answer."},
               .remedy = {"数分後にもう一度お試しください。続くときは運用担当へご連絡ください。",
                          "Try again in a few minutes. If it lasts, call the operator."}},
              language);
  out.status = 503;
  out.close = true;
  return out;
}

HttpResponse session_page() {
  return text(200, "ok\n");
}

HttpResponse settings(const SessionView& view, bool datagrams) {
  HttpResponse out;
  out.content_type = "text/xml";
  out.body = settings_xml(view, datagrams);
  return out;
}

HttpResponse logged_out() {
  HttpResponse out = text(200, "logged out\n");
  out.fields.emplace_back("Set-Cookie", "SVPNCOOKIE=; path=/; expires=Sun, 11 Mar 1984 12:00:00 GMT; secure; httponly");
  return out;
}

HttpResponse claim_taken() {
  return text(200, "ok\n");
}

}  // namespace sekisho::fortinet
