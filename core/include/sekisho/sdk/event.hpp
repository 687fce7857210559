// Event: one thing that a program or a plugin reports, described once for the log, the journal and the operator page.
// Each room and plugin declares its events in its own events.hpp; tools/check-events proves that ids are unique, used
// and explained in both languages.
//   inline constexpr Event kOpened{"session.opened", Level::info, {"…", "A session began. Nothing to do."},
//   {"session"}, true};
// Threads: constants. Since: plugin API 1.0
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace sekisho {

enum class Level : std::uint8_t { debug, info, warning, error, critical };

/// What it means and what to do, for the operator. Neither may be empty.
struct EventText {
  const char* ja;
  const char* en;
};

struct Event {
  const char* id;  ///< "<room or plugin>.<what>": [a-z0-9_.]+, unique in the tree, never changed
  Level level;
  EventText meaning;
  std::array<const char*, 12> fields{};  ///< names it may carry; unnamed ones are not written
  bool audit = false;                    ///< it also goes into the audit journal

  [[nodiscard]] constexpr bool has_field(std::string_view name) const {
    for (const char* field : fields) {
      if (field != nullptr && name == field) return true;
    }
    return false;
  }
};

}  // namespace sekisho
