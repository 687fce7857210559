// Output: what the commands print, for machines (--json) or for people in one language.
// Threads: one. stdout holds the answer, stderr the refusals.
#pragma once
#include "programs/sekishoctl/client.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace sekisho::ctl {

struct Output {
  bool json = false;
  std::string language = "ja";

  /// Prints an object as lines, an array of objects as a table of `columns` (all members when empty).
  void show(const nlohmann::json& value, const std::vector<std::string>& columns = {}) const;
  void done(const std::string& ja, const std::string& en) const;
  /// Prints a refusal or error; answers the exit code 1.
  int refused(const nlohmann::json& error) const;
  int failed(const Error& error) const;
};

}  // namespace sekisho::ctl
