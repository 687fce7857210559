// The client role's half of HTTP: answers read from a byte stream, requests written as the real clients write them, and
// the texts inside (settings, questions). For simulated PCs and load generators; no production process links it.
// Threads: pure, one at a time. Limits: head 16 KiB, body 64 KiB. An answer needs Content-Length.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::fortinet {

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case
  std::string body;
  bool close = false;
  [[nodiscard]] std::string_view field(std::string_view name) const;  ///< the first one, or empty
};

class HttpAnswerReader {
 public:
  enum class State : std::uint8_t { more, complete, broken };
  /// Takes bytes of one answer; `consumed` tells how many. After `complete` fetch the answer with take().
  [[nodiscard]] State feed(std::span<const std::byte> bytes, std::size_t& consumed);
  [[nodiscard]] HttpAnswer take();

 private:
  [[nodiscard]] bool read_head();
  std::string head_;
  HttpAnswer answer_;
  bool in_body_ = false;
  std::size_t body_left_ = 0;
};

/// Everything but unreserved characters as %xx, in the case that the client uses.
[[nodiscard]] std::string percent_encode(std::string_view text, bool upper_case);

/// "SVPNCOOKIE=<v>; …" -> v, of the first Set-Cookie that has it; empty: none.
[[nodiscard]] std::string cookie_of(const HttpAnswer& answer);

/// The value of `key` in "ret=2,reqid=…,chal_msg=…"; empty when absent.
[[nodiscard]] std::string_view field_of_list(std::string_view list, std::string_view key);

/// The value of attribute `name` in the first tag `<element …>`; empty when absent.
[[nodiscard]] std::string_view attribute_of(std::string_view xml, std::string_view element, std::string_view name);

}  // namespace sekisho::fortinet
