// DescriptorLoop: Asio's loop beside virtual time, for rooms that wait for descriptors. Nothing is ever waited for:
// poll() runs what descriptors have brought by now, which is everything where both ends are in this process. Threads:
// one. Ownership: what waits on timers may hold sockets of it, so it lives longer than they.
#pragma once
#include "run/asio_fwd.hpp"

#include <cstddef>
#include <memory>

namespace sekisho::run::testing {

class DescriptorLoop {
 public:
  DescriptorLoop();
  ~DescriptorLoop();
  DescriptorLoop(const DescriptorLoop&) = delete;
  DescriptorLoop& operator=(const DescriptorLoop&) = delete;

  /// Made at the first call: whoever needs no descriptor has none.
  [[nodiscard]] boost::asio::io_context& io();
  [[nodiscard]] bool used() const { return inside_ != nullptr; }
  /// How many handlers it ran.
  std::size_t poll();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace sekisho::run::testing
