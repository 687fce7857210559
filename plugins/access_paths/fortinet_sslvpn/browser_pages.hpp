// The pages of the login in the browser, written whole on the server: no script, one style sheet, Japanese and English.
// A page is a title, the steps, what is wrong (if anything) first, and one thing to do. What comes from outside is
// text, never markup. What they are built of is every path's (page_parts.hpp). Threads: pure functions. Source: issue
// "Login in the browser"; threats.md T-05, T-14, T-15, §9.
#pragma once
#include "texts.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::fortinet {

/// What every page of one login has in common. Borrowed while the page is written.
struct PageFrame {
  Language language = Language::ja;
  bool for_client = false;        ///< opened by a client that fetches its session itself
  std::string_view realm = {};    ///< empty: none
  std::string_view service = {};  ///< operator's name of this environment in `language`; empty: the built-in one
};

/// Path and query of the page where this login begins, in the frame's language or in another one.
[[nodiscard]] std::string start_url(const PageFrame& frame, std::optional<Language> language = std::nullopt);

[[nodiscard]] HttpResponse id_page(const PageFrame& frame, std::string_view token, std::string_view login,
                                   std::string_view error);

/// One open question: what its form must carry.
struct Question {
  std::string_view handle = {}, token = {};
  std::string_view field = {};   ///< "password", "code" or another one-line answer
  std::string_view login = {};   ///< with "password": shown and sent again
  std::string_view prompt = {};  ///< the gatekeeper's words; not used with "password" and "code"
  std::int64_t resend_at = 0;    ///< seconds of gate time since 1970; 0: at once
  std::string_view error = {};   ///< why the last answer was not taken; empty: none
  std::string_view notice = {};  ///< what the last request did; empty: nothing to say
};
[[nodiscard]] HttpResponse question_page(const PageFrame& frame, const Question& question, Instant now);

/// The cookie and how to hand it over. `origin`: "https://…" of this gate, letters of a host name and port only.
[[nodiscard]] HttpResponse done_page(const PageFrame& frame, const Granted& grant, std::string_view origin,
                                     Instant now);
/// Sends the browser to the client's own listener on this very terminal, with a one-time id of letters and digits.
[[nodiscard]] HttpResponse return_page(const PageFrame& frame, std::string_view id, std::uint16_t port,
                                       std::uint32_t within_s, Instant now);

/// Both languages, the frame's first. `to_login`: with a link to the beginning.
[[nodiscard]] HttpResponse refusal_page(const PageFrame& frame, const Refusal& refusal, bool to_login);
/// 404; the same bytes for everything that does not exist or is not shown.
[[nodiscard]] HttpResponse not_found_page(const PageFrame& frame, bool to_login);
/// An error status for a request that nobody could read, in Japanese first; closes.
[[nodiscard]] HttpResponse broken_page(std::uint16_t status);
/// 503; closes.
[[nodiscard]] HttpResponse unavailable_page(const PageFrame& frame);

}  // namespace sekisho::fortinet
