// Remembered: chains that were found good, so that the same terminal's next login costs no signature checks. Only what
// is good is kept, under every byte of the chain, and answers only in the time in which nothing of it could change by
// itself (validity of each certificate, nextUpdate of each list). A new list makes a new ChainCheck with an empty one.
// Threads: any. Limits: kMost chains; when full, all are forgotten. Source: performance.md finding 5.
#pragma once
#include <ctime>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sekisho::client_certificate {

/// Half-open: from <= now < until.
struct TimeWindow {
  std::time_t from = 0, until = 0;
  void narrow(std::time_t not_before, std::time_t not_after) {
    if (not_before > from) from = not_before;
    if (not_after < until) until = not_after;
  }
};

template <class Value>
class Remembered {
 public:
  static constexpr std::size_t kMost = 4096;

  [[nodiscard]] static std::string key_of(const std::vector<std::string>& chain) {
    std::string out;
    for (const std::string& der : chain) out += std::to_string(der.size()) + ':' + der;
    return out;
  }
  [[nodiscard]] std::optional<Value> find(const std::string& key, std::time_t now) const {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(key);
    if (found == rows_.end() || now < found->second.first.from || now >= found->second.first.until) return std::nullopt;
    return found->second.second;
  }
  void put(std::string key, TimeWindow window, const Value& value) {
    if (window.from >= window.until) return;
    const std::lock_guard lock(mutex_);
    if (rows_.size() >= kMost) rows_.clear();
    rows_.insert_or_assign(std::move(key), std::pair(window, value));
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return rows_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::pair<TimeWindow, Value>> rows_;
};

}  // namespace sekisho::client_certificate
