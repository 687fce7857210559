// The certificate factor: the terminal's client certificate, issued for this environment to one person on one terminal
// (R04, R22), registered and not revoked there, and belonging to whoever types the id.
//
// The revocation list is a file that changes under a running gate. step() does no I/O: refresh(), called by the host
// every 30 s from a blocking pool, reads the file again and swaps the whole ChainCheck when its bytes changed. A list
// that cannot be read refuses everybody until it can (fail closed), and says so in the log. Threads: step() on the
// store thread, refresh() on another; they share one pointer behind a lock. Source: threats.md T-32, T-33, §8
// "Revocation"; decisions.md "Certificate".
#pragma once
#include "chain_check.hpp"
#include "config.hpp"

#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/plugin.hpp>
#include <sekisho/sdk/revoking.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace sekisho::client_certificate {

class CertificateFactor final : public Authenticator, public Revoking {
 public:
  /// Reads both files. `host` must outlive the factor. Errors: certificate.bad_ca_file; certificate.bad_crl_file — at
  /// start a missing or unreadable list is an error of the operator, later it is a refusal. Both name file and reason.
  [[nodiscard]] static Result<std::unique_ptr<CertificateFactor>> make(const Config& config, PluginHost& host);

  [[nodiscard]] std::string_view factor() const override { return "certificate"; }
  [[nodiscard]] unsigned weight() const override { return 1; }
  [[nodiscard]] AuthStep step(AuthRequest request) override;
  void refresh(Instant now) override;
  [[nodiscard]] bool revoked(const std::vector<std::string>& chain, Instant now) const override;

 private:
  CertificateFactor(const Config& config, PluginHost& host) : config_(config), host_(host) {}
  [[nodiscard]] std::shared_ptr<const ChainCheck> chain_check() const;

  const Config config_;
  PluginHost& host_;
  std::string ca_pem_;       // constant after make()
  std::string crl_pem_;      // refresh() only
  bool ca_expired_ = false;  // refresh() only: told already

  mutable std::mutex mutex_;
  std::shared_ptr<const ChainCheck> check_;  // guarded by mutex_; shared: a step may still use the old one
};

}  // namespace sekisho::client_certificate
