// HttpConnection: HTTP over one connection of an access path, from its first byte until it closes or becomes something
// else. It reads requests, hands each to its HttpExchange, asks the gatekeeper for it and writes the answer.
//
//   reading --request--> HttpExchange --ask()--> waiting --reply--> answer(), go_on() --> reading …
//
// One request at a time: bytes that come while the gatekeeper thinks are kept (<= HttpPatience::ahead) and read
// afterwards. Deadlines go by the `now` that is handed in (threats.md §9); single bytes buy no time. What may hold a
// secret (bodies, answers, bytes that were kept) is wiped when it is done with.
// Threads: the front's. Ownership: host and exchange outlive it; spans are borrowed until the call returns.
// Ranges: HttpPatience; an answer leaves in pieces of at most 16 KiB. Errors: a request that cannot be read is answered
// by HttpExchange::broken() and the connection closes; so does one that is slow, idle or too eager.
// The implementation stands in core/net/pages.
#pragma once
#include <sekisho/sdk/path/access_path.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sekisho {

/// How long and how much. The defaults are threats.md §9.
struct HttpPatience {
  HttpLimits limits = {};
  Seconds first{15};              ///< until the first byte of the first request
  Seconds idle{15};               ///< between requests
  Seconds head{10};               ///< from the first to the last byte of a head
  bool body_within_head = false;  ///< `head` holds for the whole request
  Seconds body{30};               ///< for a whole body
  Seconds body_patience{5};       ///< before the rate counts
  std::size_t body_rate = 1024;   ///< bytes of body that buy a second
  Seconds gatekeeper{30};         ///< then HttpExchange::silent() and closed
  unsigned requests = 100;        ///< the last of them is answered with `Connection: close`
  std::size_t ahead = 16 * 1024;  ///< bytes kept while the gatekeeper thinks
};

/// What a path does with requests.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  /// Calls HttpConnection::answer(), ask() or close() once. What it leaves of the body is wiped.
  virtual void on_request(HttpRequest& request, Instant now) = 0;
  /// The answer to a request that could not be read; the connection closes after it.
  [[nodiscard]] virtual HttpResponse broken(const HttpRefusal& refusal) = 0;
  /// The answer when the gatekeeper has not said anything in time; the connection closes after it.
  [[nodiscard]] virtual HttpResponse silent() = 0;
};

class HttpConnection {
 public:
  HttpConnection(PathHost& host, HttpExchange& exchange, HttpPatience patience, Instant now);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // As PathConnection's.
  void on_bytes(std::span<const std::byte> bytes, Instant now);
  void on_gone();
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void on_deadline(Instant now);
  /// True when `request` is the question that is waited for: then answer() or ask(), and go_on().
  [[nodiscard]] bool on_reply(std::uint64_t request, Instant now);

  void ask(GateRequest request, Instant now);
  void answer(HttpResponse response);
  void close(std::string_view why);
  /// Reads what has come meanwhile.
  void go_on(Instant now);

  /// Every later byte is ignored.
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool waits() const { return asked_.has_value(); }
  /// What came behind the request in hand, for whom HTTP is over (tunnel frames).
  [[nodiscard]] std::vector<std::byte> take_ahead();

 private:
  void read(std::span<const std::byte> bytes, Instant now);
  void keep(std::span<const std::byte> bytes);
  void forget_kept() noexcept;

  PathHost& host_;
  HttpExchange& exchange_;
  const HttpPatience patience_;
  HttpRequestParser parser_;
  std::optional<std::uint64_t> asked_;
  std::vector<std::byte> kept_;
  Instant deadline_, body_since_{};
  std::size_t body_bytes_ = 0;
  unsigned requests_ = 0;
  bool in_request_ = false, in_body_ = false, keep_alive_ = true, closed_ = false;
};

}  // namespace sekisho
