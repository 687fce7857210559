// PEM files of a site (certificates, keys, authorities) read strictly: what is wrong with one is said by its reason and
// line, never as "failed". Text before a block may explain it (RFC 7468 §5.2); behind the last block there is nothing,
// since what stands there is most often a block that was cut off, and a chain or an authority that is silently missing.
// Threads: pure functions; read_file() reads one. Ownership: results own their objects. Errors, each with its words in
// both languages and, where there is one, the line: pem.unreadable, pem.too_large, pem.none, pem.broken, pem.rubbish,
// pem.no_certificate, pem.no_key, pem.encrypted, pem.expired, pem.not_yet_valid.
// Source: RFC 7468; mission.md R02, R04.
#pragma once
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/time.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;      // OpenSSL's X509
struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sekisho::pem {

struct Freer {
  void operator()(x509_st* certificate) const;
  void operator()(evp_pkey_st* key) const;
};
using Certificate = std::unique_ptr<x509_st, Freer>;
using Key = std::unique_ptr<evp_pkey_st, Freer>;

inline constexpr std::size_t kLongestFile = 1 << 20;

/// Errors: pem.unreadable (with the system's reason), pem.too_large.
[[nodiscard]] Result<std::string> read_file(const std::string& file);

/// Every certificate, in its order; at least one. Blocks of other kinds are passed over.
[[nodiscard]] Result<std::vector<Certificate>> certificates(std::string_view text);
/// The first private key. A pass phrase is never asked for: an encrypted key is pem.encrypted.
[[nodiscard]] Result<Key> private_key(const Secret& text);
/// At least one of them can be trusted at `now`: an old authority may stand beside its successor.
/// Errors: pem.expired, pem.not_yet_valid; with the day.
[[nodiscard]] Result<void> in_force(const std::vector<Certificate>& authorities, Instant now);

/// The same error with the file's name before its words.
[[nodiscard]] Error in_file(Error error, const std::string& file);

/// Every code with its sentence.
[[nodiscard]] std::vector<std::pair<std::string, Text>> all_words();

}  // namespace sekisho::pem
