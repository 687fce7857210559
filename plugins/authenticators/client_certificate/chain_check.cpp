#include "chain_check.hpp"

#include <sekisho/sdk/memory.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace sekisho::client_certificate {
namespace {

constexpr std::size_t kMaxChain = 4;
constexpr std::size_t kMaxChainBytes = 16 * 1024;
constexpr int kMinSecurityBits = 128;  // SHA-256 gives 128
constexpr int kMinCaRsaBits = 3072;
constexpr std::string_view kPersonUrn = "urn:sekisho:person:";
constexpr std::string_view kTerminalUrn = "urn:sekisho:terminal:";

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
void free_stack(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
void free_names(GENERAL_NAMES* names) {
  GENERAL_NAMES_free(names);
}
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using StackPtr = std::unique_ptr<STACK_OF(X509), Deleter<free_stack>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<free_names>>;

/// OpenSSL's error queue is the thread's: what we cause must not confuse the next caller.
struct ErrorQueue {
  ErrorQueue() { ERR_clear_error(); }
  ~ErrorQueue() { ERR_clear_error(); }
};

BioPtr reader(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 24))));
}

/// True when the last PEM read failed only because there was no further block.
bool ended_cleanly() {
  const unsigned long error = ERR_peek_last_error();
  const bool clean = error == 0 || (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE);
  ERR_clear_error();
  return clean;
}

/// Most often a block that was cut off, and with it an authority or a list that is silently missing.
bool rubbish_behind(std::string_view pem) {
  const std::size_t last = pem.rfind("-----END ");
  const std::size_t feed = last == std::string_view::npos ? last : pem.find('\n', last);
  return feed != std::string_view::npos && pem.find_first_not_of(" \t\r\n", feed) != std::string_view::npos;
}

CertificatePtr parse(const std::string& der) {
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const auto* at = begin;
  CertificatePtr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (out && at != begin + der.size()) out.reset();  // trailing bytes: not the certificate that was fingerprinted
  return out;
}

std::string fingerprint(const std::string& der) {
  // Fetched once: EVP_sha256() would look the algorithm up again in every call.
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  need_memory(kAlgorithm != nullptr &&
              EVP_Digest(der.data(), der.size(), digest.data(), &size, kAlgorithm, nullptr) == 1);
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += kHex[digest.at(i) >> 4];
    out += kHex[digest.at(i) & 15];
  }
  return out;
}

bool is_id(std::string_view id) {
  if (id.empty() || id.size() > 63) return false;
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return plain(id.front()) && std::ranges::all_of(id, [&](char c) { return plain(c) || c == '_' || c == '-'; });
}

/// Exactly one person and one terminal among the URIs; other URIs are none of ours.
bool read_identity(X509* leaf, Checked& out) {
  int critical = 0;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, nullptr)));
  if (!names) return false;  // absent (-1), twice (-2) or malformed
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const auto* text = name->d.uniformResourceIdentifier;
    const std::string_view uri(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<std::size_t>(ASN1_STRING_length(text)));
    for (auto [prefix, id] : {std::pair{kPersonUrn, &out.person}, std::pair{kTerminalUrn, &out.terminal}}) {
      if (!uri.starts_with(prefix)) continue;
      if (!id->empty() || !is_id(uri.substr(prefix.size()))) return false;
      *id = uri.substr(prefix.size());
    }
  }
  return !out.person.empty() && !out.terminal.empty();
}

bool is_strong_key(X509* certificate, int min_rsa_bits) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return false;
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return EVP_PKEY_get_bits(key) >= min_rsa_bits;
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
  std::array<char, 64> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return false;  // explicit parameters
  const std::string_view name(group.data(), size);
  return name == "prime256v1" || name == "P-256" || name == "secp384r1" || name == "P-384" || name == "secp521r1" ||
         name == "P-521";
}

bool is_strong_signature(X509* certificate) {
  int digest = NID_undef, key = NID_undef, bits = 0;
  std::uint32_t flags = 0;
  return X509_get_signature_info(certificate, &digest, &key, &bits, &flags) == 1 && bits >= kMinSecurityBits;
}

/// Beyond X509_PURPOSE_SSL_CLIENT: the usage must be said, and a leaf that could issue is no leaf.
bool is_client_leaf(X509* leaf) {
  if (X509_check_ca(leaf) != 0 || (X509_get_extension_flags(leaf) & EXFLAG_CA) != 0) return false;
  const std::uint32_t extended = X509_get_extended_key_usage(leaf);
  if (extended == std::numeric_limits<std::uint32_t>::max() || (extended & XKU_SSL_CLIENT) == 0) return false;
  const std::uint32_t usage = X509_get_key_usage(leaf);  // all ones when absent
  return (usage & KU_DIGITAL_SIGNATURE) != 0 && X509_check_purpose(leaf, X509_PURPOSE_SSL_CLIENT, 0) == 1;
}

Finding finding_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Finding::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Finding::not_yet_valid;
    case X509_V_ERR_CERT_REVOKED:
      return Finding::revoked;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
      return Finding::crl_stale;
    case X509_V_ERR_INVALID_PURPOSE:
      return Finding::wrong_usage;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
    case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
      return Finding::weak_key;
    default:
      return Finding::untrusted;
  }
}

constexpr std::time_t kAlways = std::numeric_limits<std::time_t>::max();

/// `otherwise` when there is no such time or it cannot be read.
std::time_t seconds_of(const ASN1_TIME* time, std::time_t otherwise) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return otherwise;
  return timegm(&parts);
}

/// What the verify callback may see; travels in the context's application data.
struct Policy {
  std::time_t now = 0;
  std::chrono::seconds crl_grace{0};
};

/// Lets one thing pass: a list that is past its nextUpdate but inside the configured grace.
int on_error(int ok, X509_STORE_CTX* context) {
  if (ok == 1 || X509_STORE_CTX_get_error(context) != X509_V_ERR_CRL_HAS_EXPIRED) return ok;
  const auto* policy = static_cast<const Policy*>(X509_STORE_CTX_get_app_data(context));
  const X509_CRL* crl = X509_STORE_CTX_get0_current_crl(context);
  if (policy == nullptr || crl == nullptr || policy->crl_grace.count() == 0) return 0;
  std::time_t oldest = policy->now - policy->crl_grace.count();
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl);
  if (next == nullptr || X509_cmp_time(next, &oldest) <= 0) return 0;
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

}  // namespace

struct ChainCheck::Store {
  StorePtr store{X509_STORE_new()};
};

ChainCheck::~ChainCheck() = default;

Result<std::shared_ptr<const ChainCheck>> ChainCheck::make(const Config& config, std::string_view ca_pem,
                                                           std::string_view crl_pem) {
  const ErrorQueue errors;
  std::shared_ptr<ChainCheck> out(new ChainCheck);
  out->config_ = config;
  out->store_ = std::make_unique<Store>();
  X509_STORE* store = out->store_->store.get();

  std::size_t authorities = 0;
  const BioPtr cas = reader(ca_pem);
  for (;;) {
    const CertificatePtr ca(PEM_read_bio_X509(cas.get(), nullptr, nullptr, nullptr));
    if (!ca) break;
    if (X509_check_ca(ca.get()) != 1) {
      return fail("certificate.bad_ca_file",
                  "certificate " + std::to_string(authorities + 1) + " of the file is no CA");
    }
    if (!is_strong_key(ca.get(), kMinCaRsaBits)) {
      return fail("certificate.bad_ca_file",
                  "certificate " + std::to_string(authorities + 1) + " has a key below P-256 or RSA 3072");
    }
    need_memory(X509_STORE_add_cert(store, ca.get()) == 1);
    out->authorities_until_ = std::max(out->authorities_until_, seconds_of(X509_get0_notAfter(ca.get()), 0));
    ++authorities;
  }
  if (!ended_cleanly()) return fail("certificate.bad_ca_file", "a block cannot be read");
  if (authorities == 0) return fail("certificate.bad_ca_file", "there is no PEM block of a certificate in it");
  if (rubbish_behind(ca_pem)) {
    return fail("certificate.bad_ca_file", "something stands behind the last block; look for one that was cut off");
  }

  std::size_t lists = 0;
  out->lists_ = {std::numeric_limits<std::time_t>::min(), kAlways};
  const BioPtr crls = reader(crl_pem);
  for (;;) {
    const CrlPtr crl(PEM_read_bio_X509_CRL(crls.get(), nullptr, nullptr, nullptr));
    if (!crl) break;
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get());
    out->lists_.narrow(seconds_of(X509_CRL_get0_lastUpdate(crl.get()), kAlways),
                       next == nullptr ? kAlways : seconds_of(next, 0));
    need_memory(X509_STORE_add_crl(store, crl.get()) == 1);
    ++lists;
  }
  if (!ended_cleanly()) {
    out->crl_error_ = "a block of the revocation list file cannot be read";
  } else if (rubbish_behind(crl_pem)) {
    out->crl_error_ = "something stands behind the last block of the revocation list file";
  } else if (lists == 0) {
    out->crl_error_ = "the revocation list file holds no list";
  }
  return std::shared_ptr<const ChainCheck>(std::move(out));
}

bool ChainCheck::authorities_expired(Instant now) const {
  return std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(now)) >=
         authorities_until_;
}

Checked ChainCheck::check(const std::vector<std::string>& chain, Instant now) const {
  const auto seconds = std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(now));
  std::string key = Remembered<Checked>::key_of(chain);
  if (auto known = good_.find(key, seconds)) return *std::move(known);
  TimeWindow holds = lists_;
  Checked out = verify(chain, seconds, holds);
  if (out.finding == Finding::good) good_.put(std::move(key), holds, out);
  return out;
}

Checked ChainCheck::verify(const std::vector<std::string>& chain, std::time_t now, TimeWindow& holds) const {
  const ErrorQueue errors;
  Checked out;
  const auto answer = [&out](Finding finding, std::string why) {
    out.finding = finding;
    out.why = std::move(why);
    return out;
  };
  std::size_t bytes = 0;
  for (const std::string& der : chain) bytes += der.size();
  if (chain.empty() || chain.size() > kMaxChain || bytes > kMaxChainBytes) {
    return answer(Finding::malformed, "more than 4 certificates or 16 KiB");
  }
  const CertificatePtr leaf = parse(chain.front());
  const StackPtr others(sk_X509_new_null());
  need_memory(others != nullptr);
  for (std::size_t i = 1; i < chain.size(); ++i) {
    CertificatePtr other = parse(chain[i]);
    if (!other) return answer(Finding::malformed, "an intermediate certificate cannot be read");
    need_memory(sk_X509_push(others.get(), other.release()) > 0);
  }
  if (!leaf) return answer(Finding::malformed, "the certificate cannot be read");
  if (!crl_error_.empty()) return answer(Finding::crl_stale, crl_error_);

  const ContextPtr context(X509_STORE_CTX_new());
  need_memory(context && X509_STORE_CTX_init(context.get(), store_->store.get(), leaf.get(), others.get()) == 1);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  // The purpose of the leaf is judged below; here it would hide a better reason.
  SEKISHO_ASSERT(X509_VERIFY_PARAM_set_trust(parameters, X509_TRUST_SSL_CLIENT) == 1);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                              X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(config_.max_path_length) - 1);
  X509_VERIFY_PARAM_set_auth_level(parameters, config_.min_rsa_bits < 3072 ? 2 : 3);
  Policy policy{now, config_.crl_grace};
  X509_VERIFY_PARAM_set_time(parameters, policy.now);
  X509_STORE_CTX_set_app_data(context.get(), &policy);
  X509_STORE_CTX_set_verify_cb(context.get(), &on_error);
  if (X509_verify_cert(context.get()) != 1) {
    const int error = X509_STORE_CTX_get_error(context.get());
    return answer(finding_of(error), X509_verify_cert_error_string(error));
  }

  const STACK_OF(X509)* verified = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(verified); ++i) {
    X509* each = sk_X509_value(verified, i);
    holds.narrow(seconds_of(X509_get0_notBefore(each), kAlways), seconds_of(X509_get0_notAfter(each), 0));
    if (!is_strong_key(each, i == 0 ? static_cast<int>(config_.min_rsa_bits) : kMinCaRsaBits)) {
      return answer(Finding::weak_key, "a key of the chain is below P-256 or RSA 3072");
    }
    // A root is trusted because it is configured; its signature on itself proves nothing.
    if (i + 1 < sk_X509_num(verified) && !is_strong_signature(each)) {
      return answer(Finding::weak_key, "a signature of the chain is below SHA-256");
    }
    if (i == 0) continue;
    if (X509_check_ca(each) != 1) return answer(Finding::untrusted, "an issuer is no CA");
    if (X509_check_purpose(each, X509_PURPOSE_SSL_CLIENT, 1) != 1) {
      return answer(Finding::wrong_usage, "an issuer is not meant for client certificates");
    }
  }
  if (!is_client_leaf(leaf.get())) return answer(Finding::wrong_usage, "the leaf is no client certificate");
  if (!read_identity(leaf.get(), out)) {
    out.person.clear();
    out.terminal.clear();
    return answer(Finding::malformed, "the leaf does not name exactly one person and one terminal");
  }
  out.fingerprint_sha256 = fingerprint(chain.front());
  return answer(Finding::good, {});
}

}  // namespace sekisho::client_certificate
