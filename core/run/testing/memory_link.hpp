// Two ends of a link in one process: every message goes through the codec, so what works here works over a socket.
// Threads: the loop of `timers`; messages and the end of the link arrive by post, never inside send() or close().
// Ownership: handlers and timers are borrowed, as with run::open_link().
#pragma once
#include "run/services.hpp"
#include "seam/codec.hpp"

#include <memory>

namespace sekisho::run::testing {

struct MemoryLinks {
  std::unique_ptr<seam::Link> first, second;
};
[[nodiscard]] MemoryLinks make_memory_links(Timers& timers, seam::Link::Handler& of_first,
                                            seam::Link::Handler& of_second);

}  // namespace sekisho::run::testing
