#include "admission/login.hpp"
#include "programs/relay/testing/relay_bench.hpp"

namespace sekisho::relay::testing {
namespace {

using PageServerTest = RelayBench;

TEST_F(PageServerTest, ServesThePageAndGoesOnWithTheSameConnection) {
  auto peer = browser();
  for (int i = 0; i < 3; ++i) {
    say(peer, get("/console/"));
    const std::string got = answer(peer);
    EXPECT_EQ(got.rfind("HTTP/1.1 200 OK\r\n", 0), 0U) << got;
    EXPECT_NE(got.find("<!doctype html>"), std::string::npos);
  }
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(PageServerTest, AsksTheGatekeeperWithThePeersAddressAndAnswersWhatItSays) {
  auto peer = browser();
  say(peer, get("/api/console/servers"));
  const auto* question = asked();
  ASSERT_NE(question, nullptr);
  EXPECT_EQ(question->place, seam::Place::console);
  EXPECT_EQ(question->peer_address, "127.0.0.1");
  EXPECT_TRUE(std::holds_alternative<seam::ListServers>(question->body));
  seam::ServerList list;
  list.session = "S1";
  seam::ServerView machine;
  machine.id = "web-01";
  machine.state = "on";
  machine.may_open = true;
  list.servers.push_back(machine);
  gate_says(seam::ConsoleReply{question->number, std::move(list)});
  const std::string got = answer(peer);
  EXPECT_NE(got.find(R"("id":"web-01")"), std::string::npos) << got;
  EXPECT_NE(got.find(R"("state":"on")"), std::string::npos);
}

TEST_F(PageServerTest, AConnectionThatSomebodyElseAcceptedIsOfThePeerThatHeNames) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  tcp::socket peer(loop, tcp::v4(), ends[0]);
  server->arrived(run::Fd(ends[1]), "10.40.0.11");
  say(peer, get("/api/console/servers"));
  const auto* question = asked();
  ASSERT_NE(question, nullptr);
  EXPECT_EQ(question->peer_address, "10.40.0.11");
  gate_says(
      seam::ConsoleReply{question->number, seam::ConsoleRefused{admission::refusal("console.not_a_desktop"), false}});
  EXPECT_NE(answer(peer).find("console.not_a_desktop"), std::string::npos);
  std::vector<run::Fd> kept;
  for (int i = 0; i < 30; ++i) {  // one address has its share here too
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    kept.emplace_back(ends[0]);
    server->arrived(run::Fd(ends[1]), "10.40.0.11");
  }
  EXPECT_EQ(server->connections(), PageLimits{}.of_one_address);
}

TEST_F(PageServerTest, ARefusalReachesThePage) {
  auto peer = browser();
  say(peer, post("/api/console/login", R"({"person":"mori","password":"x"})"));
  const auto* question = asked();
  gate_says(
      seam::ConsoleReply{question->number, seam::ConsoleRefused{admission::refusal("console.not_a_desktop"), false}});
  const std::string got = answer(peer);
  EXPECT_EQ(got.rfind("HTTP/1.1 403 ", 0), 0U);
  EXPECT_NE(got.find("console.not_a_desktop"), std::string::npos);
}

TEST_F(PageServerTest, WithoutTheGatekeeperThePageIsTold) {
  desk->set_link(nullptr);
  auto peer = browser();
  say(peer, get("/api/console/servers"));
  const std::string got = answer(peer);
  EXPECT_EQ(got.rfind("HTTP/1.1 503 ", 0), 0U) << got;
  EXPECT_NE(got.find("gate.unavailable"), std::string::npos);
}

TEST_F(PageServerTest, AQuestionWhoseLinkIsLostIsAnswered) {
  auto peer = browser();
  say(peer, get("/api/console/servers"));
  static_cast<void>(asked());
  desk->set_link(nullptr);
  EXPECT_EQ(answer(peer).rfind("HTTP/1.1 503 ", 0), 0U);
}

TEST_F(PageServerTest, AThumbnailIsThePictureOrARefusal) {
  source.picture = "\x89PNG picture";
  auto peer = browser();
  say(peer, get("/api/console/servers/web-01/thumbnail"));
  gate_says(seam::ConsoleReply{asked()->number,
                               seam::ThumbnailRight{"uuid-1", "libvirt", "S1", "internet_business", Secret("ticket")}});
  EXPECT_NE(answer(peer).find("Content-Type: image/png"), std::string::npos);
  ASSERT_EQ(source.targets.size(), 1U);
  EXPECT_EQ(source.targets[0].machine, "uuid-1");
  EXPECT_EQ(source.targets[0].session, "S1");
  EXPECT_EQ(source.targets[0].zone, "internet_business");
  EXPECT_EQ(source.targets[0].ticket.reveal(), "ticket");
  source.picture.clear();
  for (const char* code : {"console.unreachable", "screen.not_running"}) {
    source.refuses = code;
    say(peer, get("/api/console/servers/web-01/thumbnail"));
    gate_says(seam::ConsoleReply{asked()->number, seam::ThumbnailRight{"uuid-1", "libvirt", "S1", kZone}});
    const std::string got = answer(peer);
    EXPECT_EQ(got.rfind("HTTP/1.1 503 ", 0), 0U);
    EXPECT_NE(got.find(code), std::string::npos) << got;
  }
}

TEST_F(PageServerTest, AThumbnailOfAnotherZoneIsNotFetched) {
  source.picture = "\x89PNG picture";
  auto peer = browser();
  for (const char* zone : {"my_number", ""}) {
    say(peer, get("/api/console/servers/web-01/thumbnail"));
    gate_says(seam::ConsoleReply{asked()->number, seam::ThumbnailRight{"uuid-1", "libvirt", "S1", zone}});
    EXPECT_NE(answer(peer).find("console.other_zone"), std::string::npos) << zone;
  }
  EXPECT_TRUE(source.targets.empty());
}

TEST_F(PageServerTest, AMalformedRequestIsAnsweredOnceAndClosed) {
  for (const char* bad : {"GET /console/ HTTP/1.1\r\n\r\n", "GET /%2e%2e/ HTTP/1.1\r\nHost: x\r\n\r\n",
                          "POST /api/session/end HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
                          "\x16\x03\x01"
                          "\r\n\r\n"}) {
    auto peer = browser();
    say(peer, bad);
    const std::string got = answer(peer);
    EXPECT_EQ(got.rfind("HTTP/1.1 ", 0), 0U) << bad;
    EXPECT_NE(got.find("Connection: close"), std::string::npos) << bad;
    std::string more;
    until([&] { return !hear(peer, more); }, "for the close");
  }
  EXPECT_EQ(link.last<seam::ConsoleRequest>(), nullptr);
}

TEST_F(PageServerTest, RequestsThatComeTogetherAreAnsweredInTheirOrder) {
  auto peer = browser();
  say(peer, get("/console/") + get("/console/none.js"));
  std::string got = answer(peer);
  if (got.find("page.unknown") == std::string::npos) got += answer(peer);
  EXPECT_LT(got.find("200 OK"), got.find("404"));
}

/// The person's page, where he ends his session.
class DesktopPageServer : public RelayBench {
 protected:
  explicit DesktopPageServer(PageLimits limits = {}) {
    tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = acceptor.local_endpoint().port();
    host = "127.0.0.1:" + std::to_string(port);
    origin = "http://" + host;
    desktop_pages = std::make_unique<screens::Pages>(seam::Place::desktop, origin, static_files);
    desk->serve(*desktop_pages);
    desktop = std::make_unique<PageServer>(loop, clock, timers, *desktop_pages, *desk, nullptr, limits);
    desktop->listen(run::Fd(::dup(acceptor.native_handle())));
  }
  /// Of the questions so far, those that end a session.
  [[nodiscard]] std::size_t ends() const {
    return static_cast<std::size_t>(std::ranges::count_if(link.sent, [](const seam::Message& message) {
      const auto* question = std::get_if<seam::ConsoleRequest>(&message);
      return question != nullptr && std::holds_alternative<seam::EndByPerson>(question->body);
    }));
  }
  tcp::socket ending() {
    auto peer = browser();
    say(peer, post("/api/session/end"));
    first = asked();
    EXPECT_NE(first, nullptr);
    return peer;
  }
  std::unique_ptr<screens::Pages> desktop_pages;
  std::unique_ptr<PageServer> desktop;
  const seam::ConsoleRequest* first = nullptr;
};

TEST_F(DesktopPageServer, TheGatekeeperHearsOnceMoreOfAnEndWhenThePageHasItsAnswer) {
  auto peer = ending();
  EXPECT_EQ(ends(), 1U);
  gate_says(seam::ConsoleReply{first->number, seam::ConsoleDone{}});
  const auto* second = asked();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->peer_address, "127.0.0.1");
  std::string got;
  hear(peer, got);
  EXPECT_EQ(got.rfind("HTTP/1.1 200 ", 0), 0U) << "the answer has arrived before: " << got;
  gate_says(seam::ConsoleReply{second->number, seam::ConsoleDone{}});
  say(peer, get("/desktop/"));
  EXPECT_EQ(answer(peer).rfind("HTTP/1.1 200 ", 0), 0U);
  EXPECT_EQ(ends(), 2U) << "once";
}

/// A browser that does not read: its window is full of the page before, so the answer to the end waits.
class DeafPage : public DesktopPageServer {
 protected:
  void SetUp() override {
    static_files["index.html"].body = std::string(64 * 1024, 'x');
    peer.open(tcp::v4());
    peer.set_option(asio::socket_base::receive_buffer_size(1));
    peer.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    peer.non_blocking(true);
    say(peer, get("/desktop/") + post("/api/session/end"));
    first = asked();
    ASSERT_NE(first, nullptr);
    since = std::chrono::steady_clock::now();
    gate_says(seam::ConsoleReply{first->number, seam::ConsoleDone{}});
  }
  /// Since the gatekeeper's answer.
  [[nodiscard]] std::chrono::steady_clock::duration passed() const { return std::chrono::steady_clock::now() - since; }
  tcp::socket peer{loop};
  std::chrono::steady_clock::time_point since;
};

TEST_F(DeafPage, AnEndWaitsForItsAnswerToBeAcknowledged) {
  loop.run_for(std::chrono::milliseconds{200});
  loop.restart();
  EXPECT_EQ(ends(), 1U);
  std::string got;
  until([&] { return hear(peer, got) && ends() == 2; }, "for the second question");
  EXPECT_LT(passed(), std::chrono::milliseconds{900});
  hear(peer, got);
  EXPECT_NE(got.find("HTTP/1.1 200 ", 100), std::string::npos) << "the answer has arrived";
}

TEST_F(DeafPage, AnEndWaitsASecondAndNoLonger) {
  until([&] { return ends() == 2; }, "for the second question");
  EXPECT_GE(passed(), std::chrono::milliseconds{990});
  EXPECT_LT(passed(), std::chrono::milliseconds{1900});
}

TEST_F(DesktopPageServer, AnEndWhosePageIsGoneIsPassedOnAtOnce) {
  auto peer = ending();
  peer.close();
  gate_says(seam::ConsoleReply{first->number, seam::ConsoleDone{}});
  ASSERT_NE(asked(), nullptr);
  EXPECT_EQ(ends(), 2U);
}

/// Its connections are closed before the gatekeeper has said anything.
class HastyDesktopPage : public DesktopPageServer {
 protected:
  HastyDesktopPage() : DesktopPageServer({.answer = Seconds{0}}) {}
};

TEST_F(HastyDesktopPage, AnEndWhoseConnectionWasClosedMeanwhileIsPassedOnAtOnce) {
  auto peer = ending();
  until([&] { return desktop->connections() == 0; }, "for the close");
  EXPECT_EQ(ends(), 1U);
  gate_says(seam::ConsoleReply{first->number, seam::ConsoleDone{}});
  EXPECT_EQ(ends(), 2U);
}

TEST_F(DesktopPageServer, AnEndThatWasRefusedIsNotAskedForAgain) {
  auto peer = ending();
  gate_says(
      seam::ConsoleReply{first->number, seam::ConsoleRefused{admission::refusal("session.unknown_cookie"), false}});
  EXPECT_EQ(answer(peer).rfind("HTTP/1.1 403 ", 0), 0U);
  say(peer, get("/desktop/"));
  EXPECT_EQ(answer(peer).rfind("HTTP/1.1 200 ", 0), 0U);
  EXPECT_EQ(ends(), 1U);
}

class CrowdedServer : public RelayBench {
 protected:
  CrowdedServer() : RelayBench({.of_one_address = 2, .requests = 2}) {}
};

TEST_F(CrowdedServer, AnAddressHasSoManyConnectionsAndAConnectionSoManyRequests) {
  auto one = browser(), two = browser();
  until([&] { return server->connections() == 2; });
  auto three = browser();
  std::string got;
  until([&] { return !hear(three, got); }, "for the third to be closed");
  EXPECT_TRUE(got.empty());
  say(one, get("/console/"));
  EXPECT_EQ(answer(one).find("Connection: close"), std::string::npos);
  say(one, get("/console/"));
  EXPECT_NE(answer(one).find("Connection: close"), std::string::npos);
}

class HastyServer : public RelayBench {
 protected:
  HastyServer() : RelayBench({.head = Seconds{0}}) {}
};

TEST_F(HastyServer, WhoDoesNotAskInTimeIsGone) {
  auto peer = browser();
  std::string got;
  until([&] { return !hear(peer, got); }, "for the deadline");
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(server->connections(), 0U);
}

}  // namespace
}  // namespace sekisho::relay::testing
