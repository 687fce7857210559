#include "template_access_path.hpp"

#include <gtest/gtest.h>

namespace sekisho::template_access_path {
namespace {

class NoEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{1}); }
};

class Front final : public PathHost {
 public:
  void write(std::span<const std::byte> plaintext) override {
    out.append(reinterpret_cast<const char*>(plaintext.data()), plaintext.size());
  }
  void close(std::string_view why) override { closed = why; }
  std::uint64_t ask(GateRequest request) override {
    asked.push_back(std::move(request));
    return asked.size();
  }
  void notice(FrontNotice) override {}
  void attach_tunnel(const SessionView&) override {}
  void detach_tunnel() override {}
  void deliver(std::span<const std::byte>) override {}
  Entropy& entropy() override { return entropy_; }

  std::string out, closed;
  std::vector<GateRequest> asked;

 private:
  NoEntropy entropy_;
};

struct Visit {
  explicit Visit(Front& front) : connection(LinePath(Config{}).open(front, arrival(), Instant{})) {}
  static Arrival arrival() {
    Arrival out;
    out.language = "en";
    return out;
  }
  void say(std::string_view text) { connection->on_bytes(std::as_bytes(std::span(text)), Instant{}); }
  std::unique_ptr<PathConnection> connection;
};

TEST(LinePath, LeadsFromLoginToGrantInAnyPieces) {
  Front front;
  Visit visit(front);
  visit.say("log");
  visit.say("in mori\r");
  visit.say("\n");
  ASSERT_EQ(front.asked.size(), 1u);
  EXPECT_EQ(std::get<BeginLogin>(front.asked[0]).evidence.at("login").reveal(), "mori");
  visit.connection->on_reply(
      1, LoginAsked{"h1", Ask{.factor = "password", .field = "password", .prompt = {"語", "Word?"}}}, {});
  EXPECT_EQ(front.out, "ask password Word?\n");
  visit.say("answer open, barley\n");
  ASSERT_EQ(front.asked.size(), 2u);
  EXPECT_EQ(std::get<AnswerLogin>(front.asked[1]).handle, "h1");
  EXPECT_EQ(std::get<AnswerLogin>(front.asked[1]).evidence.at("password").reveal(), "open, barley");
  visit.connection->on_reply(2, Granted{Secret("c"), "S20261122-1-000042"}, {});
  EXPECT_EQ(front.out, "ask password Word?\ngranted S20261122-1-000042\n");
  EXPECT_EQ(front.closed, "");
}

TEST(LinePath, SaysWhyItRefusesAndCloses) {
  Front front;
  Visit visit(front);
  visit.say("login mori\n");
  Refusal refusal;
  refusal.code = "login.refused";
  refusal.remedy.en = "Ask\nthe staff.";
  visit.connection->on_reply(1, Refused{refusal}, {});
  EXPECT_EQ(front.out, "refused login.refused Ask the staff.\n");
  EXPECT_EQ(front.closed, "refused");
}

TEST(LinePath, ClosesOnWhatItDoesNotExpect) {
  for (const char* bytes : {"\n", "login\n", "answer x\n", "GET / HTTP/1.1\r\n", "login a\nlogin a\n"}) {
    Front front;
    Visit visit(front);
    visit.say(bytes);
    EXPECT_EQ(front.closed, "not a line of this protocol") << bytes;
  }
  Front front;
  Visit visit(front);
  visit.say(std::string(513, 'x'));
  EXPECT_EQ(front.closed, "line too long");
}

TEST(LinePath, DoesNotWaitForTheSlow) {
  Front front;
  Visit visit(front);
  ASSERT_EQ(visit.connection->next_deadline(), Instant{} + std::chrono::seconds(30));
  visit.say("login mo");
  EXPECT_EQ(visit.connection->next_deadline(), Instant{} + std::chrono::seconds(30)) << "single bytes buy no time";
  visit.connection->on_deadline(Instant{} + std::chrono::seconds(30));
  EXPECT_EQ(front.closed, "too slow");
}

}  // namespace
}  // namespace sekisho::template_access_path
