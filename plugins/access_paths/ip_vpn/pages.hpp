// The entrance's pages, written whole on the server: no script, one style sheet, Japanese and English. What comes from
// outside is text, never markup. What they are built of is every path's (page_parts.hpp). Threads: pure functions.
// Source: threats.md T-05, T-14, T-15, §9.
#pragma once
#include "texts.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho::ip_vpn {

/// What every page has in common. Borrowed while the page is written.
struct Frame {
  Language language = Language::ja;
  std::string_view service = {};  ///< operator's name of this environment in `language`; empty: the built-in one
};

/// Where a page leads when it can do no more.
enum class Leads : std::uint8_t { nowhere, to_login, to_session };

/// What is wrong with the last try; `field` is "login" or "password".
struct LoginError {
  std::string_view field = {}, text = {};
};
[[nodiscard]] HttpResponse login_page(const Frame& frame, std::string_view token, std::string_view login,
                                      LoginError error);

/// A question beside ID and password: what its form must carry.
struct Question {
  std::string_view handle = {}, token = {};
  std::string_view field = {};   ///< "code", "password" or another one-line answer
  std::string_view prompt = {};  ///< the gatekeeper's words; not the label of "code" and "password"
  std::int64_t resend_at = 0;    ///< seconds of gate time since 1970; 0: at once
  std::string_view error = {};   ///< why the last answer was not taken; empty: none
  std::string_view notice = {};  ///< what the last request did; empty: nothing to say
};
[[nodiscard]] HttpResponse question_page(const Frame& frame, const Question& question, Instant now);

/// While the terminal waits for its inspection the page asks again by itself.
[[nodiscard]] HttpResponse session_page(const Frame& frame, const SessionView& view, std::string_view token,
                                        std::string_view desktop_page);
[[nodiscard]] HttpResponse logged_out_page(const Frame& frame);
/// 403, or 503 where the gate could not judge. Both languages, the frame's first.
[[nodiscard]] HttpResponse refusal_page(const Frame& frame, const Refusal& refusal, Leads leads);
[[nodiscard]] HttpResponse not_found_page(const Frame& frame);
/// For a request that cannot be taken as it came; closes.
[[nodiscard]] HttpResponse broken_page(const Frame& frame, std::uint16_t status);
/// 503; closes.
[[nodiscard]] HttpResponse unavailable_page(const Frame& frame, Leads leads);

[[nodiscard]] std::string style_path();

}  // namespace sekisho::ip_vpn
