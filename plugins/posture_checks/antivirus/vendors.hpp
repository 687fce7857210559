// Antivirus vendors by product name and signer: data that an operator may replace.
// Threads: plain values. Texts: UTF-8, folded (NFKC, lower case, single spaces). Errors: antivirus.bad_table with the
// place. Source: posture.md §5.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sekisho::antivirus {

struct Vendor {
  std::string vendor;
  std::vector<std::string> names;        ///< a product is exactly one of these
  std::vector<std::string> name_begins;  ///< or begins with one of these
  std::vector<std::string> signers;      ///< the signer begins with one of these
  bool built_in = false;                 ///< part of Windows: must be in normal mode
  bool no_definitions = false;           ///< needs none: "none_used" is as good as up to date

  [[nodiscard]] bool makes(std::string_view folded_name) const;
  [[nodiscard]] bool signs(std::string_view folded_signer) const;
};

/// 1 to 64 vendors, each once, each with a name and a signer.
[[nodiscard]] Result<std::vector<Vendor>> parse_vendors(std::string_view json);
[[nodiscard]] std::string_view compiled_in_vendors();

/// NFKC, lower case, white space runs as one blank, none at the ends. Broken UTF-8 becomes U+FFFD, which matches
/// nothing.
[[nodiscard]] std::string fold(std::string_view utf8);

}  // namespace sekisho::antivirus
