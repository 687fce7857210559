// A neighbour of a gate that keeps what it is told, as the codec leaves it. Threads: one.
#pragma once
#include "seam/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <variant>
#include <vector>

namespace sekisho::gate::testing {

struct FakeLink final : seam::Link {
  void send(const seam::Message& message) override;
  void send_with_fd(const seam::Message&, int) override { FAIL(); }
  void close() override {}
  template <class T>
  [[nodiscard]] const T* last() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (const auto* found = std::get_if<T>(&*it)) return found;
    }
    return nullptr;
  }
  template <class T>
  [[nodiscard]] std::ptrdiff_t count() const {
    return std::count_if(sent.begin(), sent.end(), [](const auto& one) { return std::holds_alternative<T>(one); });
  }
  /// Of the newest end of a session that a front was told.
  [[nodiscard]] const SessionEnded* last_end() const;
  std::vector<seam::Message> sent;
  std::function<void(const seam::Message&)> on_send;
};

}  // namespace sekisho::gate::testing
