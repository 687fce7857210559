// Bytes that wait for one peer. Threads: its console's. Memory: gives back what a burst needed once it is empty.
#pragma once
#include "console/rfb/protocol.hpp"

#include <sekisho/sdk/result.hpp>

namespace sekisho::rfb {

class OutQueue {
 public:
  static constexpr std::size_t kKeep = 16384;

  /// Append here; nothing else. Invalidates view().
  [[nodiscard]] Bytes& tail() { return bytes_; }
  [[nodiscard]] View view() const { return View(bytes_).subspan(sent_); }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - sent_; }
  /// The first `bytes` of view() have gone out.
  void sent(std::size_t bytes) {
    SEKISHO_ASSERT(bytes <= size());
    sent_ += bytes;
    if (sent_ == bytes_.size()) {
      bytes_.clear();
      sent_ = 0;
      if (bytes_.capacity() > kKeep) Bytes().swap(bytes_);
    } else if (sent_ > bytes_.size() / 2) {  // each byte is moved at most once for each byte sent
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
      sent_ = 0;
    }
  }

 private:
  Bytes bytes_;
  std::size_t sent_ = 0;
};

}  // namespace sekisho::rfb
