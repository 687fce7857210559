// One function for each subject, each in the file of its name; module.cpp calls them in this order, because a signature
// that is made before its types are known says so badly.
// Threads: while the module is imported.
#pragma once
#include <pybind11/pybind11.h>

namespace sekisho::python {

void bind_sdk_values(pybind11::module_& m);
void bind_kinds(pybind11::module_& m);
void bind_screens(pybind11::module_& m);
void bind_seam(pybind11::module_& m);
void bind_registry(pybind11::module_& m);
void bind_journal(pybind11::module_& m);
void bind_console(pybind11::module_& m);
void bind_recording(pybind11::module_& m);
void bind_desktops(pybind11::module_& m);
void bind_plugins(pybind11::module_& m);
void bind_paths(pybind11::module_& m);
void bind_login(pybind11::module_& m);
void bind_posture(pybind11::module_& m);
void bind_fortinet(pybind11::module_& m);
void bind_gate(pybind11::module_& m);
void bind_front(pybind11::module_& m);
void bind_relay(pybind11::module_& m);

}  // namespace sekisho::python
