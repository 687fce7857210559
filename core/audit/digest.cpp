#include "audit/digest.hpp"

#include <sekisho/sdk/memory.hpp>
#include <sekisho/sdk/result.hpp>

#include <openssl/evp.h>

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

struct Sha256::Impl {
  // Fetched once: EVP_sha256() would look the algorithm up again in every call.
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  need_memory(impl_->algorithm != nullptr && impl_->context != nullptr);
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(impl_->context);
  EVP_MD_free(impl_->algorithm);
}

Hash Sha256::operator()(std::initializer_list<std::string_view> pieces) {
  Hash out{};
  bool good = EVP_DigestInit_ex2(impl_->context, impl_->algorithm, nullptr) == 1;
  for (const auto piece : pieces) good = good && EVP_DigestUpdate(impl_->context, piece.data(), piece.size()) == 1;
  unsigned size = 0;
  good = good && EVP_DigestFinal_ex(impl_->context, out.data(), &size) == 1 && size == out.size();
  need_memory(good);  // all else about it is ours
  return out;
}

}  // namespace sekisho::audit
