// Server: the control socket. Accepts on a listening Unix socket that the supervisor handed over, asks the kernel who
// is calling (SO_PEERCRED), and lets only the named users in. Threads: the loop's. Ownership: borrows loop and context;
// owns the listener and its connections (at most 32).
#pragma once
#include "api/methods.hpp"
#include "run/asio_fwd.hpp"
#include "run/link.hpp"

#include <sys/types.h>

#include <memory>
#include <vector>

namespace sekisho::api {

struct Allowed {
  std::vector<uid_t> uids;
};

class Server {
 public:
  Server(boost::asio::io_context& loop, run::Fd listener, Context context, Allowed allowed);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::api
