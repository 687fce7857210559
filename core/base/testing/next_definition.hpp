// The definition that stands behind a program's or preloaded library's own of the same function: for tests that take
// one rule out and ask the real one for the rest.
//
//   static const auto real = testing::next_definition(&rights_by);
//
// Threads: any. Errors: ends the program where there is no other definition, because what is tested would not be there.
// Source: dlsym(3), RTLD_NEXT; the including file links dl.
#pragma once
#include <dlfcn.h>

#include <cstdlib>

namespace sekisho::testing {

template <class Function>
[[nodiscard]] Function* next_definition(Function* own) {
  Dl_info known{};
  if (dladdr(reinterpret_cast<const void*>(own), &known) == 0) std::abort();
  void* const next = dlsym(RTLD_NEXT, known.dli_sname);
  if (next == nullptr) std::abort();
  return reinterpret_cast<Function*>(next);
}

}  // namespace sekisho::testing
