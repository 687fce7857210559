#include "net/tls/tls_channel.hpp"

#include "net/tls/openssl.hpp"
#include "net/tls/server_files.hpp"
#include "net/tls/testing/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

namespace sekisho::tls {
namespace {

using testing::Authority;
using testing::Identity;
using Bytes = std::vector<std::byte>;

struct Zoo {
  Authority server_ca{"server authority"}, client_ca{"client authority"}, foreign{"client authority"};
  Identity server = server_ca.issue({.name = "vpn.test", .dns = {"vpn.test"}, .ip = {"127.0.0.1"}, .client = false});
};
Zoo& zoo() {
  static Zoo all;
  return all;
}

TlsServerContext server_context(bool ask = true) {
  ServerSettings settings{zoo().server.certificate_pem, Secret(zoo().server.key_pem),
                          ask ? zoo().client_ca.pem() : std::string()};
  auto made = TlsServerContext::make(settings);
  EXPECT_TRUE(made) << made.error().code << made.error().detail;
  return *made;
}
TlsClientContext client_context(const Identity* identity = nullptr, std::vector<std::string> alpn = {"http/1.1"},
                                std::string name = "vpn.test") {
  ClientSettings settings{zoo().server_ca.pem(), std::move(name), "", Secret(), std::move(alpn)};
  if (identity) {
    settings.certificate_pem = identity->certificate_pem;
    settings.key_pem = Secret(identity->key_pem);
  }
  auto made = TlsClientContext::make(settings);
  EXPECT_TRUE(made) << made.error().code << made.error().detail;
  return *made;
}

/// Carries bytes between two channels, `step` at a time, until both are quiet. What each side reads is collected.
struct Pair {
  TlsChannel &client, &server;
  Bytes at_client = {}, at_server = {};
  std::string client_error = {}, server_error = {};

  static bool move_some(TlsChannel& from, TlsChannel& to, Bytes& read, std::string& error, std::size_t step) {
    if (from.output().empty()) return false;
    const auto piece = from.output().first(std::min(step, from.output().size()));
    const Bytes copy(piece.begin(), piece.end());
    from.consume_output(copy.size());
    to.feed(copy);
    Bytes plain(TlsChannel::kLargestRecord);
    while (true) {
      const auto size = to.read_plain(plain);
      if (!size) error = size.error().detail;
      if (!size || *size == 0) return true;
      read.insert(read.end(), plain.begin(), plain.begin() + static_cast<long>(*size));
    }
  }
  void settle(std::size_t step = 1 << 20) {
    while (move_some(client, server, at_server, server_error, step) ||
           move_some(server, client, at_client, client_error, step)) {
    }
  }
};
Bytes bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text.data(), text.size()));
  return {view.begin(), view.end()};
}

struct Meeting {
  BufferPool pool;
  TlsServerContext server_side;
  TlsClientContext client_side;
  TlsChannel client{client_side, pool}, server{server_side, pool};
  Pair pair{client, server};
  explicit Meeting(TlsClientContext with, bool ask = true)
      : server_side(server_context(ask)), client_side(std::move(with)) {}
  void run(std::size_t step = 1 << 20) {
    client.start();
    pair.settle(step);
  }
};

TEST(TlsChannel, OpensWithoutACertificateAndSaysSo) {
  Meeting meeting(client_context());
  meeting.run();
  EXPECT_EQ(meeting.server.state(), ChannelState::open);
  EXPECT_EQ(meeting.client.state(), ChannelState::open);
  EXPECT_EQ(meeting.server.peer_certificate(), PeerCertificate::none);
  EXPECT_TRUE(meeting.server.peer_chain().empty());
  EXPECT_EQ(meeting.server.version(), "TLSv1.3");
  EXPECT_THAT(meeting.server.cipher(), ::testing::StartsWith("TLS_"));
}

TEST(TlsChannel, OpensWithPiecesOfOneByte) {
  const Identity good = zoo().client_ca.issue({});
  Meeting meeting(client_context(&good));
  meeting.run(1);
  EXPECT_EQ(meeting.server.state(), ChannelState::open);
  EXPECT_EQ(meeting.server.peer_certificate(), PeerCertificate::verified);
}

TEST(TlsChannel, HandsOverAVerifiedChainLeafFirst) {
  const Authority middle("intermediate", zoo().client_ca);
  const Identity good = middle.issue({.name = "mori", .uri = {"urn:person:mori"}});
  Meeting meeting(client_context(&good));
  meeting.run();
  EXPECT_EQ(meeting.server.peer_certificate(), PeerCertificate::verified);
  const auto chain = meeting.server.peer_chain();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_NE(chain[0].find("mori"), std::string::npos);
  EXPECT_NE(chain[1].find("intermediate"), std::string::npos);
}

TEST(TlsChannel, RecordsBadCertificatesAndStaysOpen) {
  const std::vector<std::pair<const char*, Identity>> bad = {
      {"foreign authority of the same name", zoo().foreign.issue({})},
      {"server certificate", zoo().client_ca.issue({.client = false})},
      {"expired", zoo().client_ca.issue({.expired = true})},
      {"RSA 2048", zoo().client_ca.issue({.rsa_bits = 2048})},
      {"the server's own", zoo().server}};
  for (const auto& [name, identity] : bad) {
    // A client that does not look at the list of acceptable authorities, nor at its own key's strength.
    auto context = client_context();
    auto* ctx = static_cast<SSL_CTX*>(context.native_for_test());
    SSL_CTX_set_security_level(ctx, 0);
    const BioPtr certificate(BIO_new_mem_buf(identity.certificate_pem.data(), -1)),
        key(BIO_new_mem_buf(identity.key_pem.data(), -1));
    const X509Ptr x509(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
    const KeyPtr pkey(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
    ASSERT_EQ(SSL_CTX_use_certificate(ctx, x509.get()), 1) << name;
    ASSERT_EQ(SSL_CTX_use_PrivateKey(ctx, pkey.get()), 1) << name;
    Meeting meeting(std::move(context));
    meeting.run();
    EXPECT_EQ(meeting.server.state(), ChannelState::open) << name << meeting.pair.server_error;
    EXPECT_EQ(meeting.server.peer_certificate(), PeerCertificate::rejected) << name;
    EXPECT_TRUE(meeting.server.peer_chain().empty()) << name;
    EXPECT_FALSE(meeting.server.why_rejected().empty()) << name;
  }
}

TEST(TlsChannel, RemembersAGoodChainAndNothingElse) {
  const Authority middle("intermediate", zoo().client_ca);
  const Identity good = middle.issue({.name = "mori"}), other = middle.issue({.name = "tani"}),
                 foreign = zoo().foreign.issue({.name = "mori"}), expired = zoo().client_ca.issue({.expired = true});
  const TlsServerContext gate = server_context();
  BufferPool pool;
  const auto shows = [&](const Identity& identity) {
    auto context = client_context();
    auto* ctx = static_cast<SSL_CTX*>(context.native_for_test());
    const BioPtr pem(BIO_new_mem_buf(identity.certificate_pem.data(), -1)),
        key(BIO_new_mem_buf(identity.key_pem.data(), -1));
    while (X509* next = PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr)) {
      const X509Ptr owned(next);
      if (SSL_CTX_get0_certificate(ctx) == nullptr) {
        EXPECT_EQ(SSL_CTX_use_certificate(ctx, next), 1);
      } else {
        EXPECT_EQ(SSL_CTX_add1_chain_cert(ctx, next), 1);
      }
    }
    const KeyPtr pkey(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
    EXPECT_EQ(SSL_CTX_use_PrivateKey(ctx, pkey.get()), 1);
    TlsChannel client(context, pool), server(gate, pool);
    Pair pair{client, server};
    client.start();
    pair.settle();
    return server.peer_certificate();
  };
  EXPECT_EQ(shows(foreign), PeerCertificate::rejected);
  EXPECT_EQ(shows(expired), PeerCertificate::rejected);
  EXPECT_EQ(gate.impl()->verified_chains.size(), 0U);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(shows(good), PeerCertificate::verified);
    EXPECT_EQ(gate.impl()->verified_chains.size(), 1U);
    EXPECT_EQ(shows(foreign), PeerCertificate::rejected);
  }
  EXPECT_EQ(shows(other), PeerCertificate::verified);
  EXPECT_EQ(gate.impl()->verified_chains.size(), 2U);
  EXPECT_EQ(server_context().impl()->verified_chains.size(), 0U) << "each context has its own";
}

TEST(VerifiedChains, AnswerOnlyWhileEveryCertificateIsValid) {
  VerifiedChains known;
  const VerifiedChains::Digest one{1}, two{2};
  known.put(one, 100, 200);
  EXPECT_FALSE(known.holds(one, 99));
  EXPECT_TRUE(known.holds(one, 100));
  EXPECT_TRUE(known.holds(one, 199));
  EXPECT_FALSE(known.holds(one, 200));
  EXPECT_FALSE(known.holds(two, 150));
  known.put(two, 200, 100);
  EXPECT_FALSE(known.holds(two, 150));
  EXPECT_EQ(known.size(), 1U);
  for (std::size_t n = 0; n < VerifiedChains::kMost; ++n) {
    VerifiedChains::Digest next{3};
    next[1] = static_cast<unsigned char>(n);
    next[2] = static_cast<unsigned char>(n >> 8);
    known.put(next, 0, 1000);
  }
  EXPECT_LE(known.size(), VerifiedChains::kMost);
  EXPECT_FALSE(known.holds(one, 150));
}

TEST(VerifiedChains, EndWithTheSecondInWhichTheLibraryEndsThem) {
  const Identity identity = zoo().client_ca.issue({});
  const BioPtr pem(BIO_new_mem_buf(identity.certificate_pem.data(), -1));
  const X509Ptr leaf(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
  std::tm begin{}, end{};
  ASSERT_EQ(ASN1_TIME_to_tm(X509_get0_notBefore(leaf.get()), &begin), 1);
  ASSERT_EQ(ASN1_TIME_to_tm(X509_get0_notAfter(leaf.get()), &end), 1);
  const std::time_t from = timegm(&begin), until = timegm(&end);
  VerifiedChains known;
  known.put({1}, from, until);
  const std::unique_ptr<X509_STORE, Freer<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), leaf.get());
  for (const std::time_t at : {from - 1, from, from + 1, until - 1, until, until + 1}) {
    const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> check(X509_STORE_CTX_new());
    ASSERT_EQ(X509_STORE_CTX_init(check.get(), store.get(), leaf.get(), nullptr), 1);
    X509_STORE_CTX_set_flags(check.get(), X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_CTX_set_time(check.get(), 0, at);
    EXPECT_EQ(known.holds({1}, at), X509_verify_cert(check.get()) == 1) << at - from << " and " << at - until;
  }
}

TEST(TlsChannel, RejectsAChainOfFiveCertificates) {
  const Authority a("a", zoo().client_ca), b("b", a), c("c", b), d("d", c);
  const Identity four = c.issue({}), five = d.issue({});
  Meeting good(client_context(&four));
  good.run();
  EXPECT_EQ(good.server.peer_certificate(), PeerCertificate::verified) << good.server.why_rejected();
  EXPECT_EQ(good.server.peer_chain().size(), 4u);
  Meeting bad(client_context(&five));
  bad.run();
  EXPECT_EQ(bad.server.state(), ChannelState::open);
  EXPECT_EQ(bad.server.peer_certificate(), PeerCertificate::rejected);
}

TEST(TlsChannel, BreaksOffAtAChainOfMoreThan16KiB) {
  const Identity large = zoo().client_ca.issue({.padding = 17000});
  Meeting meeting(client_context(&large));
  meeting.run();
  EXPECT_EQ(meeting.server.state(), ChannelState::failed);
  const Identity fits = zoo().client_ca.issue({.padding = 14000});
  Meeting good(client_context(&fits));
  good.run();
  EXPECT_EQ(good.server.peer_certificate(), PeerCertificate::verified);
}

TEST(TlsChannel, AsksForNoCertificateWithoutAnAuthority) {
  const Identity identity = zoo().client_ca.issue({});
  Meeting meeting(client_context(&identity), false);
  meeting.run();
  EXPECT_EQ(meeting.server.state(), ChannelState::open);
  EXPECT_EQ(meeting.server.peer_certificate(), PeerCertificate::none);
}

TEST(TlsChannel, SpeaksTls12WithForwardSecrecy) {
  auto context = client_context();
  SSL_CTX_set_max_proto_version(static_cast<SSL_CTX*>(context.native_for_test()), TLS1_2_VERSION);
  Meeting meeting(std::move(context));
  meeting.run();
  EXPECT_EQ(meeting.server.state(), ChannelState::open);
  EXPECT_EQ(meeting.server.version(), "TLSv1.2");
  EXPECT_THAT(meeting.server.cipher(), ::testing::StartsWith("ECDHE-"));
}

TEST(TlsChannel, RefusesOldVersionsAndWeakSuites) {
  const auto refused = [](auto bend) {
    auto context = client_context();
    auto* ctx = static_cast<SSL_CTX*>(context.native_for_test());
    SSL_CTX_set_security_level(ctx, 0);
    bend(ctx);
    Meeting meeting(std::move(context));
    meeting.run();
    return meeting.server.state() == ChannelState::failed;
  };
  EXPECT_FALSE(refused([](SSL_CTX*) {}));
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION})
    EXPECT_TRUE(refused([&](SSL_CTX* ctx) {
      SSL_CTX_set_min_proto_version(ctx, version);
      SSL_CTX_set_max_proto_version(ctx, version);
      SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    }));
  for (const char* suite : {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-GCM-SHA256",
                            "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM"})
    EXPECT_TRUE(refused([&](SSL_CTX* ctx) {
      SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
      SSL_CTX_set_cipher_list(ctx, (std::string(suite) + ":@SECLEVEL=0").c_str());
    })) << suite;
  EXPECT_TRUE(refused([](SSL_CTX* ctx) { SSL_CTX_set1_groups_list(ctx, "P-521"); }));
  EXPECT_TRUE(refused([](SSL_CTX* ctx) {
    SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_CCM_SHA256");
    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
  }));
}

TEST(TlsChannel, OffersHttp11AndNothingElse) {
  const auto state = [](std::vector<std::string> alpn) {
    Meeting meeting(client_context(nullptr, std::move(alpn)));
    meeting.run();
    return meeting.server.state();
  };
  EXPECT_EQ(state({}), ChannelState::open);
  EXPECT_EQ(state({"h2", "http/1.1"}), ChannelState::open);
  EXPECT_EQ(state({"h2"}), ChannelState::failed);
  EXPECT_EQ(state({"acme-tls/1"}), ChannelState::failed);
  EXPECT_EQ(state({"http/1.0"}), ChannelState::failed);
}

TEST(TlsChannel, GivesNoTicketAndResumesNothing) {
  Meeting first(client_context());
  auto* ctx = static_cast<SSL_CTX*>(first.client_side.native_for_test());
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  static int sessions;
  sessions = 0;
  SSL_CTX_sess_set_new_cb(ctx, [](SSL*, SSL_SESSION*) {
    ++sessions;
    return 0;
  });
  first.run();
  ASSERT_TRUE(first.server.write_record(bytes_of("x")));
  first.pair.settle();
  EXPECT_EQ(first.pair.at_client, bytes_of("x"));
  EXPECT_EQ(sessions, 0);
}

TEST(TlsChannel, CarriesRecordsBothWaysInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, std::size_t{1} << 20}) {
    Meeting meeting(client_context());
    meeting.run();
    Bytes sent;
    for (std::size_t size : {1, 2, 1354, 16383, 16384}) {
      const Bytes record(size, static_cast<std::byte>(size));
      ASSERT_TRUE(meeting.server.write_record(record));
      ASSERT_TRUE(meeting.client.write_record(record));
      sent.insert(sent.end(), record.begin(), record.end());
    }
    meeting.pair.settle(step);
    EXPECT_EQ(meeting.pair.at_client, sent);
    EXPECT_EQ(meeting.pair.at_server, sent);
  }
}

TEST(TlsChannel, MakesOneRecordOfOneWrite) {
  Meeting meeting(client_context());
  meeting.run();
  ASSERT_TRUE(meeting.server.write_record(Bytes(16384)));
  EXPECT_EQ(meeting.server.output().size(), 16384u + 5 + 1 + 16);
}

TEST(TlsChannel, RefusesWritesThatAreTooLargeEarlyOrLate) {
  Meeting meeting(client_context());
  EXPECT_EQ(meeting.server.write_record(Bytes(1)).error().code, "tls.not_open");
  meeting.run();
  EXPECT_EQ(meeting.server.write_record(Bytes(16385)).error().code, "tls.too_large");
  EXPECT_EQ(meeting.server.write_record({}).error().code, "tls.too_large");
  meeting.server.close();
  EXPECT_EQ(meeting.server.write_record(Bytes(1)).error().code, "tls.not_open");
  meeting.pair.settle();
  EXPECT_EQ(meeting.client.state(), ChannelState::closed);
}

TEST(TlsChannel, FailsOnGarbageWithoutHarmToOthers) {
  Meeting good(client_context());
  for (const char* garbage :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x2e\x01\x00\x02", "SSH-2.0-x\r\n"}) {
    TlsChannel bad(good.server_side, good.pool);
    const Bytes bytes = bytes_of(std::string(garbage) + std::string(600, 'x'));
    bad.feed(bytes);
    Bytes plain(16384);
    EXPECT_FALSE(bad.read_plain(plain)) << garbage;
    EXPECT_EQ(bad.state(), ChannelState::failed);
    bad.feed(bytes);
    EXPECT_FALSE(bad.read_plain(plain));
  }
  good.run();
  EXPECT_EQ(good.server.state(), ChannelState::open);
}

TEST(TlsChannel, NoticesAFlippedBit) {
  Meeting meeting(client_context());
  meeting.run();
  ASSERT_TRUE(meeting.client.write_record(bytes_of("hello")));
  Bytes wire(meeting.client.output().begin(), meeting.client.output().end());
  wire[10] ^= std::byte{1};
  meeting.server.feed(wire);
  Bytes plain(100);
  EXPECT_EQ(meeting.server.read_plain(plain).error().code, "tls.failed");
}

TEST(TlsChannel, HoldsNoOutputBufferWhenIdle) {
  BufferPool pool;
  auto buffer = pool.take();
  EXPECT_GE(buffer.capacity(), BufferPool::kBufferBytes);
  const auto* at = buffer.data();
  pool.give(std::move(buffer));
  EXPECT_EQ(pool.take().data(), at);
  std::vector<std::byte> huge;
  huge.reserve(3 * BufferPool::kBufferBytes);
  pool.give(std::move(huge));
  EXPECT_LE(pool.take().capacity(), 2 * BufferPool::kBufferBytes);
}

TEST(TlsChannel, APeerThatNeverTakesTheLastByteDoesNotMakeItsBufferGrow) {
  Meeting m(client_context());
  m.run();
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const Bytes record(TlsChannel::kLargestRecord);
  for (int i = 0; i < 8192; ++i) {  // 128 MiB
    ASSERT_TRUE(m.server.write_record(record));
    m.server.consume_output(m.server.output().size() - 1);
  }
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024) << "KiB";
}

TEST(TlsClient, RefusesAServerOfAnotherNameOrAuthority) {
  Meeting other(client_context(nullptr, {"http/1.1"}, "other.test"));
  other.run();
  EXPECT_EQ(other.client.state(), ChannelState::failed);
  Meeting address(client_context(nullptr, {"http/1.1"}, "127.0.0.1"));
  address.run();
  EXPECT_EQ(address.client.state(), ChannelState::open);
  auto made = TlsClientContext::make({zoo().foreign.pem(), "vpn.test", "", Secret(), {"http/1.1"}});
  ASSERT_TRUE(made);
  Meeting foreign(*made);
  foreign.run();
  EXPECT_EQ(foreign.client.state(), ChannelState::failed);
}

TEST(TlsServerContext, NamesWhatIsWrongWithItsFiles) {
  const Identity& good = zoo().server;
  const auto code = [](const std::string& certificate, const std::string& key, const std::string& ca) {
    auto made = TlsServerContext::make({certificate, Secret(key), ca});
    return made ? std::string("made") : made.error().code;
  };
  const Identity other = zoo().server_ca.issue({.client = false}),
                 weak = zoo().server_ca.issue({.client = false, .rsa_bits = 2048});
  EXPECT_EQ(code(good.certificate_pem, good.key_pem, zoo().client_ca.pem()), "made");
  EXPECT_EQ(code("", good.key_pem, ""), "tls.certificate");
  EXPECT_EQ(code("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", good.key_pem, ""),
            "tls.certificate");
  EXPECT_EQ(code(good.certificate_pem, "", ""), "tls.key");
  EXPECT_EQ(code(good.certificate_pem, other.key_pem, ""), "tls.key");
  EXPECT_EQ(code(weak.certificate_pem, weak.key_pem, ""), "tls.certificate");
  EXPECT_EQ(code(good.certificate_pem, good.key_pem, "nothing"), "tls.client_ca");
  EXPECT_EQ(code(good.certificate_pem, good.key_pem, good.certificate_pem), "tls.client_ca");
}

TEST(TlsServerContext, SaysWhichFileItIsAndWhy) {
  const Identity& good = zoo().server;
  const std::string ca = zoo().client_ca.pem();
  const ServerFiles files{"/etc/gate.pem", "/etc/gate.key", "/etc/ca.pem"};
  const auto told = [&](const std::string& certificate, const std::string& key, const std::string& authority) {
    auto made = TlsServerContext::make({certificate, Secret(key), authority});
    return made ? std::string("made") : in_files(made.error(), files).detail;
  };
  const struct {
    std::string certificate, key, ca;
    const char *file, *why;
  } rows[] = {
      {"", good.key_pem, ca, "/etc/gate.pem: ", "no PEM block"},
      {good.certificate_pem + "-----BEGIN CERTIF", good.key_pem, ca, "/etc/gate.pem: ", "broken"},
      {good.certificate_pem + "MIIB", good.key_pem, ca, "/etc/gate.pem: ", "behind the last block"},
      {good.key_pem, good.key_pem, ca, "/etc/gate.pem: ", "None of its blocks is a certificate"},
      {good.certificate_pem, good.certificate_pem, ca, "/etc/gate.key: ", "None of its blocks is a private key"},
      {good.certificate_pem, good.key_pem + "x", ca, "/etc/gate.key: ", "behind the last block"},
      {good.certificate_pem, good.key_pem, "nothing", "/etc/ca.pem: ", "no PEM block"},
      {good.certificate_pem, good.key_pem, ca + "x", "/etc/ca.pem: ", "behind the last block"},
      {good.certificate_pem, good.key_pem, testing::Authority("an old one", testing::kExpired).pem(),
       "/etc/ca.pem: ", "has expired"},
  };
  for (const auto& row : rows) {
    const std::string words = told(row.certificate, row.key, row.ca);
    EXPECT_EQ(words.rfind(row.file, 0), 0U) << words;
    EXPECT_NE(words.find(row.why), std::string::npos) << words;
  }
  EXPECT_EQ(told(good.certificate_pem, good.key_pem, testing::Authority("an old one", testing::kExpired).pem() + ca),
            "made")
      << "an old authority beside its successor";
  EXPECT_EQ(in_files(fail("tls.library", "x"), files).detail, "x");
  EXPECT_EQ(about_file("/a", "/a: y"), "/a: y");
}

}  // namespace
}  // namespace sekisho::tls
