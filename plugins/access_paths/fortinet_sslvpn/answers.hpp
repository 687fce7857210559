// Every HTTP answer of this path, built from templates (T-05). Texts are the clients': openconnect and openfortivpn
// read some of them word by word (the page's §2.2, §2.5). Threads: pure functions. No product name, no version.
#pragma once
#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/path/http.hpp>

#include <string>
#include <string_view>

namespace sekisho::fortinet {

[[nodiscard]] HttpResponse answer_to_start(std::string_view realm);
[[nodiscard]] HttpResponse login_page();
[[nodiscard]] HttpResponse not_found();
/// A short constant text for any error status; closes.
[[nodiscard]] HttpResponse broken(std::uint16_t status);
/// 200 "ret=2,…": the question, with the handle as `reqid`. The prompt is made plain ASCII without commas.
[[nodiscard]] HttpResponse challenge(const LoginAsked& asked, std::string_view otherwise_prompt);
/// 200 "ret=1,…" and the one Set-Cookie. `ask_hostcheck`: with the attribute that makes openfortivpn post its claim.
[[nodiscard]] HttpResponse granted(const Granted& grant, bool ask_hostcheck);
/// 200 "ret=0,…": the client may ask for the password again.
[[nodiscard]] HttpResponse wrong_password();
/// 403 with what, why and remedy in both languages, `language` ("ja", "en") first. Never holds "<".
[[nodiscard]] HttpResponse refused(const Refusal& refusal, std::string_view language);
/// 403 for a login in a form that this path does not allow.
[[nodiscard]] HttpResponse form_not_allowed(std::string_view language);
/// A missing or malformed cookie.
[[nodiscard]] Refusal without_session();
/// 403 for it.
[[nodiscard]] HttpResponse no_session(std::string_view language);
/// 503 when the gatekeeper gives no usable answer; closes.
[[nodiscard]] HttpResponse unavailable(std::string_view language);
[[nodiscard]] HttpResponse session_page();
[[nodiscard]] HttpResponse settings(const SessionView& view, bool datagrams);
[[nodiscard]] HttpResponse logged_out();
[[nodiscard]] HttpResponse claim_taken();

}  // namespace sekisho::fortinet
