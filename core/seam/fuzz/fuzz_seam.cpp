// Fuzz: one message has one spelling: what decodes must encode to the same bytes.
#include "seam/codec.hpp"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto message = sekisho::seam::decode(bytes);
  if (!message) return 0;
  const auto packet = sekisho::seam::encode(*message);
  if (!packet || !std::ranges::equal(packet->bytes(), bytes)) std::abort();
  return 0;
}
