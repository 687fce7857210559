// Secret: a string that cannot be printed by accident and is wiped when it dies.
// Threads: as std::string. Ownership: owns its bytes; copies are explicit (clone()).
#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace sekisho {

/// Overwrites `size` bytes at `data` in a way that the optimiser keeps.
void wipe(void* data, std::size_t size) noexcept;

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      text_ = std::move(other.text_);
      other.clear();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { clear(); }

  [[nodiscard]] Secret clone() const { return Secret(text_); }
  /// The bytes themselves, borrowed: never log, never store in clear, never put in an Error.
  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  void clear() noexcept {
    wipe(text_.data(), text_.size());
    text_.clear();
  }

 private:
  std::string text_;
};

/// Compares in a time that depends on the lengths alone.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace sekisho
