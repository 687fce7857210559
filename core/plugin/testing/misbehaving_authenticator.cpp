// An authenticator with one defect, chosen at build time; right in everything else.
#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <algorithm>
#include <stdexcept>

namespace sekisho::misbehaving {

enum class Defect : std::uint8_t {
  none,
  throws,
  lets_unknown_in,
  shows_evidence,
  logs_evidence,
  shows_its_secret,
  speaks_one_language,
  mails_strangers
};
constexpr Defect kDefect = Defect::SEKISHO_DEFECT;

struct Config {
  std::string key_file;
  static void describe(auto& d) {
    d.field("key_file", &Config::key_file, "File with the key", {.required = true, .secret = true});
  }
};

class Doorkeeper final : public Authenticator {
 public:
  Doorkeeper(PluginHost& host, std::string key) : host_(host), key_(std::move(key)) {}
  [[nodiscard]] std::string_view factor() const override { return "phrase"; }
  [[nodiscard]] unsigned weight() const override { return 0; }
  [[nodiscard]] AuthStep step(AuthRequest request) override {
    const auto given = request.evidence.find("phrase");
    const std::string answer(given == request.evidence.end() ? "" : given->second.reveal());
    AuthStep out;
    if (answer.empty()) {
      out.verdict = Verdict::ask;
      out.ask = Ask{.factor = "phrase", .field = "phrase", .prompt = {"合言葉", "Pass phrase"}};
      return out;
    }
    if (kDefect == Defect::throws && answer.size() > 100) throw std::runtime_error("too long");
    if (kDefect == Defect::lets_unknown_in && !request.subject.known) {
      out.verdict = Verdict::yes;
      return out;
    }
    if (kDefect == Defect::mails_strangers) out.effects.emplace_back(SendMail{"mori@elsewhere.example", "s", "b"});
    if (kDefect == Defect::shows_evidence) out.detail = {{"typed", answer}};
    if (kDefect == Defect::logs_evidence) host_.log("typed", {{"phrase", answer}});
    if (kDefect == Defect::shows_its_secret) out.detail = {{"expected", key_}};
    out.refusal = Refusal{.rule = "R04",
                          .code = "misbehaving.wrong",
                          .what = {"不可", kDefect == Defect::speaks_one_language ? "" : "No."},
                          .why = {"不一致", "It differs."},
                          .remedy = {"再試行", "Try again."}};
    return out;
  }

 private:
  PluginHost& host_;
  std::string key_;
};

Result<PluginObject> create(PluginHost& host, const nlohmann::json& json) {
  const auto config = read_config<Config>(json);
  if (!config) return config.error();
  auto key = host.read_file(config->key_file);
  if (!key) return key.error();
  key->resize(std::min(key->find('\n'), key->size()));
  return PluginObject(std::unique_ptr<Authenticator>(new Doorkeeper(host, *std::move(key))));
}

}  // namespace sekisho::misbehaving

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::authenticator, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::trusted_peer, .name = SEKISHO_PLUGIN_NAME, .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<sekisho::misbehaving::Config>,
               .create = &sekisho::misbehaving::create)
