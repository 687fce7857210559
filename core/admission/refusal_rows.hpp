// Rows of the refusal catalogue as constant text. One file per subject; refusals.cpp joins them and answers look-ups.
// Threads: constant data.
#pragma once
#include <span>
#include <string_view>

namespace sekisho::admission {

struct RefusalRow {
  std::string_view rule, code;
  std::string_view what_ja, what_en;
  std::string_view why_ja, why_en;
  std::string_view remedy_ja, remedy_en;
};

[[nodiscard]] std::span<const RefusalRow> login_refusal_rows();    ///< refusals_login.cpp
[[nodiscard]] std::span<const RefusalRow> session_refusal_rows();  ///< refusals_session.cpp
[[nodiscard]] std::span<const RefusalRow> console_refusal_rows();  ///< refusals_console.cpp

}  // namespace sekisho::admission
