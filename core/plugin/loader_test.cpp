#include "plugin/loader.hpp"

#include "base/testing/memory_log.hpp"
#include "plugin/files.hpp"
#include "plugin/host.hpp"
#include "plugin/report.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

namespace sekisho::plugin {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class NoEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{7}); }
};

/// A plugin directory of its own for each test.
class LoaderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sekisho-loader-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  fs::path file(const std::string& name) const { return directory_ / name; }

  /// Puts the library of `defect` there under `name` and writes the manifest of a right plugin for it, changed by
  /// `change`.
  void install(
      const std::string& defect, const std::string& name = "broken",
      const std::function<void(json&)>& change = [](json&) {}) {
    fs::copy_file(fs::path(SEKISHO_BROKEN_PLUGINS) / (defect + ".so"), file(name + ".so"));
    write_manifest(name, change);
  }
  void write_manifest(
      const std::string& name, const std::function<void(json&)>& change = [](json&) {}) {
    const auto library = open_absolute(file(name + ".so").string());
    ASSERT_TRUE(library);
    json document = {
        {"manifest", 1},
        {"name", name},
        {"kind", "authenticator"},
        {"version", "1.0.0"},
        {"status", "alpha"},
        {"posture", "untrusted_peer"},
        {"api", {{"major", kPluginApiMajor}, {"minor", kPluginApiMinor}}},
        {"fingerprint", SEKISHO_FINGERPRINT},
        {"needs", ""},
        {"schema",
         json::parse(
             R"({"type":"object","fields":[{"name":"tries","type":"integer","min":1,"max":5,"default":3,"meaning":"Tries"}]})")},
        {"sha256", sha256_of(*library).value()}};
    change(document);
    std::ofstream(file(name + ".json")) << document.dump();
  }
  Result<LoadedPlugin> load(const std::string& name = "broken", const json& config = json::object(),
                            std::optional<PluginKind> wanted = std::nullopt, bool allow_wip = false) {
    return Loader(directory_.string(), host_, allow_wip).load({.plugin = name, .config = config}, wanted);
  }
  /// The code of the refusal; "" when the plugin was loaded.
  std::string code(const std::string& name = "broken") {
    const auto loaded = load(name);
    return loaded ? "" : loaded.error().code;
  }

  fs::path directory_;
  NoEntropy entropy_;
  MemoryLog log_;
  SystemPluginHost host_{"test", entropy_, log_};
};

TEST_F(LoaderTest, LoadsWhatIsRight) {
  install("good");
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().code << " " << loaded.error().detail;
  EXPECT_EQ(std::get<std::unique_ptr<Authenticator>>(loaded->object)->factor(), "broken");
  EXPECT_EQ(loaded->manifest.name, "broken");
}

TEST_F(LoaderTest, NamesEachDefectOfTheLibraryItself) {
  const std::vector<std::pair<const char*, const char*>> kDefects{
      {"no_entry", "plugin.no_entry"},
      {"null_header", "plugin.bad_header"},
      {"wrong_magic", "plugin.bad_header"},
      {"wrong_size", "plugin.bad_header"},
      {"api_major", "plugin.wrong_api"},
      {"api_minor", "plugin.wrong_api"},
      {"other_fingerprint", "plugin.other_fingerprint"},
      {"null_field", "plugin.bad_header"},
      {"unknown_kind", "plugin.bad_header"},
      {"header_differs", "plugin.header_differs"},
      {"no_schema", "plugin.bad_header"},
      {"throws_in_schema", "plugin.bad_header"},
      {"needs", "plugin.header_differs"},  // its manifest here keeps quiet about the need
      {"fails_in_create", "plugin.create_failed"},
      {"throws_in_create", "plugin.threw_in_create"},
      {"throws_oddly_in_create", "plugin.threw_in_create"},
      {"null_object", "plugin.create_failed"},
      {"other_object", "plugin.wrong_kind"},
      {"unresolved", "plugin.not_loadable"}};
  for (const auto& [defect, expected] : kDefects) {
    fs::remove(file("broken.so"));
    install(defect);
    EXPECT_EQ(code(), expected) << defect;
  }
}

TEST_F(LoaderTest, ManyLibrariesInTurnAreEachTheirOwn) {
  // The linker knows a library by its path, and ours are descriptor numbers: a number used twice would give the first
  // again.
  install("fails_in_create");
  EXPECT_EQ(code(), "plugin.create_failed");
  fs::remove(file("broken.so"));
  install("good");
  EXPECT_EQ(code(), "");
  fs::remove(file("broken.so"));
  install("throws_in_create");
  EXPECT_EQ(code(), "plugin.threw_in_create");
}

TEST_F(LoaderTest, SaysWhatThePluginSaid) {
  install("fails_in_create");
  EXPECT_EQ(load().error().detail, "broken.no_key: the key is missing");
  fs::remove(file("broken.so"));
  install("throws_in_create");
  EXPECT_EQ(load().error().peer, "thrown by the plugin");
}

TEST_F(LoaderTest, RefusesAManifestThatIsMissingOrWrong) {
  EXPECT_EQ(code(), "plugin.no_manifest");
  install("good");
  for (const char* text : {"", "[]", "{\"name\":\"broken\"}", "not json", "{\"a\":1,\"a\":1}"}) {
    std::ofstream(file("broken.json")) << text;
    EXPECT_EQ(code(), "plugin.bad_manifest") << text;
  }
  const std::vector<std::function<void(json&)>> changes{[](json& m) { m["manifest"] = 2; },
                                                        [](json& m) { m["name"] = "other"; },
                                                        [](json& m) { m["kind"] = "lock"; },
                                                        [](json& m) { m["sha256"] = "00"; },
                                                        [](json& m) { m["status"] = "golden"; },
                                                        [](json& m) { m["posture"] = "any"; },
                                                        [](json& m) { m["needs"] = "password"; },
                                                        [](json& m) { m["needs"] = "authenticator:password,"; },
                                                        [](json& m) { m["api"]["major"] = -1; },
                                                        [](json& m) { m["schema"] = json::object(); },
                                                        [](json& m) {
                                                          m["schema"] = {{"type", "list"}};
                                                        },
                                                        [](json& m) { m["extra"] = 1; },
                                                        [](json& m) { m.erase("fingerprint"); },
                                                        [](json& m) { m["version"] = 1; }};
  for (const auto& change : changes) {
    write_manifest("broken", change);
    EXPECT_EQ(code(), "plugin.bad_manifest");
  }
  write_manifest("broken");
  EXPECT_EQ(code(), "");
}

TEST_F(LoaderTest, ComparesHeaderAndManifestFieldByField) {
  install("good");
  for (const auto& [field, value] : std::vector<std::pair<const char*, json>>{{"version", "1.0.1"},
                                                                              {"kind", "posture_check"},
                                                                              {"status", "stable"},
                                                                              {"posture", "trusted_peer"},
                                                                              {"needs", "authenticator:x"}}) {
    write_manifest("broken", [&](json& m) { m[field] = value; });
    const auto loaded = load();
    ASSERT_FALSE(loaded) << field;
    EXPECT_EQ(loaded.error().code, "plugin.header_differs") << field;
    EXPECT_NE(loaded.error().detail.find(field), std::string::npos) << loaded.error().detail;
  }
  write_manifest("broken", [](json& m) { m["schema"]["fields"][0]["max"] = 500; });
  EXPECT_EQ(code(), "plugin.header_differs") << "a manifest cannot widen what the library allows";
}

TEST_F(LoaderTest, DoesNotOpenALibraryWhoseBytesAreOthers) {
  install("good");
  std::ofstream(file("broken.so"), std::ios::app) << "x";
  EXPECT_EQ(code(), "plugin.wrong_hash");
  fs::remove(file("broken.so"));
  EXPECT_EQ(code(), "plugin.no_library");
}

TEST_F(LoaderTest, WhatIsNoLibraryIsNotLoadable) {
  std::ofstream(file("broken.so")) << "#!/bin/sh\n";
  write_manifest("broken");
  EXPECT_EQ(code(), "plugin.not_loadable");
}

TEST_F(LoaderTest, NeverLeavesItsDirectory) {
  for (const char* name : {"", ".", "..", "../broken", "a/b", "Broken", "broken.so", "broken\n", "ｂroken"}) {
    EXPECT_EQ(code(name), "plugin.bad_name") << name;
  }
  EXPECT_EQ(code(std::string(65, 'a')), "plugin.bad_name");
}

TEST_F(LoaderTest, FollowsNoLinkAndTakesOnlyRegularFiles) {
  install("good");
  fs::rename(file("broken.so"), file("real.so"));
  fs::create_symlink(file("real.so"), file("broken.so"));
  EXPECT_EQ(code(), "plugin.no_library");
  fs::remove(file("broken.so"));
  ASSERT_EQ(mkfifo(file("broken.so").c_str(), 0600), 0);
  EXPECT_EQ(code(), "plugin.no_library");
  fs::remove(file("broken.so"));
  fs::rename(file("real.so"), file("broken.so"));
  EXPECT_EQ(code(), "");
  fs::rename(file("broken.json"), file("real.json"));
  fs::create_symlink(file("real.json"), file("broken.json"));
  EXPECT_EQ(code(), "plugin.no_manifest");
}

TEST_F(LoaderTest, RefusesWhatEverybodyMayWrite) {
  install("good");
  for (const char* name : {"broken.so", "broken.json", "."}) {
    const fs::perms before = fs::status(file(name)).permissions();
    fs::permissions(file(name), fs::perms::others_write, fs::perm_options::add);
    EXPECT_EQ(code(), "plugin.unsafe_file") << name;
    fs::permissions(file(name), before);
  }
  EXPECT_EQ(code(), "");
}

TEST_F(LoaderTest, RefusesAForeignBuildBeforeItOpensTheLibrary) {
  std::ofstream(file("broken.so")) << "never looked at";
  write_manifest("broken", [](json& m) { m["fingerprint"] = "gcc-1"; });
  EXPECT_EQ(code(), "plugin.other_fingerprint");
  write_manifest("broken", [](json& m) { m["api"]["minor"] = kPluginApiMinor + 1; });
  EXPECT_EQ(code(), "plugin.wrong_api");
}

TEST_F(LoaderTest, ANeedMustHaveBeenLoadedBefore) {
  const auto needs_good = [](json& m) { m["needs"] = "authenticator:good"; };
  install("needs", "broken", needs_good);
  Loader loader(directory_.string(), host_);
  const auto alone = loader.load({.plugin = "broken"});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, "plugin.missing_need");
  EXPECT_EQ(alone.error().detail, "needs authenticator:good");
}

TEST_F(LoaderTest, ChecksTheConfigurationAgainstTheSchema) {
  install("good");
  EXPECT_TRUE(load("broken", {{"tries", 5}}));
  for (const json& bad : {json{{"tries", 6}}, json{{"tires", 5}}, json::array(), json(nullptr)}) {
    const auto loaded = load("broken", bad);
    ASSERT_FALSE(loaded) << bad;
    EXPECT_EQ(loaded.error().code, "plugin.bad_config");
  }
  EXPECT_NE(load("broken", {{"tries", 6}, {"x", 1}}).error().detail.find("/x"), std::string::npos)
      << "all errors at once";
}

TEST_F(LoaderTest, RefusesAnotherKindThanAskedFor) {
  install("good");
  EXPECT_EQ(load("broken", json::object(), PluginKind::posture_check).error().code, "plugin.wrong_kind");
  EXPECT_TRUE(load("broken", json::object(), PluginKind::authenticator));
}

TEST_F(LoaderTest, TakesUnfinishedPluginsOnlyWhenTold) {
  install("wip", "broken", [](json& m) { m["status"] = "wip"; });
  EXPECT_EQ(code(), "plugin.wip_refused");
  EXPECT_TRUE(load("broken", json::object(), std::nullopt, true));
}

TEST_F(LoaderTest, OnlyACriticalFailureIsOne) {
  install("good");
  Loader loader(directory_.string(), host_);
  const auto all =
      load_all(loader, {{.plugin = "broken"}, {.plugin = "absent"}, {.plugin = "spare", .critical = false}},
               PluginKind::authenticator);
  EXPECT_EQ(all.plugins.size(), 1u);
  ASSERT_EQ(all.refused.size(), 1u);
  EXPECT_EQ(all.refused[0].detail.substr(0, 8), "absent: ");
  ASSERT_EQ(all.skipped.size(), 1u);
  EXPECT_EQ(all.skipped[0].detail.substr(0, 7), "spare: ");
}

TEST_F(LoaderTest, EachRefusalIsAnEventOfItsOwnInBothLanguages) {
  // Everything that loader.hpp lists.
  std::ifstream header(fs::path(SEKISHO_SOURCE_DIR) / "core/plugin/loader.hpp");
  std::set<std::string> listed;
  for (std::string line; std::getline(header, line);) {
    if (line.starts_with("//   plugin.")) listed.insert(line.substr(5, line.find(' ', 5) - 5));
  }
  EXPECT_EQ(listed.size(), 18u);
  std::set<std::string> meanings;
  for (const std::string& code : listed) {
    const Event* event = event_of(code);
    ASSERT_NE(event, nullptr) << code;
    EXPECT_EQ(event->id, code);
    EXPECT_TRUE(meanings.insert(event->meaning.ja).second) << code << " says what another says";
    EXPECT_TRUE(meanings.insert(event->meaning.en).second) << code << " says what another says";
  }
  EXPECT_EQ(event_of("plugin.other"), nullptr);
}

TEST_F(LoaderTest, WhatIsNotLoadedIsReportedWithPluginReasonAndWeight) {
  install("throws_in_create");
  Loader loader(directory_.string(), host_);
  const auto all =
      load_all(loader, {{.plugin = "broken"}, {.plugin = "absent", .critical = false}}, PluginKind::authenticator);
  MemoryLog log;
  report(log, all);
  ASSERT_EQ(log.ids, (std::vector<std::string>{"plugin.threw_in_create", "plugin.no_manifest"}));
  const json threw = json::parse(log.lines[0]), absent = json::parse(log.lines[1]);
  EXPECT_EQ(threw["plugin"], "broken");
  EXPECT_EQ(threw["peer"], "thrown by the plugin");
  EXPECT_EQ(threw["critical"], true);
  EXPECT_EQ(absent["plugin"], "absent");
  EXPECT_EQ(absent["critical"], false);
}

TEST_F(LoaderTest, TheHostReadsFilesWithinBounds) {
  std::ofstream(file("key")) << "secret";
  EXPECT_EQ(host_.read_file(file("key").string()).value(), "secret");
  EXPECT_EQ(host_.read_file("key").error().code, "plugin.unreadable_file");
  EXPECT_EQ(host_.read_file(directory_.string()).error().code, "plugin.unreadable_file");
  EXPECT_EQ(host_.read_file(file("absent").string()).error().code, "plugin.unreadable_file");
  fs::create_symlink(file("key"), file("link"));
  EXPECT_EQ(host_.read_file(file("link").string()).error().code, "plugin.unreadable_file");
  std::ofstream(file("big")) << std::string((1 << 20) + 1, 'x');
  EXPECT_EQ(host_.read_file(file("big").string()).error().code, "plugin.large_file");
  fs::permissions(file("key"), fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(host_.read_file(file("key").string()).error().code, "plugin.unsafe_file");
}

}  // namespace
}  // namespace sekisho::plugin
