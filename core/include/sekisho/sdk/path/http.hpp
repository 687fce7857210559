// Strict HTTP/1.1 for pre-login routes: a sans-I/O request parser and a response builder.
// Threads: one connection's thread. Limits: threats.md §9 (request line 4 KiB, head 8 KiB, 64 fields) before
// allocation. Errors: errors carry the status to answer with; after any error the connection must be closed. Source:
// RFC 9112; threats.md §2 (T-01..T-06), §10. The implementation stands in core/net/http (Beast behind it).
#pragma once
#include <sekisho/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho {

struct HttpLimits {
  std::size_t request_line_bytes = 4096;
  std::size_t head_bytes = 8192;
  std::size_t fields = 64;
  std::size_t body_bytes = 8192;
  /// Where set: the most that a body may have on this route, never above body_bytes. Asked once the head is complete,
  /// before anything is kept of the body.
  std::size_t (*body_of)(std::string_view method, std::string_view path) = nullptr;
};

struct HttpRequest {
  std::string method;  ///< GET or POST, all others are refused by the parser (405)
  std::string path;    ///< exact bytes, "/…", no percent sign, no dot segment, no control, no byte >= 0x80
  std::string query;   ///< raw, without "?"; may be empty
  std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case, values trimmed
  std::string body;
  bool keep_alive = true;
  /// The only field of that (lower-case) name, or empty.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

struct HttpRefusal {
  std::uint16_t status = 400;
  std::string detail;     ///< for the operator
  std::string path = {};  ///< of the request, where its head could be read (a body that is too long); else empty
};

class HttpRequestParser {
 public:
  explicit HttpRequestParser(HttpLimits limits = {});
  ~HttpRequestParser();
  HttpRequestParser(const HttpRequestParser&) = delete;
  HttpRequestParser& operator=(const HttpRequestParser&) = delete;

  struct Progress {
    std::size_t consumed = 0;            ///< bytes of the input that belong to this request
    std::optional<HttpRequest> request;  ///< complete
    std::optional<HttpRefusal> refusal;  ///< broken; the parser takes no more bytes
  };
  /// Feeds bytes; stops after the end of one request, so what is left over can be handed elsewhere (tunnel frames).
  [[nodiscard]] Progress feed(std::span<const std::byte> bytes);
  /// True once the first byte of a request has arrived and the request is not complete.
  [[nodiscard]] bool in_request() const;
  /// True once the head of a request is complete and its body is not: another deadline holds then (threats.md §9).
  [[nodiscard]] bool in_body() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "ja" or "en": the first of them that Accept-Language names, else `otherwise`. Weights are not read.
[[nodiscard]] std::string_view accepted_language(const HttpRequest& request, std::string_view otherwise);
/// The User-Agent when it is printable ASCII of at most 512 bytes, else empty. Borrowed from `request`.
[[nodiscard]] std::string_view printable_user_agent(const HttpRequest& request);

/// application/x-www-form-urlencoded, decoded once, strict UTF-8, no NUL.
/// Errors: nullopt for a broken escape, more than 32 pairs, or a name that occurs twice.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view body);

struct HttpResponse {
  std::uint16_t status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< further ones, e.g. Set-Cookie, Location
  std::string body = {};
  bool close = false;
  /// An HTML page with its own style, pictures and forms: the Content-Security-Policy of threats.md §9, no script. The
  /// referrer stays within the origin, because under `no-referrer` a browser sends its forms with `Origin: null`.
  bool page = false;
  bool scripts = false;       ///< with `page`: scripts and requests of its own origin too
  std::uint32_t cache_s = 0;  ///< > 0: a file whose bytes never change under its name; seconds that anyone may keep it
};
/// Status line, fixed security headers, Content-Length, body. No product name, no date beyond what RFC 9110 asks.
[[nodiscard]] std::string serialize(const HttpResponse& response);

}  // namespace sekisho
