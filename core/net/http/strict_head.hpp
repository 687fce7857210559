// The byte rules of a request head, checked before Beast sees a byte (threats.md §10 lists what Beast lets pass).
// HeadScanner looks at bytes as they arrive, so that a broken head is refused at its first bad byte; check_head()
// judges the complete head. Nothing here decodes anything: a path with a percent sign is refused, not decoded. Threads:
// plain values. Limits: HttpLimits. Source: RFC 9112 §2.2, §3, §5, §6; RFC 9110 §5.5, §7.2; threats.md T-01..T-06.
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sekisho::http {

/// Watches the bytes of one head. feed() takes at most what belongs to the head.
class HeadScanner {
 public:
  explicit HeadScanner(const HttpLimits& limits) : limits_(limits) {}
  struct Step {
    std::size_t taken = 0;               ///< bytes that belong to the head
    bool complete = false;               ///< the empty line has been seen
    std::optional<HttpRefusal> refusal;  ///< bare CR or LF, control or non-ASCII byte, too long, obs-fold
  };
  [[nodiscard]] Step feed(std::string_view bytes);

 private:
  HttpLimits limits_;
  std::size_t bytes_ = 0, line_bytes_ = 0, lines_ = 0;
  bool after_cr_ = false;
};

/// What a head says about itself; views borrow from the head that was checked.
struct HeadFacts {
  std::string_view method, path, query, host;
  std::size_t fields = 0;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
};
struct HeadVerdict {
  HeadFacts facts;  ///< meaningful without refusal only
  std::optional<HttpRefusal> refusal;
};
/// `head` is complete, ends with the empty line and has passed HeadScanner.
[[nodiscard]] HeadVerdict check_head(std::string_view head, const HttpLimits& limits);

/// "/…" of printable ASCII without percent sign, backslash, semicolon, empty segment or segment made of dots alone.
[[nodiscard]] bool acceptable_path(std::string_view path);
/// Query of RFC 3986 §3.4 with well-formed percent escapes and without an escaped control character.
[[nodiscard]] bool acceptable_query(std::string_view query);
/// Host of RFC 3986 §3.2.2 (name, IPv4 or bracketed IPv6) with an optional port 1-65535.
[[nodiscard]] bool acceptable_host(std::string_view host);

}  // namespace sekisho::http
