#include "admission/device_key.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace sekisho::admission {
namespace {

// RFC 7515 appendix A.3; the thumbprint was computed with another implementation.
const char* const kJwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
const char* const kSigned =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const char* const kSignature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

nlohmann::json jwk() {
  return nlohmann::json::parse(kJwk);
}

TEST(DeviceKey, VerifiesTheExampleOfRfc7515) {
  const auto key = DevicePublicKey::from_jwk(jwk());
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_TRUE(key->verify(kSigned, *from_base64url(kSignature)));
  EXPECT_FALSE(key->verify(std::string(kSigned) + "x", *from_base64url(kSignature)));
}

TEST(DeviceKey, HasTheThumbprintOfRfc7638) {
  EXPECT_EQ(DevicePublicKey::from_jwk(jwk())->thumbprint(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

TEST(DeviceKey, SignsWhatItsPublicHalfVerifiesAndNothingElse) {
  const auto key = DeviceKey::generate(), other = DeviceKey::generate();
  ASSERT_TRUE(key && other);
  auto signature = key->sign("statement");
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->size(), 64u);
  EXPECT_TRUE(key->public_key().verify("statement", *signature));
  EXPECT_FALSE(other->public_key().verify("statement", *signature));
  EXPECT_FALSE(key->public_key().verify("Statement", *signature));
  EXPECT_FALSE(key->public_key().verify("statement", signature->substr(1)));
  EXPECT_FALSE(key->public_key().verify("statement", std::string(64, '\0')));
  (*signature)[40] = static_cast<char>((*signature)[40] ^ 1);
  EXPECT_FALSE(key->public_key().verify("statement", *signature));
}

TEST(DeviceKey, SurvivesItsPemForm) {
  const auto key = DeviceKey::generate();
  const auto again = DeviceKey::from_pem(key->to_pem().reveal());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key().thumbprint(), key->public_key().thumbprint());
  EXPECT_TRUE(key->public_key().verify("x", *again->sign("x")));
}

std::string pem_of(EVP_PKEY* key, const EVP_CIPHER* cipher, const char* passphrase) {
  BIO* bio = BIO_new(BIO_s_mem());
  char phrase[16] = {};
  if (passphrase != nullptr) std::snprintf(phrase, sizeof phrase, "%s", passphrase);
  EXPECT_EQ(PEM_write_bio_PrivateKey(bio, key, cipher, nullptr, 0, nullptr, passphrase != nullptr ? phrase : nullptr),
            1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return out;
}

TEST(DeviceKey, RefusesPemThatIsNoPlainP256Key) {
  EXPECT_TRUE(DeviceKey::from_pem(pem_of(EVP_EC_gen("P-256"), nullptr, nullptr)));
  EXPECT_FALSE(DeviceKey::from_pem(pem_of(EVP_EC_gen("P-384"), nullptr, nullptr)));
  EXPECT_FALSE(DeviceKey::from_pem(pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), nullptr, nullptr)));
  EXPECT_FALSE(DeviceKey::from_pem(pem_of(EVP_EC_gen("P-256"), EVP_aes_128_cbc(), "secret")));
  EXPECT_FALSE(DeviceKey::from_pem(""));
  EXPECT_FALSE(DeviceKey::from_pem("-----BEGIN CERTIFICATE-----\n"));
}

TEST(DeviceKey, RefusesEveryOtherJwk) {
  const auto refused = [](const char* member, nlohmann::json value) {
    auto broken = jwk();
    broken[member] = std::move(value);
    return !DevicePublicKey::from_jwk(broken).has_value();
  };
  EXPECT_TRUE(refused("kty", "RSA"));
  EXPECT_TRUE(refused("crv", "P-384"));
  EXPECT_TRUE(refused("x", 5));
  EXPECT_TRUE(refused("x", "AAAA"));
  EXPECT_TRUE(refused("x", std::string(43, 'A')));  // not on the curve
  EXPECT_TRUE(refused("y", ""));
  EXPECT_TRUE(refused("d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"));
  EXPECT_FALSE(DevicePublicKey::from_jwk(nlohmann::json::array()));
  EXPECT_FALSE(refused("use", "sig"));
}

TEST(Base64url, HasOneSpellingOnly) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfd\x00z"}) {
    EXPECT_EQ(from_base64url(base64url(text)), text);
  }
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  for (const char* bad : {"A", "Zg==", "Zh", "Zm9", "Zm9v ", "Zm9+", "Zm9/", "=", "Zm9vY", "Zm 9"}) {
    EXPECT_FALSE(from_base64url(bad)) << bad;
  }
}

TEST(Sha256, MatchesTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace sekisho::admission
