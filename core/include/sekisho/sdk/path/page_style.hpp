// The style sheet of all pages of access paths, compiled in (threats.md T-75): the front opens no files. Its name
// carries a hash of its bytes, so that a browser may keep it for ever. Look: colours, type scale and spacing of the
// Digital Agency's design tokens. Threads: constant data. Errors: none. The implementation stands in core/net/pages.
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <string>
#include <string_view>

namespace sekisho::pages {

/// Where a path shows it: `before` ("/style-") + 16 hexadecimal digits + ".css".
[[nodiscard]] std::string style_path(std::string_view before);
/// 200 with the sheet; may be kept for a year by everybody.
[[nodiscard]] HttpResponse style_sheet();

}  // namespace sekisho::pages
