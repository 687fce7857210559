#include "product.hpp"

#include <sekisho/sdk/facts.hpp>

#include <algorithm>

namespace sekisho::antivirus {
namespace {

constexpr std::size_t kLongestVersion = 128;

/// nullptr: it says nothing.
const char* code_of_state(std::string_view state) {
  if (state == "off") return "av.off";
  if (state == "snoozed") return "av.snoozed";
  if (state == "expired") return "av.expired";
  return nullptr;
}

}  // namespace

std::string_view state_of_raw(std::uint32_t raw) {
  switch (raw & 0xF000U) {
    case 0x0000:
      return "off";
    case 0x1000:
      return "on";
    case 0x2000:
      return "snoozed";
    case 0x3000:
      return "expired";
    default:
      return "unknown";
  }
}

std::string_view signatures_of_raw(std::uint32_t raw) {
  switch (raw & 0x00F0U) {
    case 0x00:
      return "up_to_date";
    case 0x10:
      return "out_of_date";
    default:
      return "unknown";
  }
}

ProductVerdict judge_product(const nlohmann::json& product, const std::vector<const Vendor*>& allowed,
                             Seconds signature_max_age, Instant now) {
  const auto fact = [&product](const char* name) { return facts::find(product, name); };
  ProductVerdict out;
  const auto fail_with = [&out](const char* code) {
    out.verdict = CheckVerdict::fail;
    out.code = code;
    return out;
  };
  const auto unknown = [&out] {
    out.verdict = CheckVerdict::unknown;
    out.code = "av.unknown";
    return out;
  };

  // 1: an allowed vendor, by name
  const auto name = facts::text(fact("name"));
  if (!name) return unknown();
  out.name = facts::shown(*name);
  const std::string folded = fold(*name);
  const auto vendor =
      std::find_if(allowed.begin(), allowed.end(), [&folded](const Vendor* v) { return v->makes(folded); });
  if (vendor == allowed.end()) return fail_with("av.not_allowed");
  out.vendor = (*vendor)->vendor;

  // 2: its program is there and signed by that vendor; a registration alone can be left over or faked
  out.passed_steps = 1;
  if (facts::flag(fact("program_present")) == false) return fail_with("av.program_missing");
  const auto signer = facts::text(fact("signer"));
  const auto signer_valid = facts::flag(fact("signer_valid"));
  if (signer_valid == false) return fail_with("av.signer_mismatch");
  if (signer && !(*vendor)->signs(fold(*signer))) return fail_with("av.signer_mismatch");
  if (!signer || !signer_valid) return unknown();  // enforces R07/av.unknown

  // 3: it protects rather than watches
  out.passed_steps = 2;
  const auto mode = facts::word(fact("mode"));
  if (mode == "passive" || mode == "edr_block") return fail_with("av.passive");
  if (mode == "not_running") return fail_with("av.off");
  if ((*vendor)->built_in && mode != "normal") return unknown();  // enforces R07/av.unknown

  // 4: on, by the word; Windows' own state word may lower it, never raise it
  out.passed_steps = 3;
  std::string_view state = facts::word(fact("state"));
  const auto raw = facts::number(fact("raw_state"));
  if (state == "on" && raw) state = state_of_raw(static_cast<std::uint32_t>(*raw));
  if (state != "on") {
    const char* const code = code_of_state(state);
    return code != nullptr ? fail_with(code) : unknown();
  }

  // 5: real-time protection
  out.passed_steps = 4;
  const auto realtime = facts::flag(fact("realtime"));
  if (realtime == false) return fail_with("av.off");
  if (!realtime) return unknown();  // enforces R07/av.unknown

  // 6: fresh definitions, by flag, then by date
  out.passed_steps = 5;
  const auto signatures = facts::word(fact("signatures"));
  if (signatures == "out_of_date") return fail_with("av.signature_old");
  if (raw && signatures_of_raw(static_cast<std::uint32_t>(*raw)) == "out_of_date") return fail_with("av.signature_old");
  const nlohmann::json* dated = fact("signature_updated_at");
  if (dated != nullptr) {
    const auto age = facts::age(dated, now);
    if (!age) return unknown();
    if (*age > signature_max_age) return fail_with("av.signature_old");
  }
  if (signatures == "none_used") {
    if (!(*vendor)->no_definitions) return unknown();  // enforces R07/av.unknown
  } else if (signatures != "up_to_date" && dated == nullptr) {
    return unknown();
  }
  out.passed_steps = 6;
  out.verdict = CheckVerdict::pass;
  if (dated == nullptr && signatures != "none_used") {
    if (const auto version = facts::text(fact("signature_version"))) {
      out.undated_version = facts::shown(*version, kLongestVersion);
    }
  }
  return out;
}

}  // namespace sekisho::antivirus
