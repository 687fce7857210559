// A library without the one symbol.
extern "C" __attribute__((visibility("default"))) int sekisho_plugin_v0() {
  return 0;
}
