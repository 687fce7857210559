// What a person types is wiped wherever the entrance had it, however the request ends. Every block that is freed while
// a watch stands is looked through for the secret; a free is where wiping is too late.
#include "entrance.hpp"

#include <sekisho/sdk/path/page_forms.hpp>

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

constexpr std::string_view kSecret = "correct-horse-battery-staple-0815";
bool watching = false;
int leaked = 0;

void look_through(void* block) {
  if (!watching || block == nullptr) return;
  const std::string_view bytes(static_cast<const char*>(block), malloc_usable_size(block));
  if (bytes.find(kSecret) != std::string_view::npos) ++leaked;
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* block = std::malloc(std::max<std::size_t>(size, 1))) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  look_through(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  look_through(block);
  std::free(block);
}

namespace sekisho::ip_vpn {
namespace {

constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));
const std::string kCookie(pages::kCookieSize, 'c');

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte>) override {}
  void close(std::string_view) override {}
  std::uint64_t ask(GateRequest request) override {
    const auto* begin = std::get_if<BeginLogin>(&request);
    got_password = begin != nullptr && begin->evidence.at("password").reveal() == kSecret;
    return 1;
  }
  void notice(FrontNotice) override {}
  void attach_tunnel(const SessionView&) override {}
  void detach_tunnel() override {}
  void deliver(std::span<const std::byte>) override {}
  Entropy& entropy() override { std::abort(); }
  bool got_password = false;
};

std::string post(std::string_view target, std::string_view body, std::string_view fields,
                 std::string_view type = "application/x-www-form-urlencoded") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: gate.test\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) + "\r\n" +
         std::string(body);
}

/// Says `wire` in pieces, waits `later`, and is gone; how many freed blocks held the secret.
int left_behind(const std::string& wire, std::size_t piece, Host& host) {
  Entrance path{Config{}};
  leaked = 0;
  watching = true;
  {
    const auto connection = path.open(host, Arrival{}, kStart);
    for (std::size_t at = 0; at < wire.size(); at += piece) {
      const auto part = std::string_view(wire).substr(at, piece);
      connection->on_bytes(std::as_bytes(std::span(part.data(), part.size())), kStart);
    }
    connection->on_gone(kStart);
  }
  watching = false;
  return leaked;
}

TEST(Secrets, TheWatchSeesASecretThatIsFreed) {
  leaked = 0;
  watching = true;
  { const std::string copy(kSecret); }
  watching = false;
  EXPECT_EQ(leaked, 1);
}

TEST(Secrets, NothingThatWasTypedIsLeftBehindHoweverTheRequestEnds) {
  const std::string own = "Origin: https://gate.test\r\nCookie: __Host-page=" + kCookie + "\r\n";
  const std::string token = "token=" + pages::page_token(kCookie, "login", {});
  const std::string secret(kSecret), good = token + "&login=sato&password=" + secret;
  const std::string code = "token=" + pages::page_token(kCookie, "code", "h") + "&handle=h&field=code&value=" + secret;
  const struct {
    const char* what;
    std::string wire;
  } rows[] = {
      {"taken", post("/login", good, own)},
      {"taken, a code", post("/answer", code, own)},
      {"another site's", post("/login", good, "Origin: https://evil.test\r\n")},
      {"without Origin", post("/login", good, "")},
      {"a stale page's", post("/login", "token=x&login=sato&password=" + secret, own)},
      {"without an ID", post("/login", token + "&login=&password=" + secret, own)},
      {"another media type", post("/login", good, own, "text/plain")},
      {"of a handle that is none", post("/answer", "token=x&handle=%2F&field=code&value=" + secret, own)},
      {"a broken escape behind it", post("/login", good + "&x=%zz", own)},
      {"a broken escape in it", post("/login", "password=" + secret + "%zz", own)},
      {"no UTF-8", post("/login", "password=" + secret + "%ff", own)},
      {"twice", post("/login", good + "&password=" + secret, own)},
      {"to nowhere", post("/nothing", good, own)},
      {"too long", post("/login", token + "&login=sato&password=" + secret + std::string(600, 'x'), own)},
      {"half a body", post("/login", good + "&more=", own).append("").substr(0, post("/login", good, own).size() + 2)},
      {"behind a request that waits", post("/login", good, own) + post("/login", good, own)},
      {"behind two that wait", post("/login", good, own) + post("/nothing", "", own) + post("/login", good, own)},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {std::size_t{61}, std::size_t{100'000}}) {
      Host host;
      EXPECT_EQ(left_behind(row.wire, piece, host), 0) << row.what << " in pieces of " << piece;
    }
  }
  Host host;
  EXPECT_EQ(left_behind(post("/login", good, own), 100'000, host), 0);
  EXPECT_TRUE(host.got_password) << "it was read at all";
}

}  // namespace
}  // namespace sekisho::ip_vpn
