// One connection of the path before a recording host: requests in, answers and questions out. Threads: one.
#pragma once
#include "../fortinet_path.hpp"
#include "bytes.hpp"
#include "entropy.hpp"

#include <sekisho/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::fortinet::testing {

inline constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override { written += text_of(bytes); }
  void close(std::string_view why) override { closes.emplace_back(why); }
  std::uint64_t ask(GateRequest request) override {
    asked.push_back(std::move(request));
    return asked.size();
  }
  void notice(FrontNotice) override { ++notices; }
  void attach_tunnel(const SessionView& view) override { attached.push_back(view); }
  void detach_tunnel() override { ++detached; }
  void deliver(std::span<const std::byte>) override { ++delivered; }
  Entropy& entropy() override { return chance; }
  std::string taken() { return std::exchange(written, {}); }

  SeededEntropy chance;
  std::string written;
  std::vector<std::string> closes;
  std::vector<GateRequest> asked;
  std::vector<SessionView> attached;
  int notices = 0, detached = 0, delivered = 0;
};

struct Front {
  explicit Front(FortinetConfig config = {})
      : path(FortinetPath::make(std::move(config)).value()), connection(path->open(host, Arrival{}, kStart)) {}
  void say(std::string_view text, std::size_t piece = 100'000) {
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const auto bytes = bytes_of(text.substr(at, piece));
      connection->on_bytes(bytes, now);
    }
  }
  void reply(GateReply reply) { connection->on_reply(host.asked.size(), std::move(reply), now); }
  std::string request(std::string_view text) {
    say(text);
    return host.taken();
  }
  Host host;
  Instant now = kStart;
  std::shared_ptr<AccessPath> path;
  std::unique_ptr<PathConnection> connection;
};

inline std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: vpn.test\r\n" + std::string(fields) + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body, std::string_view fields = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: vpn.test\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace sekisho::fortinet::testing
