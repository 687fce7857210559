// Fuzz: every built posture check, through its library, on whatever document the schema lets through.
// Input: a User-Agent, a line end, a document.
#include "admission/device_facts.hpp"
#include "base/json.hpp"
#include "base/testing/memory_log.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using namespace sekisho;

const char* const kUpdates = R"({"updated":"2026-11-12","releases":[
  {"builds":[26100,26200],"ubr":9700,"released":"2026-11-10"},{"builds":[26200],"ubr":9600,"released":"2026-10-13"}]})";

class NoEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{7}); }
};

struct House {
  House() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sekisho-fuzz-XXXXXX").string();
    SEKISHO_ASSERT(mkdtemp(pattern.data()) != nullptr);
    const std::string updates = pattern + "/updates.json";
    std::ofstream(updates) << kUpdates;
    plugin::Loader loader(SEKISHO_PLUGIN_DIR, host);
    for (const char* name : {SEKISHO_BUILT_CHECKS}) {
      nlohmann::json config = nlohmann::json::object();
      if (name == std::string_view("windows_update")) config["updates_file"] = updates;
      auto loaded = loader.load({.plugin = name, .config = config}, PluginKind::posture_check);
      SEKISHO_ASSERT(loaded.has_value());
      checks.push_back(std::move(std::get<std::unique_ptr<PostureCheck>>(loaded->object)));
    }
    std::filesystem::remove_all(pattern);
  }
  NoEntropy entropy;
  MemoryLog log;
  plugin::SystemPluginHost host{"fuzz", entropy, log};
  std::vector<std::unique_ptr<PostureCheck>> checks;
};

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const House house;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto facts = parse_json(text.substr(line + 1));
  if (!facts || !admission::check_facts(*facts)) return 0;
  // As a front hands it on: printable ASCII of at most 512 bytes.
  std::string user_agent(text.substr(0, std::min<std::size_t>(line, 512)));
  for (char& c : user_agent) c = c < 0x20 || c > 0x7e ? '?' : c;
  nlohmann::json memory;
  for (const auto& check : house.checks) {
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
