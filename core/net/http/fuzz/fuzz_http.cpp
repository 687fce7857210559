// Fuzz: the request parser, fed in pieces whose sizes come from the input, must agree with itself fed at once, and must
// never hand out a path or query that its own rules refuse.
#include "net/http/strict_head.hpp"

#include <sekisho/sdk/path/http.hpp>

#include <cstdlib>

namespace {

struct Outcome {
  std::size_t requests = 0, consumed = 0, body_bytes = 0;
  int status = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome run(std::span<const std::byte> bytes, std::size_t step) {
  sekisho::HttpRequestParser parser;
  Outcome outcome;
  while (!bytes.empty()) {
    auto progress = parser.feed(bytes.first(std::min(step, bytes.size())));
    if (progress.request) {
      ++outcome.requests;
      outcome.body_bytes += progress.request->body.size();
      if (!sekisho::http::acceptable_path(progress.request->path) ||
          !sekisho::http::acceptable_query(progress.request->query) || progress.request->fields.size() > 64)
        std::abort();
      (void)sekisho::parse_form(progress.request->body);
    }
    if (progress.refusal) {
      outcome.status = progress.refusal->status;
      break;
    }
    if (progress.consumed == 0) std::abort();
    outcome.consumed += progress.consumed;
    bytes = bytes.subspan(progress.consumed);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const Outcome whole = run(bytes, size);
  Outcome pieces = run(bytes, 1 + data[0] % 32);
  pieces.consumed = whole.consumed;  // a refusal may come at another point of the same piece
  if (!(whole == pieces)) std::abort();
  (void)sekisho::parse_form({reinterpret_cast<const char*>(data), size});
  return 0;
}
