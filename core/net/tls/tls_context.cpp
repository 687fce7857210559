#include "net/tls/tls_context.hpp"

#include "net/tls/dtls_context.hpp"
#include "net/tls/openssl.hpp"
#include "pki/pem.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace sekisho::tls {
namespace {

constexpr std::string_view kHttp11 = "http/1.1";
constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr const char* kSignatures =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";
/// 128 bits: RSA and DH from 3072, curves from 256, SHA-256 and better, forward secrecy.
constexpr int kSecurityLevel = 3;

void free_der(unsigned char* der) {
  OPENSSL_free(der);
}

Result<std::shared_ptr<ContextImpl>> make_context(const SSL_METHOD* method, bool datagram = false) {
  ERR_clear_error();
  auto impl = std::make_shared<ContextImpl>();
  impl->ctx.reset(SSL_CTX_new(method));
  impl->bio_method = datagram ? make_datagram_bio_method() : make_bio_method();
  if (!impl->ctx || !impl->bio_method) return fail("tls.library", drain_errors());
  SSL_CTX* ctx = impl->ctx.get();
  SSL_CTX_set_security_level(ctx, kSecurityLevel);
  const bool fine = SSL_CTX_set_min_proto_version(ctx, datagram ? DTLS1_2_VERSION : TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(ctx, datagram ? DTLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_ciphersuites(ctx, kSuites13) == 1 && SSL_CTX_set_cipher_list(ctx, kSuites12) == 1 &&
                    SSL_CTX_set1_groups_list(ctx, kGroups) == 1 && SSL_CTX_set1_sigalgs_list(ctx, kSignatures) == 1 &&
                    SSL_CTX_set1_client_sigalgs_list(ctx, kSignatures) == 1 && SSL_CTX_set_num_tickets(ctx, 0) == 1;
  if (!fine) return fail("tls.library", drain_errors());
  SSL_CTX_set_options(
      ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(ctx, 0);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(ctx, static_cast<long>(kChainBytes));
  return impl;
}

Result<void> use_certificate(SSL_CTX* ctx, const std::string& certificate_pem, const Secret& key_pem) {
  const auto chain = pem::certificates(certificate_pem);
  if (!chain) return fail("tls.certificate", chain.error().detail);
  if (SSL_CTX_use_certificate(ctx, chain->front().get()) != 1) return fail("tls.certificate", drain_errors());
  for (std::size_t i = 1; i < chain->size(); ++i)
    if (SSL_CTX_add1_chain_cert(ctx, (*chain)[i].get()) != 1) return fail("tls.certificate", drain_errors());
  const auto key = pem::private_key(key_pem);
  if (!key) return fail("tls.key", key.error().detail);
  if (SSL_CTX_use_PrivateKey(ctx, key->get()) != 1 || SSL_CTX_check_private_key(ctx) != 1)
    return fail("tls.key", drain_errors());
  return {};
}

Result<void> trust(SSL_CTX* ctx, const std::string& ca_pem, const char* code, bool announce) {
  const auto authorities = pem::certificates(ca_pem);
  if (!authorities) return fail(code, authorities.error().detail);
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (const pem::Certificate& authority : *authorities) {
    if (X509_check_ca(authority.get()) == 0) return fail(code, "a certificate is no CA");
    if (X509_STORE_add_cert(store, authority.get()) != 1) return fail(code, drain_errors());
    if (announce && SSL_CTX_add_client_CA(ctx, authority.get()) != 1) return fail(code, drain_errors());
  }
  // The system's clock, which is the library's own: with another one chains would be judged otherwise than here.
  const Instant now(std::chrono::seconds(std::time(nullptr)));
  if (const auto usable = pem::in_force(*authorities, now); !usable) return fail(code, usable.error().detail);
  return {};
}

/// SHA-256 over the certificates as the client sent them, each with its length. Nothing: the library failed.
std::optional<VerifiedChains::Digest> digest_of(const STACK_OF(X509) * sent) {
  const DigestPtr sha(EVP_MD_CTX_new());
  if (!sha || EVP_DigestInit_ex(sha.get(), EVP_sha256(), nullptr) != 1) return std::nullopt;
  for (int i = 0; i < sk_X509_num(sent); ++i) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(sk_X509_value(sent, i), &der);
    if (size <= 0) return std::nullopt;
    const std::unique_ptr<unsigned char, Freer<free_der>> owned(der);
    const auto length = static_cast<std::uint32_t>(size);
    if (EVP_DigestUpdate(sha.get(), &length, sizeof(length)) != 1 || EVP_DigestUpdate(sha.get(), der, length) != 1) {
      return std::nullopt;
    }
  }
  VerifiedChains::Digest out{};
  if (EVP_DigestFinal_ex(sha.get(), out.data(), nullptr) != 1) return std::nullopt;
  return out;
}

/// In which every certificate of the chain is valid; nothing when a time cannot be read.
std::optional<std::pair<std::time_t, std::time_t>> window_of(const STACK_OF(X509) * chain) {
  std::time_t from = 0, until = std::numeric_limits<std::time_t>::max();
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    std::tm begin{}, end{};
    if (ASN1_TIME_to_tm(X509_get0_notBefore(sk_X509_value(chain, i)), &begin) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(sk_X509_value(chain, i)), &end) != 1) {
      return std::nullopt;
    }
    from = std::max(from, timegm(&begin));
    until = std::min(until, timegm(&end));
  }
  if (sk_X509_num(chain) <= 0) return std::nullopt;
  return std::pair(from, until);
}

/// Verifies like libssl, but records instead of refusing: the application decides, and the person reads a sentence.
int record_verification(X509_STORE_CTX* store, void* chains) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* record = static_cast<Verification*>(SSL_get_ex_data(ssl, verification_index()));
  auto& known = *static_cast<VerifiedChains*>(chains);
  record->presented = true;
  record->verified = false;
  const STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(store);
  if (sk_X509_num(sent) > static_cast<int>(kChainCertificates)) {
    record->why = "chain is too long";
  } else if (const auto digest = digest_of(sent); digest && known.holds(*digest, std::time(nullptr))) {
    record->verified = true;
  } else if (X509_verify_cert(store) == 1) {
    record->verified = true;
    const auto window = digest ? window_of(X509_STORE_CTX_get0_chain(store)) : std::nullopt;
    if (window) known.put(*digest, window->first, window->second);
  } else {
    record->error = X509_STORE_CTX_get_error(store);
    record->why = X509_verify_cert_error_string(record->error);
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  ERR_clear_error();
  return 1;
}

/// The same, but a peer without a good certificate goes no further: over DTLS nobody reads a sentence.
int demand_verification(X509_STORE_CTX* store, void* argument) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* record = static_cast<const Verification*>(SSL_get_ex_data(ssl, verification_index()));
  record_verification(store, argument);
  if (record->verified) return 1;
  X509_STORE_CTX_set_error(store, record->error != X509_V_OK ? record->error : X509_V_ERR_CERT_CHAIN_TOO_LONG);
  return 0;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  for (unsigned int at = 0; at < offered_length;) {
    const unsigned int length = offered[at];
    if (length > offered_length - at - 1) break;
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), length);
    if (name == kHttp11) {
      *out = offered + at + 1;
      *out_length = static_cast<unsigned char>(length);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + length;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::string drain_errors() {
  std::string reason;
  while (const unsigned long code = ERR_get_error()) {
    const char* text = ERR_reason_error_string(code);
    if (text != nullptr) reason = text;
  }
  return reason.empty() ? "unknown" : reason;
}

Result<TlsServerContext> TlsServerContext::make(const ServerSettings& settings) {
  auto impl = make_context(TLS_server_method());
  if (!impl) return impl.error();
  SSL_CTX* ctx = (*impl)->ctx.get();
  if (auto used = use_certificate(ctx, settings.certificate_pem, settings.key_pem); !used) return used.error();
  if (!settings.client_ca_pem.empty()) {
    if (auto trusted = trust(ctx, settings.client_ca_pem, "tls.client_ca", true); !trusted) return trusted.error();
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(ctx, record_verification, &(*impl)->verified_chains);
    SSL_CTX_set_verify_depth(ctx, static_cast<int>(kChainCertificates) - 1);
  }
  SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, nullptr);
  TlsServerContext self;
  self.impl_ = std::move(*impl);
  return self;
}

Result<TlsClientContext> TlsClientContext::make(const ClientSettings& settings) {
  auto impl = make_context(TLS_client_method());
  if (!impl) return impl.error();
  SSL_CTX* ctx = (*impl)->ctx.get();
  if (!settings.certificate_pem.empty()) {
    if (auto used = use_certificate(ctx, settings.certificate_pem, settings.key_pem); !used) return used.error();
  }
  if (auto trusted = trust(ctx, settings.ca_pem, "tls.server_ca", false); !trusted) return trusted.error();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  std::string alpn;
  for (const std::string& name : settings.alpn) {
    if (name.empty() || name.size() > 255) return fail("tls.library", "ALPN name of unusable length");
    alpn.push_back(static_cast<char>(name.size()));
    alpn += name;
  }
  if (!alpn.empty() && SSL_CTX_set_alpn_protos(ctx, reinterpret_cast<const unsigned char*>(alpn.data()),
                                               static_cast<unsigned>(alpn.size())) != 0)
    return fail("tls.library", drain_errors());
  (*impl)->server_name = settings.server_name;
  TlsClientContext self;
  self.impl_ = std::move(*impl);
  return self;
}

void* TlsClientContext::native_for_test() const {
  return impl_->ctx.get();
}

Result<DtlsServerContext> DtlsServerContext::make(const ServerSettings& settings) {
  if (settings.client_ca_pem.empty())
    return fail("tls.client_ca", "DTLS demands client certificates, so it needs their CA");
  auto impl = make_context(DTLS_server_method(), true);
  if (!impl) return impl.error();
  SSL_CTX* ctx = (*impl)->ctx.get();
  if (auto used = use_certificate(ctx, settings.certificate_pem, settings.key_pem); !used) return used.error();
  if (auto trusted = trust(ctx, settings.client_ca_pem, "tls.client_ca", true); !trusted) return trusted.error();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, demand_verification, &(*impl)->verified_chains);
  SSL_CTX_set_verify_depth(ctx, static_cast<int>(kChainCertificates) - 1);
  prepare_datagrams(ctx);
  DtlsServerContext self;
  self.impl_ = std::move(*impl);
  return self;
}

Result<DtlsClientContext> DtlsClientContext::make(const ClientSettings& settings) {
  auto impl = make_context(DTLS_client_method(), true);
  if (!impl) return impl.error();
  SSL_CTX* ctx = (*impl)->ctx.get();
  if (!settings.certificate_pem.empty()) {
    if (auto used = use_certificate(ctx, settings.certificate_pem, settings.key_pem); !used) return used.error();
  }
  if (auto trusted = trust(ctx, settings.ca_pem, "tls.server_ca", false); !trusted) return trusted.error();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  prepare_datagrams(ctx);
  (*impl)->server_name = settings.server_name;
  DtlsClientContext self;
  self.impl_ = std::move(*impl);
  return self;
}

}  // namespace sekisho::tls
