#include "net/tls/testing/certificates.hpp"

#include "net/tls/openssl.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>

namespace sekisho::tls::testing {
namespace {

void require(bool condition) {
  if (condition) return;
  ERR_print_errors_fp(stderr);
  std::abort();
}

KeyPtr make_key(int rsa_bits) {
  KeyPtr key(rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(rsa_bits)));
  require(key != nullptr);
  return key;
}

std::string text_of(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}
std::string pem_of(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_of(bio);
}
std::string pem_of(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

X509Ptr blank(const std::string& name, EVP_PKEY* key, X509* issuer, bool expired) {
  X509Ptr certificate(X509_new());
  require(X509_set_version(certificate.get(), 2) == 1);
  BIGNUM* serial = BN_new();
  require(BN_rand(serial, 120, 0, 0) == 1);
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate.get()));
  BN_free(serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), expired ? -3600 : 86400);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()),
                                     -1, -1, 0) == 1);
  X509_set_issuer_name(certificate.get(), issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

}  // namespace

struct Authority::Impl {
  KeyPtr key;
  X509Ptr certificate;
  std::string pem, chain_below;  // chain_below: what a leaf must send besides itself

  void make(const std::string& name, const Impl* parent, bool expired = false) {
    key = make_key(0);
    certificate = blank(name, key.get(), parent ? parent->certificate.get() : nullptr, expired);
    X509* issuer = parent ? parent->certificate.get() : certificate.get();
    extend(certificate.get(), issuer, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate.get(), issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(certificate.get(), issuer, NID_subject_key_identifier, "hash");
    require(X509_sign(certificate.get(), parent ? parent->key.get() : key.get(), EVP_sha256()) > 0);
    pem = pem_of(certificate.get());
    if (parent) chain_below = pem + parent->chain_below;
  }
};

Authority::Authority(const std::string& name) : impl_(std::make_unique<Impl>()) {
  impl_->make(name, nullptr);
}
Authority::Authority(const std::string& name, Expired /*expired*/) : impl_(std::make_unique<Impl>()) {
  impl_->make(name, nullptr, true);
}
Authority::Authority(const std::string& name, const Authority& parent) : impl_(std::make_unique<Impl>()) {
  impl_->make(name, parent.impl_.get());
}
Authority::~Authority() = default;
const std::string& Authority::pem() const {
  return impl_->pem;
}

Identity Authority::issue(const LeafOptions& options) const {
  const KeyPtr key = make_key(options.rsa_bits);
  const X509Ptr leaf = blank(options.name, key.get(), impl_->certificate.get(), options.expired);
  X509* issuer = impl_->certificate.get();
  extend(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  extend(leaf.get(), issuer, NID_key_usage, "critical,digitalSignature");
  extend(leaf.get(), issuer, NID_ext_key_usage, options.client ? "clientAuth" : "serverAuth");
  std::string names;
  const auto add = [&](const char* kind, const std::vector<std::string>& values) {
    for (const std::string& value : values) names += (names.empty() ? "" : ",") + std::string(kind) + ":" + value;
  };
  add("DNS", options.dns);
  add("IP", options.ip);
  add("URI", options.uri);
  if (!names.empty()) extend(leaf.get(), issuer, NID_subject_alt_name, names);
  if (options.padding > 0) extend(leaf.get(), issuer, NID_netscape_comment, std::string(options.padding, 'x'));
  require(X509_sign(leaf.get(), impl_->key.get(), EVP_sha256()) > 0);
  return {pem_of(leaf.get()) + impl_->chain_below, pem_of(key.get())};
}

}  // namespace sekisho::tls::testing
