#include "base/log.hpp"

#include "base/events.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>

namespace sekisho {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestText = 1024;

const char* level_name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::critical:
      return "critical";
  }
  return "critical";
}

std::string cut(std::string_view text) {
  if (text.size() <= kLongestText) return std::string(text);
  std::size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // never inside a character
  return std::string(text.substr(0, end)) + "...";
}

/// Whole lines to one descriptor; what cannot be written is lost, never waited for twice.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int fd) : fd_(fd) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line(message.payload.data(), message.payload.size());
    line += '\n';
    std::string_view left = line;
    while (!left.empty()) {
      const ssize_t written = ::write(fd_, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void flush_() override {}
  int fd_;
};

class DescriptorLog final : public Log {
 public:
  explicit DescriptorLog(LogOptions options) : Log(options.program, options.lowest, std::move(options.now)) {
    auto sink = std::make_shared<DescriptorSink>(options.fd);
    if (options.in_background) {
      pool_ = std::make_shared<spdlog::details::thread_pool>(options.queue, 1);
      logger_ = std::make_shared<spdlog::async_logger>("sekisho", std::move(sink), pool_,
                                                       spdlog::async_overflow_policy::overrun_oldest);
    } else {
      logger_ = std::make_shared<spdlog::logger>("sekisho", std::move(sink));
    }
    logger_->set_level(spdlog::level::trace);
    logger_->set_error_handler([](const std::string&) {});  // nowhere to say it: the log itself is broken
  }

 private:
  void write(const Event& event, std::string line) override {
    if (pool_ != nullptr) {
      const std::size_t dropped = pool_->overrun_counter();
      const std::size_t reported = reported_.exchange(dropped);
      // The counter only grows; another thread may have seen more than we have.
      if (dropped > reported && std::string_view(event.id) != kLogDropped.id) {
        this->event(kLogDropped, {{"lines", std::uint64_t{dropped - reported}}});
      }
    }
    logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

  // Before pool_: its thread has ended when the logger and its sink go.
  std::shared_ptr<spdlog::logger> logger_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::atomic<std::size_t> reported_{0};
};

}  // namespace

std::string escape_deceptive(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto escape = [&](unsigned code) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, "\\u%04x", code & 0xFFFF);
    out += buffer;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned a = byte(i), b = byte(i + 1), c = byte(i + 2);
    if (a < 0x20 || a == 0x7F) {
      escape(a);
    } else if (a == 0xC2 && b >= 0x80 && b <= 0x9F) {  // C1
      escape(b);
      i += 1;
    } else if (a == 0xD8 && b == 0x9C) {  // U+061C Arabic letter mark
      escape(0x061C);
      i += 1;
    } else if (a == 0xE2 && ((b == 0x80 && (c == 0x8E || c == 0x8F || (c >= 0xA8 && c <= 0xAE))) ||
                             (b == 0x81 && c >= 0xA6 && c <= 0xA9))) {
      escape(0x2000 | ((b & 0x3F) << 6) | (c & 0x3F));
      i += 2;
    } else if (a == 0xEF && b == 0xBB && c == 0xBF) {  // U+FEFF
      escape(0xFEFF);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Log::Log(std::string program, Level lowest, std::function<Instant()> now)
    : program_(std::move(program)), lowest_(lowest), now_(std::move(now)) {
  if (!now_) now_ = [] { return std::chrono::time_point_cast<Instant::duration>(std::chrono::system_clock::now()); };
}

void Log::put(const Event& event, json& document) {
  document["at"] = to_rfc3339(now_());
  document["level"] = level_name(event.level);
  document["event"] = event.id;
  document["program"] = program_;
  write(event, escape_deceptive(document.dump(-1, ' ', false, json::error_handler_t::replace)));
}

void Log::event(const Event& event, std::initializer_list<LogField> fields) noexcept {
  if (event.level < lowest_) return;
  try {
    json document = json::object();
    for (const LogField& field : fields) {
      const std::string name(field.name);
      if (!event.has_field(name)) {
        document["undeclared_field"] = cut(name);  // its value stays away: nobody has thought about it
      } else if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        document[name] = cut(*text);
      } else {
        std::visit(
            [&](const auto& value) {
              if constexpr (!std::same_as<std::remove_cvref_t<decltype(value)>, std::string_view>)
                document[name] = value;
            },
            field.value);
      }
    }
    put(event, document);
  } catch (...) {  // out of memory: a log line is not worth a session
  }
}

void Log::plugin_event(std::string_view plugin, std::string_view said, const json& fields) noexcept {
  if (kPluginSays.level < lowest_) return;
  try {
    json document = {{"plugin", cut(plugin)}, {"said", cut(said)}};
    const std::string text = fields.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() <= 4096) {
      document["fields"] = fields;
    } else {
      document["fields"] = {{"dropped_bytes", text.size()}};
    }
    put(kPluginSays, document);
  } catch (...) {
  }
}

std::unique_ptr<Log> make_log(LogOptions options) {
  return std::make_unique<DescriptorLog>(std::move(options));
}

}  // namespace sekisho
