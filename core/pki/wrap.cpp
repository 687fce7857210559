#include "pki/wrap.hpp"

#include "pki/openssl.hpp"

#include <openssl/pem.h>

#include <algorithm>

namespace sekisho::pki {
namespace {

constexpr int kPkcs12Rounds = 100'000;
constexpr int kKeyRounds = 600'000;
constexpr std::string_view kEncryptedMark = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

using Pkcs12Ptr = std::unique_ptr<PKCS12, Freer<PKCS12_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freer<PKCS8_PRIV_KEY_INFO_free>>;
using SignaturePtr = std::unique_ptr<X509_SIG, Freer<X509_SIG_free>>;

Error library_error() {
  return fail("pki.library", drain_errors());
}

KeyPtr plain_key(const Secret& pem) {
  const BioPtr bio = reader(pem.reveal());
  const auto no_phrase = [](char*, int, int, void*) { return -1; };
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr));
}

Result<Secret> write_key(EVP_PKEY* key) {
  const BioPtr bio = secret_writer();
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return library_error();
  }
  return Secret(content(bio.get()));
}

}  // namespace

Result<void> check_passphrase(const Secret& passphrase) {
  const std::string_view text = passphrase.reveal();
  if (text.size() < 8 || text.size() > 128) return fail("pki.bad_passphrase", "8 to 128 characters");
  if (!std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) {
    return fail("pki.bad_passphrase", "ASCII characters that can be printed");
  }
  return {};
}

Secret new_passphrase(Entropy& entropy) {
  static constexpr std::string_view kLetters = "23456789abcdefghijkmnpqrstuvwxyz";
  static_assert(kLetters.size() == 32);
  std::string out;
  for (int i = 0; i < 25; ++i) {
    if (i != 0 && i % 5 == 0) out += '-';
    out += kLetters[entropy.below(32)];
  }
  return Secret(std::move(out));
}

Result<std::string> make_pkcs12(const Leaf& leaf, const Secret& passphrase) {
  const ErrorQueue errors;
  if (auto good = check_passphrase(passphrase); !good) return good.error();
  const KeyPtr key = plain_key(leaf.key_pem);
  if (!key) return fail("pki.bad_key", "the leaf's key cannot be read");
  const BioPtr bio = reader(leaf.certificate_pem);
  const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) return fail("pki.bad_certificate", "the leaf cannot be read");
  const std::string name = "Sekisho " + leaf.facts.person + " " + leaf.facts.terminal;
  const Pkcs12Ptr made(PKCS12_create(passphrase.reveal().data(), name.c_str(), key.get(), certificate.get(), nullptr,
                                     NID_aes_256_cbc, NID_aes_256_cbc, kPkcs12Rounds, -1, 0));
  if (!made || PKCS12_set_mac(made.get(), passphrase.reveal().data(), static_cast<int>(passphrase.size()), nullptr, 0,
                              kPkcs12Rounds, EVP_sha256()) != 1) {
    return library_error();
  }
  const BioPtr out = secret_writer();
  if (!out || i2d_PKCS12_bio(out.get(), made.get()) != 1) return library_error();
  return content(out.get());
}

Result<Secret> encrypt_key(const Secret& key_pem, const Secret& passphrase) {
  const ErrorQueue errors;
  if (auto good = check_passphrase(passphrase); !good) return good.error();
  const KeyPtr key = plain_key(key_pem);
  if (!key) return fail("pki.bad_key", "the key cannot be read");
  const Pkcs8Ptr plain(EVP_PKEY2PKCS8(key.get()));
  if (!plain) return library_error();
  const SignaturePtr wrapped(PKCS8_encrypt(-1, EVP_aes_256_cbc(), passphrase.reveal().data(),
                                           static_cast<int>(passphrase.size()), nullptr, 0, kKeyRounds, plain.get()));
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!wrapped || !bio || PEM_write_bio_PKCS8(bio.get(), wrapped.get()) != 1) return library_error();
  return Secret(content(bio.get()));
}

bool is_encrypted(const Secret& key_pem) {
  return key_pem.reveal().find(kEncryptedMark) != std::string_view::npos;
}

Result<Secret> decrypt_key(const Secret& key_pem, const Secret& passphrase) {
  const ErrorQueue errors;
  if (!is_encrypted(key_pem)) {
    const KeyPtr key = plain_key(key_pem);
    if (!key) return fail("pki.bad_key", "no key in PEM form");
    return write_key(key.get());
  }
  if (passphrase.empty()) return fail("pki.passphrase_wanted", "the CA's key is encrypted");
  const BioPtr bio = reader(key_pem.reveal());
  const SignaturePtr wrapped(PEM_read_bio_PKCS8(bio.get(), nullptr, nullptr, nullptr));
  if (!wrapped) return fail("pki.bad_key", "no encrypted key in PEM form");
  const Pkcs8Ptr plain(PKCS8_decrypt(wrapped.get(), passphrase.reveal().data(), static_cast<int>(passphrase.size())));
  if (!plain) return fail("pki.wrong_passphrase", "the CA's key does not open with it");
  const KeyPtr key(EVP_PKCS82PKEY(plain.get()));
  if (!key) return fail("pki.bad_key", "what the file holds is no key");
  return write_key(key.get());
}

}  // namespace sekisho::pki
