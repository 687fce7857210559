#include "run/password_hash/password_hash.hpp"

#include <argon2.h>

#include <array>
#include <charconv>
#include <optional>

namespace sekisho::run {
namespace {

struct Parameters {
  std::uint32_t memory = 0, passes = 0, lanes = 0;
};

/// The numbers of "$argon2id$v=19$m=65536,t=2,p=1$…"; libargon2 itself takes any that fit its types.
std::optional<Parameters> parameters_of(std::string_view encoded) {
  constexpr std::string_view kHead = "$argon2id$v=19$";
  if (!encoded.starts_with(kHead) || encoded.size() > 256) return std::nullopt;
  encoded.remove_prefix(kHead.size());
  Parameters out;
  struct Part {
    std::string_view name;
    std::uint32_t* field;
    char end;
  };
  for (const auto& [name, field, end] :
       {Part{"m=", &out.memory, ','}, Part{"t=", &out.passes, ','}, Part{"p=", &out.lanes, '$'}}) {
    if (!encoded.starts_with(name)) return std::nullopt;
    encoded.remove_prefix(2);
    const auto [stop, error] = std::from_chars(encoded.data(), encoded.data() + encoded.size(), *field);
    if (error != std::errc() || stop == encoded.data() + encoded.size() || *stop != end) return std::nullopt;
    encoded.remove_prefix(static_cast<std::size_t>(stop - encoded.data()) + 1);
  }
  return out;
}

}  // namespace

Result<std::string> hash_password(const Secret& password, Entropy& entropy, const Argon2Profile& profile) {
  if (profile.memory_kib < kFloor.memory_kib || profile.passes < kFloor.passes || profile.lanes == 0) {
    return fail("password.profile", "below 46 MiB and t 1");
  }
  auto text = normalise_password(password);
  if (!text) return text.error();
  std::array<std::byte, 16> salt{};
  entropy.fill(salt);
  constexpr std::size_t kTag = 32;
  std::string out(argon2_encodedlen(profile.passes, profile.memory_kib, profile.lanes, salt.size(), kTag, Argon2_id),
                  '\0');
  const int end = argon2id_hash_encoded(profile.passes, profile.memory_kib, profile.lanes, text->reveal().data(),
                                        text->size(), salt.data(), salt.size(), kTag, out.data(), out.size());
  if (end != ARGON2_OK) return fail("password.service", argon2_error_message(end));
  out.resize(out.find('\0'));
  return out;
}

Result<bool> verify_password(std::string_view encoded, const Secret& candidate) {
  const auto parameters = parameters_of(encoded);
  if (!parameters || parameters->memory < kFloor.memory_kib || parameters->memory > (1u << 20) ||
      parameters->passes < kFloor.passes || parameters->passes > 16 || parameters->lanes == 0 ||
      parameters->lanes > 16) {
    return fail("password.service", "a stored hash is no Argon2id hash of the allowed size");
  }
  auto text = normalise_password(candidate);
  if (!text) return text.error();
  const int end = argon2id_verify(std::string(encoded).c_str(), text->reveal().data(), text->size());
  if (end == ARGON2_OK) return true;
  if (end == ARGON2_VERIFY_MISMATCH) return false;
  return fail("password.service", argon2_error_message(end));
}

bool needs_rehash(std::string_view encoded, const Argon2Profile& profile) {
  const auto parameters = parameters_of(encoded);
  return !parameters || parameters->memory < profile.memory_kib || parameters->passes < profile.passes;
}

}  // namespace sekisho::run
