#include "vendors.hpp"

#include <nlohmann/json.hpp>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <set>

namespace sekisho::antivirus {
namespace {

using nlohmann::json;

constexpr std::size_t kMostVendors = 64, kMostTexts = 64, kLongestText = 128;

Error bad(std::string why) {
  return fail("antivirus.bad_table", std::move(why));
}

/// The texts of a list, or an error; absent is empty.
Result<std::vector<std::string>> texts(const json& row, const char* name, const std::string& at) {
  std::vector<std::string> out;
  const auto found = row.find(name);
  if (found == row.end()) return out;
  if (!found->is_array() || found->size() > kMostTexts) return bad(at + name + " is a list of texts");
  for (const json& entry : *found) {
    if (!entry.is_string()) return bad(at + name + " is a list of texts");
    const auto text = entry.get<std::string>();
    if (text.empty() || text.size() > kLongestText || fold(text) != text) {
      return bad(at + name + " holds a text that is not folded (NFKC, lower case, single spaces)");
    }
    out.push_back(text);
  }
  return out;
}

bool begins_with_one(std::string_view text, const std::vector<std::string>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [text](const std::string& beginning) { return text.starts_with(beginning); });
}

}  // namespace

bool Vendor::makes(std::string_view folded_name) const {
  return std::find(names.begin(), names.end(), folded_name) != names.end() || begins_with_one(folded_name, name_begins);
}
bool Vendor::signs(std::string_view folded_signer) const {
  return begins_with_one(folded_signer, signers);
}

Result<std::vector<Vendor>> parse_vendors(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("vendors") || !document["vendors"].is_array()) {
    return bad("not an object with \"vendors\"");
  }
  const json& rows = document["vendors"];
  if (rows.empty() || rows.size() > kMostVendors) return bad("1 to 64 vendors are wanted");
  std::vector<Vendor> out;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string at = "/vendors/" + std::to_string(i) + ": ";
    const json& row = rows[i];
    if (!row.is_object() || !row.contains("vendor") || !row["vendor"].is_string()) return bad(at + "no vendor");
    Vendor vendor;
    vendor.vendor = row["vendor"].get<std::string>();
    if (vendor.vendor.empty() || vendor.vendor.size() > 32 || !seen.insert(vendor.vendor).second) {
      return bad(at + "each vendor once, 1 to 32 bytes");
    }
    for (const auto& [name, member] :
         {std::pair{"names", &Vendor::names}, std::pair{"name_begins", &Vendor::name_begins},
          std::pair{"signers", &Vendor::signers}}) {
      auto list = texts(row, name, at);
      if (!list) return list.error();
      vendor.*member = std::move(*list);
    }
    if (vendor.names.empty() && vendor.name_begins.empty()) return bad(at + "no product name");
    if (vendor.signers.empty()) return bad(at + "no signer");
    for (const auto& [name, member] :
         {std::pair{"built_in", &Vendor::built_in}, std::pair{"no_definitions", &Vendor::no_definitions}}) {
      const auto found = row.find(name);
      if (found == row.end()) continue;
      if (!found->is_boolean()) return bad(at + name + " is true or false");
      vendor.*member = found->get<bool>();
    }
    out.push_back(std::move(vendor));
  }
  return out;
}

std::string fold(std::string_view utf8) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) return {};
  const auto wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<int32_t>(std::min<std::size_t>(utf8.size(), 4096))));
  icu::UnicodeString folded = nfkc->normalize(wide, status);
  folded.toLower(icu::Locale::getRoot());
  folded = nfkc->normalize(folded, status);
  if (U_FAILURE(status)) return {};
  icu::UnicodeString out;
  bool blank = false;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    if (u_isUWhiteSpace(c)) {
      blank = !out.isEmpty();
      continue;
    }
    if (blank) out.append(static_cast<UChar>(' '));
    blank = false;
    out.append(c);
  }
  std::string result;
  out.toUTF8String(result);
  return result;
}

}  // namespace sekisho::antivirus
