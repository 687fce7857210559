// ChainCheck: is this chain a client certificate of this environment, right now? X.509 only; whose it is and whether
// the registry knows it is certificate.hpp's question.
//
// Checked: DER without trailing bytes, <= 4 certificates and <= 16 KiB; chain to a configured CA with path lengths, CA
// flags, name constraints and unknown critical extensions (OpenSSL); validity against the handed-in time; a current
// revocation list for every issuer, else nobody passes; leaf: no CA, extended key usage names clientAuth, key usage
// allows signatures; every key of the chain P-256/P-384/P-521 or RSA of the configured size (CAs: 3072), every
// signature SHA-256 or better; names in subject alternative names only. Threads: check() may run on any thread; but for
// the memory of good chains (remembered.hpp) nothing changes after make(). Ownership: owns its trust store.
// Source: RFC 5280 §4.2, §6; threats.md T-33, §9.
#pragma once
#include "config.hpp"
#include "remembered.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::client_certificate {

enum class Finding : std::uint8_t {
  good,
  malformed,
  untrusted,
  expired,
  not_yet_valid,
  revoked,
  crl_stale,
  wrong_usage,
  weak_key,
};

/// What the leaf says of itself. Only set with `good`.
struct Checked {
  Finding finding = Finding::untrusted;
  std::string why;                 ///< for the journal; OpenSSL's constant text or ours, never bytes of the peer
  std::string fingerprint_sha256;  ///< lower-case hex of the DER
  std::string person, terminal;    ///< of the SAN URIs urn:sekisho:person:<id>, urn:sekisho:terminal:<id>
};

class ChainCheck {
 public:
  /// `ca_pem`: at least one CA certificate. `crl_pem` may be unusable: then every check() answers crl_stale, and
  /// crl_error() says why. Errors: certificate.bad_ca_file.
  [[nodiscard]] static Result<std::shared_ptr<const ChainCheck>> make(const Config& config, std::string_view ca_pem,
                                                                      std::string_view crl_pem);
  ~ChainCheck();
  ChainCheck(const ChainCheck&) = delete;
  ChainCheck& operator=(const ChainCheck&) = delete;

  /// `chain`: DER, leaf first; never empty.
  [[nodiscard]] Checked check(const std::vector<std::string>& chain, Instant now) const;
  [[nodiscard]] const std::string& crl_error() const { return crl_error_; }
  /// Past the end of every configured CA nobody can pass.
  [[nodiscard]] bool authorities_expired(Instant now) const;
  [[nodiscard]] std::size_t remembered() const { return good_.size(); }

 private:
  ChainCheck() = default;
  [[nodiscard]] Checked verify(const std::vector<std::string>& chain, std::time_t now, TimeWindow& holds) const;
  struct Store;
  std::unique_ptr<Store> store_;
  Config config_;
  std::string crl_error_;
  std::time_t authorities_until_ = 0;  ///< when the last of them ends
  TimeWindow lists_{};                 ///< in which every list of the file is current
  mutable Remembered<Checked> good_;
};

}  // namespace sekisho::client_certificate
