// Password hashes (Argon2id, PHC strings) and what a new password must be.
// Threads: pure functions. Blocking: hash and verify take the profile's time and memory; never on a loop.
// Units: memory KiB. Ranges: production takes no profile below 46 MiB and t 1; a password is at most 128 characters and
// 512 bytes of UTF-8. Passwords are compared after NFKC. Errors: password.service (out of memory, broken hash),
// password.profile, password.too_short, password.too_long, password.not_text, password.common, password.context.
// Source: threats.md §8 "Password", "Hash"; RFC 9106.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/services.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::run {

struct Argon2Profile {
  std::uint32_t memory_kib = 64 * 1024, passes = 2, lanes = 1;
};
inline constexpr Argon2Profile kFloor{46 * 1024, 1, 1};

/// "$argon2id$v=19$m=…" with a 128-bit salt of `entropy` and a 256-bit tag.
[[nodiscard]] Result<std::string> hash_password(const Secret& password, Entropy& entropy, const Argon2Profile& profile);
/// false: another password. Refuses hashes below the floor and above 1 GiB, t 16, p 16 (they come from the registry,
/// but a bad import must not take the machine).
[[nodiscard]] Result<bool> verify_password(std::string_view encoded, const Secret& candidate);
/// True when `encoded` was made with less than `profile`.
[[nodiscard]] bool needs_rehash(std::string_view encoded, const Argon2Profile& profile);

struct PasswordContext {
  bool with_certificate = true;    ///< 8 characters suffice beside a certificate, else 15
  std::vector<std::string> words;  ///< login, contractor, product: must not be the password's substance
};
[[nodiscard]] Result<void> check_new_password(const Secret& password, const PasswordContext& context);

/// NFKC; nullopt when it is no UTF-8.
[[nodiscard]] Result<Secret> normalise_password(const Secret& password);

}  // namespace sekisho::run
