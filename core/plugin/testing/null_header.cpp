// The entry gives no header.
#include "broken.hpp"

extern "C" __attribute__((visibility("default"))) const sekisho::PluginHeader* sekisho_plugin_v1() {
  return nullptr;
}
