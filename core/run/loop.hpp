// The loop of a program, and its end when something is thrown that no edge has taken.
//
// A connection's or a request's edge takes what concerns it alone. What arrives here has left something half done that
// nobody knows: the process says so and is gone at once, without its destructors, as if it had been killed; the
// supervisor starts it anew, the journal and the store recover as after any kill, tunnels stand or are resumed.
// Threads: the loop's. Errors: see run_loop().
#pragma once
#include "run/asio_fwd.hpp"

#include <functional>
#include <string_view>

namespace sekisho::run {

/// Exit status of a process that ended itself because of an exception (sysexits.h: EX_SOFTWARE).
inline constexpr int kBrokeExit = 70;

/// Runs until the loop is stopped or has nothing left. When something is thrown: `say` gets the words, then the process
/// ends with kBrokeExit.
void run_loop(boost::asio::io_context& loop, const std::function<void(std::string_view what)>& say);

/// For the program `name`: an exception in a place that must not throw ends it like one past every edge.
/// `without_memory`: so does the first allocation that fails. For a program that has no edges to end there: what it has
/// half decided must not be decided further.
void end_when_broken(const char* name, bool without_memory);

}  // namespace sekisho::run
