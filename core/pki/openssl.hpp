// Owners of OpenSSL's objects, and how its errors become ours. Private to this room. Threads: as OpenSSL's objects.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace sekisho::pki {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
inline void free_names(GENERAL_NAMES* names) {
  GENERAL_NAMES_free(names);
}
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freer<X509_CRL_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<free_names>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

/// OpenSSL's error queue is the thread's: what one call leaves must not be read by the next.
struct ErrorQueue {
  ErrorQueue();
  ~ErrorQueue();
};
/// The newest reason of the queue, OpenSSL's constant text; empties the queue.
[[nodiscard]] std::string drain_errors();

[[nodiscard]] BioPtr reader(std::string_view bytes);
/// A memory BIO whose bytes are wiped when it is freed.
[[nodiscard]] BioPtr secret_writer();
[[nodiscard]] std::string content(BIO* bio);

}  // namespace sekisho::pki
