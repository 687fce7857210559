// sekisho._core: the C++ of Sekisho as Python sees it. Python's own layer over it is the package sekisho; what each
// name does stands in _core.pyi, which is written by hand and checked against this module.
#include "bind.hpp"
#include "errors.hpp"

PYBIND11_MODULE(_core, m) {
  using namespace sekisho::python;
  m.doc() = "Sekisho's C++ rooms, thinly: use the package sekisho.";
  register_errors();
  bind_sdk_values(m);
  bind_kinds(m);
  bind_seam(m);
  bind_registry(m);
  bind_journal(m);
  bind_plugins(m);
  bind_paths(m);
  bind_login(m);
  bind_posture(m);
  bind_fortinet(m);
  bind_gate(m);
}
