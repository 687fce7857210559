// One-time codes: HOTP (RFC 4226) over time steps (RFC 6238), the seeds that they come from, and the URI that brings a
// seed into a person's app. Threads: pure functions. Ownership: seeds travel as Secret.
#pragma once
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho::totp {

inline constexpr std::size_t kSeedBytes = 20;  ///< 160 bits (RFC 4226 §4, R6)
inline constexpr std::int64_t kStep_s = 30;

/// The dynamically truncated value of RFC 4226 §5.3, 31 bits; a code is its last digits.
[[nodiscard]] std::uint32_t hotp(std::string_view seed, std::uint64_t counter);
/// Six digits, with leading zeros.
[[nodiscard]] Secret six_digits(std::uint32_t value);
/// Steps of 30 s since 1970; times before are step 0.
[[nodiscard]] std::int64_t step_of(Instant at);

/// A person's seed: the first 160 bits of HMAC-SHA-256(key, label, person, salt). The store keeps the salt alone;
/// whoever reads the store has no seed.
[[nodiscard]] Secret seed_of(const Secret& key, std::string_view person, std::string_view salt_hex);
/// Tells keys apart without telling anything of them: 8 hex digits.
[[nodiscard]] std::string key_mark(const Secret& key);

/// RFC 4648, without padding.
[[nodiscard]] std::string base32(std::string_view bytes);
/// "otpauth://totp/Issuer:login?secret=…", as the common apps read it.
[[nodiscard]] Secret otpauth_uri(std::string_view issuer, std::string_view login, const Secret& seed);

/// What people type for six digits: full-width digits become plain ones, blanks go. Anything else stays and is wrong.
[[nodiscard]] Secret tidy_code(std::string_view typed);

}  // namespace sekisho::totp
