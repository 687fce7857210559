// sekisho._core: the C++ of Sekisho as Python sees it. Python's own layer over it is the package sekisho; what each
// name does stands in _core/*.pyi, which are written by hand and checked against this module.
#include "bind.hpp"
#include "errors.hpp"

PYBIND11_MODULE(_core, m) {
  using namespace sekisho::python;
  m.doc() = "Sekisho's C++ rooms, thinly: use the package sekisho.";
  register_errors();
  // A submodule for each room; pybind11 makes each importable by its name.
  const auto room = [&m](const char* name, auto... binds) {
    auto sub = m.def_submodule(name);
    (binds(sub), ...);
  };
  room("sdk", bind_sdk_values, bind_kinds);
  room("screens", bind_screens);
  room("seam", bind_seam);
  room("registry", bind_registry);
  room("journal", bind_journal);
  room("console", bind_console);
  room("recording", bind_recording);
  room("desktops", bind_desktops);
  room("plugins", bind_plugins);
  room("paths", bind_paths);
  room("login", bind_login);
  room("posture", bind_posture);
  room("fortinet", bind_fortinet);
  room("gate", bind_gate);
  room("front", bind_front);
  room("relay", bind_relay);
}
