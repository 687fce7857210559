// The entrance's pages, written whole on the server: no script, one style sheet, Japanese and English. What comes from
// outside is text, never markup. What they are built of is every path's (page_parts.hpp). Threads: pure functions.
// Source: threats.md T-05, T-14, T-15, §9.
#pragma once
#include "texts.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho::ip_vpn {

/// What every page has in common. Borrowed while the page is written.
struct Frame {
  Language language = Language::ja;
  std::string_view service = {};  ///< operator's name of this environment in `language`; empty: the built-in one
};

[[nodiscard]] HttpResponse login_page(const Frame& frame, std::string_view token, std::string_view login,
                                      std::string_view error);
/// A question beside ID and password. `prompt`: the gatekeeper's words.
[[nodiscard]] HttpResponse answer_page(const Frame& frame, std::string_view token, std::string_view handle,
                                       std::string_view field, std::string_view prompt, std::string_view error);
[[nodiscard]] HttpResponse session_page(const Frame& frame, const SessionView& view, std::string_view token,
                                        std::string_view desktop_page);
[[nodiscard]] HttpResponse logged_out_page(const Frame& frame);
/// Both languages, the frame's first.
[[nodiscard]] HttpResponse refusal_page(const Frame& frame, const Refusal& refusal);
[[nodiscard]] HttpResponse not_found_page(const Frame& frame);
/// For a request that nobody could read; closes.
[[nodiscard]] HttpResponse broken_page(const Frame& frame, std::uint16_t status);
[[nodiscard]] HttpResponse unavailable_page(const Frame& frame);

[[nodiscard]] std::string style_path();

}  // namespace sekisho::ip_vpn
