// Log: one JSON object per line, for journald or a file behind stderr. A call takes a declared Event and its fields.
//   log.event(kOpened, {{"session", number}, {"zone", zone}});
// Threads: event() may be called from any thread; it formats and hands over, it never waits for the reader: a full
// queue drops its oldest lines and says so (log.dropped). Ownership: fields are borrowed until the call returns.
// Ranges: a text longer than 1,024 bytes is cut. Control, bidirectional and broken characters arrive escaped (T-73).
// Secrets: a Secret does not convert to a field, on purpose (T-74). Errors: none; a log that cannot be written is
// counted.
#pragma once
#include <sekisho/sdk/event.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json_fwd.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace sekisho {

struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
  template <class T>
  LogField(std::string_view field, const T& content) : name(field), value(make(content)) {}
  LogField(std::string_view field, const Secret& content) = delete;

  std::string_view name;
  Value value;

 private:
  template <class T>
  static Value make(const T& content) {
    if constexpr (std::same_as<T, bool>) {
      return content;
    } else if constexpr (std::floating_point<T>) {
      return double{content};
    } else if constexpr (std::signed_integral<T>) {
      return std::int64_t{content};
    } else if constexpr (std::unsigned_integral<T>) {
      return std::uint64_t{content};
    } else {
      return std::string_view(content);
    }
  }
};

class Log {
 public:
  virtual ~Log() = default;
  void event(const Event& event, std::initializer_list<LogField> fields = {}) noexcept;
  /// A line of a plugin: `said` is the plugin's own event id, `fields` an object without secrets (<= 4 KiB as text).
  void plugin_event(std::string_view plugin, std::string_view said, const nlohmann::json& fields) noexcept;

 protected:
  explicit Log(std::string program, Level lowest, std::function<Instant()> now);
  /// `line` is complete JSON without a line feed. Must not block and must not throw.
  virtual void write(const Event& event, std::string line) = 0;

 private:
  void put(const Event& event, nlohmann::json& document);
  std::string program_;
  Level lowest_;
  std::function<Instant()> now_;
};

struct LogOptions {
  std::string program;  ///< "sekishod"
  Level lowest = Level::info;
  int fd = 2;                      ///< borrowed
  std::size_t queue = 8192;        ///< lines
  bool in_background = true;       ///< false: written by the caller's thread (before a fork, or in small tools)
  std::function<Instant()> now{};  ///< default: the system clock
};
/// Starts its writer thread at once (make it before a sandbox closes). Destruction waits until everything has been
/// written.
[[nodiscard]] std::unique_ptr<Log> make_log(LogOptions options);

/// `text` with control characters (C0, DEL, C1), bidirectional controls and line separators as \uXXXX. `text` is JSON.
[[nodiscard]] std::string escape_deceptive(std::string_view text);

}  // namespace sekisho
