// The memory of sekisho-sim. A week is a million small objects on one thread that live for moments: their pieces come
// from lists by size, taken and given back in a few instructions; what is larger comes from malloc. Under a sanitizer
// there is none of this: what it watches is malloc.
// Threads: any; each has its own lists, and what another thread frees goes to that one's. Ranges: pieces of 16 to 1024
// bytes in steps of 16, up to 16 KiB in steps of 1 KiB; at most kRegion bytes of them, never given back to the system.
#include <cstddef>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kStep = 16, kSmall = 1024, kLongStep = 1024, kLargest = 16 * 1024;
constexpr std::size_t kSmallClasses = kSmall / kStep + 1, kClasses = kSmallClasses + kLargest / kLongStep;
constexpr std::size_t kPage = std::size_t{64} << 10, kRegion = std::size_t{4} << 30, kHuge = std::size_t{2} << 20;

struct Piece {
  Piece* next;
};

/// Address space for all pages, taken at once; a page holds pieces of one size.
struct Region {
  std::uintptr_t begin = 0;
  std::atomic<std::size_t> used{0};
  std::array<std::uint8_t, kRegion / kPage> class_of_page{};
};
constinit Region region;

std::uintptr_t reserve() {
  void* const at =
      mmap(nullptr, kRegion + kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return 0;
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(at) + kHuge - 1) / kHuge * kHuge;
  madvise(reinterpret_cast<void*>(begin), kRegion, MADV_HUGEPAGE);  // pieces lie all over: fewer pages, fewer walks
  return begin;
}

struct Lists {
  std::array<Piece*, kClasses> free{};
  std::array<char*, kClasses> fresh{}, fresh_end{};  // the rest of each size's newest page
};
constinit thread_local Lists lists;

constexpr std::size_t class_of(std::size_t size) {
  if (size <= kSmall) return size == 0 ? 1 : (size + kStep - 1) / kStep;
  return kSmallClasses + (size - 1) / kLongStep;
}
constexpr std::size_t size_of(std::size_t of) {
  return of < kSmallClasses ? of * kStep : (of - kSmallClasses + 1) * kLongStep;
}
static_assert(class_of(kLargest) == kClasses - 1 && size_of(kClasses - 1) == kLargest);
static_assert(size_of(class_of(kSmall + 1)) == kSmall + kLongStep && size_of(class_of(kSmall)) == kSmall);

/// Null when the region is used up.
void* from_fresh(std::size_t of) {
  const std::size_t size = size_of(of);
  if (lists.fresh[of] == nullptr || lists.fresh[of] + size > lists.fresh_end[of]) {
    static const std::uintptr_t kBegin = region.begin = reserve();
    const std::size_t page = region.used.fetch_add(1);
    if (kBegin == 0 || page >= kRegion / kPage) return nullptr;
    region.class_of_page[page] = static_cast<std::uint8_t>(of);
    lists.fresh[of] = reinterpret_cast<char*>(kBegin + page * kPage);
    lists.fresh_end[of] = lists.fresh[of] + kPage;
  }
  void* const out = lists.fresh[of];
  lists.fresh[of] += size;
  return out;
}

void* take(std::size_t size) {
  if (size <= kLargest) {
    const std::size_t of = class_of(size);
    if (Piece* const piece = lists.free[of]; piece != nullptr) {
      lists.free[of] = piece->next;
      return piece;
    }
    if (void* const piece = from_fresh(of); piece != nullptr) return piece;
  }
  void* const out = std::malloc(size);
  if (out == nullptr) throw std::bad_alloc();
  return out;
}

void give_back(void* at) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(at) - region.begin;
  if (region.begin == 0 || offset >= kRegion) return std::free(at);
  const std::size_t of = region.class_of_page[offset / kPage];
  lists.free[of] = new (at) Piece{lists.free[of]};
}

}  // namespace

// Those for aligned types are left to the library, which keeps to malloc on both sides.
void* operator new(std::size_t size) {
  return take(size);
}
void* operator new[](std::size_t size) {
  return take(size);
}
void operator delete(void* at) noexcept {
  give_back(at);
}
void operator delete[](void* at) noexcept {
  give_back(at);
}
void operator delete(void* at, std::size_t) noexcept {
  give_back(at);
}
void operator delete[](void* at, std::size_t) noexcept {
  give_back(at);
}

#endif
