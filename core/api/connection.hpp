// Connection: one caller of the control socket, sans-I/O.
// Threads: the gate's loop. Ownership: borrows the context; `send` is called with whole lines, also after later calls.
// Ranges: a request line <= 16 MiB (imports), depth <= 12; at most 64 requests in flight. Errors: a line that is no
// request is answered with id null and api.bad_request; a line over the limit ends the connection.
#pragma once
#include "api/methods.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sekisho::api {

inline constexpr std::size_t kMaxLine = 16u << 20;

class Connection {
 public:
  Connection(const Context& context, std::string caller, std::function<void(std::string)> send);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  /// false: the connection must be closed.
  [[nodiscard]] bool feed(std::string_view bytes);

 private:
  struct State;
  std::shared_ptr<State> state_;  // answers that come later hold it weakly
};

}  // namespace sekisho::api
