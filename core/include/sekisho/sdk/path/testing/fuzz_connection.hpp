// What fuzz targets of access paths share: a front that holds the laws of every path, and the loop that gives a
// connection the input's bytes, a gatekeeper's replies and time. A law that is broken aborts.
//
// Laws: nothing is written, asked or closed after close; a write is at most one record; one question at a time; a
// tunnel is attached once, by whom the target has let, and is gone at the end; no deadline hangs.
// Threads: one. Ownership: a target owns the host and outlives the connection. Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/path/access_path.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline constexpr Instant kBegin = Instant(std::chrono::seconds(1'800'000'000));

inline Refusal refusal(const char* code = "x.y") {
  return {"R10", code, {"何\xff", "what"}, {"故", "why"}, {"対", "remedy"}};
}

/// The next bytes of the input, at most `size`, in a copy of exact size: a look beyond what is lent is an error of the
/// address sanitizer.
inline std::vector<std::byte> take(std::span<const std::byte>& rest, std::size_t size) {
  const auto some = rest.first(std::min(size, rest.size()));
  rest = rest.subspan(some.size());
  return {some.begin(), some.end()};
}

class Host : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    require(!closed && !bytes.empty() && bytes.size() <= 16384);
    wrote(bytes, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  void close(std::string_view why) override {
    require(!closed && !why.empty());
    closed = true;
  }
  std::uint64_t ask(GateRequest request) override {
    require(!closed && !pending);
    look(request);
    asked = std::move(request);
    pending = true;
    return ++number;
  }
  void notice(FrontNotice) override { require(may_tunnel); }
  void attach_tunnel(const SessionView&) override {
    require(may_tunnel && !attached);
    attached = true;
  }
  void detach_tunnel() override {
    require(attached);
    attached = false;
  }
  void deliver(std::span<const std::byte> packet) override {
    require(may_tunnel && attached && !packet.empty() && packet.size() <= 1354 + 2);
  }
  Entropy& entropy() override { std::abort(); }

  bool closed = false, pending = false, attached = false;
  bool may_tunnel = false;  ///< the target's: the gatekeeper has let a tunnel open
  std::uint64_t number = 0;
  GateRequest asked;

 protected:
  /// What the target holds a path to besides.
  virtual void wrote(std::span<const std::byte> bytes, std::string_view text) = 0;
  virtual void look(const GateRequest& request) = 0;
};

/// Everything that is written are answers of HTTP.
class PageHost : public Host {
 protected:
  void wrote(std::span<const std::byte> bytes, std::string_view text) override {
    // A long answer goes out in pieces: only its first one begins with a status line.
    require(text.starts_with("HTTP/1.1 ") || in_answer_);
    in_answer_ = bytes.size() == 16384;
  }

 private:
  bool in_answer_ = false;
};

/// The same packet, a few times.
class Packets final : public PacketSource {
 public:
  explicit Packets(std::size_t size) : packet_(size, std::byte{0x45}) {}
  std::span<const std::byte> front() const override {
    return left_ > 0 ? std::span(packet_) : std::span<const std::byte>();
  }
  void pop() override { --left_; }

 private:
  std::vector<std::byte> packet_;
  int left_ = 3;
};

/// Everything that is due.
inline void pass_time(PathConnection& connection, Host& host, Instant now, int most_deadlines) {
  for (int i = 0; !host.closed && connection.next_deadline() && *connection.next_deadline() <= now; ++i) {
    require(i < most_deadlines);
    connection.on_deadline(now);
  }
}
/// If there is a tunnel: one record of packets of that size, with `room` for it and at most `most` bytes.
inline void fill(PathConnection& connection, Host& host, Instant now, std::size_t packet, std::size_t room,
                 std::size_t most) {
  if (!host.attached || host.closed) return;
  Packets packets(packet);
  std::vector<std::byte> out(room);
  require(connection.fill_record(packets, out, now) <= most);
}

/// A whole connection to a page. Input: first byte the replies, second the piece size, the rest is what the peer sends.
/// `reply` gives the gatekeeper's answer of `kinds`.
inline int visit_page(AccessPath& path, PageHost& host, std::span<const std::byte> input, unsigned kinds,
                      const std::function<GateReply(unsigned)>& reply) {
  if (input.size() < 3) return 0;
  Instant now = kBegin;
  const auto connection = path.open(host, Arrival{}, now);
  unsigned choice = std::to_integer<unsigned>(input[0]);
  const std::size_t piece = 1 + std::to_integer<std::size_t>(input[1]) * 16;
  auto rest = input.subspan(2);
  while (!rest.empty() && !host.closed) {
    connection->on_bytes(take(rest, piece), now);
    now += std::chrono::milliseconds(100);
    if (choice % 3 != 2 || rest.empty()) {  // else the gatekeeper thinks while bytes come
      for (std::size_t i = 0; i < 200 && host.pending && !host.closed; ++i) {
        host.pending = false;
        connection->on_reply(host.number, reply(choice), now);
        choice = choice / kinds + std::to_integer<unsigned>(input[i % input.size()]);
      }
    }
    pass_time(*connection, host, now, 11);
  }
  if (!host.closed) {
    now += std::chrono::seconds(61);
    connection->on_deadline(now);
    require(host.closed);
  }
  connection->on_gone(now);
  return 0;
}

}  // namespace sekisho::fuzz
