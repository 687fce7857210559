// Fuzz: every posture check on whatever document the schema lets through. Input: a User-Agent, a line end, a document.
#include "admission/device_facts.hpp"
#include "antivirus.hpp"
#include "base/json.hpp"
#include "browser.hpp"
#include "registered_terminal.hpp"
#include "windows_update.hpp"
#include "windows_version.hpp"

#include <cstdlib>
#include <memory>

namespace {

using namespace sekisho;

const char* const kUpdates = R"({"updated":"2026-11-12","releases":[
  {"builds":[26100,26200],"ubr":9700,"released":"2026-11-10"},{"builds":[26200],"ubr":9600,"released":"2026-10-13"}]})";

std::vector<std::unique_ptr<PostureCheck>> make_checks() {
  std::vector<std::unique_ptr<PostureCheck>> out;
  out.push_back(std::make_unique<registered_terminal::TerminalCheck>(registered_terminal::Config{}));
  out.push_back(std::make_unique<windows_version::WindowsCheck>(
      windows_version::Config{}, *windows_version::parse_builds(windows_version::compiled_in_builds())));
  out.push_back(std::make_unique<antivirus::AntivirusCheck>(
      *antivirus::AntivirusCheck::make({}, *antivirus::parse_vendors(antivirus::compiled_in_vendors()))));
  out.push_back(std::make_unique<windows_update::UpdateCheck>(windows_update::Config{},
                                                              *windows_update::parse_releases(kUpdates)));
  out.push_back(std::make_unique<browser::BrowserCheck>(browser::Config{}));
  return out;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto checks = make_checks();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto facts = parse_json(text.substr(line + 1));
  if (!facts || !admission::check_facts(*facts)) return 0;
  // As a front hands it on: printable ASCII of at most 512 bytes.
  std::string user_agent(text.substr(0, std::min<std::size_t>(line, 512)));
  for (char& c : user_agent) c = c < 0x20 || c > 0x7e ? '?' : c;
  nlohmann::json memory;
  for (const auto& check : checks) {
    for (int round = 0; round < 2; ++round) {
      const CheckOutcome outcome = check->judge({.facts = *facts,
                                                 .now = *parse_rfc3339("2026-11-22T00:31:00Z"),
                                                 .terminal = "pc-mori",
                                                 .registered_macs = {"3c:7c:3f:1a:2b:01"},
                                                 .signed_by_terminal = "pc-mori",
                                                 .binding = 1,
                                                 .user_agent = user_agent,
                                                 .memory = memory,
                                                 .path = "internet"});
      require(!outcome.results.empty() && outcome.memory.dump().size() <= 4096);
      for (const CheckResult& r : outcome.results) {
        require(r.check == check->name() && r.observed.size() <= 1024 && r.required.size() <= 1024);
        require((r.verdict == CheckVerdict::pass || r.verdict == CheckVerdict::not_applicable) == r.code.empty());
        require(r.code.empty() || (!r.remedy.ja.empty() && !r.remedy.en.empty()));
        static_cast<void>(nlohmann::json(r.observed).dump());  // throws on broken UTF-8
      }
      memory = outcome.memory;
    }
    memory = nullptr;
  }
  return 0;
}
