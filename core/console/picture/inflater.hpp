// zlib for streams of strangers: the caller says how much may come out, so a small message cannot become a large one.
// Threads: one. Memory: about 40 KiB once used. Errors: broken() for good.
#pragma once
#include "console/rfb/protocol.hpp"

#include <array>
#include <memory>
#include <span>

namespace sekisho::picture {

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Takes from the front of `in` and writes to `out`; returns how much was written. Stops when either is used up; with
  /// `in` empty it writes what it still holds.
  [[nodiscard]] std::size_t inflate(rfb::View& in, std::span<std::byte> out);
  /// Everything in `packed`, piece by piece: `want()` says where the next piece goes (empty: nothing more is expected),
  /// `wrote(size)` that it is there and whether to go on. False when more comes out than is wanted, or broken.
  template <class Want, class Wrote>
  [[nodiscard]] bool all(rfb::View packed, Want want, Wrote wrote) {
    for (;;) {
      std::array<std::byte, 1> beyond{};
      std::span<std::byte> out = want();
      const bool full = out.empty();
      const std::size_t before = packed.size();
      const std::size_t got = inflate(packed, full ? std::span<std::byte>(beyond) : out);
      if (full && got != 0) return false;
      if (got != 0 && !wrote(got)) return false;  // also what came before the stream broke
      if (broken_) return false;
      if (got == 0 && packed.size() == before) return packed.empty();
    }
  }
  /// The stream begins anew.
  void reset();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // made at the first use
  bool broken_ = false;
};

}  // namespace sekisho::picture
