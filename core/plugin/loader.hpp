// Loader: from a name in the configuration to a living object, with a distinct refusal for every defect.
// Order: name -> manifest -> hash -> dlopen -> header equals manifest -> needs -> config -> create.
//   plugin.bad_name         not [a-z0-9_]+
//   plugin.no_manifest      no readable regular file <name>.json directly in the directory (links are not followed)
//   plugin.bad_manifest     not a manifest of this name
//   plugin.wrong_kind       another kind than asked for, or create() made another kind of object
//   plugin.wip_refused      status wip, and the loader was not told to allow it
//   plugin.no_library       no readable regular file <name>.so
//   plugin.wrong_hash       the library is not the one that the manifest describes
//   plugin.wrong_api        API major differs or minor is newer than this host
//   plugin.other_fingerprint  built by another toolchain or with other sanitizers
//   plugin.not_loadable     the dynamic linker refuses
//   plugin.no_entry         no sekisho_plugin_v1
//   plugin.bad_header       magic, size or fields of the header
//   plugin.header_differs   header and manifest do not say the same
//   plugin.missing_need     something it needs has not been loaded by this loader before
//   plugin.bad_config       the configuration does not fit the schema (all errors, JSON pointers)
//   plugin.create_failed    create() gave an error (its code and detail follow) or a null object
//   plugin.threw_in_create  create() threw
//   plugin.unsafe_file      directory, manifest or library may be written by everybody
// Threads: one, before any other starts; dlopen may start static initialisers. Ownership: PluginHost is borrowed and
// outlives every object. Libraries are never unloaded (their code may still be on a stack, their constants in our
// hands). Source: decisions.md "Manifest"; threats.md T-23, T-75.
#pragma once
#include "base/site_config.hpp"
#include "plugin/manifest.hpp"

#include <sekisho/sdk/path/access_path.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::plugin {

struct LoadedPlugin {
  Manifest manifest;
  const PluginHeader* header = nullptr;  ///< valid until the process ends
  PluginObject object;                   ///< never null
};

class Loader {
 public:
  /// `allow_wip`: also plugins whose status is wip (labs).
  Loader(std::string directory, PluginHost& host, bool allow_wip = false);

  [[nodiscard]] Result<LoadedPlugin> load(const PluginConfig& config, std::optional<PluginKind> wanted = std::nullopt);
  /// The manifest alone, without opening the library.
  [[nodiscard]] Result<Manifest> manifest(const std::string& name) const;

 private:
  std::string directory_;
  PluginHost& host_;
  bool allow_wip_;
  std::set<std::pair<PluginKind, std::string>> loaded_;
};

struct NotLoaded : Error {
  std::string plugin;  ///< as configured
};
struct LoadedAll {
  std::vector<LoadedPlugin> plugins;
  std::vector<NotLoaded> refused;  ///< of critical plugins: the program must not start
  std::vector<NotLoaded> skipped;  ///< of the others: reported, the program goes on without them
};
/// Loads a list in its order; `detail` of each error begins with the plugin's name.
[[nodiscard]] LoadedAll load_all(Loader& loader, const std::vector<PluginConfig>& list, PluginKind wanted);

}  // namespace sekisho::plugin
