// An authenticator for ordeals: it says yes, but not while its file is there. A step that waits breaks the SDK's rule;
// what the gate does then is what is looked at. Threads: the host's, one call at a time. Errors: none.
#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace {

struct Config {
  std::string file;

  static void describe(auto& d) {
    d.field("file", &Config::file, "No step ends while this file is there", {.required = true});
  }
};

class HangingFactor final : public sekisho::Authenticator {
 public:
  explicit HangingFactor(Config config) : config_(std::move(config)) {}
  [[nodiscard]] std::string_view factor() const override { return "hanging"; }
  [[nodiscard]] unsigned weight() const override { return 0; }
  [[nodiscard]] sekisho::AuthStep step(sekisho::AuthRequest request) override {
    while (there()) ::poll(nullptr, 0, 20);
    sekisho::AuthStep out;
    out.account_state = std::move(request.account_state);
    out.source_state = std::move(request.source_state);
    out.transaction_state = std::move(request.transaction_state);
    out.verdict = sekisho::Verdict::yes;  // the other factors of the path decide
    return out;
  }

 private:
  [[nodiscard]] bool there() const {
    const int fd = ::open(config_.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
  }
  Config config_;
};

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& /*host*/, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::Authenticator>(new HangingFactor(*std::move(config))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::authenticator, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "hanging_factor", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
