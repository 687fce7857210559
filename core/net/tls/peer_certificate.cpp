// What a channel says of its peer's certificate; the same for TLS and DTLS.
#include "net/tls/openssl.hpp"
#include "net/tls/tls_context.hpp"

#include <openssl/x509_vfy.h>

namespace sekisho::tls {

PeerCertificate judged(const Verification& found, ChannelState state) {
  if (!found.presented) return PeerCertificate::none;
  const bool proved = state == ChannelState::open || state == ChannelState::closed;
  return found.verified && proved ? PeerCertificate::verified : PeerCertificate::rejected;
}

CertificateFault fault_of(const Verification& found) {
  switch (found.error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return CertificateFault::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return CertificateFault::not_yet_valid;
    case X509_V_ERR_INVALID_PURPOSE:
      return CertificateFault::wrong_usage;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return CertificateFault::weak_key;
    default:
      return CertificateFault::untrusted;
  }
}

std::vector<std::string> chain_of(SSL* ssl) {
  std::vector<std::string> chain;
  std::size_t total = 0;
  const auto add = [&](X509* certificate) {
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) return;
    std::string der(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(der.data());
    if (i2d_X509(certificate, &at) != size) return;
    total += der.size();
    chain.push_back(std::move(der));
  };
  if (X509* leaf = SSL_get0_peer_certificate(ssl)) add(leaf);
  // On the server's side libssl keeps the leaf apart from the rest of the chain.
  STACK_OF(X509)* rest = SSL_get_peer_cert_chain(ssl);
  for (int i = SSL_is_server(ssl) ? 0 : 1; rest != nullptr && i < sk_X509_num(rest); ++i) add(sk_X509_value(rest, i));
  if (chain.size() > kChainCertificates || total > kChainBytes) chain.clear();
  return chain;
}

}  // namespace sekisho::tls
