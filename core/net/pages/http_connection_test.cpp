#include <sekisho/sdk/path/http_connection.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    EXPECT_LE(bytes.size(), 16384U);
    written.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void close(std::string_view why) override { closed.emplace_back(why); }
  std::uint64_t ask(GateRequest) override { return ++asked; }
  void notice(FrontNotice) override {}
  void attach_tunnel(const SessionView&) override {}
  void detach_tunnel() override {}
  void deliver(std::span<const std::byte>) override {}
  Entropy& entropy() override { std::abort(); }

  std::string written;
  std::vector<std::string> closed;
  std::uint64_t asked = 0;
};

/// Asks the gatekeeper for every request to /ask, answers the others with their path.
class Line final : public HttpExchange {
 public:
  explicit Line(HttpPatience patience = {}) : http(host, *this, patience, kStart) {}
  void on_request(HttpRequest& request, Instant at) override {
    bodies.push_back(request.body);
    if (request.path == "/ask") return http.ask(LogoutSession{}, at);
    HttpResponse out;
    out.body = request.path;
    http.answer(std::move(out));
  }
  HttpResponse broken(const HttpRefusal& refusal) override {
    HttpResponse out;
    out.status = refusal.status;
    refused = refusal.path;
    out.close = true;
    return out;
  }
  HttpResponse silent() override {
    HttpResponse out;
    out.status = 503;
    return out;
  }
  std::string say(std::string_view text, std::size_t piece = 1'000'000) {
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const auto part = text.substr(at, piece);
      http.on_bytes(std::as_bytes(std::span(part.data(), part.size())), now);
    }
    return std::exchange(host.written, {});
  }
  std::string reply() {
    if (http.on_reply(host.asked, now)) {
      HttpResponse out;
      out.body = "replied";
      http.answer(std::move(out));
      http.go_on(now);
    }
    return std::exchange(host.written, {});
  }
  void wait(std::chrono::microseconds span) {
    now += span;
    if (const auto at = http.next_deadline(); at && *at <= now) http.on_deadline(now);
  }
  [[nodiscard]] double patience() const {
    return std::chrono::duration<double>(http.next_deadline().value() - now).count();
  }

  Host host;
  Instant now = kStart;
  HttpConnection http;
  std::vector<std::string> bodies;
  std::string refused;
};

std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: gate.test\r\n" + std::string(fields) + "\r\n";
}
std::string head_of_post(std::string_view path, std::string_view length) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: gate.test\r\nContent-Length: " + std::string(length) +
         "\r\n\r\n";
}

TEST(HttpConnection, AnswersInOrderWhateverThePieces) {
  for (const std::size_t piece : {1U, 7U, 10'000U}) {
    Line line;
    const std::string said = line.say(get("/a") + head_of_post("/b", "3") + "xyz" + get("/c"), piece);
    EXPECT_LT(said.find("/a"), said.find("/b"));
    EXPECT_LT(said.find("/b"), said.find("/c"));
    EXPECT_THAT(line.bodies, ElementsAre("", "xyz", ""));
    EXPECT_TRUE(line.host.closed.empty());
  }
}

TEST(HttpConnection, ReadsNothingMoreWhileTheGatekeeperThinks) {
  Line line;
  EXPECT_EQ(line.say(get("/ask") + get("/ask") + get("/a")), "");
  EXPECT_EQ(line.host.asked, 1U);
  EXPECT_FALSE(line.http.on_reply(7, line.now)) << "the answer to nobody's question";
  EXPECT_THAT(line.reply(), HasSubstr("replied"));
  EXPECT_EQ(line.host.asked, 2U);
  EXPECT_THAT(line.reply(), HasSubstr("/a"));
}

TEST(HttpConnection, KeepsSixteenKibAheadAndNoMore) {
  Line line;
  line.say(get("/ask"));
  line.say(std::string(16384, 'x'));
  EXPECT_TRUE(line.host.closed.empty());
  line.say("x");
  EXPECT_THAT(line.host.closed, ElementsAre("too much sent ahead of an answer"));
  Line at_once;
  at_once.say(get("/ask") + std::string(16385, 'x'));
  EXPECT_THAT(at_once.host.closed, ElementsAre("too much sent ahead of an answer"));
}

TEST(HttpConnection, HandsOverWhatCameBehindTheLastRequest) {
  Line line;
  line.say(get("/ask") + "frames");
  const auto rest = line.http.take_ahead();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(rest.data()), rest.size()), "frames");
}

TEST(HttpConnection, LimitsAreMetBeforeAnythingIsKept) {
  const struct {
    const char* what;
    std::string wire;
    const char* status;
  } rows[] = {
      {"head", get("/a", "X: " + std::string(8192, 'x') + "\r\n"), "431"},
      {"request line", get("/" + std::string(4096, 'a')), "414"},
      {"count of fields",
       [] {
         std::string fields;
         for (int i = 0; i < 64; ++i) fields += "X" + std::to_string(i) + ": y\r\n";
         return get("/a", fields);
       }(),
       "431"},
      {"body", head_of_post("/a", "8193"), "413"},
      {"body of 2^31", head_of_post("/a", "2147483648"), "413"},
      {"body of 2^64", head_of_post("/a", "18446744073709551616"), "400"},
      {"chunked", "POST /a HTTP/1.1\r\nHost: gate.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       "501"},
      {"length and chunked",
       "POST /a HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "501"},
      {"two lengths", "POST /a HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "400"},
      {"no length", "POST /a HTTP/1.1\r\nHost: gate.test\r\n\r\n", "411"},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {1U, 100U, 100'000U}) {
      Line line;
      const std::string said = line.say(row.wire + get("/behind"), piece);
      EXPECT_THAT(said, StartsWith("HTTP/1.1 " + std::string(row.status))) << row.what;
      EXPECT_TRUE(line.bodies.empty()) << row.what;
      EXPECT_EQ(line.host.closed.size(), 1U) << row.what;
      EXPECT_EQ(line.say(get("/later")), "") << row.what << ": nothing is heard after it";
    }
  }
}

TEST(HttpConnection, WhatLiesOnTheLimitsPasses) {
  Line line;
  const std::string spare = get("/a", "X: \r\n");
  EXPECT_THAT(line.say(get("/a", "X: " + std::string(8192 - spare.size(), 'x') + "\r\n")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(line.say(head_of_post("/b", "8192") + std::string(8192, 'b')), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(line.bodies.back().size(), 8192U);
}

TEST(HttpConnection, EachRouteMayHaveItsOwnLargestBody) {
  HttpPatience patience;
  patience.limits.body_bytes = 64 * 1024;
  patience.limits.body_of = [](std::string_view method, std::string_view path) -> std::size_t {
    return method == "POST" && path == "/large" ? 1 << 30 : 100;
  };
  const struct {
    const char *path, *length, *status;
  } rows[] = {{"/small", "101", "413"}, {"/large", "65537", "413"}, {"/small", "100", ""}, {"/large", "65536", ""}};
  for (const auto& row : rows) {
    Line line(patience);
    const std::string said = line.say(head_of_post(row.path, row.length));
    if (*row.status == 0) {
      EXPECT_EQ(said, "") << row.path << " waits for its body";
    } else {
      EXPECT_THAT(said, StartsWith("HTTP/1.1 413 ")) << row.path;
      EXPECT_EQ(line.refused, row.path) << "the exchange is told where it was";
    }
  }
}

TEST(HttpConnection, AHundredRequestsAreServed) {
  Line line;
  std::string all;
  for (int i = 0; i < 150; ++i) all += get("/a");
  const std::string said = line.say(all, 1000);
  std::size_t count = 0;
  for (std::size_t at = said.find("HTTP/1.1 "); at != said.npos; at = said.find("HTTP/1.1 ", at + 1)) ++count;
  EXPECT_EQ(count, 100U);
  EXPECT_EQ(line.host.closed.size(), 1U);
}

TEST(HttpConnection, IdleSlowAndSilentOnesAreClosedByTheGivenTime) {
  Line silent;
  EXPECT_EQ(silent.patience(), 15);
  silent.wait(15s);
  EXPECT_THAT(silent.host.closed, ElementsAre("no request"));
  EXPECT_FALSE(silent.http.next_deadline());

  Line idle;
  idle.say(get("/a"));
  EXPECT_EQ(idle.patience(), 15);
  idle.wait(14s);
  EXPECT_TRUE(idle.host.closed.empty());
  idle.wait(1s);
  EXPECT_THAT(idle.host.closed, ElementsAre("no request"));

  Line dripping;
  dripping.say("G");
  for (int i = 0; i < 9; ++i) {
    dripping.wait(1s);
    dripping.say("E");
  }
  EXPECT_EQ(dripping.patience(), 1) << "single bytes buy no time";
  dripping.wait(1s);
  EXPECT_THAT(dripping.host.closed, ElementsAre("the request took too long"));

  Line slow_body;
  slow_body.say(head_of_post("/a", "8192"));
  EXPECT_EQ(slow_body.patience(), 5);
  slow_body.wait(4s);
  slow_body.say(std::string(1024, 'a'));
  EXPECT_EQ(slow_body.patience(), 2) << "a KiB buys a second";
  slow_body.wait(2s);
  EXPECT_THAT(slow_body.host.closed, ElementsAre("the body comes too slowly"));

  HttpPatience whole;
  whole.body_within_head = true;
  Line within(whole);
  within.say(head_of_post("/a", "10"));
  within.wait(4s);
  within.say("a");
  EXPECT_EQ(within.patience(), 6);

  Line late;  // its bytes come before the timer that would have closed it
  late.now += 15s;
  EXPECT_EQ(late.say(get("/a")), "");
  EXPECT_THAT(late.host.closed, ElementsAre("no request"));

  Line thinking;
  thinking.say(get("/ask"));
  EXPECT_EQ(thinking.patience(), 30);
  thinking.wait(30s);
  EXPECT_THAT(thinking.host.written, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(thinking.host.closed, ElementsAre("the gatekeeper is silent"));
}

TEST(HttpConnection, SaysNothingToAPeerThatIsGone) {
  Line line;
  line.say(get("/ask"));
  line.http.on_gone();
  EXPECT_EQ(line.reply(), "");
  EXPECT_EQ(line.say(get("/a")), "");
}

}  // namespace
}  // namespace sekisho
