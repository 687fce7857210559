// What the broken plugins have in common: a schema, an object, a create() that works. Each .cpp beside this file spoils
// one thing and is named after it.
#pragma once
#include <sekisho/sdk/plugin.hpp>

namespace sekisho::broken {

class Doorkeeper final : public Authenticator {
 public:
  [[nodiscard]] std::string_view factor() const override { return "broken"; }
  [[nodiscard]] unsigned weight() const override { return 0; }
  [[nodiscard]] AuthStep step(AuthRequest) override { return {}; }
};

inline const char* schema() {
  return R"({"type":"object","fields":[{"name":"tries","type":"integer","min":1,"max":5,"default":3,"meaning":"Tries"}]})";
}
inline Result<PluginObject> create(PluginHost&, const nlohmann::json&) {
  return PluginObject(std::unique_ptr<Authenticator>(new Doorkeeper));
}

}  // namespace sekisho::broken

/// A header with `field = value` in place of what is right.
#define SEKISHO_BROKEN_HEADER(field, value)                                                              \
  extern "C" __attribute__((visibility("default"))) const ::sekisho::PluginHeader* sekisho_plugin_v1() { \
    static const ::sekisho::PluginHeader header = [] {                                                   \
      ::sekisho::PluginHeader out{.magic = ::sekisho::kPluginMagic,                                      \
                                  .size = sizeof(::sekisho::PluginHeader),                               \
                                  .api_major = ::sekisho::kPluginApiMajor,                               \
                                  .api_minor = ::sekisho::kPluginApiMinor,                               \
                                  .fingerprint = SEKISHO_FINGERPRINT,                                    \
                                  .kind = ::sekisho::PluginKind::authenticator,                          \
                                  .status = ::sekisho::PluginStatus::alpha,                              \
                                  .posture = ::sekisho::PluginPosture::untrusted_peer,                   \
                                  .name = "broken",                                                      \
                                  .version = "1.0.0",                                                    \
                                  .needs = "",                                                           \
                                  .schema = &::sekisho::broken::schema,                                  \
                                  .create = &::sekisho::broken::create};                                 \
      out.field = value;                                                                                 \
      return out;                                                                                        \
    }();                                                                                                 \
    return &header;                                                                                      \
  }
