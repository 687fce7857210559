// What fails for want of memory alone. Threads: any. Errors: throws std::bad_alloc, which ends what the nearest edge
// holds together: a connection, a job of the store, or else the process. Since: plugin API 1.0
#pragma once
#include <new>

namespace sekisho {

/// For calls into C libraries (OpenSSL) whose arguments are right, so that only memory can be missing.
inline void need_memory(bool there) {
  if (!there) throw std::bad_alloc();
}

}  // namespace sekisho
