// sekisho-make-manifest LIBRARY MANIFEST NAME CATEGORY: writes the manifest of a finished plugin library, at build
// time. Hosts read the manifest before they open the library, so this is the only place where a library describes
// itself. Threads: one. Errors: a sentence on stderr and exit status 1; no manifest is left behind.
#include <sekisho/sdk/path/access_path.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <dlfcn.h>
#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

int refuse(const std::string& why) {
  std::fprintf(stderr, "sekisho-make-manifest: %s\n", why.c_str());
  return 1;
}

std::string sha256_hex(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  SEKISHO_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

const char* kind_name(sekisho::PluginKind kind) {
  switch (kind) {
    case sekisho::PluginKind::access_path:
      return "access_path";
    case sekisho::PluginKind::authenticator:
      return "authenticator";
    case sekisho::PluginKind::posture_check:
      return "posture_check";
    case sekisho::PluginKind::console_driver:
      return "console_driver";
  }
  return nullptr;
}

const char* status_name(sekisho::PluginStatus status) {
  switch (status) {
    case sekisho::PluginStatus::wip:
      return "wip";
    case sekisho::PluginStatus::alpha:
      return "alpha";
    case sekisho::PluginStatus::stable:
      return "stable";
  }
  return nullptr;
}

const char* posture_name(sekisho::PluginPosture posture) {
  switch (posture) {
    case sekisho::PluginPosture::trusted_peer:
      return "trusted_peer";
    case sekisho::PluginPosture::untrusted_peer:
      return "untrusted_peer";
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return refuse("usage: sekisho-make-manifest LIBRARY MANIFEST NAME CATEGORY");
  const std::string library = argv[1], manifest = argv[2], name = argv[3], category = argv[4];
  std::remove(manifest.c_str());

  std::ifstream file(library, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) return refuse(library + ": cannot be read");

  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return refuse(dlerror());
  using Entry = const sekisho::PluginHeader* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, "sekisho_plugin_v1"));
  if (entry == nullptr) return refuse(library + ": no SEKISHO_PLUGIN line");
  const sekisho::PluginHeader* header = entry();
  if (header == nullptr || header->magic != sekisho::kPluginMagic || header->size != sizeof(sekisho::PluginHeader)) {
    return refuse(library + ": not a plugin header of this tree");
  }
  if (header->name == nullptr || header->version == nullptr || header->needs == nullptr || header->schema == nullptr ||
      header->create == nullptr || header->fingerprint == nullptr) {
    return refuse(library + ": a field of the plugin header is null");
  }
  if (name != header->name) return refuse("target " + name + " calls itself " + header->name);
  const char* kind = kind_name(header->kind);
  const char* status = status_name(header->status);
  const char* posture = posture_name(header->posture);
  if (kind == nullptr || status == nullptr || posture == nullptr) return refuse(library + ": unknown enum value");
  if (category != std::string(kind) + "s") return refuse(name + ": a " + kind + " does not belong into " + category);

  try {
    const nlohmann::json document = {{"manifest", 1},
                                     {"name", name},
                                     {"kind", kind},
                                     {"version", header->version},
                                     {"status", status},
                                     {"posture", posture},
                                     {"api", {{"major", header->api_major}, {"minor", header->api_minor}}},
                                     {"fingerprint", header->fingerprint},
                                     {"needs", header->needs},
                                     {"schema", nlohmann::json::parse(header->schema())},
                                     {"sha256", sha256_hex(bytes)}};
    std::ofstream out(manifest, std::ios::binary);
    out << document.dump(1) << '\n';
    out.flush();
    if (!out) return refuse(manifest + ": cannot be written");
  } catch (const std::exception& error) {
    return refuse(name + ": schema() or a header field is no JSON text: " + error.what());
  }
  return 0;
}
