// The certificate zoo: keys, CAs, leaves and revocation lists of every shape, made at test time with OpenSSL.
// Threads: one. Ownership: handles free themselves. Units: seconds relative to kNow.
#pragma once
#include <sekisho/sdk/time.hpp>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::client_certificate::zoo {

inline const Instant kNow = Instant(std::chrono::seconds(1795305600));
inline constexpr long kDay = 86400;

#define ZOO_CHECK(x)        \
  do {                      \
    if (!(x)) std::abort(); \
  } while (false)

using Key = std::shared_ptr<EVP_PKEY>;
using Cert = std::shared_ptr<X509>;

inline Key ec_key(const char* curve = "P-256") {
  return Key(EVP_EC_gen(curve), EVP_PKEY_free);
}
inline Key rsa_key(unsigned bits) {
  return Key(EVP_RSA_gen(bits), EVP_PKEY_free);
}
inline Key ed25519_key() {
  return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
}

struct Spec {
  std::string name = "leaf";
  Key key;
  long not_before = -kDay, not_after = 30 * kDay;
  std::string basic = "critical,CA:FALSE";
  std::string usage = "critical,digitalSignature";
  std::string extended = "clientAuth";
  std::string san = "URI:urn:sekisho:person:mori,URI:urn:sekisho:terminal:pc-mori";
  std::string constraints;       ///< name constraints
  std::string unknown_critical;  ///< an OID in dotted form
  int repeated = NID_undef;      ///< the extension that stands there a second time
  const EVP_MD* digest = EVP_sha256();
  long serial = 7;
};

inline Spec ca_spec(std::string name, std::string basic = "critical,CA:TRUE") {
  Spec spec;
  spec.name = std::move(name);
  spec.basic = std::move(basic);
  spec.usage = "critical,keyCertSign,cRLSign";
  spec.extended.clear();
  spec.san.clear();
  spec.not_after = 365 * kDay;
  return spec;
}

struct Issued {
  Key key;
  Cert cert;
  [[nodiscard]] std::string der() const {
    unsigned char* out = nullptr;
    const int size = i2d_X509(cert.get(), &out);
    ZOO_CHECK(size > 0);
    std::string bytes(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return bytes;
  }
  [[nodiscard]] std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    ZOO_CHECK(PEM_write_bio_X509(bio.get(), cert.get()) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
  }
};

inline std::time_t at(long offset) {
  return std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(kNow)) + offset;
}

inline void extend(X509* cert, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ZOO_CHECK(extension != nullptr && X509_add_ext(cert, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

/// Self-signed when `issuer` is null.
inline Issued issue(Spec spec, const Issued* issuer = nullptr) {
  Issued out{spec.key ? spec.key : ec_key(), Cert(X509_new(), X509_free)};
  X509* cert = out.cert.get();
  ZOO_CHECK(X509_set_version(cert, X509_VERSION_3) == 1);
  ZOO_CHECK(ASN1_INTEGER_set(X509_get_serialNumber(cert), spec.serial) == 1);
  X509_NAME* name = X509_get_subject_name(cert);
  ZOO_CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(spec.name.c_str()), -1, -1, 0) == 1);
  X509* parent = issuer != nullptr ? issuer->cert.get() : cert;
  ZOO_CHECK(X509_set_issuer_name(cert, X509_get_subject_name(parent)) == 1);
  ZOO_CHECK(ASN1_TIME_set(X509_getm_notBefore(cert), at(spec.not_before)) != nullptr);
  ZOO_CHECK(ASN1_TIME_set(X509_getm_notAfter(cert), at(spec.not_after)) != nullptr);
  ZOO_CHECK(X509_set_pubkey(cert, out.key.get()) == 1);
  extend(cert, parent, NID_basic_constraints, spec.basic);
  extend(cert, parent, NID_key_usage, spec.usage);
  extend(cert, parent, NID_ext_key_usage, spec.extended);
  extend(cert, parent, NID_subject_alt_name, spec.san);
  extend(cert, parent, NID_name_constraints, spec.constraints);
  extend(cert, parent, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) extend(cert, parent, NID_authority_key_identifier, "keyid");
  if (!spec.unknown_critical.empty()) {
    ASN1_OBJECT* oid = OBJ_txt2obj(spec.unknown_critical.c_str(), 1);
    ASN1_OCTET_STRING* data = ASN1_OCTET_STRING_new();
    ZOO_CHECK(ASN1_OCTET_STRING_set(data, reinterpret_cast<const unsigned char*>("\x05\x00"), 2) == 1);
    X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, oid, 1, data);
    ZOO_CHECK(X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension), ASN1_OCTET_STRING_free(data), ASN1_OBJECT_free(oid);
  }
  if (spec.repeated != NID_undef) {
    const int at = X509_get_ext_by_NID(cert, spec.repeated, -1);
    ZOO_CHECK(at >= 0 && X509_add_ext(cert, X509_get_ext(cert, at), -1) == 1);
  }
  EVP_PKEY* signer = issuer != nullptr ? issuer->key.get() : out.key.get();
  const bool own_digest = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
  ZOO_CHECK(X509_sign(cert, signer, own_digest ? nullptr : spec.digest) > 0);
  return out;
}

/// PEM of a list of `serials`, valid from `last` to `next` (seconds from kNow).
inline std::string crl(const Issued& issuer, const std::vector<long>& serials, long last = -3600, long next = kDay) {
  const std::shared_ptr<X509_CRL> list(X509_CRL_new(), X509_CRL_free);
  ZOO_CHECK(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1);
  ZOO_CHECK(X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.cert.get())) == 1);
  const std::shared_ptr<ASN1_TIME> from(ASN1_TIME_set(nullptr, at(last)), ASN1_TIME_free);
  const std::shared_ptr<ASN1_TIME> until(ASN1_TIME_set(nullptr, at(next)), ASN1_TIME_free);
  ZOO_CHECK(X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1);
  ZOO_CHECK(X509_CRL_set1_nextUpdate(list.get(), until.get()) == 1);
  for (const long serial : serials) {
    X509_REVOKED* revoked = X509_REVOKED_new();
    const std::shared_ptr<ASN1_INTEGER> number(ASN1_INTEGER_new(), ASN1_INTEGER_free);
    ZOO_CHECK(ASN1_INTEGER_set(number.get(), serial) == 1);
    ZOO_CHECK(X509_REVOKED_set_serialNumber(revoked, number.get()) == 1);
    ZOO_CHECK(X509_REVOKED_set_revocationDate(revoked, from.get()) == 1);
    ZOO_CHECK(X509_CRL_add0_revoked(list.get(), revoked) == 1);
  }
  X509_CRL_sort(list.get());
  ZOO_CHECK(X509_CRL_sign(list.get(), issuer.key.get(), EVP_sha256()) > 0);
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  ZOO_CHECK(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace sekisho::client_certificate::zoo
