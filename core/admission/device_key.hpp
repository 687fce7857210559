// Device keys: the P-256 key that says which terminal speaks. ES256 signatures (raw r‖s, 64 bytes, as BCrypt and NCrypt
// return them), public JWKs, RFC 7638 thumbprints, PEM for the software key, and strict base64url.
// Threads: values; const members may be called from any thread. Ownership: keys are copied cheaply (reference counted
// by OpenSSL). Errors: device_key.malformed, device_key.machinery. Source: RFC 7515, 7517, 7518 §3.4, 7638; posture.md
// §8.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace sekisho::admission {

/// RFC 4648 §5 without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);
/// The one canonical spelling only: no padding, no blanks, unused bits zero; anything else is nullopt.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);
/// 32 raw bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

class DevicePublicKey {
 public:
  /// Takes an EC P-256 public key and nothing more: `kty`, `crv`, `x`, `y` (32 bytes each, a point on the curve).
  /// Further members are ignored but for the private `d`, which is refused: a private key must never travel.
  [[nodiscard]] static Result<DevicePublicKey> from_jwk(const nlohmann::json& jwk);
  /// Canonical form: members crv, kty, x, y in this order, no blanks (the bytes that RFC 7638 hashes).
  [[nodiscard]] const std::string& jwk() const { return jwk_; }
  /// 43 characters of base64url.
  [[nodiscard]] const std::string& thumbprint() const { return thumbprint_; }
  /// `signature` is r‖s, exactly 64 bytes; every other length is false.
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

 private:
  friend class DeviceKey;
  DevicePublicKey() = default;
  std::shared_ptr<evp_pkey_st> key_;  // shared: EVP_PKEY is immutable and reference counted
  std::string jwk_, thumbprint_;
};

class DeviceKey {
 public:
  /// Drawn from OpenSSL's generator (getrandom underneath).
  [[nodiscard]] static Result<DeviceKey> generate();
  /// Unencrypted PEM of a P-256 private key (PKCS#8 or SEC 1).
  [[nodiscard]] static Result<DeviceKey> from_pem(std::string_view pem);
  [[nodiscard]] Secret to_pem() const;
  [[nodiscard]] const DevicePublicKey& public_key() const { return public_; }
  /// r‖s, 64 bytes. Errors: device_key.machinery.
  [[nodiscard]] Result<std::string> sign(std::string_view message) const;

 private:
  DeviceKey() = default;
  std::shared_ptr<evp_pkey_st> key_;
  DevicePublicKey public_;
};

}  // namespace sekisho::admission
