#include "releases.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace sekisho::windows_update {
namespace {

using nlohmann::json;

constexpr std::size_t kMostReleases = 4096, kMostBuilds = 16;

Error bad(std::string why) {
  return fail("windows_update.bad_table", std::move(why));
}

std::optional<Instant> day(const json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end() || !found->is_string()) return std::nullopt;
  return parse_date(found->get<std::string>());
}
bool is_number(const json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= 10000000;
}

}  // namespace

std::optional<std::int64_t> Releases::highest(std::int64_t build, Instant by) const {
  const auto found = of_build.find(build);
  if (found == of_build.end()) return std::nullopt;
  std::optional<std::int64_t> out;
  for (const Release& release : found->second) {
    if (release.released <= by) out = std::max(out.value_or(0), release.ubr);
  }
  return out;
}

Result<Releases> parse_releases(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("releases") || !document["releases"].is_array()) {
    return bad("not an object with \"updated\" and \"releases\"");
  }
  Releases out;
  const auto updated = day(document, "updated");
  if (!updated) return bad("/updated: a day as 2026-11-20");
  out.updated = *updated;
  const json& rows = document["releases"];
  if (rows.size() > kMostReleases) return bad("more than 4096 releases");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json& row = rows[i];
    const std::string at = "/releases/" + std::to_string(i) + ": ";
    if (!row.is_object() || !row.contains("ubr") || !is_number(row["ubr"])) return bad(at + "no ubr");
    const auto released = day(row, "released");
    if (!released) return bad(at + "released is a day as 2026-11-10");
    if (!row.contains("builds") || !row["builds"].is_array() || row["builds"].empty() ||
        row["builds"].size() > kMostBuilds) {
      return bad(at + "builds is a list of 1 to 16 numbers");
    }
    for (const json& build : row["builds"]) {
      if (!is_number(build)) return bad(at + "builds is a list of 1 to 16 numbers");
      out.of_build[build.get<std::int64_t>()].push_back({row["ubr"].get<std::int64_t>(), *released});
    }
  }
  return out;
}

}  // namespace sekisho::windows_update
