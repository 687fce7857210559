// Farewell: a WebSocket that is opened only to be told, in its close frame's reason, why there is no screen; a page's
// script learns nothing of an opening that HTTP refuses. Threads: the loop's. Ownership: keeps itself for at most 2 s;
// clock and timers are borrowed and outlive the loop's handlers. Source: RFC 6455 §7.1.6.
#pragma once
#include "programs/relay/browser_socket.hpp"
#include "run/services.hpp"

#include <string>
#include <string_view>

namespace sekisho::relay {

/// `greeting`: the 101 answer; `code`: stable code of the refusal.
void say_farewell(const run::Clock& clock, run::Timers& timers, BrowserSocket socket, std::string greeting,
                  std::string_view code);

}  // namespace sekisho::relay
