// Signed heads and key steps: who vouches for the journal's state, and how one key hands over to the next.
//
// Every statement is canonical JSON whose "signature" is Ed25519 over "sekisho journal <what> v1\n" + the same JSON
// without it. A head: {"at","chain","epoch","key","node","root_hash","signature","tree_size"}. A key step, signed by
// the key it retires: {"at","key","next","period","signature"}; the first one (period 0) names itself twice. The key
// evolves so that an intruder who takes today's key cannot sign yesterday's journal (T-70, forward security). Threads:
// values; one SigningKey belongs to one thread. Errors: audit.malformed, audit.key. Source: RFC 8032, RFC 9162 §4.10.
#pragma once
#include "audit/digest.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sekisho::audit {

using PublicKey = Hash;  ///< 32 raw bytes (RFC 8032 §5.1.5)

class SigningKey {
 public:
  /// Of ed25519().
  [[nodiscard]] static SigningKey make(Entropy& entropy);
  [[nodiscard]] static Result<SigningKey> from_pem(const Secret& pem);

  /// The secret, as its Signatures keep it; wiped when destroyed.
  class Impl {
   public:
    virtual ~Impl() = default;
    [[nodiscard]] virtual std::string sign(std::string_view message) const = 0;
    [[nodiscard]] virtual Secret to_pem() const = 0;
    [[nodiscard]] virtual std::string public_pem() const = 0;
  };
  SigningKey(const PublicKey& key, std::unique_ptr<Impl> impl) : impl_(std::move(impl)), public_(key) {}

  [[nodiscard]] const PublicKey& public_key() const { return public_; }
  [[nodiscard]] std::string sign(std::string_view message) const { return impl_->sign(message); }  ///< 64 bytes
  [[nodiscard]] Secret to_pem() const { return impl_->to_pem(); }                                  ///< PKCS #8
  [[nodiscard]] std::string public_pem() const { return impl_->public_pem(); }  ///< SubjectPublicKeyInfo

 private:
  std::unique_ptr<Impl> impl_;
  PublicKey public_{};
};

/// Who makes keys and checks signatures: Ed25519, but in the simulator, which hands in a model that costs one hash.
/// Threads: any.
class Signatures {
 public:
  virtual ~Signatures() = default;
  [[nodiscard]] virtual SigningKey make(Entropy& entropy) const = 0;
  [[nodiscard]] virtual Result<SigningKey> from_pem(const Secret& pem) const = 0;
  [[nodiscard]] virtual Result<PublicKey> public_key_from_pem(std::string_view pem) const = 0;
  [[nodiscard]] virtual bool holds(const PublicKey& key, std::string_view message,
                                   std::string_view signature) const = 0;
};
[[nodiscard]] const Signatures& ed25519();

/// Of ed25519().
[[nodiscard]] bool signature_holds(const PublicKey& key, std::string_view message, std::string_view signature);
[[nodiscard]] Result<PublicKey> public_key_from_pem(std::string_view pem);

struct Head {
  Instant at{};
  Hash chain{};  ///< chain hash before this head
  Hash root{};   ///< Merkle tree hash over the first `tree_size` entries
  std::uint64_t tree_size = 0, epoch = 0;
  std::string node;
  PublicKey key{};
};
struct KeyStep {
  Instant at{};
  PublicKey key{}, next{};
  std::uint64_t period = 0;  ///< of `next`
};

[[nodiscard]] std::string signed_head(const Head& head, const SigningKey& key);
/// `next` takes over; `key` signs.
[[nodiscard]] std::string signed_key_step(const KeyStep& step, const SigningKey& key);

/// Parse and check the signature with the key that the statement itself names: the caller must trust that key.
[[nodiscard]] Result<Head> read_head(std::string_view json, const Signatures& signatures = ed25519());
[[nodiscard]] Result<KeyStep> read_key_step(std::string_view json, const Signatures& signatures = ed25519());

}  // namespace sekisho::audit
