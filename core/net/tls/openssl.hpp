// Owners of OpenSSL's objects. Private to this room.
#pragma once
#include "net/tls/secure_channel.hpp"
#include "net/tls/verified_chains.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace sekisho::tls {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslCtxPtr = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<SSL_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, Freer<BIO_meth_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

struct ContextImpl {
  SslCtxPtr ctx;
  BioMethodPtr bio_method;
  std::string server_name;         // client role
  VerifiedChains verified_chains;  // server role
};

/// Carries bytes between libssl and a channel's Wire (ssl_core.hpp).
[[nodiscard]] BioMethodPtr make_bio_method();
/// The same for datagrams: one write is one datagram (dtls_channel.cpp).
[[nodiscard]] BioMethodPtr make_datagram_bio_method();
/// Cookies and sizes of DTLS (dtls_channel.cpp).
void prepare_datagrams(SSL_CTX* ctx);
/// Index of a channel's verification record in an SSL.
[[nodiscard]] int verification_index();

/// What the verify callback found out; the handshake goes on in any case (server role).
struct Verification {
  bool presented = false, verified = false;
  int error = 0;  ///< X509_V_ERR_… of the first fault
  std::string why;
};

[[nodiscard]] PeerCertificate judged(const Verification& found, ChannelState state);
[[nodiscard]] CertificateFault fault_of(const Verification& found);
/// The peer's chain, leaf first; empty when it passes the limits of tls_context.hpp.
[[nodiscard]] std::vector<std::string> chain_of(SSL* ssl);

/// Before a call whose SSL_get_error() is asked: the queue of this thread must be empty. Looking is cheaper than
/// emptying.
inline void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}
/// Empties the error queue of this thread and returns its newest reason.
[[nodiscard]] std::string drain_errors();

}  // namespace sekisho::tls
