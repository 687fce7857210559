#include "model_signatures.hpp"

#include "audit/digest.hpp"

#include <algorithm>
#include <memory>

namespace sekisho::sim {
namespace {

constexpr std::string_view kPrivate = "MODEL PRIVATE KEY ", kPublic = "MODEL PUBLIC KEY ";

std::string text_of(const audit::PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

std::string digest_of(std::initializer_list<std::string_view> pieces) {
  thread_local audit::Sha256 sha;
  return std::string(audit::view(sha(pieces)));
}

std::string sign_with(std::string_view secret, std::string_view message) {
  const std::string tag = digest_of({secret, message});
  return tag + tag;
}

class ModelKey final : public audit::SigningKey::Impl {
 public:
  ModelKey(std::string secret, std::string open) : secret_(std::move(secret)), open_(std::move(open)) {}
  [[nodiscard]] std::string sign(std::string_view message) const override { return sign_with(secret_, message); }
  [[nodiscard]] Secret to_pem() const override { return Secret(std::string(kPrivate) + secret_); }
  [[nodiscard]] std::string public_pem() const override { return std::string(kPublic) + open_; }

 private:
  std::string secret_, open_;
};

}  // namespace

std::string sha256(std::string_view bytes) {
  return digest_of({bytes});
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

audit::SigningKey ModelSignatures::key_of(std::string secret) const {
  const std::string open = sha256(secret);
  audit::PublicKey key{};
  std::copy(open.begin(), open.end(), key.begin());
  ring_.insert_or_assign(open, secret);
  return {key, std::make_unique<ModelKey>(std::move(secret), open)};
}

audit::SigningKey ModelSignatures::make(Entropy& entropy) const {
  std::string secret(32, '\0');
  entropy.fill(std::as_writable_bytes(std::span(secret)));
  return key_of(std::move(secret));
}

Result<audit::SigningKey> ModelSignatures::from_pem(const Secret& pem) const {
  const std::string_view text = pem.reveal();
  if (!text.starts_with(kPrivate) || text.size() != kPrivate.size() + 32) return fail("audit.key", "no model key");
  return key_of(std::string(text.substr(kPrivate.size())));
}

Result<audit::PublicKey> ModelSignatures::public_key_from_pem(std::string_view pem) const {
  if (!pem.starts_with(kPublic) || pem.size() != kPublic.size() + 32) return fail("audit.key", "no model key");
  audit::PublicKey key{};
  std::copy(pem.begin() + kPublic.size(), pem.end(), key.begin());
  return key;
}

bool ModelSignatures::holds(const audit::PublicKey& key, std::string_view message, std::string_view signature) const {
  const auto secret = ring_.find(text_of(key));
  return secret != ring_.end() && signature == sign_with(secret->second, message);
}

std::string model_device_secret(std::string_view jwk) {
  return sha256("the secret of " + std::string(jwk));
}

std::string model_device_signature(std::string_view secret, std::string_view message) {
  return sign_with(secret, message);
}

bool model_device_holds(std::string_view jwk, std::string_view message, std::string_view signature) {
  return signature == sign_with(model_device_secret(jwk), message);
}

std::string model_password_hash(std::string_view password, std::string_view salt) {
  return "$argon2id$v=19$m=65536,t=2,p=1$" + std::string(salt) + "$" +
         to_hex(sha256(std::string(salt) + "/" + std::string(password)));
}

bool model_password_matches(std::string_view encoded, std::string_view password) {
  const auto last = encoded.rfind('$');
  if (last == std::string_view::npos || last == 0) return false;
  const auto before = encoded.rfind('$', last - 1);
  if (before == std::string_view::npos) return false;
  return model_password_hash(password, encoded.substr(before + 1, last - before - 1)) == encoded;
}

}  // namespace sekisho::sim
