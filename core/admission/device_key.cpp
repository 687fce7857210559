#include "admission/device_key.hpp"

#include <sekisho/sdk/memory.hpp>

#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <cstdint>
#include <vector>

namespace sekisho::admission {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kCoordinateBytes = 32;

constexpr std::uint8_t kNoSextet = 64;
/// What each character stands for.
constexpr std::array<std::uint8_t, 256> kSextets = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNoSextet);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    out.at(static_cast<unsigned char>(kAlphabet[i])) = static_cast<std::uint8_t>(i);
  return out;
}();

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Pkey = std::shared_ptr<EVP_PKEY>;
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using MdCtx = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Sig = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;

Pkey adopt(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

/// x‖y of the public point, 64 bytes.
std::optional<std::string> point_of(EVP_PKEY* key) {
  std::string out;
  for (const char* name : {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y}) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return std::nullopt;
    const std::unique_ptr<BIGNUM, Freer<BN_free>> number(raw);
    std::array<unsigned char, kCoordinateBytes> padded{};
    if (BN_bn2binpad(number.get(), padded.data(), static_cast<int>(padded.size())) < 0) return std::nullopt;
    out.append(reinterpret_cast<const char*>(padded.data()), padded.size());
  }
  return out;
}

Pkey key_from_point(std::string_view x, std::string_view y) {
  std::string point = "\x04";
  point.append(x).append(y);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
    return nullptr;
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyCtx context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* raw = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  Pkey key = adopt(raw);
  const PkeyCtx check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return key;
}

/// Refuses every passphrase question: an encrypted key must not make a service wait at a terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::string canonical_jwk(std::string_view x, std::string_view y) {
  return R"({"crv":"P-256","kty":"EC","x":")" + base64url(x) + R"(","y":")" + base64url(y) + "\"}";
}

Error malformed(std::string detail) {
  return fail("device_key.malformed", std::move(detail));
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string out((bytes.size() * 4 + 2) / 3, '\0');
  char* to = out.data();
  const auto byte = [&bytes](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(bytes[i]); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (const int shift : {18, 12, 6, 0}) *to++ = kAlphabet[bits >> shift & 63U];
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return out;
  const std::uint32_t bits = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
  *to++ = kAlphabet[bits >> 18 & 63U];
  *to++ = kAlphabet[bits >> 12 & 63U];
  if (left == 2) *to = kAlphabet[bits >> 6 & 63U];
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out(text.size() * 3 / 4, '\0');
  char* to = out.data();
  std::uint32_t bits = 0, strange = 0;
  int count = 0;
  const auto sextet = [](char c) -> std::uint32_t { return kSextets[static_cast<unsigned char>(c)]; };
  for (; text.size() >= 4; text.remove_prefix(4)) {
    const std::uint32_t a = sextet(text[0]), b = sextet(text[1]), c = sextet(text[2]), d = sextet(text[3]);
    strange |= a | b | c | d;
    const std::uint32_t three = (a & 63U) << 18 | (b & 63U) << 12 | (c & 63U) << 6 | (d & 63U);
    for (const int shift : {16, 8, 0}) *to++ = static_cast<char>(three >> shift & 255U);
  }
  for (const char c : text) {
    const std::uint32_t value = sextet(c);
    strange |= value;
    bits = bits << 6 | (value & 63U);
    count += 6;
    if (count >= 8) {
      count -= 8;
      *to++ = static_cast<char>(bits >> count & 255U);
    }
  }
  if ((strange & kNoSextet) != 0 || (bits & ((1U << count) - 1U)) != 0) return std::nullopt;
  return out;
}

std::string sha256(std::string_view bytes) {
  // Fetched once, and a context for each thread: EVP_sha256() would look the algorithm up again in every call.
  static EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const MdCtx context(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  need_memory(kAlgorithm != nullptr && context && EVP_DigestInit_ex2(context.get(), kAlgorithm, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), out.data(), &size) == 1 && size == 32);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string sha256_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(64);
  for (const char c : sha256(bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
  return out;
}

Result<DevicePublicKey> DevicePublicKey::from_jwk(const nlohmann::json& jwk) {
  if (!jwk.is_object()) return malformed("a JWK is an object");
  if (jwk.contains("d")) return malformed("a private key was sent");
  const auto text = [&](const char* name) -> std::string {
    const auto found = jwk.find(name);
    return found != jwk.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (text("kty") != "EC" || text("crv") != "P-256") return malformed("not an EC key on P-256");
  const auto x = from_base64url(text("x")), y = from_base64url(text("y"));
  if (!x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes)
    return malformed("x and y are 32 bytes of base64url each");
  DevicePublicKey out;
  out.key_ = key_from_point(*x, *y);
  if (!out.key_) return malformed("no point of P-256");
  out.jwk_ = canonical_jwk(*x, *y);
  out.thumbprint_ = base64url(sha256(out.jwk_));
  return out;
}

bool DevicePublicKey::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != 2 * kCoordinateBytes) return false;
  const Sig parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(signature), kCoordinateBytes, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(signature) + kCoordinateBytes, kCoordinateBytes, nullptr);
  if (!parts || !r || !s || ECDSA_SIG_set0(parts.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return false;
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  if (size <= 0) return false;
  const std::vector<unsigned char> encoded(der, der + size);
  OPENSSL_free(der);
  const MdCtx context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), encoded.data(), encoded.size(), bytes_of(message), message.size()) == 1;
}

namespace {

/// The public half of `key`, or an error when it is no P-256 key.
Result<DevicePublicKey> public_half(EVP_PKEY* key) {
  if (key == nullptr || !is_p256(key)) return malformed("not a P-256 private key");
  const auto point = point_of(key);
  if (!point) return malformed("the key has no public point");
  const std::string_view xy(*point);
  return DevicePublicKey::from_jwk(
      nlohmann::json::parse(canonical_jwk(xy.substr(0, kCoordinateBytes), xy.substr(kCoordinateBytes))));
}

}  // namespace

Result<DeviceKey> DeviceKey::generate() {
  Pkey key = adopt(EVP_EC_gen("P-256"));
  if (!key) return fail("device_key.machinery", "no key could be made");
  auto half = public_half(key.get());
  if (!half) return half.error();
  DeviceKey out;
  out.key_ = std::move(key);
  out.public_ = std::move(*half);
  return out;
}

Result<DeviceKey> DeviceKey::from_pem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return fail("device_key.machinery", "out of memory");
  Pkey key = adopt(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return malformed("no unencrypted private key in the PEM text");
  auto half = public_half(key.get());
  if (!half) return half.error();
  DeviceKey out;
  out.key_ = std::move(key);
  out.public_ = std::move(*half);
  return out;
}

Secret DeviceKey::to_pem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  need_memory(bio && PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  SEKISHO_ASSERT(size > 0);
  return Secret(std::string(data, static_cast<std::size_t>(size)));
}

Result<std::string> DeviceKey::sign(std::string_view message) const {
  const Error broken = fail("device_key.machinery", "the signature could not be made");
  const MdCtx context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1)
    return broken;
  std::vector<unsigned char> der(size);
  if (EVP_DigestSign(context.get(), der.data(), &size, bytes_of(message), message.size()) != 1) return broken;
  const unsigned char* at = der.data();
  const Sig parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!parts) return broken;
  std::array<unsigned char, 2 * kCoordinateBytes> out{};
  if (BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), out.data(), kCoordinateBytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), out.data() + kCoordinateBytes, kCoordinateBytes) < 0)
    return broken;
  return std::string(reinterpret_cast<const char*>(out.data()), out.size());
}

}  // namespace sekisho::admission
