// The conformance kit: what every plugin must do whatever it is for. One line in <name>_load_test.cpp runs it:
//   SEKISHO_CONFORMANCE("email_code", .config = {{"sender", "x@example"}}, .files = {{"key_file", "32 bytes of key
//   ..."}});
// It loads the real library through the real loader and shows, with fixed seeds:
//   - manifest and header agree; every field has a meaning; every default passes the schema
//   - every bad value of every field, an unknown key, a missing required field and a missing file are refused, with the
//     field's JSON pointer
//   - step()/judge()/open() and what follows never throw on hostile input; unknown is never a yes; sizes stay within
//     the SDK's limits; every refusal has rule, code and all texts in Japanese and English
//   - neither evidence nor what stands in a secret file shows up in what comes back or in the log
//   - nothing borrowed is used after its call (it is overwritten then); nothing is asked of a host after its end
// conformance_test.cpp proves on misbehaving plugins that each of these can fail.
// Threads: one. Link sekisho::conformance; sekisho_add_plugin does it for <name>_load_test.cpp.
#pragma once
#include "base/testing/memory_log.hpp"
#include "plugin/loader.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace sekisho::conformance {

struct Spec {
  std::string plugin;
  nlohmann::json config = nlohmann::json::object();  ///< a good one, without the fields of `files`
  std::map<std::string, std::string> files = {};     ///< configuration field -> content of the file it names
  std::vector<nlohmann::json> bad = {};              ///< replaced or added keys that create() itself must refuse
  std::vector<std::string> words = {};               ///< access paths: pieces of the protocol for the hostile peer
  std::string directory = {};                        ///< where the plugin lies; empty: where the build puts plugins
};

/// Runs every test of the kit inside the running test.
void run_all(const Spec& spec);
/// Registers the tests of the plugin's kind with GoogleTest; returns true.
bool register_tests(const Spec& spec);

#define SEKISHO_CONFORMANCE(name, ...)                                    \
  static const bool sekisho_conformance_of_the_plugin_ [[maybe_unused]] = \
      ::sekisho::conformance::register_tests(::sekisho::conformance::Spec{.plugin = name __VA_OPT__(, ) __VA_ARGS__})

// --- the parts, for a plugin's own further tests ---------------------------------------------------------------------

/// Repeatable numbers where production has the kernel's.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : numbers_(seed) {}
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(numbers_());
  }

 private:
  std::mt19937_64 numbers_;
};

/// Hostile values of every kind, repeatable.
class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : numbers_(seed) {}
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return numbers_() % bound; }
  [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
  [[nodiscard]] std::string bytes(std::size_t most);
  [[nodiscard]] std::string text(std::size_t most_bytes);  ///< valid UTF-8: controls, quotes, kanji, digits, bidi
  [[nodiscard]] nlohmann::json json(int depth = 3);
  /// `document` with some members dropped, retyped or replaced.
  void spoil(nlohmann::json& document, int changes);
  [[nodiscard]] Arrival arrival();
  [[nodiscard]] Refusal refusal();
  template <class T>
  [[nodiscard]] const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 numbers_;
};

/// A directory with the files of a spec, and a loader on the build's plugins.
class Bench {
 public:
  explicit Bench(const Spec& spec);
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// The spec's good configuration with the paths of its files.
  [[nodiscard]] const nlohmann::json& config() const { return config_; }
  [[nodiscard]] std::string path_of(const std::string& field) const;
  [[nodiscard]] Result<plugin::LoadedPlugin> load(const nlohmann::json& config);
  [[nodiscard]] Result<plugin::Manifest> manifest();
  /// First lines of the files that the schema calls secret; nobody may ever see them.
  [[nodiscard]] std::vector<std::string> secrets();
  [[nodiscard]] const std::vector<std::string>& log_lines() const { return log_.lines; }

 private:
  std::string plugin_, plugin_directory_;
  std::map<std::string, std::string> files_;
  std::filesystem::path directory_;
  nlohmann::json config_;
  SeededEntropy entropy_{1};
  MemoryLog log_;
  std::unique_ptr<PluginHost> host_;
};

/// All texts there, in both languages; codes and rules well-formed. Reports through GoogleTest.
void expect_complete(const Refusal& refusal);
void expect_complete(const Text& text, const char* what);
/// "password.wrong": two or more dotted words of [a-z0-9_].
[[nodiscard]] bool is_code(std::string_view code);

void run_authenticator(const Spec& spec);
void run_posture_check(const Spec& spec);
void run_console_driver(const Spec& spec);
void run_access_path(const Spec& spec);

}  // namespace sekisho::conformance
