// Preloaded into the gate's programs by ordeals: the n-th allocation of a process fails.
//
// SEKISHO_FAIL_MALLOC=PREFIX: where a file PREFIX.<program's name> stands when the program starts, its first 16 bytes
// are shared with it: how many allocations are left until one fails (0: none will), and how many have failed.
// Threads: any. A process without such a file allocates as ever. The allocator is the program's own, whichever it
// links; operator new goes through malloc here, as some allocators' does not.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <new>

namespace {

/// What the program would have called without this library. dlsym() does not allocate where it finds the name.
template <class Function>
Function next(std::atomic<Function>& known, const char* name) {
  Function found = known.load(std::memory_order_relaxed);
  if (found == nullptr) {
    found = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
    if (found == nullptr) abort();
    known.store(found, std::memory_order_relaxed);
  }
  return found;
}
std::atomic<void* (*)(std::size_t)> next_malloc{};
std::atomic<void* (*)(std::size_t, std::size_t)> next_calloc{};
std::atomic<void* (*)(void*, std::size_t)> next_realloc{};

struct Page {
  std::atomic<std::int64_t> left;
  std::atomic<std::int64_t> failed;
};
Page* page = nullptr;

__attribute__((constructor)) void open_page() {
  const char* prefix = getenv("SEKISHO_FAIL_MALLOC");
  if (prefix == nullptr) return;
  char path[512];
  if (snprintf(path, sizeof(path), "%s.%s", prefix, program_invocation_short_name) >= static_cast<int>(sizeof(path)))
    return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* at = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) page = static_cast<Page*>(at);
}

bool fails() {
  if (page == nullptr || page->left.load(std::memory_order_relaxed) <= 0) return false;
  if (page->left.fetch_sub(1, std::memory_order_relaxed) != 1) return false;
  page->failed.fetch_add(1, std::memory_order_relaxed);
  errno = ENOMEM;
  return true;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) void* malloc(std::size_t bytes) {
  return fails() ? nullptr : next(next_malloc, "malloc")(bytes);
}
__attribute__((visibility("default"))) void* calloc(std::size_t count, std::size_t bytes) {
  return fails() ? nullptr : next(next_calloc, "calloc")(count, bytes);
}
__attribute__((visibility("default"))) void* realloc(void* old, std::size_t bytes) {
  return fails() ? nullptr : next(next_realloc, "realloc")(old, bytes);
}

}  // extern "C"

__attribute__((visibility("default"))) void* operator new(std::size_t bytes) {
  while (true) {
    if (void* at = malloc(bytes == 0 ? 1 : bytes)) return at;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}
__attribute__((visibility("default"))) void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
__attribute__((visibility("default"))) void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept try {
  return operator new(bytes);
} catch (const std::bad_alloc&) {
  return nullptr;
}
__attribute__((visibility("default"))) void* operator new[](std::size_t bytes, const std::nothrow_t& nothing) noexcept {
  return operator new(bytes, nothing);
}
