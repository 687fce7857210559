// The environment's own CA for client certificates, as pure functions over handed-in entropy and time.
//
//   make_authority ─▶ Authority ─issue──▶ Leaf (one person on one terminal)
//                         └──────make_crl─▶ the list that the gate reads
//
// What is made is what plugins/authenticators/client_certificate takes and nothing wider: keys P-256 (CA: P-256 or
// P-384), SHA-256 or better, 128 bits of serial. The CA may have no CA below it (path length 0), serves client
// authentication alone (extended key usage) and cannot name a server (every DNS name and address is excluded by a
// critical name constraint). URIs stay unconstrained: RFC 5280 constrains the host of a URI, and a urn has none.
// A leaf carries urn:sekisho:person:<id> and urn:sekisho:terminal:<id> as its only alternative names.
//
// Threads: pure functions. Private keys come from OpenSSL's generator (getrandom behind it), serials from `entropy`.
// Units: X.509 counts seconds; the fraction of `now` is dropped. Everything begins kSkew before `now`, for clocks that
// are a little late. Errors: pki.bad_name, pki.bad_id, pki.bad_life, pki.bad_key, pki.bad_certificate, pki.not_ours,
// pki.authority_expired, pki.library. Source: RFC 5280 §4.2, §5; mission.md R04, R22; threats.md T-33, §9.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::pki {

inline constexpr std::chrono::minutes kSkew{5};
inline constexpr std::chrono::days kMaxAuthorityLife{7305}, kMaxLeafLife{825}, kMaxCrlLife{90};

struct Authority {
  std::string certificate_pem;
  Secret key_pem;  ///< PKCS#8, not encrypted
};

struct AuthorityOptions {
  std::string name;                          ///< common name, 1 to 64 characters
  std::chrono::days life{3652};              ///< 1 to kMaxAuthorityLife
  std::string curve = std::string("P-256");  ///< P-256 or P-384
};
[[nodiscard]] Result<Authority> make_authority(const AuthorityOptions& options, Entropy& entropy, Instant now);

/// What a client certificate says, in the registry's words.
struct CertificateFacts {
  std::string fingerprint_sha256;  ///< lower-case hex of the DER
  std::string serial_hex;          ///< lower-case
  std::string person, terminal;    ///< empty in a CA's certificate
  std::string name;                ///< common name
  Instant not_before{}, not_after{};
};

struct Leaf {
  CertificateFacts facts;
  std::string certificate_pem;
  Secret key_pem;  ///< PKCS#8, not encrypted
};
struct LeafOptions {
  std::string person, terminal;  ///< [a-z0-9][a-z0-9_-]{0,62}
  std::chrono::days life{365};   ///< 1 to kMaxLeafLife; never beyond the CA's own end
};
[[nodiscard]] Result<Leaf> issue(const Authority& authority, const LeafOptions& options, Entropy& entropy, Instant now);

struct Revoked {
  std::string serial_hex;
  Instant at{};
};
struct CrlOptions {
  std::uint64_t number = 1;    ///< rises with every list (RFC 5280 §5.2.3)
  std::chrono::days life{30};  ///< until nextUpdate; 1 to kMaxCrlLife
};
/// PEM. The gate lets nobody in once `now` is past the list's nextUpdate.
[[nodiscard]] Result<std::string> make_crl(const Authority& authority, const std::vector<Revoked>& revoked,
                                           const CrlOptions& options, Instant now);

/// The one certificate of `pem`, a leaf of this form. Errors: pki.bad_certificate (unreadable, not exactly one),
/// pki.not_ours (does not name exactly one person and one terminal).
[[nodiscard]] Result<CertificateFacts> read_leaf(std::string_view pem);
/// The CA's own certificate. Errors: pki.bad_certificate.
[[nodiscard]] Result<CertificateFacts> read_authority(std::string_view pem);

struct CrlFacts {
  std::uint64_t number = 0;
  Instant this_update{}, next_update{};
  std::size_t revoked = 0;
};
/// Errors: pki.bad_crl.
[[nodiscard]] Result<CrlFacts> read_crl(std::string_view pem);

/// The key is the certificate's. Errors: pki.bad_key, pki.bad_certificate.
[[nodiscard]] Result<void> check_pair(const Authority& authority);

}  // namespace sekisho::pki
