// Keys under a passphrase: PKCS#12 files for clients (FortiClient, openconnect) and the CA's own key at rest.
// Threads: pure functions; salts come from OpenSSL's generator. Blocking: one call takes about 0.1 to 0.3 s on purpose
// (PBKDF2). Ranges: a passphrase is 8 to 128 printable ASCII characters: systems differ in how they encode others.
// Both forms are PBES2 with AES-256-CBC, PBKDF2 with HMAC-SHA-256, integrity HMAC-SHA-256: Windows 10 1709 and later,
// GnuTLS and OpenSSL read them. Errors: pki.bad_passphrase (its form), pki.wrong_passphrase, pki.passphrase_wanted,
// pki.bad_key, pki.bad_certificate, pki.library. Source: RFC 7292, RFC 8018.
#pragma once
#include "pki/authority.hpp"

#include <string>

namespace sekisho::pki {

[[nodiscard]] Result<void> check_passphrase(const Secret& passphrase);
/// 25 characters in five groups that are read out well (no 0, O, 1, l, I): 120 bits and more.
[[nodiscard]] Secret new_passphrase(Entropy& entropy);

/// DER. Holds the leaf and its key, not the CA: importing it makes no computer trust a root.
[[nodiscard]] Result<std::string> make_pkcs12(const Leaf& leaf, const Secret& passphrase);

/// PKCS#8 PEM, encrypted.
[[nodiscard]] Result<Secret> encrypt_key(const Secret& key_pem, const Secret& passphrase);
/// Takes an encrypted or a plain PKCS#8 PEM; `passphrase` may be empty for a plain one.
[[nodiscard]] Result<Secret> decrypt_key(const Secret& key_pem, const Secret& passphrase);
[[nodiscard]] bool is_encrypted(const Secret& key_pem);

}  // namespace sekisho::pki
