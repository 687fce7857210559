// A Python callable that C++ keeps and calls from any thread.
// Threads: the GIL is taken for every call and for the end of the object. Errors: what the callable raises is written
// to sys.unraisablehook, because a service has nobody to raise it to.
#pragma once
#include "casters.hpp"

#include <memory>
#include <utility>

namespace sekisho::python {

/// Keeps `object` alive; lets it go with the GIL held.
[[nodiscard]] inline std::shared_ptr<py::object> keep(py::object object) {
  return {new py::object(std::move(object)), [](py::object* kept) {
            const py::gil_scoped_acquire gil;
            delete kept;
          }};
}

/// Calls with the GIL; the answer is let go.
template <class... A>
void call(const py::object& callable, const char* what, A&&... arguments) {
  const py::gil_scoped_acquire gil;
  try {
    callable(std::forward<A>(arguments)...);
  } catch (py::error_already_set& raised) {
    raised.discard_as_unraisable(what);
  }
}

/// Calls with the GIL; R is nothing of Python; `otherwise` is the answer when the callable raises or answers with
/// another type.
template <class R, class... A>
[[nodiscard]] R call_or(const py::object& callable, R otherwise, const char* what, A&&... arguments) {
  const py::gil_scoped_acquire gil;
  try {
    return callable(std::forward<A>(arguments)...).template cast<R>();
  } catch (py::error_already_set& raised) {
    raised.discard_as_unraisable(what);
  } catch (const py::cast_error& wrong) {
    PyErr_SetString(PyExc_TypeError, wrong.what());
    PyErr_WriteUnraisable(callable.ptr());
  }
  return otherwise;
}

}  // namespace sekisho::python
