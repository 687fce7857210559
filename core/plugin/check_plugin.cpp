// sekisho-check-plugin DIRECTORY NAME [CONFIG]: shows what a plugin says about itself and which fields it takes, then
// loads it as a gate would, with CONFIG (a JSON object) as its configuration. For writers of plugins and operators.
// Threads: one. Errors: the refusal with what it means on stderr, exit status 1; wrong usage 2.
#include "base/json.hpp"
#include "base/log.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"
#include "plugin/report.hpp"

#include <sys/random.h>

#include <cstdio>
#include <filesystem>

namespace sekisho::plugin {
namespace {

class KernelEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      const ssize_t got = getrandom(out.data(), out.size(), 0);
      SEKISHO_ASSERT(got > 0);
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }
};

int refuse(const Error& error) {
  std::fprintf(stderr, "%s: %s %s\n", error.code.c_str(), error.detail.c_str(), error.peer.c_str());
  if (const Event* event = event_of(error.code)) {
    std::fprintf(stderr, "  %s\n  %s\n", event->meaning.ja, event->meaning.en);
  }
  return 1;
}

void show(const Manifest& manifest) {
  std::printf("%s %s: %.*s, status %.*s, may face a %.*s, API %u.%u\n", manifest.name.c_str(), manifest.version.c_str(),
              static_cast<int>(kind_name(manifest.kind).size()), kind_name(manifest.kind).data(),
              static_cast<int>(status_name(manifest.status).size()), status_name(manifest.status).data(),
              static_cast<int>(posture_name(manifest.posture).size()), posture_name(manifest.posture).data(),
              manifest.api_major, manifest.api_minor);
  for (const auto& field : manifest.schema.at("fields")) {
    const std::string standard = field.contains("default") ? " = " + field.at("default").dump() : "";
    std::printf("  %s (%s%s%s%s)  %s\n", field.value("name", "").c_str(), field.value("type", "").c_str(),
                standard.c_str(), field.value("required", false) ? ", required" : "",
                field.value("secret", false) ? ", secret" : "", field.value("meaning", "").c_str());
  }
}

int check(const std::string& directory, const std::string& name, const std::string& text) {
  const auto config = parse_json(text, {.bytes = std::size_t{1} << 20, .depth = 16});
  if (!config) return refuse(config.error());
  KernelEntropy entropy;
  const auto log = make_log({.program = "sekisho-check-plugin", .in_background = false});
  SystemPluginHost host(name, entropy, *log);
  Loader loader(std::filesystem::absolute(directory).string(), host, true);
  const auto manifest = loader.manifest(name);
  if (!manifest) return refuse(manifest.error());
  show(*manifest);
  const auto loaded = loader.load({.plugin = name, .config = *config});
  if (!loaded) return refuse(loaded.error());
  std::printf("loaded%s\n", manifest->status == PluginStatus::wip ? "; its status wip keeps it out of production" : "");
  return 0;
}

}  // namespace
}  // namespace sekisho::plugin

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fputs("usage: sekisho-check-plugin DIRECTORY NAME [CONFIG]\n", stderr);
    return 2;
  }
  return sekisho::plugin::check(argv[1], argv[2], argc == 4 ? argv[3] : "{}");
}
