// Output: what the commands print, for machines (--json) or for people in one language.
// Threads: one. stdout holds the answer, stderr the refusals.
#pragma once
#include "programs/sekishoctl/client.hpp"

#include <sekisho/sdk/refusal.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace sekisho::ctl {

struct Output {
  bool json = false;
  std::string language = "ja";

  [[nodiscard]] const std::string& in(const Text& text) const { return language == "ja" ? text.ja : text.en; }

  /// Prints an object as lines, an array of objects as a table of `columns` (all members when empty). For people the
  /// members are called by their labels (words.hpp) and an empty table says that there is nothing.
  void show(const nlohmann::json& value, const std::vector<std::string>& columns = {}) const;
  /// `{"ok":true}` and what `more` holds, or the sentence.
  void done(const Text& sentence, nlohmann::json more = nlohmann::json::object()) const;
  /// A line for people alone.
  void note(const Text& sentence) const;
  /// Prints a refusal or error; answers the exit code 1.
  int refused(const nlohmann::json& error) const;
  int failed(const Error& error) const;
};

}  // namespace sekisho::ctl
