#include "run/loop.hpp"

#include <boost/asio/io_context.hpp>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

namespace sekisho::run {
namespace {

[[noreturn]] void end_now(const std::function<void(std::string_view)>& say, std::string_view what) {
  try {
    say(what);
  } catch (...) {
    // No memory for words: the exit status says it.
  }
  std::_Exit(kBrokeExit);
}

const char* program = "sekisho";

/// Without memory of its own.
[[noreturn]] void end_at_once(const char* why) {
  for (const char* part : {program, ": ", why, "; it ends and is started anew\n"}) {
    if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  }
  std::_Exit(kBrokeExit);
}

}  // namespace

void end_when_broken(const char* name, bool without_memory) {
  program = name;
  std::set_terminate([] { end_at_once("an exception where none may be"); });
  if (without_memory) std::set_new_handler([] { end_at_once("no memory"); });
}

void run_loop(boost::asio::io_context& loop, const std::function<void(std::string_view)>& say) {
  try {
    loop.run();
  } catch (const std::exception& error) {
    end_now(say, error.what());
  } catch (...) {
    end_now(say, "not an exception of the standard library");
  }
}

}  // namespace sekisho::run
