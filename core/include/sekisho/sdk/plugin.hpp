// The plugin boundary: header, factory and the SEKISHO_PLUGIN macro. CHANGES.md beside this file lists API versions.
// Threads: create/start/stop run on the host's main thread. Ownership: the host owns what create() returns and destroys
// it before the library is (never really) unloaded. No exception crosses: create() returns an Error instead.
// Life: manifest -> hash -> dlopen -> header equals manifest -> needs -> config -> create -> start … stop -> destroyed.
#pragma once
#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/console_driver.hpp>
#include <sekisho/sdk/posture_check.hpp>
#include <sekisho/sdk/result.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

namespace sekisho {

class AccessPath;  // sdk/path/access_path.hpp; fronts only

inline constexpr std::uint32_t kPluginApiMajor = 1;
inline constexpr std::uint32_t kPluginApiMinor = 0;

enum class PluginKind : std::uint8_t { access_path, authenticator, posture_check, console_driver };
/// Maturity, shown to the operator; `wip` is refused in production unless the configuration says so.
enum class PluginStatus : std::uint8_t { wip, alpha, stable };
/// Which peers the plugin's code may face.
enum class PluginPosture : std::uint8_t { trusted_peer, untrusted_peer };

/// What a host lends to a plugin for the plugin's whole life.
class PluginHost {
 public:
  virtual ~PluginHost() = default;
  virtual Entropy& entropy() = 0;
  /// One line of structured log; `fields` holds no secret.
  virtual void log(std::string_view event, const nlohmann::json& fields) = 0;
  /// Reads a file named by a "secret" or "file" configuration field, in create() and Authenticator::refresh() only;
  /// <= 1 MiB. May be called from any thread.
  virtual Result<std::string> read_file(std::string_view path) = 0;
};

using PluginObject = std::variant<std::unique_ptr<Authenticator>, std::unique_ptr<PostureCheck>,
                                  std::unique_ptr<ConsoleDriver>, std::shared_ptr<AccessPath>>;

/// Constant data that the loader compares with the manifest before it calls anything.
struct PluginHeader {
  std::uint64_t magic;  ///< kPluginMagic
  std::uint32_t size;   ///< sizeof(PluginHeader)
  std::uint32_t api_major, api_minor;
  const char* fingerprint;  ///< toolchain, standard library ABI, sanitizers: must equal the host's
  PluginKind kind;
  PluginStatus status;
  PluginPosture posture;
  const char* name;
  const char* version;
  const char* needs;  ///< comma separated "kind:name" that must be loaded too; "" for none
  /// JSON description of the configuration fields (sdk/config.hpp: schema_text); static storage.
  const char* (*schema)();
  /// `config` is a JSON object already checked against the schema, defaults filled in. Returns nullptr-free object or
  /// error.
  Result<PluginObject> (*create)(PluginHost& host, const nlohmann::json& config);
};

inline constexpr std::uint64_t kPluginMagic = 0x6f68736b'65732031ULL;

#define SEKISHO_STRINGIFY_(x) #x
#define SEKISHO_STRINGIFY(x) SEKISHO_STRINGIFY_(x)
#if defined(__SANITIZE_THREAD__)
#define SEKISHO_FINGERPRINT_SAN "+tsan"
#elif defined(__SANITIZE_ADDRESS__)
#define SEKISHO_FINGERPRINT_SAN "+asan"
#else
#define SEKISHO_FINGERPRINT_SAN ""
#endif
#ifndef SEKISHO_FINGERPRINT
#define SEKISHO_FINGERPRINT                                                                                 \
  "gcc-" SEKISHO_STRINGIFY(__GNUC__) "." SEKISHO_STRINGIFY(__GNUC_MINOR__) "/libstdc++-" SEKISHO_STRINGIFY( \
      _GLIBCXX_RELEASE) "/abi-" SEKISHO_STRINGIFY(_GLIBCXX_USE_CXX11_ABI) SEKISHO_FINGERPRINT_SAN
#endif

/// Defines the plugin's one exported symbol. Usage, in plugin.cpp and nowhere else:
///   SEKISHO_PLUGIN(.kind = PluginKind::authenticator, .status = PluginStatus::alpha,
///                  .posture = PluginPosture::untrusted_peer, .name = "email_code", .version = "1.0.0", .needs = "",
///                  .schema = &schema, .create = &create)
#define SEKISHO_PLUGIN(...)                                                                              \
  extern "C" __attribute__((visibility("default"))) const ::sekisho::PluginHeader* sekisho_plugin_v1() { \
    static constinit const ::sekisho::PluginHeader header{.magic = ::sekisho::kPluginMagic,              \
                                                          .size = sizeof(::sekisho::PluginHeader),       \
                                                          .api_major = ::sekisho::kPluginApiMajor,       \
                                                          .api_minor = ::sekisho::kPluginApiMinor,       \
                                                          .fingerprint = SEKISHO_FINGERPRINT,            \
                                                          __VA_ARGS__};                                  \
    return &header;                                                                                      \
  }

}  // namespace sekisho
