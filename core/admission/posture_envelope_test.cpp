#include "admission/posture_envelope.hpp"

#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::admission {
namespace {

using testing::PostureBench;

/// A JWS with any header and payload bytes, signed by `key`.
std::string sealed(const std::string& header, const std::string& payload, const DeviceKey& key) {
  const std::string part = base64url(header) + "." + base64url(payload);
  return part + "." + base64url(*key.sign(part));
}
std::string header_for(const DeviceKey& key) {
  return R"({"alg":"ES256","typ":"sekisho-posture+jws","kid":")" + key.public_key().thumbprint() + "\"}";
}
nlohmann::json body_of(const std::string& jws) {
  const auto first = jws.find('.'), second = jws.find('.', first + 1);
  return nlohmann::json::parse(*from_base64url(std::string_view(jws).substr(first + 1, second - first - 1)));
}

struct Envelope : ::testing::Test {
  PostureBench bench;
  /// Sends a payload changed by `change`, in the session of mori, signed by mori.
  ReportVerdict changed(const std::function<void(nlohmann::json&)>& change) {
    auto body = body_of(*seal_report(bench.payload(bench.session_of_mori), bench.mori));
    change(body);
    return bench.send(sealed(header_for(bench.mori), body.dump(), bench.mori), bench.session_of_mori);
  }
  void expect(const ReportVerdict& verdict, int status, const std::string& code) {
    EXPECT_EQ(verdict.http_status, status) << verdict.answer;
    EXPECT_FALSE(verdict.counted);
    EXPECT_FALSE(verdict.passed);
    ASSERT_TRUE(verdict.refusal);
    EXPECT_EQ(verdict.refusal->code, code);
    EXPECT_EQ(nlohmann::json::parse(verdict.answer)["error"], code);
  }
};

TEST_F(Envelope, AGoodReportIsCounted) {
  const auto verdict = bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_mori);
  EXPECT_EQ(verdict.http_status, 200) << verdict.answer;
  EXPECT_TRUE(verdict.counted);
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.terminal, "pc-mori");
  EXPECT_EQ(verdict.posture.last_seq, 1);
}

TEST_F(Envelope, AGoodReportBeforeLoginIsCounted) {
  const auto verdict = bench.send(bench.payload(std::nullopt), bench.mori, std::nullopt);
  EXPECT_TRUE(verdict.counted) << verdict.answer;
}

TEST_F(Envelope, SizeIsJudgedBeforeAnythingElse) {
  expect(bench.send(std::string(kMaxReportBytes + 1, 'x'), bench.session_of_mori), 413, "report.too_large");
  expect(bench.send(std::string(kMaxReportBytes, 'x'), bench.session_of_mori), 400, "report.malformed");
}

TEST_F(Envelope, ShapeIsThreePartsOfBase64url) {
  const std::string good = *seal_report(bench.payload(bench.session_of_mori), bench.mori);
  for (const std::string& bad : {std::string(), std::string("."), std::string(".."), std::string("a.b"), good + ".x",
                                 "." + good, good + "=", good + "\n", " " + good, good.substr(0, good.size() - 2)}) {
    expect(bench.send(bad, bench.session_of_mori), 400, "report.malformed");
  }
  EXPECT_TRUE(bench.send(good, bench.session_of_mori).counted) << "none of them spent the nonce";
}

TEST_F(Envelope, HeaderIsExactlyAlgTypKid) {
  const std::string kid = bench.mori.public_key().thumbprint();
  const std::string payload = body_of(*seal_report(bench.payload(bench.session_of_mori), bench.mori)).dump();
  const auto with = [&](const std::string& header) {
    return bench.send(sealed(header, payload, bench.mori), bench.session_of_mori);
  };
  const std::string typ = R"("typ":"sekisho-posture+jws",)", alg = R"("alg":"ES256",)", id = R"("kid":")" + kid + "\"";
  for (const std::string& header : {
           "{" + alg + id + "}",
           "{" + typ + id + "}",
           "{" + alg + R"("typ":"sekisho-posture+jws"})",
           "{" + alg + R"("typ":"JWT",)" + id + "}",
           "{" + typ + R"("alg":"none",)" + id + "}",
           "{" + typ + R"("alg":"HS256",)" + id + "}",
           "{" + typ + R"("alg":"es256",)" + id + "}",
           "{" + typ + R"("alg":["ES256"],)" + id + "}",
           "{" + alg + typ + R"("crit":["b64"],)" + id + "}",
           "{" + alg + typ + R"("jwk":{},)" + id + "}",
           "{" + alg + typ + R"("jku":"https://evil.example/",)" + id + "}",
           "{" + alg + typ + R"("x5u":"https://evil.example/",)" + id + "}",
           "{" + alg + alg + typ + id + "}",
           "{" + std::string(340, ' ') + alg + typ + id + "}",
           "{" + alg + typ + R"("kid":""})",
           "{" + alg + typ + R"("kid":"../../etc/passwd"})",
           std::string("[]"),
           std::string("null"),
           std::string("{"),
       }) {
    SCOPED_TRACE(header);
    expect(with(header), 400, "report.malformed");
  }
  EXPECT_TRUE(with("{" + id + "," + typ + R"("alg":"ES256"})").counted) << "order does not matter";
}

TEST_F(Envelope, TheKeyMustBeKnownAndItsTerminalInUse) {
  const DeviceKey stranger = *DeviceKey::generate();
  expect(bench.send(bench.payload(bench.session_of_mori), stranger, bench.session_of_mori), 403, "device.key_unknown");
  bench.registry.terminals["pc-mori"].ended_at = bench.now;
  expect(bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_mori), 403,
         "device.key_revoked");
}

TEST_F(Envelope, AStoredKeyThatDoesNotFitItsNameIsUnknown) {
  bench.registry.terminals["pc-mori"].key_jwk = bench.tani.public_key().jwk();
  expect(bench.send(bench.payload(bench.session_of_mori), bench.tani, bench.session_of_mori), 403,
         "report.other_terminal");
  expect(bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_mori), 403,
         "device.key_unknown");
}

TEST_F(Envelope, TwoTerminalsWithOneKeyAreAClone) {
  bench.registry.terminals["pc-tani"].key_thumbprint = bench.mori.public_key().thumbprint();
  expect(bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_mori), 403,
         "device.clone_suspected");
}

TEST_F(Envelope, AWrongSignatureSpendsNoNonce) {
  const auto payload = bench.payload(bench.session_of_mori);
  std::string jws = *seal_report(payload, bench.tani);
  const std::string forged =
      base64url(header_for(bench.mori)) + jws.substr(jws.find('.'));  // tani's signature under mori's name
  expect(bench.send(forged, bench.session_of_mori), 403, "report.bad_signature");
  EXPECT_TRUE(bench.send(payload, bench.mori, bench.session_of_mori).counted);
}

TEST_F(Envelope, EveryChangedByteBreaksTheSignature) {
  const std::string good = *seal_report(bench.payload(bench.session_of_mori), bench.mori);
  const auto payload_at = good.find('.') + 1;
  for (std::size_t at = payload_at; at < good.size(); at += 97) {
    std::string bad = good;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(bench.send(bad, bench.session_of_mori).counted) << at;
  }
}

TEST_F(Envelope, ThePayloadIsUtf8AndStrictJson) {
  const auto with = [&](const std::string& payload) {
    return bench.send(sealed(header_for(bench.mori), payload, bench.mori), bench.session_of_mori);
  };
  const std::string good = body_of(*seal_report(bench.payload(bench.session_of_mori), bench.mori)).dump();
  for (const std::string& bad : {std::string("\xff"), std::string("{\"v\":1,\"x\":\"\xc0\xaf\"}"),
                                 std::string("{\"v\":1,\"v\":1}"), "{\"v\":1," + good.substr(1), std::string("[]"),
                                 std::string("7"), good + " x", std::string("{\"facts\":[[[[[[[[[[]]]]]]]]]]}")}) {
    SCOPED_TRACE(bad);
    expect(with(bad), 400, "report.malformed");
  }
  EXPECT_TRUE(with(good).counted);
}

TEST_F(Envelope, EveryMemberOfThePayloadIsDemanded) {
  for (const char* member : {"v", "aud", "sid", "nonce", "srv", "iat", "seq", "reason", "facts"}) {
    SCOPED_TRACE(member);
    expect(changed([&](nlohmann::json& body) { body.erase(member); }), 400, "report.malformed");
    expect(changed([&](nlohmann::json& body) { body[member] = nlohmann::json::array(); }), 400, "report.malformed");
  }
  expect(changed([](nlohmann::json& b) { b["v"] = 2; }), 400, "report.malformed");
  expect(changed([](nlohmann::json& b) { b["reason"] = "boredom"; }), 400, "report.malformed");
  expect(changed([](nlohmann::json& b) { b["seq"] = -1; }), 400, "report.malformed");
  expect(changed([](nlohmann::json& b) { b["seq"] = 1.5; }), 400, "report.malformed");
  expect(changed([](nlohmann::json& b) { b["iat"] = std::uint64_t{1} << 63; }), 400, "report.malformed");
  expect(changed([](nlohmann::json& b) { b["srv"] = std::string(64, 'A'); }), 400, "report.malformed");
}

TEST_F(Envelope, AnotherGatesReportIsRefused) {
  expect(changed([](nlohmann::json& body) { body["aud"] = "other.example"; }), 403, "report.other_gate");
}

TEST_F(Envelope, AnotherCertificateOnTheWayIsNamed) {
  expect(changed([](nlohmann::json& body) { body["srv"] = std::string(64, 'b'); }), 403, "report.intercepted");
  bench.options.server_fingerprints.clear();
  PostureBench without;
  without.options.server_fingerprints.clear();
  const auto verdict = without.send(without.payload(std::nullopt), without.mori, std::nullopt);
  expect(verdict, 403, "report.intercepted");
}

TEST_F(Envelope, TheSameReportTwiceIsRefused) {
  const std::string jws = *seal_report(bench.payload(bench.session_of_mori), bench.mori);
  EXPECT_TRUE(bench.send(jws, bench.session_of_mori).counted);
  const auto again = bench.send(jws, bench.session_of_mori);
  expect(again, 409, "report.replayed");
  EXPECT_FALSE(again.clone_suspected) << "a replay is no clone";
}

TEST_F(Envelope, ANonceLives120Seconds) {
  auto payload = bench.payload(bench.session_of_mori);
  bench.now += Seconds(120);
  EXPECT_TRUE(bench.send(payload, bench.mori, bench.session_of_mori).counted);
  payload = bench.payload(bench.session_of_mori);
  bench.now += Seconds(121);
  expect(bench.send(payload, bench.mori, bench.session_of_mori), 409, "report.replayed");
  bench.now -= Seconds(121);
  expect(bench.send(payload, bench.mori, bench.session_of_mori), 409, "report.replayed");
}

TEST_F(Envelope, ANonceIsSpentEvenWhenItsReportIsRefused) {
  auto payload = bench.payload(bench.session_of_mori);
  payload.ip = "10.202.0.9";
  expect(bench.send(payload, bench.mori, bench.session_of_mori), 403, "report.other_address");
  payload.ip = bench.session_of_mori->address;
  expect(bench.send(payload, bench.mori, bench.session_of_mori), 409, "report.replayed");
}

TEST_F(Envelope, OneTerminalsReportIsNothingInAnothersSession) {
  // Mori's challenge and signature, posted from tani's tunnel.
  expect(bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_tani), 403,
         "report.other_session");
  // Tani's challenge, signed by mori, posted from tani's tunnel.
  expect(bench.send(bench.payload(bench.session_of_tani), bench.mori, bench.session_of_tani), 403,
         "report.other_terminal");
  // A challenge from before the login, posted in a tunnel, and the other way round.
  expect(bench.send(bench.payload(std::nullopt), bench.mori, bench.session_of_mori), 403, "report.other_session");
  expect(bench.send(bench.payload(bench.session_of_mori), bench.mori, std::nullopt), 403, "report.other_session");
}

TEST_F(Envelope, TheSidMustBeTheChallengesOwn) {
  expect(changed([](nlohmann::json& body) { body["sid"] = "S20261122-1-000099"; }), 403, "report.other_session");
}

TEST_F(Envelope, TheAddressIsTheTunnelsOrNothingBeforeLogin) {
  expect(changed([](nlohmann::json& body) { body["ip"] = "10.202.0.6"; }), 403, "report.other_address");
  expect(changed([](nlohmann::json& body) { body.erase("ip"); }), 403, "report.other_address");
  auto payload = bench.payload(std::nullopt);
  payload.ip = "10.202.0.5";
  expect(bench.send(payload, bench.mori, std::nullopt), 403, "report.other_address");
}

TEST_F(Envelope, TheClockMayDifferByFiveMinutes) {
  for (const int skew : {-299, 299, -300, 300}) {
    auto payload = bench.payload(bench.session_of_mori);
    payload.iat += skew;
    EXPECT_TRUE(bench.send(payload, bench.mori, bench.session_of_mori).counted) << skew;
  }
  for (const int skew : {-302, 302}) {
    auto payload = bench.payload(bench.session_of_mori);
    payload.iat += skew;
    expect(bench.send(payload, bench.mori, bench.session_of_mori), 403, "report.clock_skew");
  }
}

TEST_F(Envelope, ASequenceThatDoesNotRiseIsAClone) {
  bench.seq = 10;
  EXPECT_TRUE(bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_mori).counted);
  for (const std::int64_t seq : {11, 10, 1, 0}) {
    auto payload = bench.payload(bench.session_of_mori);
    payload.seq = seq;
    const auto verdict = bench.send(payload, bench.mori, bench.session_of_mori);
    expect(verdict, 403, "device.clone_suspected");
    EXPECT_TRUE(verdict.clone_suspected);
    EXPECT_EQ(verdict.terminal, "pc-mori");
  }
}

TEST_F(Envelope, ANewKeyOfATerminalBeginsItsOwnSequence) {
  bench.seq = 500;
  EXPECT_TRUE(bench.send(bench.payload(bench.session_of_mori), bench.mori, bench.session_of_mori).counted);
  const DeviceKey next = *DeviceKey::generate();
  bench.registry.terminals["pc-mori"].key_thumbprint = next.public_key().thumbprint();
  bench.registry.terminals["pc-mori"].key_jwk = next.public_key().jwk();
  bench.seq = 0;
  EXPECT_TRUE(bench.send(bench.payload(bench.session_of_mori), next, bench.session_of_mori).counted);
  auto payload = bench.payload(bench.session_of_mori);
  payload.seq = 1;
  EXPECT_TRUE(bench.send(payload, next, bench.session_of_mori).clone_suspected);
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndCutCharacters) {
  EXPECT_TRUE(is_utf8("aé保𠮷"));
  for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5", "\x80", "\xe4\xbf"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace sekisho::admission
