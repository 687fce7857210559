// Pages and screens over TLS: handshakes, their limits, and what comes after.
#include "net/tls/testing/certificates.hpp"
#include "programs/relay/testing/relay_bench.hpp"
#include "programs/relay/testing/tls_browser.hpp"
#include "screens/testing/screen_stage.hpp"

namespace sekisho::relay::testing {
namespace {

using rfb::testing::hex;

const tls::testing::Authority& authority() {
  static const tls::testing::Authority out("pages");
  return out;
}
std::shared_ptr<PageTls> page_tls() {
  const auto leaf = authority().issue({.name = "gate", .ip = {"127.0.0.1"}, .client = false});
  tls::ServerSettings settings;
  settings.certificate_pem = leaf.certificate_pem;
  settings.key_pem = Secret(leaf.key_pem);
  return std::make_shared<PageTls>(tls::TlsServerContext::make(settings).value());
}

class PageTlsTest : public RelayBench {
 protected:
  explicit PageTlsTest(PageLimits limits = {}) : RelayBench(limits, DeskLimits({kZone}), page_tls()) {}
  /// Its handshake is over, well or not.
  [[nodiscard]] std::unique_ptr<TlsBrowser> secure(const std::string& ca = authority().pem()) {
    auto peer =
        std::make_unique<TlsBrowser>(loop, tcp::endpoint(asio::ip::address_v4::loopback(), port), ca, "127.0.0.1");
    std::string nothing;
    until(
        [&] {
          const bool open = peer->hear(nothing);
          return !open || peer->state() != tls::ChannelState::handshaking;
        },
        "for the handshake");
    return peer;
  }
  std::string heard(TlsBrowser& peer, const std::string& what) {
    std::string got;
    until(
        [&] {
          const std::size_t before = got.size() - std::min(got.size(), what.size());
          return !peer.hear(got) || got.find(what, before) != std::string::npos;
        },
        what.c_str());
    return got;
  }
};

TEST_F(PageTlsTest, ServesItsPageOverTlsWithTheHeadersOfAPage) {
  auto peer = secure();
  for (int i = 0; i < 3; ++i) {
    peer->say(get("/console/"));
    const std::string got = heard(*peer, "<!doctype html>");
    EXPECT_EQ(got.rfind("HTTP/1.1 200 OK\r\n", 0), 0U) << got;
    for (const char* header : {"Strict-Transport-Security: max-age=", "img-src 'self' data:", "frame-ancestors 'none'",
                               "X-Content-Type-Options: nosniff", "Permissions-Policy: clipboard-read=()"}) {
      EXPECT_NE(got.find(header), std::string::npos) << header;
    }
  }
  EXPECT_EQ(peer->version(), "TLSv1.3");
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(PageTlsTest, AnOriginWithoutTlsIsAnotherSite) {
  auto peer = secure();
  std::string request = post("/api/console/login", R"({"person":"mori","password":"x"})");
  request.replace(request.find("https://"), 8, "http://");
  peer->say(request);
  EXPECT_NE(heard(*peer, "\r\n\r\n{").find("page.other_origin"), std::string::npos);
}

TEST_F(PageTlsTest, AnAnswerThatIsLargerThanASocketsBufferArrivesWhole) {
  constexpr std::size_t kLarge = 8U << 20U;  // more than a socket ever buffers (tcp_wmem)
  static_files["large.js"] = {"text/javascript; charset=utf-8", std::string(kLarge, 'x') + "end", false, false};
  auto peer = secure();
  peer->say(get("/console/large.js"));
  std::string got;
  bool open = true;
  until(
      [&] {
        for (std::size_t before = got.size() + 1; open && before != got.size();) {
          before = got.size();
          open = peer->hear(got);
        }
        return !open || got.ends_with("xend");
      },
      "for the end");
  EXPECT_GT(got.size(), kLarge);
}

TEST_F(PageTlsTest, WhatIsNoTlsIsClosedUnanswered) {
  auto peer = browser();
  say(peer, get("/console/"));
  std::string got;
  until([&] { return !hear(peer, got); }, "for the close");
  EXPECT_EQ(got.find("HTTP"), std::string::npos);
  EXPECT_EQ(server->connections(), 0U);
  auto stranger = secure(tls::testing::Authority("other").pem());
  std::string said;
  until([&] { return !stranger->hear(said); }, "for the alert");
  EXPECT_TRUE(said.empty());
}

TEST_F(PageTlsTest, AScreenAndItsPictureGoThroughTls) {
  link.on_send = [this](const seam::Message& message) {
    const auto* note = std::get_if<seam::RecordingNote>(&message);
    if (note != nullptr) timers.post([this, n = note->number] { gate_says(seam::RecordingNoted{n, true, {}}); });
  };
  auto peer = secure();
  peer->say(upgrade());
  const auto* question = asked();
  ASSERT_NE(question, nullptr);
  seam::ScreenRight right;
  right.console = 7;
  right.session = "S20261122-1-000042";
  right.target = right.title = "web-01";
  right.zone = kZone;
  right.driver = "servers";
  gate_says(seam::ConsoleReply{question->number, std::move(right)});
  const std::string got = heard(*peer, "\r\n\r\n");
  ASSERT_EQ(got.rfind("HTTP/1.1 101 ", 0), 0U) << got;
  screens::BrowserReader reader;
  const std::string first = got.substr(got.find("\r\n\r\n") + 4);
  reader.read(std::as_bytes(std::span(first)));
  const int guest = source.guests.at(0).get();
  const auto guest_says = [&](const rfb::Bytes& bytes) {
    std::size_t sent = 0;
    until([&] {
      const auto n = ::write(guest, bytes.data() + sent, bytes.size() - sent);
      if (n > 0) sent += static_cast<std::size_t>(n);
      std::string more;
      peer->hear(more);
      reader.read(std::as_bytes(std::span(more)));
      return sent == bytes.size();
    });
  };
  for (const char* word : {"524642203030332e3030380a", "0101", "00000000"}) guest_says(hex(word));
  guest_says(hex("0280 01e0 2018000100ff00ff00ff100800000000 00000000"));
  for (const char* word : {"524642203030332e3030380a", "01", "01"}) peer->say(screens::browser_frame(hex(word)));
  const rfb::Bytes picture = screens::ScreenStage::picture(0, 0, 640, 480, 0x11223344);
  guest_says(picture);
  const auto read_until = [&](const std::function<bool()>& done, const char* what) {
    until(
        [&] {
          std::string more;
          const bool open = peer->hear(more);
          reader.read(std::as_bytes(std::span(more)));
          return done() || !open;
        },
        what);
  };
  read_until([&] { return reader.stream.size() >= picture.size() + 48; }, "for the picture");
  peer->say(screens::browser_frame(rfb::testing::key(true, 'a')));
  std::string keys;
  until(
      [&] {
        char buffer[256];
        const auto n = ::read(guest, buffer, sizeof buffer);
        if (n > 0) keys.append(buffer, static_cast<std::size_t>(n));
        const rfb::Bytes key = rfb::testing::key(true, 'a');
        return keys.ends_with(std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
      },
      "for the key");
  gate_says(seam::EntranceEnd{"S20261122-1-000042"});
  read_until([&] { return reader.close_code != 0; }, "for the close");
  EXPECT_EQ(reader.close_reason, "session.ended");
}

TEST_F(PageTlsTest, ManyKeysInOneRecordAllArriveThoughTheScreenTakesFewAtOnce) {
  auto peer = secure();
  peer->say(upgrade());
  const auto* question = asked();
  ASSERT_NE(question, nullptr);
  seam::ScreenRight right;
  right.console = 7;
  right.session = "S1";
  right.title = "web-01";
  right.zone = kZone;
  right.recorded = false;
  gate_says(seam::ConsoleReply{question->number, std::move(right)});
  ASSERT_EQ(heard(*peer, "\r\n\r\n").rfind("HTTP/1.1 101 ", 0), 0U);
  const int guest = source.guests.at(0).get();
  const auto say_to_relay = [&](const char* word) {
    const rfb::Bytes bytes = hex(word);
    ASSERT_EQ(::write(guest, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  };
  for (const char* word :
       {"524642203030332e3030380a", "0101", "00000000", "0280 01e0 2018000100ff00ff00ff100800000000 00000000"}) {
    say_to_relay(word);
  }
  rfb::Bytes all;
  for (const char* word : {"524642203030332e3030380a", "01", "01"}) rfb::put(all, screens::browser_frame(hex(word)));
  constexpr std::size_t kMoves = 4000;
  for (std::size_t i = 0; i < kMoves; ++i) {
    rfb::put(all, screens::browser_frame(rfb::testing::pointer(0, static_cast<std::uint16_t>(i % 600), 10)));
  }
  peer->say(all);
  std::size_t heard_by_guest = 0;
  until(
      [&] {
        char buffer[4096];
        std::string more;
        peer->hear(more);
        const auto n = ::read(guest, buffer, sizeof buffer);
        if (n > 0) heard_by_guest += static_cast<std::size_t>(n);
        return heard_by_guest >= 12 + 1 + 1 + 20 + kMoves * 6;
      },
      "for every move");
}

class HastyTls : public PageTlsTest {
 protected:
  HastyTls() : PageTlsTest({.handshake = Seconds{0}}) {}
};

TEST_F(HastyTls, AHandshakeHasItsTime) {
  auto peer = browser();
  std::string got;
  until([&] { return !hear(peer, got); }, "for the deadline");
  EXPECT_TRUE(got.empty());
}

class CrowdedTls : public PageTlsTest {
 protected:
  CrowdedTls() : PageTlsTest({.handshakes = 2, .yields = std::chrono::milliseconds{0}}) {}
};

TEST_F(CrowdedTls, ASlowHandshakeGivesItsPlaceToANewcomerAndThoseInsideKeepTheirs) {
  auto inside = secure();
  inside->say(get("/console/"));
  heard(*inside, "<!doctype html>");
  auto one = browser(), two = browser();
  until([&] { return server->connections() == 3; });
  auto three = secure();
  three->say(get("/console/"));
  EXPECT_NE(heard(*three, "<!doctype html>").find("200 OK"), std::string::npos);
  std::string got;
  until([&] { return !hear(one, got); }, "for the oldest handshake to go");
  inside->say(get("/console/"));
  EXPECT_NE(heard(*inside, "<!doctype html>").find("200 OK"), std::string::npos);
}

class FullTls : public PageTlsTest {
 protected:
  FullTls() : PageTlsTest({.handshakes = 1, .yields = std::chrono::hours{1}}) {}
};

TEST_F(FullTls, WithoutAPlaceANewcomerIsClosed) {
  auto one = browser();
  until([&] { return server->connections() == 1; });
  auto two = browser();
  std::string got;
  until([&] { return !hear(two, got); }, "for the second to be closed");
  EXPECT_EQ(server->connections(), 1U);
}

}  // namespace
}  // namespace sekisho::relay::testing
