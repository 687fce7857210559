// sekisho-make-manifest LIBRARY MANIFEST NAME CATEGORY: writes the manifest of a finished plugin library, at build
// time. Hosts read the manifest before they open the library, so this is the only place where a library describes
// itself. Threads: one. Errors: a sentence on stderr and exit status 1; no manifest is left behind.
#include "plugin/files.hpp"
#include "plugin/manifest.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <dlfcn.h>

#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
  const auto refuse = [](const std::string& why) {
    std::fprintf(stderr, "sekisho-make-manifest: %s\n", why.c_str());
    return 1;
  };
  if (argc != 5) return refuse("usage: sekisho-make-manifest LIBRARY MANIFEST NAME CATEGORY");
  const std::string library = argv[1], path = argv[2], name = argv[3], category = argv[4];
  std::remove(path.c_str());

  const auto file = sekisho::plugin::open_absolute(library);
  if (!file) return refuse(file.error().detail);
  const auto hash = sekisho::plugin::sha256_of(*file);
  if (!hash) return refuse(hash.error().detail);
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return refuse(dlerror());
  using Entry = const sekisho::PluginHeader* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, "sekisho_plugin_v1"));
  if (entry == nullptr) return refuse(name + ": no SEKISHO_PLUGIN line");
  const sekisho::PluginHeader* header = entry();
  if (header == nullptr || header->magic != sekisho::kPluginMagic || header->size != sizeof(sekisho::PluginHeader)) {
    return refuse(name + ": not a plugin header of this tree");
  }
  auto manifest = sekisho::plugin::manifest_of(*header);
  if (!manifest) return refuse(name + ": " + manifest.error().detail);
  if (manifest->name != name) return refuse("target " + name + " calls itself " + manifest->name);
  const std::string kind(sekisho::plugin::kind_name(manifest->kind));
  if (category != kind + "s") return refuse(name + ": a plugin of kind " + kind + " does not belong into " + category);
  manifest->library_sha256 = *hash;

  std::ofstream out(path, std::ios::binary);
  out << sekisho::plugin::manifest_text(*manifest);
  out.flush();
  return out ? 0 : refuse(path + ": cannot be written");
}
