// One spelling for every entry: keys sorted by their bytes, no blanks, UTF-8, text made harmless and capped.
// Threads: pure functions. Units: bytes of UTF-8. Ranges: an entry's JSON <= kMaxEntryJson, a text <= kMaxText; the
// eight named texts <= kMaxName. Longer text is cut and ends in kCutMark; a detail that does not fit is replaced by
// {"cut":true,"bytes":…,"sha256":…}. Errors: parse_entry: audit.malformed.
// Source: threats.md T-73, §9 "Audit entry"; RFC 8259; ordering as RFC 8785 §3.2.3 but by UTF-8 bytes.
#pragma once
#include "audit/journal.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace sekisho::audit {

inline constexpr std::size_t kMaxEntryJson = 8 * 1024;
inline constexpr std::size_t kMaxText = 1024;
inline constexpr std::size_t kMaxName = 256;
inline constexpr std::size_t kMaxDetailDepth = 6;
inline constexpr std::string_view kCutMark = "\xE2\x80\xA6";  ///< "…"

/// Controls, bidi and invisible characters become visible (`\u202e`), bytes that are no UTF-8 `\xNN`; at most `cap`
/// bytes. The result is good UTF-8 and applying it again changes nothing.
[[nodiscard]] std::string safe_text(std::string_view text, std::size_t cap = kMaxText);

/// Appends `value` as canonical JSON. Strings and keys are taken as they are: make them safe first (safe_json()).
void append_canonical(std::string& out, const nlohmann::json& value);
/// `value` with every string and key made safe, numbers that are no JSON turned into null, nesting beyond
/// `depth` replaced by "(too deep)".
[[nodiscard]] nlohmann::json safe_json(const nlohmann::json& value, std::size_t depth = kMaxDetailDepth);

[[nodiscard]] std::string canonical_json(const Entry& entry);
/// The reverse; refuses what canonical_json() would have spelled otherwise.
[[nodiscard]] Result<Entry> parse_entry(std::string_view json);

}  // namespace sekisho::audit
