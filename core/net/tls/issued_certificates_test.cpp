// What the environment's own CA makes (core/pki) passes a handshake under the front's rules.
#include "net/tls/testing/certificates.hpp"
#include "net/tls/tls_channel.hpp"
#include "pki/authority.hpp"
#include "pki/testing/bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace sekisho::tls {
namespace {

struct Seen {
  ChannelState state = ChannelState::failed;
  PeerCertificate certificate = PeerCertificate::none;
  std::vector<std::string> chain;
  std::string why;
};

/// A whole handshake in memory; `leaf` shows its certificate to a server that trusts `client_ca`.
Seen handshake(const pki::Leaf& leaf, const std::string& client_ca) {
  const testing::Authority web("web authority");
  const testing::Identity server = web.issue({.name = "vpn.test", .dns = {"vpn.test"}, .client = false});
  auto server_side = TlsServerContext::make({server.certificate_pem, Secret(server.key_pem), client_ca});
  auto client_side =
      TlsClientContext::make({web.pem(), "vpn.test", leaf.certificate_pem, leaf.key_pem.clone(), {"http/1.1"}});
  if (!server_side || !client_side) {
    ADD_FAILURE() << (server_side ? client_side.error().detail : server_side.error().detail);
    return {};
  }
  BufferPool pool;
  TlsChannel at_server(*server_side, pool), at_client(*client_side, pool);
  const auto carry = [](TlsChannel& from, TlsChannel& to) {
    const auto waiting = from.output();
    if (waiting.empty()) return false;
    const std::vector<std::byte> copy(waiting.begin(), waiting.end());
    from.consume_output(copy.size());
    to.feed(copy);
    std::vector<std::byte> plain(TlsChannel::kLargestRecord);
    for (auto got = to.read_plain(plain); got && *got != 0; got = to.read_plain(plain)) {
    }
    return true;
  };
  at_client.start();
  while (carry(at_client, at_server) || carry(at_server, at_client)) {
  }
  return {at_server.state(), at_server.peer_certificate(), at_server.peer_chain(), at_server.why_rejected()};
}

TEST(IssuedCertificates, PassAHandshakeAndTheirKeyIsProved) {
  pki::testing::SeededEntropy entropy;
  const Instant now = std::chrono::time_point_cast<Instant::duration>(std::chrono::system_clock::now());  // libssl's
  for (const char* curve : {"P-256", "P-384"}) {
    const auto ca = pki::make_authority({.name = "関所 認証局", .curve = curve}, entropy, now);
    const auto other = pki::make_authority({.name = "関所 認証局", .curve = curve}, entropy, now);
    ASSERT_TRUE(ca && other);
    const auto leaf = pki::issue(*ca, {.person = "mori", .terminal = "pc-mori"}, entropy, now);
    ASSERT_TRUE(leaf);
    const Seen seen = handshake(*leaf, ca->certificate_pem);
    EXPECT_EQ(seen.state, ChannelState::open);
    EXPECT_EQ(seen.certificate, PeerCertificate::verified) << seen.why;
    ASSERT_EQ(seen.chain.size(), 1u);
    EXPECT_EQ(seen.chain[0], pki::testing::der_of(leaf->certificate_pem));
    EXPECT_EQ(handshake(*leaf, other->certificate_pem).certificate, PeerCertificate::rejected) << "the check can fail";
  }
}

}  // namespace
}  // namespace sekisho::tls
