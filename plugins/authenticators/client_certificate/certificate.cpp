#include "certificate.hpp"

#include "refusals.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::client_certificate {
namespace {

const char* code_of(Finding finding) {
  switch (finding) {
    case Finding::good:
    case Finding::untrusted:
      break;
    case Finding::malformed:
      return "certificate.malformed";
    case Finding::expired:
      return "certificate.expired";
    case Finding::not_yet_valid:
      return "certificate.not_yet_valid";
    case Finding::revoked:
      return "certificate.revoked";
    case Finding::crl_stale:
      return "certificate.crl_stale";
    case Finding::wrong_usage:
      return "certificate.wrong_usage";
    case Finding::weak_key:
      return "certificate.weak_key";
  }
  return "certificate.untrusted";
}

/// What the front's handshake met; nullptr: nothing.
const char* code_of(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::none:
      return nullptr;
    case CertificateFault::untrusted:
      break;
    case CertificateFault::expired:
      return "certificate.expired";
    case CertificateFault::not_yet_valid:
      return "certificate.not_yet_valid";
    case CertificateFault::wrong_usage:
      return "certificate.wrong_usage";
    case CertificateFault::weak_key:
      return "certificate.weak_key";
  }
  return "certificate.untrusted";
}

AuthStep keep(AuthRequest& request, Verdict verdict) {
  AuthStep step;
  step.verdict = verdict;
  step.account_state = std::move(request.account_state);
  step.source_state = std::move(request.source_state);
  step.transaction_state = std::move(request.transaction_state);
  return step;
}

AuthStep say_no(AuthRequest& request, const char* code, nlohmann::json detail = nullptr) {
  AuthStep step = keep(request, Verdict::no);
  step.refusal = refusal(code);
  step.detail = std::move(detail);
  return step;
}

}  // namespace

Result<std::unique_ptr<CertificateFactor>> CertificateFactor::make(const Config& config, PluginHost& host) {
  std::unique_ptr<CertificateFactor> out(new CertificateFactor(config, host));
  auto ca = host.read_file(config.ca_file);
  if (!ca) return fail("certificate.bad_ca_file", config.ca_file + ": " + ca.error().detail);
  auto crl = host.read_file(config.crl_file);
  if (!crl) return fail("certificate.bad_crl_file", config.crl_file + ": " + crl.error().detail);
  out->ca_pem_ = std::move(*ca);
  out->crl_pem_ = std::move(*crl);
  auto check = ChainCheck::make(config, out->ca_pem_, out->crl_pem_);
  if (!check) return fail(check.error().code, config.ca_file + ": " + check.error().detail);
  if (!(*check)->crl_error().empty()) {
    return fail("certificate.bad_crl_file", config.crl_file + ": " + (*check)->crl_error());
  }
  out->check_ = std::move(*check);
  return out;
}

std::shared_ptr<const ChainCheck> CertificateFactor::chain_check() const {
  const std::lock_guard lock(mutex_);
  return check_;
}

void CertificateFactor::refresh(Instant now) {
  const bool expired = chain_check()->authorities_expired(now);
  if (expired && !ca_expired_) host_.log("certificate.ca_expired", {{"file", config_.ca_file}});
  ca_expired_ = expired;
  auto crl = host_.read_file(config_.crl_file);
  std::string text = crl ? std::move(*crl) : std::string();  // unreadable: as good as none, everybody is refused
  if (text == crl_pem_) return;
  auto check = ChainCheck::make(config_, ca_pem_, text);
  SEKISHO_ASSERT(check.has_value());  // the CA part is what make() has accepted
  crl_pem_ = std::move(text);
  if (const std::string& error = (*check)->crl_error(); !error.empty()) {
    host_.log("certificate.crl_unusable", {{"file", config_.crl_file}, {"why", crl ? error : crl.error().detail}});
  } else {
    host_.log("certificate.crl_loaded", {{"file", config_.crl_file}});
  }
  const std::lock_guard lock(mutex_);
  check_.swap(*check);
}

bool CertificateFactor::revoked(const std::vector<std::string>& chain, Instant now) const {
  return chain_check()->check(chain, now).finding == Finding::revoked;
}

AuthStep CertificateFactor::step(AuthRequest request) {
  if (const char* code = code_of(request.arrival.certificate_fault)) {
    return say_no(request, code, {{"why", "TLS handshake"}});
  }
  if (request.arrival.certificate_chain.empty()) return say_no(request, "certificate.missing");

  const Checked checked = chain_check()->check(request.arrival.certificate_chain, request.now);
  if (checked.finding != Finding::good) return say_no(request, code_of(checked.finding), {{"why", checked.why}});

  nlohmann::json::object_t members;
  members.emplace("fingerprint", checked.fingerprint_sha256);
  members.emplace("person", checked.person);
  members.emplace("terminal", checked.terminal);
  nlohmann::json detail(std::move(members));
  // An unknown id and another person's id get the same words (T-32).
  if (!request.subject.known || checked.person != request.subject.person) {
    return say_no(request, "certificate.other_person", detail);
  }
  const auto known = std::ranges::find(request.subject.certificates, checked.fingerprint_sha256,
                                       &KnownCertificate::fingerprint_sha256);
  if (known == request.subject.certificates.end() || known->person != checked.person ||
      known->terminal != checked.terminal) {
    return say_no(request, "certificate.not_registered", detail);
  }
  if (known->revoked) return say_no(request, "certificate.revoked", detail);
  AuthStep step = keep(request, Verdict::yes);
  step.terminal = checked.terminal;
  step.detail = std::move(detail);
  return step;
}

}  // namespace sekisho::client_certificate
