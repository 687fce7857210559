// Fuzz: a client's certificate chain. Input: first byte even: the rest is certificates in DER, each after two bytes of
// length; odd: the content of the leaf's subject alternative names, in a leaf that our own CA signs here, so that what
// lies behind the signature is reached.
#include "chain_check.hpp"
#include "testing/zoo.hpp"

#include <cstdlib>

namespace {

using namespace sekisho::client_certificate;
using namespace sekisho::client_certificate::zoo;  // NOLINT: the zoo

struct House {
  House() : root(issue(ca_spec("root"))), key(ec_key()) {
    check = *ChainCheck::make({}, root.pem(), crl(root, {}));
    Spec spec;
    spec.key = key;
    spec.san.clear();
    leaf = issue(spec, &root);
  }
  /// The leaf with these bytes as its names, signed again.
  std::string signed_with(const std::uint8_t* names, std::size_t size) const {
    const Cert cert(X509_dup(leaf.cert.get()), X509_free);
    const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> data(ASN1_OCTET_STRING_new(),
                                                                                     ASN1_OCTET_STRING_free);
    ZOO_CHECK(ASN1_OCTET_STRING_set(data.get(), names, static_cast<int>(size)) == 1);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509_EXTENSION_create_by_NID(nullptr, NID_subject_alt_name, 0, data.get()), X509_EXTENSION_free);
    ZOO_CHECK(X509_add_ext(cert.get(), extension.get(), -1) == 1);
    ZOO_CHECK(X509_sign(cert.get(), root.key.get(), EVP_sha256()) > 0);
    return Issued{key, cert}.der();
  }

  Issued root, leaf;
  Key key;
  std::shared_ptr<const ChainCheck> check;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const House house;
  if (size == 0) return 0;
  const bool ours = data[0] % 2 == 1;
  std::vector<std::string> chain;
  if (ours) {
    if (size > 4096) return 0;
    chain.push_back(house.signed_with(data + 1, size - 1));
  } else {
    for (std::size_t at = 1; at + 2 <= size;) {
      const std::size_t length = std::min<std::size_t>(data[at] * 256U + data[at + 1], size - at - 2);
      chain.emplace_back(reinterpret_cast<const char*>(data + at + 2), length);
      at += 2 + length;
    }
    if (chain.empty()) return 0;
  }
  const Checked checked = house.check->check(chain, kNow);
  if (checked.finding != Finding::good) return 0;
  if (!ours) std::abort();  // nobody else has the CA's key
  for (const std::string& id : {checked.person, checked.terminal}) {
    if (id.empty() || id.size() > 63) std::abort();
    if (id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos) std::abort();
  }
  return 0;
}
