// The one page for people: why nothing but this page is reachable, and what to do. No script, no style, no form, no
// name of a product or version; the same bytes for everybody. Threads: pure functions.
#pragma once
#include <string_view>

namespace sekisho::posture_page {

/// Both languages, `language` ("ja" or "en") first. UTF-8, static life.
[[nodiscard]] std::string_view human_page(std::string_view language);

}  // namespace sekisho::posture_page
