#include "builds.hpp"

#include <nlohmann/json.hpp>

namespace sekisho::windows_version {
namespace {

using nlohmann::json;

constexpr std::size_t kMostBuilds = 256;

Error bad(std::string why) {
  return fail("windows_version.bad_table", std::move(why));
}

std::optional<Instant> day_after(const json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end() || !found->is_string()) return std::nullopt;
  const auto day = parse_date(found->get<std::string>());
  if (!day) return std::nullopt;
  return *day + std::chrono::days(1);
}

}  // namespace

Result<Builds> parse_builds(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("builds") || !document["builds"].is_array()) {
    return bad("not an object with \"builds\"");
  }
  const json& rows = document["builds"];
  if (rows.empty() || rows.size() > kMostBuilds) return bad("1 to 256 builds are wanted");
  Builds out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json& row = rows[i];
    const std::string at = "/builds/" + std::to_string(i) + ": ";
    if (!row.is_object() || !row.contains("build") || !row["build"].is_number_unsigned() ||
        row["build"].get<std::uint64_t>() > 1000000) {
      return bad(at + "no build number");
    }
    Build build;
    if (!row.contains("name") || !row["name"].is_string()) return bad(at + "no name");
    build.name = row["name"].get<std::string>();
    const auto home_pro = day_after(row, "home_pro"), enterprise = day_after(row, "enterprise");
    if (!home_pro || !enterprise) return bad(at + "home_pro and enterprise are days as 2026-10-13");
    build.home_pro_end = *home_pro;
    build.enterprise_end = *enterprise;
    build.ltsc_end = day_after(row, "ltsc");
    if (row.contains("ltsc") && !build.ltsc_end) return bad(at + "ltsc is a day as 2029-10-09");
    if (row.contains("arches")) {
      if (!row["arches"].is_array() || row["arches"].empty()) return bad(at + "arches is a list of words");
      for (const json& arch : row["arches"]) {
        if (!arch.is_string()) return bad(at + "arches is a list of words");
        build.arches.push_back(arch.get<std::string>());
      }
    }
    if (!out.emplace(row["build"].get<std::int64_t>(), std::move(build)).second) return bad(at + "build listed twice");
  }
  return out;
}

}  // namespace sekisho::windows_version
