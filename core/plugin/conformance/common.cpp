#include "plugin/conformance.hpp"
#include "plugin/host.hpp"

#include <sekisho/sdk/config.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>

namespace sekisho::conformance {
namespace {

using nlohmann::json;

/// Values that a field's description forbids.
std::vector<json> bad_values(const json& field) {
  const auto type = field.at("type").get<std::string>();
  std::vector<json> out{nullptr};
  if (type == "integer" || type == "seconds" || type == "number") {
    out.insert(out.end(), {"1", true, json::array()});
    const auto min = field.at("min").get<std::int64_t>(), max = field.at("max").get<std::int64_t>();
    if (min > std::numeric_limits<std::int64_t>::min()) out.emplace_back(min - 1);
    if (max < std::numeric_limits<std::int64_t>::max()) out.emplace_back(max + 1);
    if (type != "number") out.emplace_back(0.5);
  } else if (type == "string") {
    out.insert(out.end(), {1, json::object(), std::string("control\x01"),
                           std::string(field.at("max").get<std::size_t>() + 1, 'x')});
    if (field.contains("one_of")) out.emplace_back("none of them");
  } else if (type == "boolean") {
    out.insert(out.end(), {0, "true"});
  } else if (type == "list") {
    out.insert(out.end(), {json::object(), json::array({nullptr})});
  } else {
    out.insert(out.end(), {json::array(), 1});
  }
  return out;
}

void expect_meanings(const json& fields, const std::string& at) {
  for (const json& field : fields) {
    const std::string name = at + "/" + field.value("name", std::string());
    EXPECT_FALSE(field.value("meaning", std::string()).empty()) << name << " needs a meaning for the operator";
    const json& inner = field.contains("of") ? field["of"] : field;
    if (inner.contains("fields")) expect_meanings(inner["fields"], name);
  }
}

void run_manifest(const Spec& spec) {
  Bench bench(spec);
  const auto manifest = bench.manifest();
  ASSERT_TRUE(manifest) << manifest.error().code << ": " << manifest.error().detail;
  EXPECT_EQ(manifest->name, spec.plugin);
  EXPECT_FALSE(manifest->version.empty());
  const auto loaded = bench.load(bench.config());
  ASSERT_TRUE(loaded) << loaded.error().code << ": " << loaded.error().detail << loaded.error().peer;
  EXPECT_EQ(plugin::first_difference(*manifest, loaded->manifest), "");
  EXPECT_STREQ(loaded->header->name, spec.plugin.c_str());
}

void run_schema(const Spec& spec) {
  Bench bench(spec);
  const auto manifest = bench.manifest();
  ASSERT_TRUE(manifest) << manifest.error().code;
  expect_meanings(manifest->schema.at("fields"), "");
  const auto filled = check_config(manifest->schema, bench.config());
  ASSERT_TRUE(filled.errors.empty()) << join_config_errors(filled.errors).detail;
  const auto again = check_config(manifest->schema, filled.value);
  EXPECT_TRUE(again.errors.empty()) << "a default breaks its own rule: " << join_config_errors(again.errors).detail;
  for (const json& field : manifest->schema.at("fields")) {
    if (field.value("secret", false)) {
      const auto name = field.at("name").get<std::string>();
      EXPECT_EQ(name.rfind("_file"), name.size() - 5)
          << "a secret is the path of a file, and its name says so: " << name;
    }
  }
}

void expect_refused(Bench& bench, const json& config, const char* code, const std::string& what,
                    const std::string& pointer = {}) {
  const auto loaded = bench.load(config);
  ASSERT_FALSE(loaded) << what;
  EXPECT_EQ(loaded.error().code, code) << what << ": " << loaded.error().detail;
  EXPECT_NE(loaded.error().detail.find(pointer), std::string::npos)
      << what << ": " << loaded.error().detail << " does not name " << pointer;
}

void run_bad_config(const Spec& spec) {
  Bench bench(spec);
  const auto manifest = bench.manifest();
  ASSERT_TRUE(manifest) << manifest.error().code;
  json config = bench.config();
  config["no_such_key"] = 1;
  expect_refused(bench, config, "plugin.bad_config", "an unknown key", "/no_such_key");
  for (const json& field : manifest->schema.at("fields")) {
    const auto name = field.at("name").get<std::string>();
    for (const json& value : bad_values(field)) {
      config = bench.config();
      config[name] = value;
      expect_refused(bench, config, "plugin.bad_config", name + " = " + value.dump().substr(0, 40), "/" + name);
    }
    if (field.value("required", false)) {
      config = bench.config();
      config.erase(name);
      expect_refused(bench, config, "plugin.bad_config", name + " missing", "/" + name);
    }
  }
  for (const json& change : spec.bad) {
    config = bench.config();
    config.update(change);
    const auto loaded = bench.load(config);
    ASSERT_FALSE(loaded) << change.dump();
    EXPECT_TRUE(loaded.error().code == "plugin.create_failed" || loaded.error().code == "plugin.bad_config")
        << change.dump() << ": " << loaded.error().code;
  }
}

void run_missing_files(const Spec& spec) {
  for (const auto& [field, unused] : spec.files) {
    Bench bench(spec);
    json config = bench.config();
    config[field] = bench.path_of(field) + ".absent";
    expect_refused(bench, config, "plugin.create_failed", field + " names a file that is not there");
    config[field] = "/";
    expect_refused(bench, config, "plugin.create_failed", field + " names a directory");
    std::filesystem::create_symlink(bench.path_of(field), bench.path_of(field) + ".link");
    config[field] = bench.path_of(field) + ".link";
    expect_refused(bench, config, "plugin.create_failed", field + " names a link");
  }
}

void run_twice(const Spec& spec) {
  Bench bench(spec);
  const auto first = bench.load(bench.config());
  const auto second = bench.load(bench.config());
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->header, second->header) << "one library";
}

class Body : public testing::Test {
 public:
  Body(void (*run)(const Spec&), Spec spec) : run_(run), spec_(std::move(spec)) {}
  void TestBody() override { run_(spec_); }

 private:
  void (*run_)(const Spec&);
  Spec spec_;
};

void run_kind(const Spec& spec) {
  Bench bench(spec);
  const auto manifest = bench.manifest();
  ASSERT_TRUE(manifest) << manifest.error().code;
  switch (manifest->kind) {
    case PluginKind::authenticator:
      return run_authenticator(spec);
    case PluginKind::posture_check:
      return run_posture_check(spec);
    case PluginKind::console_driver:
      return run_console_driver(spec);
    case PluginKind::access_path:
      return run_access_path(spec);
  }
}

constexpr std::array<std::pair<const char*, void (*)(const Spec&)>, 6> kTests{
    {{"ManifestAndHeaderAgree", run_manifest},
     {"EveryFieldIsExplained", run_schema},
     {"RefusesEveryBadConfiguration", run_bad_config},
     {"RefusesFilesThatAreNone", run_missing_files},
     {"LoadsTwice", run_twice},
     {"KeepsItsContractWithHostileInput", run_kind}}};

}  // namespace

Bench::Bench(const Spec& spec)
    : plugin_(spec.plugin),
      plugin_directory_(spec.directory.empty() ? SEKISHO_PLUGIN_DIR : spec.directory),
      files_(spec.files),
      config_(spec.config),
      host_(std::make_unique<plugin::SystemPluginHost>(spec.plugin, entropy_, log_)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "sekisho-conformance-XXXXXX").string();
  SEKISHO_ASSERT(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  for (const auto& [field, content] : spec.files) {
    std::ofstream(directory_ / field, std::ios::binary) << content;
    config_[field] = path_of(field);
  }
}

Bench::~Bench() {
  std::error_code ignored;  // a directory of a test under /tmp: nothing depends on its going
  std::filesystem::remove_all(directory_, ignored);
}

std::string Bench::path_of(const std::string& field) const {
  return (directory_ / field).string();
}

Result<plugin::LoadedPlugin> Bench::load(const json& config) {
  plugin::Loader loader(plugin_directory_, *host_, true);
  return loader.load({.plugin = plugin_, .config = config});
}

Result<plugin::Manifest> Bench::manifest() {
  return plugin::Loader(plugin_directory_, *host_, true).manifest(plugin_);
}

std::vector<std::string> Bench::secrets() {
  std::vector<std::string> out;
  const auto says = manifest();
  if (!says) return out;
  for (const json& field : says->schema.at("fields")) {
    const auto file = files_.find(field.at("name").get<std::string>());
    if (!field.value("secret", false) || file == files_.end()) continue;
    std::string line = file->second.substr(0, file->second.find('\n'));
    if (line.size() >= 8) out.push_back(std::move(line));  // a shorter one cannot be told from chance
  }
  return out;
}

bool is_code(std::string_view code) {
  return code.find('.') != std::string_view::npos && code.front() != '.' && code.back() != '.' &&
         code.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos;
}

void expect_complete(const Text& text, const char* what) {
  EXPECT_FALSE(text.ja.empty()) << what << " has no Japanese";
  EXPECT_FALSE(text.en.empty()) << what << " has no English";
  EXPECT_NE(text.ja, text.en) << what << " is the same in both languages";
}

void expect_complete(const Refusal& refusal) {
  SCOPED_TRACE(refusal.code);
  EXPECT_TRUE(is_code(refusal.code)) << refusal.code;
  EXPECT_TRUE(refusal.rule.size() >= 3 && (refusal.rule[0] == 'R' || refusal.rule.rfind("T-", 0) == 0)) << refusal.rule;
  expect_complete(refusal.what, "what");
  expect_complete(refusal.why, "why");
  expect_complete(refusal.remedy, "remedy");
}

void run_all(const Spec& spec) {
  for (const auto& [name, run] : kTests) {
    SCOPED_TRACE(name);
    run(spec);
  }
}

bool register_tests(const Spec& spec) {
  for (const auto& [name, run] : kTests) {
    testing::RegisterTest("Conformance", name, nullptr, spec.plugin.c_str(), __FILE__, __LINE__,
                          [run = run, spec]() -> testing::Test* { return new Body(run, spec); });
  }
  return true;
}

}  // namespace sekisho::conformance
