// How certificates are put together with OpenSSL's builders; nothing here goes through its text configuration, whose
// values ("DNS:…,URI:…") would have to be quoted against the ids that stand in them.
#include "pki/authority.hpp"

#include "pki/openssl.hpp"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <span>
#include <utility>

namespace sekisho::pki {
namespace {

constexpr std::string_view kPersonUrn = "urn:sekisho:person:";
constexpr std::string_view kTerminalUrn = "urn:sekisho:terminal:";
constexpr std::size_t kSerialBytes = 16;

Error library_error() {
  return fail("pki.library", drain_errors());
}

bool is_id(std::string_view id) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !id.empty() && id.size() <= 63 && plain(id.front()) &&
         std::ranges::all_of(id, [&](char c) { return plain(c) || c == '_' || c == '-'; });
}

std::time_t seconds_of(Instant at) {
  return std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
}

std::optional<Instant> instant_of(const ASN1_TIME* at) {
  std::tm parts{};
  if (at == nullptr || ASN1_TIME_to_tm(at, &parts) != 1) return std::nullopt;
  return Instant(std::chrono::seconds(timegm(&parts)));
}

std::string hex(std::span<const unsigned char> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

/// 16 random bytes of which the first is not 0, so that every tool writes the same 32 digits.
Result<std::array<unsigned char, kSerialBytes>> new_serial(Entropy& entropy) {
  std::array<unsigned char, kSerialBytes> out{};
  for (int tries = 0; tries < 64; ++tries) {
    entropy.fill(std::as_writable_bytes(std::span(out)));
    if (out[0] != 0) return out;
  }
  return fail("pki.library", "no entropy");
}

bool put_integer(ASN1_INTEGER* to, std::span<const unsigned char> big_endian) {
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(
      BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), to) != nullptr;
}

std::string serial_of(const ASN1_INTEGER* serial) {
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (!number || BN_is_negative(number.get())) return {};
  std::vector<unsigned char> bytes(static_cast<std::size_t>(std::max(BN_num_bytes(number.get()), 1)));
  BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(bytes.size()));
  return hex(bytes);
}

X509Ptr read_one(std::string_view pem) {
  const BioPtr bio = reader(pem);
  X509Ptr first(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  const X509Ptr second(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (second) first.reset();
  return first;
}

KeyPtr read_key(const Secret& pem) {
  const BioPtr bio = reader(pem.reveal());
  const auto no_phrase = [](char*, int, int, void*) { return -1; };  // never asked on a terminal
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr));
}

Result<std::string> to_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) return library_error();
  return content(bio.get());
}

Result<Secret> to_pem(EVP_PKEY* key) {
  const BioPtr bio = secret_writer();
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return library_error();
  }
  return Secret(content(bio.get()));
}

bool add_name(X509_NAME* name, int nid, std::string_view text) {
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool add_extension(X509* to, X509* issuer, int nid, const char* constant) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, constant));
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

/// Critical: excluded are every DNS name and every IPv4 and IPv6 address.
bool add_name_constraints(X509* to) {
  const std::unique_ptr<NAME_CONSTRAINTS, Freer<NAME_CONSTRAINTS_free>> constraints(NAME_CONSTRAINTS_new());
  if (!constraints) return false;
  constraints->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
  if (constraints->excludedSubtrees == nullptr) return false;
  const std::array<unsigned char, 32> zeros{};
  // RFC 5280 §4.2.1.10: an empty DNS name covers all; an address is followed by its mask.
  for (const auto& [type, size] : {std::pair{GEN_DNS, 0}, std::pair{GEN_IPADD, 8}, std::pair{GEN_IPADD, 32}}) {
    GENERAL_SUBTREE* subtree = GENERAL_SUBTREE_new();
    if (subtree == nullptr || sk_GENERAL_SUBTREE_push(constraints->excludedSubtrees, subtree) <= 0) return false;
    ASN1_STRING* value = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    if (value == nullptr || ASN1_STRING_set(value, zeros.data(), size) != 1) return false;
    GENERAL_NAME_set0_value(subtree->base, type, value);
  }
  return X509_add1_ext_i2d(to, NID_name_constraints, constraints.get(), 1, X509V3_ADD_DEFAULT) == 1;
}

bool add_identity(X509* to, const LeafOptions& options) {
  const NamesPtr names(GENERAL_NAMES_new());
  for (const std::string& uri :
       {std::string(kPersonUrn) + options.person, std::string(kTerminalUrn) + options.terminal}) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    if (name == nullptr || sk_GENERAL_NAME_push(names.get(), name) <= 0) return false;
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    if (value == nullptr || ASN1_STRING_set(value, uri.data(), static_cast<int>(uri.size())) != 1) return false;
    GENERAL_NAME_set0_value(name, GEN_URI, value);
  }
  return X509_add1_ext_i2d(to, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

/// Exactly one person and one terminal among the URIs.
bool read_identity(X509* leaf, CertificateFacts& out) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const auto* text = name->d.uniformResourceIdentifier;
    const std::string_view uri(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<std::size_t>(ASN1_STRING_length(text)));
    for (auto [prefix, id] : {std::pair{kPersonUrn, &out.person}, std::pair{kTerminalUrn, &out.terminal}}) {
      if (!uri.starts_with(prefix)) continue;
      if (!id->empty() || !is_id(uri.substr(prefix.size()))) return false;
      *id = uri.substr(prefix.size());
    }
  }
  return !out.person.empty() && !out.terminal.empty();
}

Result<CertificateFacts> facts_of(X509* certificate) {
  CertificateFacts out;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return library_error();
  out.fingerprint_sha256 = hex(std::span(digest.data(), size));
  out.serial_hex = serial_of(X509_get0_serialNumber(certificate));
  const auto from = instant_of(X509_get0_notBefore(certificate)), until = instant_of(X509_get0_notAfter(certificate));
  if (!from || !until || out.serial_hex.empty()) return fail("pki.bad_certificate", "its dates or serial are unusable");
  out.not_before = *from;
  out.not_after = *until;
  X509_NAME* name = X509_get_subject_name(certificate);
  if (const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1); at >= 0) {
    unsigned char* text = nullptr;
    const int bytes = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (bytes >= 0) out.name.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(bytes));
    OPENSSL_free(text);
  }
  return out;
}

struct Signer {
  X509Ptr certificate;
  KeyPtr key;
  const EVP_MD* digest = nullptr;
  Instant not_before{}, not_after{};
};

Result<Signer> open_signer(const Authority& authority) {
  Signer out;
  out.certificate = read_one(authority.certificate_pem);
  if (!out.certificate) return fail("pki.bad_certificate", "the CA's certificate cannot be read");
  if (X509_check_ca(out.certificate.get()) != 1) return fail("pki.bad_certificate", "the certificate is no CA");
  out.key = read_key(authority.key_pem);
  if (!out.key) return fail("pki.bad_key", "the CA's key cannot be read");
  if (X509_check_private_key(out.certificate.get(), out.key.get()) != 1) {
    return fail("pki.bad_key", "the key is not the certificate's");
  }
  out.digest = EVP_PKEY_get_bits(out.key.get()) > 256 ? EVP_sha384() : EVP_sha256();
  const auto from = instant_of(X509_get0_notBefore(out.certificate.get()));
  const auto until = instant_of(X509_get0_notAfter(out.certificate.get()));
  if (!from || !until) return fail("pki.bad_certificate", "the CA's dates cannot be read");
  out.not_before = *from;
  out.not_after = *until;
  return out;
}

/// A certificate with version, serial, dates, key; names and extensions are the caller's.
Result<X509Ptr> begin_certificate(EVP_PKEY* key, Entropy& entropy, Instant from, Instant until) {
  auto serial = new_serial(entropy);
  if (!serial) return serial.error();
  X509Ptr out(X509_new());
  if (!out || X509_set_version(out.get(), X509_VERSION_3) != 1 ||
      !put_integer(X509_get_serialNumber(out.get()), *serial) ||
      ASN1_TIME_set(X509_getm_notBefore(out.get()), seconds_of(from)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(out.get()), seconds_of(until)) == nullptr ||
      X509_set_pubkey(out.get(), key) != 1) {
    return library_error();
  }
  return out;
}

bool holds(std::chrono::days life, std::chrono::days most) {
  return life >= std::chrono::days{1} && life <= most;
}

}  // namespace

Result<Authority> make_authority(const AuthorityOptions& options, Entropy& entropy, Instant now) {
  const ErrorQueue errors;
  if (options.name.empty()) return fail("pki.bad_name", "the CA's name is empty");
  if (!holds(options.life, kMaxAuthorityLife)) return fail("pki.bad_life", "1 to 7305 days");
  if (options.curve != "P-256" && options.curve != "P-384") return fail("pki.bad_key", "P-256 or P-384");
  const KeyPtr key(EVP_EC_gen(options.curve.c_str()));
  if (!key) return library_error();
  auto made = begin_certificate(key.get(), entropy, now - kSkew, now + options.life);
  if (!made) return made.error();
  X509* certificate = made->get();
  if (!add_name(X509_get_subject_name(certificate), NID_commonName, options.name)) {
    return fail("pki.bad_name", "at most 64 characters of UTF-8: " + drain_errors());
  }
  const bool whole = X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
                     add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                     add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                     add_extension(certificate, certificate, NID_ext_key_usage, "clientAuth") &&
                     add_name_constraints(certificate) &&
                     add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
                     X509_sign(certificate, key.get(), options.curve == "P-384" ? EVP_sha384() : EVP_sha256()) > 0;
  if (!whole) return library_error();
  auto certificate_pem = to_pem(certificate);
  if (!certificate_pem) return certificate_pem.error();
  auto key_pem = to_pem(key.get());
  if (!key_pem) return key_pem.error();
  return Authority{std::move(*certificate_pem), std::move(*key_pem)};
}

Result<Leaf> issue(const Authority& authority, const LeafOptions& options, Entropy& entropy, Instant now) {
  const ErrorQueue errors;
  if (!is_id(options.person) || !is_id(options.terminal)) {
    return fail("pki.bad_id", "person and terminal are written as [a-z0-9][a-z0-9_-]{0,62}");
  }
  if (!holds(options.life, kMaxLeafLife)) return fail("pki.bad_life", "1 to 825 days");
  auto signer = open_signer(authority);
  if (!signer) return signer.error();
  if (now >= signer->not_after) return fail("pki.authority_expired", to_rfc3339(signer->not_after));
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return library_error();
  const Instant from = std::max<Instant>(now - kSkew, signer->not_before);
  const Instant until = std::min<Instant>(now + options.life, signer->not_after);
  auto made = begin_certificate(key.get(), entropy, from, until);
  if (!made) return made.error();
  X509* certificate = made->get();
  X509* issuer = signer->certificate.get();
  X509_NAME* name = X509_get_subject_name(certificate);
  const bool whole =
      add_name(name, NID_organizationalUnitName, options.terminal) && add_name(name, NID_commonName, options.person) &&
      X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
      add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
      add_extension(certificate, issuer, NID_ext_key_usage, "clientAuth") && add_identity(certificate, options) &&
      add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
      add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
      X509_sign(certificate, signer->key.get(), signer->digest) > 0;
  if (!whole) return library_error();
  auto certificate_pem = to_pem(certificate);
  if (!certificate_pem) return certificate_pem.error();
  auto key_pem = to_pem(key.get());
  if (!key_pem) return key_pem.error();
  auto facts = read_leaf(*certificate_pem);
  if (!facts) return facts.error();
  return Leaf{std::move(*facts), std::move(*certificate_pem), std::move(*key_pem)};
}

Result<std::string> make_crl(const Authority& authority, const std::vector<Revoked>& revoked, const CrlOptions& options,
                             Instant now) {
  const ErrorQueue errors;
  if (!holds(options.life, kMaxCrlLife)) return fail("pki.bad_life", "1 to 90 days");
  auto signer = open_signer(authority);
  if (!signer) return signer.error();
  const CrlPtr list(X509_CRL_new());
  const std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>> from(ASN1_TIME_set(nullptr, seconds_of(now - kSkew)));
  const std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>> until(ASN1_TIME_set(nullptr, seconds_of(now + options.life)));
  if (!list || !from || !until || X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) != 1 ||
      X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(signer->certificate.get())) != 1 ||
      X509_CRL_set1_lastUpdate(list.get(), from.get()) != 1 || X509_CRL_set1_nextUpdate(list.get(), until.get()) != 1) {
    return library_error();
  }
  for (const Revoked& each : revoked) {
    BIGNUM* raw = nullptr;
    const bool digits = each.serial_hex.size() <= 40 &&
                        each.serial_hex.find_first_not_of("0123456789abcdef") == std::string::npos &&
                        BN_hex2bn(&raw, each.serial_hex.c_str()) > 0;
    const std::unique_ptr<BIGNUM, Freer<BN_free>> number(raw);
    if (!digits) return fail("pki.bad_id", "a serial is at most 40 lower-case hexadecimal digits");
    const std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>> serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
    const std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>> at(ASN1_TIME_set(nullptr, seconds_of(each.at)));
    std::unique_ptr<X509_REVOKED, Freer<X509_REVOKED_free>> row(X509_REVOKED_new());
    if (!serial || !at || !row || X509_REVOKED_set_serialNumber(row.get(), serial.get()) != 1 ||
        X509_REVOKED_set_revocationDate(row.get(), at.get()) != 1 ||
        X509_CRL_add0_revoked(list.get(), row.get()) != 1) {
      return library_error();
    }
    static_cast<void>(row.release());
  }
  const std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
  X509V3_CTX context;
  X509V3_set_ctx(&context, signer->certificate.get(), nullptr, nullptr, list.get(), 0);
  const ExtensionPtr key_id(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  if (!number || !key_id || ASN1_INTEGER_set_uint64(number.get(), options.number) != 1 ||
      X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, number.get(), 0, X509V3_ADD_DEFAULT) != 1 ||
      X509_CRL_add_ext(list.get(), key_id.get(), -1) != 1 || X509_CRL_sort(list.get()) != 1 ||
      X509_CRL_sign(list.get(), signer->key.get(), signer->digest) <= 0) {
    return library_error();
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509_CRL(bio.get(), list.get()) != 1) return library_error();
  return content(bio.get());
}

Result<CertificateFacts> read_leaf(std::string_view pem) {
  const ErrorQueue errors;
  const X509Ptr leaf = read_one(pem);
  if (!leaf) return fail("pki.bad_certificate", "one certificate in PEM form is wanted");
  auto facts = facts_of(leaf.get());
  if (!facts) return facts.error();
  if (!read_identity(leaf.get(), *facts)) {
    return fail("pki.not_ours", "the certificate does not name exactly one person and one terminal");
  }
  return facts;
}

Result<CertificateFacts> read_authority(std::string_view pem) {
  const ErrorQueue errors;
  const X509Ptr certificate = read_one(pem);
  if (!certificate || X509_check_ca(certificate.get()) != 1) {
    return fail("pki.bad_certificate", "one CA certificate in PEM form is wanted");
  }
  return facts_of(certificate.get());
}

Result<CrlFacts> read_crl(std::string_view pem) {
  const ErrorQueue errors;
  const BioPtr bio = reader(pem);
  const CrlPtr list(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  if (!list) return fail("pki.bad_crl", "one revocation list in PEM form is wanted");
  CrlFacts out;
  const auto from = instant_of(X509_CRL_get0_lastUpdate(list.get()));
  const auto until = instant_of(X509_CRL_get0_nextUpdate(list.get()));
  const std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>> number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list.get(), NID_crl_number, nullptr, nullptr)));
  if (!from || !until || !number || ASN1_INTEGER_get_uint64(&out.number, number.get()) != 1) {
    return fail("pki.bad_crl", "the list has no dates or no number");
  }
  out.this_update = *from;
  out.next_update = *until;
  const auto* rows = X509_CRL_get_REVOKED(list.get());
  out.revoked = rows == nullptr ? 0 : static_cast<std::size_t>(sk_X509_REVOKED_num(rows));
  return out;
}

Result<void> check_pair(const Authority& authority) {
  const ErrorQueue errors;
  auto signer = open_signer(authority);
  if (!signer) return signer.error();
  return {};
}

}  // namespace sekisho::pki
