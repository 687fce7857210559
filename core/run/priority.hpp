// How a thread stands among others: the one that moves packets in short turns and soon, those that hash behind it.
// Threads: each call is about the calling thread; threads that it makes later inherit it. Call before the sandbox
// closes. Errors: none; a kernel that knows less leaves things as they were, which costs delay and nothing else.
// Source: sched_setattr(2); Linux 6.12, EEVDF with a slice of a thread's own.
#pragma once
#include <chrono>

namespace sekisho::run {

/// The thread wants to run soon after it has been woken, for at most `slice` at a time while others wait.
/// Range: 100 us to 100 ms (the kernel's). False: this kernel does not take it.
bool take_short_turns(std::chrono::microseconds slice);

/// The thread does long work that nobody's packets should wait for.
void give_way();

}  // namespace sekisho::run
