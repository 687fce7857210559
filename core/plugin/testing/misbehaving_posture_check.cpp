// A posture check with one defect, chosen at build time; right in everything else.
#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/facts.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <stdexcept>

namespace sekisho::misbehaving {

enum class Defect : std::uint8_t {
  none,
  passes_the_unknown,
  throws,
  says_no_remedy,
  answers_by_mood,
  field_without_meaning
};
constexpr Defect kDefect = Defect::SEKISHO_DEFECT;

struct Config {
  std::int64_t least = 1;
  static void describe(auto& d) {
    d.field("least", &Config::least, kDefect == Defect::field_without_meaning ? "" : "Least build", {{1, 100000}});
  }
};

class Check final : public PostureCheck {
 public:
  explicit Check(Config config) : config_(config) {}
  [[nodiscard]] std::string_view name() const override { return SEKISHO_PLUGIN_NAME; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override {
    const auto build = facts::number(facts::find(input.facts, "os", "build"));
    CheckResult out{SEKISHO_PLUGIN_NAME, "R06", CheckVerdict::pass, {}, {}, {}, {}, std::nullopt};
    if (kDefect == Defect::throws && !build) throw std::runtime_error("no build");
    const bool bad = build ? *build < config_.least : kDefect != Defect::passes_the_unknown;
    ++calls_;
    if (bad || (kDefect == Defect::answers_by_mood && calls_ % 3 == 0)) {
      out.verdict = CheckVerdict::unknown;
      out.code = "misbehaving.unknown";
      if (kDefect != Defect::says_no_remedy) out.remedy = {"確認", "Look."};
    }
    return {{out}, nullptr};
  }

 private:
  Config config_;
  mutable unsigned calls_ = 0;
};

Result<PluginObject> create(PluginHost&, const nlohmann::json& json) {
  const auto config = read_config<Config>(json);
  if (!config) return config.error();
  return PluginObject(std::unique_ptr<PostureCheck>(new Check(*config)));
}

}  // namespace sekisho::misbehaving

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::posture_check, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::trusted_peer, .name = SEKISHO_PLUGIN_NAME, .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<sekisho::misbehaving::Config>,
               .create = &sekisho::misbehaving::create)
