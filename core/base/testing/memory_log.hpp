// MemoryLog: keeps every line for a test to look at; fixed time. Threads: one.
#pragma once
#include "base/log.hpp"

#include <string>
#include <vector>

namespace sekisho {

class MemoryLog final : public Log {
 public:
  explicit MemoryLog(Level lowest = Level::debug) : Log("test", lowest, [] { return Instant{}; }) {}
  /// Whether an event with this id was logged.
  [[nodiscard]] bool has(std::string_view id) const {
    for (const auto& event : ids) {
      if (event == id) return true;
    }
    return false;
  }
  std::vector<std::string> ids, lines;

 private:
  void write(const Event& event, std::string line) override {
    ids.emplace_back(event.id);
    lines.push_back(std::move(line));
  }
};

}  // namespace sekisho
