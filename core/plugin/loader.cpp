#include "plugin/loader.hpp"

#include "plugin/files.hpp"

#include <sekisho/sdk/config.hpp>

#include <dlfcn.h>
namespace sekisho::plugin {
namespace {

Error file_error(const Error& error, const char* absent) {
  return fail(error.code == "files.unsafe" ? "plugin.unsafe_file" : absent, error.detail);
}

bool other_api(std::uint32_t major, std::uint32_t minor) {
  return major != kPluginApiMajor || minor > kPluginApiMinor;
}

Error wrong_api(std::uint32_t major, std::uint32_t minor) {
  return fail("plugin.wrong_api", "built for plugin API " + std::to_string(major) + "." + std::to_string(minor) +
                                      ", this host has " + std::to_string(kPluginApiMajor) + "." +
                                      std::to_string(kPluginApiMinor));
}

std::optional<Error> foreign(const Manifest& says) {
  if (other_api(says.api_major, says.api_minor)) return wrong_api(says.api_major, says.api_minor);
  if (says.fingerprint != SEKISHO_FINGERPRINT) {
    return fail("plugin.other_fingerprint", "built as " + says.fingerprint + ", this host is " SEKISHO_FINGERPRINT);
  }
  return std::nullopt;
}

/// Opens exactly the bytes behind `file`. The linker remembers every name that it has ever opened a library by, and
/// would answer a descriptor number that is used again with the library it stood for first: so the descriptor stays
/// open for good.
void* open_library(File file, std::string& why) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.fd());
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* words = dlerror();
    why = words != nullptr ? words : "unknown reason";
    return nullptr;
  }
  static_cast<void>(file.release());
  return handle;
}

/// A null pointer in whatever kind it is.
bool is_null(const PluginObject& object) {
  return std::visit([](const auto& pointer) { return pointer == nullptr; }, object);
}

PluginKind kind_of(const PluginObject& object) {
  switch (object.index()) {
    case 0:
      return PluginKind::authenticator;
    case 1:
      return PluginKind::posture_check;
    case 2:
      return PluginKind::console_driver;
    default:
      return PluginKind::access_path;
  }
}

}  // namespace

Loader::Loader(std::string directory, PluginHost& host, bool allow_wip)
    : directory_(std::move(directory)), host_(host), allow_wip_(allow_wip) {}

Result<Manifest> Loader::manifest(const std::string& name) const {
  if (!is_plugin_name(name)) return fail("plugin.bad_name", "only a-z, 0-9 and _, at most 64");
  const auto file = open_in(directory_, name + ".json");
  if (!file) return file_error(file.error(), "plugin.no_manifest");
  const auto text = read_whole(*file, kMostManifestBytes);
  if (!text) return fail("plugin.bad_manifest", text.error().detail);
  auto out = parse_manifest(*text);
  if (out && out->name != name) return fail("plugin.bad_manifest", "describes another plugin: " + out->name);
  return out;
}

Result<LoadedPlugin> Loader::load(const PluginConfig& config, std::optional<PluginKind> wanted) {
  auto manifest = this->manifest(config.plugin);
  if (!manifest) return manifest.error();
  if (wanted && manifest->kind != *wanted) {
    return fail("plugin.wrong_kind",
                "is of kind " + std::string(kind_name(manifest->kind)) + ", not " + std::string(kind_name(*wanted)));
  }
  if (manifest->status == PluginStatus::wip && !allow_wip_) {
    return fail("plugin.wip_refused", "its status is wip; production takes alpha and stable");
  }
  if (const auto error = foreign(*manifest)) return *error;

  auto library = open_in(directory_, config.plugin + ".so");
  if (!library) return file_error(library.error(), "plugin.no_library");
  const auto hash = sha256_of(*library);
  if (!hash) return fail("plugin.no_library", hash.error().detail);
  if (*hash != manifest->library_sha256) {
    return fail("plugin.wrong_hash",
                "the library's SHA-256 is " + *hash + ", the manifest says " + manifest->library_sha256);
  }

  std::string why;
  void* handle = open_library(std::move(*library), why);
  if (handle == nullptr) return fail("plugin.not_loadable", {}, why);
  using Entry = const PluginHeader* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, "sekisho_plugin_v1"));
  if (entry == nullptr) return fail("plugin.no_entry", "has no sekisho_plugin_v1; is there a SEKISHO_PLUGIN line?");
  const PluginHeader* header = entry();
  if (header == nullptr || header->magic != kPluginMagic) return fail("plugin.bad_header", "wrong magic number");
  // Another major may have another header: it is named before a field beyond the API's version is touched.
  if (other_api(header->api_major, header->api_minor)) return wrong_api(header->api_major, header->api_minor);
  if (header->size != sizeof(PluginHeader)) return fail("plugin.bad_header", "wrong size");
  const auto says = manifest_of(*header);
  if (!says) return says.error();
  if (const auto error = foreign(*says)) return *error;
  if (const std::string field = first_difference(*manifest, *says); !field.empty()) {
    return fail("plugin.header_differs", "manifest and library differ in: " + field);
  }

  const auto needs = split_needs(manifest->needs);  // parse_manifest() has seen that it can be split
  for (const auto& need : needs.value()) {
    if (!loaded_.contains(need)) {
      return fail("plugin.missing_need", "needs " + std::string(kind_name(need.first)) + ":" + need.second);
    }
  }
  const ConfigCheck checked = check_config(manifest->schema, config.config);
  if (!checked.errors.empty()) return fail("plugin.bad_config", join_config_errors(checked.errors).detail);

  try {
    Result<PluginObject> object = header->create(host_, checked.value);
    if (!object) {
      return fail("plugin.create_failed", object.error().code + ": " + object.error().detail, object.error().peer);
    }
    if (is_null(*object)) return fail("plugin.create_failed", "create() returned a null object");
    if (kind_of(*object) != manifest->kind) return fail("plugin.wrong_kind", "create() made another kind of object");
    loaded_.emplace(manifest->kind, manifest->name);
    return LoadedPlugin{std::move(*manifest), header, *std::move(object)};
  } catch (const std::exception& error) {
    return fail("plugin.threw_in_create", {}, error.what());
  } catch (...) {
    return fail("plugin.threw_in_create", "something that is no std::exception");
  }
}

LoadedAll load_all(Loader& loader, const std::vector<PluginConfig>& list, PluginKind wanted) {
  LoadedAll out;
  for (const PluginConfig& config : list) {
    auto loaded = loader.load(config, wanted);
    if (loaded) {
      out.plugins.push_back(*std::move(loaded));
      continue;
    }
    NotLoaded error{loaded.error(), config.plugin};
    error.detail = config.plugin + ": " + error.detail;
    (config.critical ? out.refused : out.skipped).push_back(std::move(error));
  }
  return out;
}

}  // namespace sekisho::plugin
