// Preloaded into the gate's programs by ordeals: the n-th allocation of a process fails.
//
// SEKISHO_FAIL_MALLOC=PREFIX: where a file PREFIX.<program's name> stands when the program starts, its first 16 bytes
// are shared with it: how many allocations are left until one fails (0: none will), and how many have failed.
// Threads: any. A process without such a file allocates as ever.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
}

namespace {

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
  return fails() ? nullptr : __libc_malloc(bytes);
}
__attribute__((visibility("default"))) void* calloc(std::size_t count, std::size_t bytes) {
  return fails() ? nullptr : __libc_calloc(count, bytes);
}
__attribute__((visibility("default"))) void* realloc(void* old, std::size_t bytes) {
  return fails() ? nullptr : __libc_realloc(old, bytes);
}

}  // extern "C"
