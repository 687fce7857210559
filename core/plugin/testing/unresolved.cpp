// A library that the dynamic linker cannot complete.
extern "C" int sekisho_symbol_that_nobody_has();
extern "C" __attribute__((visibility("default"))) int sekisho_plugin_v1() {
  return sekisho_symbol_that_nobody_has();
}
