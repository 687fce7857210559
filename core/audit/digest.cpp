#include "audit/digest.hpp"

#include <sekisho/sdk/result.hpp>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace sekisho::audit {
namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(bytes.size() * 2, '\0');
  char* to = out.data();
  for (const char c : bytes) {
    *to++ = kDigits[static_cast<unsigned char>(c) >> 4];
    *to++ = kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out(hex.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

std::optional<Hash> hash_from_hex(std::string_view hex) {
  if (hex.size() != 64) return std::nullopt;
  const auto bytes = from_hex(hex);
  if (!bytes) return std::nullopt;
  Hash out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>((*bytes)[i]);
  return out;
}

// OpenSSL's own block function without its providers: the journal and its proofs hash some hundred bytes at a time,
// several times an entry, and the way through EVP cost as much as the hashing. This one has no memory to fail for
// either. It is deprecated as an interface that no provider can replace, which is not wanted here.
struct Sha256::Impl {
  SHA256_CTX context;
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {}

Sha256::~Sha256() = default;

Hash Sha256::operator()(std::initializer_list<std::string_view> pieces) {
  Hash out{};
  static_assert(sizeof(out) == SHA256_DIGEST_LENGTH);
  bool good = SHA256_Init(&impl_->context) == 1;
  for (const auto piece : pieces) good = good && SHA256_Update(&impl_->context, piece.data(), piece.size()) == 1;
  good = good && SHA256_Final(out.data(), &impl_->context) == 1;
  SEKISHO_ASSERT(good);  // they cannot fail
  return out;
}

}  // namespace sekisho::audit
