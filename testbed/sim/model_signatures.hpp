// Model signatures: what costs a curve in production costs one hash here. A secret is 32 bytes, its public key is their
// SHA-256, a signature the SHA-256 of both and the message; checking looks the secret up in a ring that only the world
// holds. Nobody in the world can sign without the secret, and a changed byte is noticed: that is all the gate asks of
// Ed25519 and ES256. Passwords: the PHC string of a person carries SHA-256(salt, password).
// Threads: one. Ownership: a ring outlives what signs with it.
#pragma once
#include "audit/signing.hpp"

#include <sekisho/sdk/secret.hpp>

#include <string>
#include <string_view>
#include <unordered_map>

namespace sekisho::sim {

/// The journal's signatures.
class ModelSignatures final : public audit::Signatures {
 public:
  [[nodiscard]] audit::SigningKey make(Entropy& entropy) const override;
  [[nodiscard]] Result<audit::SigningKey> from_pem(const Secret& pem) const override;
  [[nodiscard]] Result<audit::PublicKey> public_key_from_pem(std::string_view pem) const override;
  [[nodiscard]] bool holds(const audit::PublicKey& key, std::string_view message,
                           std::string_view signature) const override;

 private:
  [[nodiscard]] audit::SigningKey key_of(std::string secret) const;
  mutable std::unordered_map<std::string, std::string> ring_;  ///< public -> secret; looked up, never walked
};

/// The terminals' keys: who holds the secret of a JWK signs for it.
[[nodiscard]] std::string model_device_secret(std::string_view jwk);
[[nodiscard]] std::string model_device_signature(std::string_view secret, std::string_view message);  ///< 64 bytes
[[nodiscard]] bool model_device_holds(std::string_view jwk, std::string_view message, std::string_view signature);

[[nodiscard]] std::string model_password_hash(std::string_view password, std::string_view salt);
[[nodiscard]] bool model_password_matches(std::string_view encoded, std::string_view password);

/// 32 bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace sekisho::sim
