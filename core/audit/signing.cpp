#include "audit/signing.hpp"

#include "audit/canonical.hpp"
#include "base/json.hpp"
#include "base/json_object.hpp"

#include <sekisho/sdk/memory.hpp>

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>

namespace sekisho::audit {
namespace {

using nlohmann::json;

constexpr std::string_view kHeadContext = "sekisho journal head v1\n";
constexpr std::string_view kKeyContext = "sekisho journal key v1\n";

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct BioFree {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, KeyFree>;
using BioPointer = std::unique_ptr<BIO, BioFree>;
using ContextPointer = std::unique_ptr<EVP_MD_CTX, ContextFree>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool raw_public(const EVP_PKEY* key, PublicKey& out) {
  std::size_t size = out.size();
  return key != nullptr && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 &&
         EVP_PKEY_get_raw_public_key(key, out.data(), &size) == 1 && size == out.size();
}

std::string spell(const json& statement) {
  std::string out;
  append_canonical(out, statement);
  return out;
}

std::string sign_statement(json statement, std::string_view context, const SigningKey& key) {
  statement["signature"] = to_hex(key.sign(std::string(context) + spell(statement)));
  return spell(statement);
}

/// The statement without its signature, if that holds under the key it names and the text is canonical.
Result<json> open_statement(std::string_view text, std::string_view context, const Signatures& signatures,
                            PublicKey& key) {
  const auto bad = [](const char* why) { return fail("audit.malformed", why); };
  auto parsed = parse_json(text, {.bytes = 4096, .depth = 1});
  if (!parsed || !parsed->is_object()) return bad("a signed statement that is no JSON object");
  if (spell(*parsed) != text) return bad("a signed statement not in canonical form");
  const auto signature_hex = get_string(*parsed, "signature", 128);
  const auto key_hex = get_string(*parsed, "key", 64);
  const auto signature = signature_hex ? from_hex(*signature_hex) : std::nullopt;
  const auto named = key_hex ? hash_from_hex(*key_hex) : std::nullopt;
  if (!signature || !named) return bad("a statement without key or signature");
  parsed->erase("signature");
  if (!signatures.holds(*named, std::string(context) + spell(*parsed), *signature))
    return bad("a signature that does not hold");
  key = *named;
  return std::move(*parsed);
}

std::optional<Hash> hash_member(const json& object, std::string_view key) {
  const auto hex = get_string(object, key, 64);
  return hex ? hash_from_hex(*hex) : std::nullopt;
}

std::optional<Instant> time_member(const json& object) {
  const auto text = get_string(object, "at", 32);
  return text ? parse_rfc3339(*text) : std::nullopt;
}

class Ed25519Key final : public SigningKey::Impl {
 public:
  explicit Ed25519Key(KeyPointer key) : key_(std::move(key)) {}  // EVP_PKEY_free cleanses the secret
  [[nodiscard]] std::string sign(std::string_view message) const override {
    std::string out(64, '\0');
    std::size_t size = out.size();
    const ContextPointer context(EVP_MD_CTX_new());
    const bool good = context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes(message),
                                     message.size()) == 1 &&
                      size == out.size();
    need_memory(good);
    return out;
  }
  [[nodiscard]] Secret to_pem() const override {
    const BioPointer bio(BIO_new(BIO_s_secmem()));
    need_memory(bio &&
                PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return Secret(content(bio.get()));
  }
  [[nodiscard]] std::string public_pem() const override {
    const BioPointer bio(BIO_new(BIO_s_mem()));
    need_memory(bio && PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
    return content(bio.get());
  }

 private:
  KeyPointer key_;
};

class Ed25519 final : public Signatures {
 public:
  [[nodiscard]] SigningKey make(Entropy& entropy) const override {
    std::array<std::byte, 32> seed{};
    entropy.fill(seed);
    KeyPointer key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                reinterpret_cast<const unsigned char*>(seed.data()), seed.size()));
    wipe(seed.data(), seed.size());
    PublicKey raw{};
    need_memory(raw_public(key.get(), raw));
    return {raw, std::make_unique<Ed25519Key>(std::move(key))};
  }
  [[nodiscard]] Result<SigningKey> from_pem(const Secret& pem) const override {
    const BioPointer bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.size())));
    // The callback answers "no passphrase" instead of asking on the terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    KeyPointer key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
    PublicKey raw{};
    if (!raw_public(key.get(), raw)) return fail("audit.key", "the signing key is no Ed25519 key in PEM");
    return SigningKey(raw, std::make_unique<Ed25519Key>(std::move(key)));
  }
  [[nodiscard]] Result<PublicKey> public_key_from_pem(std::string_view pem) const override {
    const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const KeyPointer key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    PublicKey out{};
    if (!raw_public(key.get(), out)) return fail("audit.key", "the public key is no Ed25519 key in PEM");
    return out;
  }
  [[nodiscard]] bool holds(const PublicKey& key, std::string_view message, std::string_view signature) const override {
    const KeyPointer verifier(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
    const ContextPointer context(EVP_MD_CTX_new());
    return verifier && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, verifier.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
  }
};

}  // namespace

const Signatures& ed25519() {
  static const Ed25519 kEd25519;
  return kEd25519;
}

SigningKey SigningKey::make(Entropy& entropy) {
  return ed25519().make(entropy);
}

Result<SigningKey> SigningKey::from_pem(const Secret& pem) {
  return ed25519().from_pem(pem);
}

bool signature_holds(const PublicKey& key, std::string_view message, std::string_view signature) {
  return ed25519().holds(key, message, signature);
}

Result<PublicKey> public_key_from_pem(std::string_view pem) {
  return ed25519().public_key_from_pem(pem);
}

std::string signed_head(const Head& head, const SigningKey& key) {
  return sign_statement(json_object("at", to_rfc3339(head.at), "chain", to_hex(view(head.chain)), "epoch", head.epoch,
                                    "key", to_hex(view(key.public_key())), "node", head.node, "root_hash",
                                    to_hex(view(head.root)), "tree_size", head.tree_size),
                        kHeadContext, key);
}

std::string signed_key_step(const KeyStep& step, const SigningKey& key) {
  return sign_statement(json_object("at", to_rfc3339(step.at), "key", to_hex(view(key.public_key())), "next",
                                    to_hex(view(step.next)), "period", step.period),
                        kKeyContext, key);
}

Result<Head> read_head(std::string_view text, const Signatures& signatures) {
  Head out;
  auto statement = open_statement(text, kHeadContext, signatures, out.key);
  if (!statement) return statement.error();
  const auto at = time_member(*statement);
  const auto chain = hash_member(*statement, "chain"), root = hash_member(*statement, "root_hash");
  const auto size = get_int(*statement, "tree_size", 0), epoch = get_int(*statement, "epoch", 0);
  auto node = get_string(*statement, "node", kMaxName);
  if (!at || !chain || !root || !size || !epoch || !node || statement->size() != 7) {
    return fail("audit.malformed", "a head with wrong members");
  }
  out.at = *at;
  out.chain = *chain;
  out.root = *root;
  out.tree_size = static_cast<std::uint64_t>(*size);
  out.epoch = static_cast<std::uint64_t>(*epoch);
  out.node = *node;
  return out;
}

Result<KeyStep> read_key_step(std::string_view text, const Signatures& signatures) {
  KeyStep out;
  auto statement = open_statement(text, kKeyContext, signatures, out.key);
  if (!statement) return statement.error();
  const auto at = time_member(*statement);
  const auto next = hash_member(*statement, "next");
  const auto period = get_int(*statement, "period", 0);
  if (!at || !next || !period || statement->size() != 4)
    return fail("audit.malformed", "a key step with wrong members");
  out.at = *at;
  out.next = *next;
  out.period = static_cast<std::uint64_t>(*period);
  return out;
}

}  // namespace sekisho::audit
