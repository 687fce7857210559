// A console driver with one defect, chosen at build time; right in everything else.
#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <stdexcept>
#include <thread>

namespace sekisho::misbehaving {

enum class Defect : std::uint8_t {
  none,
  takes_any_name,
  throws,
  answers_in_own_words,
  powers_what_it_does_not_know,
  keeps_no_limit,
  names_machines_oddly
};
constexpr Defect kDefect = Defect::SEKISHO_DEFECT;
constexpr std::string_view kUuid = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11";

struct Config {
  std::string manager = "one";
  static void describe(auto& d) { d.field("manager", &Config::manager, "Name of the manager", {{1, 16}}); }
};

class Driver final : public ConsoleDriver {
 public:
  Result<std::vector<Machine>> machines(std::chrono::milliseconds) override {
    const std::string_view uuid = kDefect == Defect::names_machines_oddly ? "web-01" : kUuid;
    return std::vector<Machine>{{std::string(uuid), "web-01", MachineState::running, false}};
  }
  Result<Machine> machine(std::string_view uuid, std::chrono::milliseconds) override {
    if (kDefect == Defect::throws) throw std::runtime_error("no such machine");
    if (kDefect == Defect::answers_in_own_words) return fail("manager.not_there");
    if (uuid == kUuid || kDefect == Defect::takes_any_name) {
      return Machine{std::string(uuid), "web-01", MachineState::running, false};
    }
    return fail("console.no_such_machine");
  }
  Result<int> screen(std::string_view, std::chrono::milliseconds) override { return fail("console.no_such_machine"); }
  Result<void> power(std::string_view uuid, PowerAction, std::chrono::milliseconds) override {
    if (uuid == kUuid || kDefect == Defect::powers_what_it_does_not_know) return {};
    return fail("console.no_such_machine");
  }
  Result<std::vector<MachineEvent>> events(std::chrono::milliseconds limit) override {
    std::this_thread::sleep_for(kDefect == Defect::keeps_no_limit ? std::chrono::milliseconds(4000) : limit / 10);
    return std::vector<MachineEvent>{};
  }
};

Result<PluginObject> create(PluginHost&, const nlohmann::json& json) {
  const auto config = read_config<Config>(json);
  if (!config) return config.error();
  return PluginObject(std::unique_ptr<ConsoleDriver>(new Driver));
}

}  // namespace sekisho::misbehaving

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::console_driver, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::trusted_peer, .name = SEKISHO_PLUGIN_NAME, .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<sekisho::misbehaving::Config>,
               .create = &sekisho::misbehaving::create)
