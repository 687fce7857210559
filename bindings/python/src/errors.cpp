#include "errors.hpp"

#include <optional>
#include <string>

namespace sekisho::python {

void register_errors() {
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Failure& failure) {
      const Error& error = failure.error();
      const py::object made =
          py::module_::import("sekisho.errors").attr("Error").attr("of")(error.code, error.detail, error.peer);
      PyErr_SetObject(py::type::of(made).ptr(), made.ptr());
    }
  });
}

std::optional<Error> error_of(const py::error_already_set& raised) {
  const py::object type = py::module_::import("sekisho.errors").attr("Error");
  if (!raised.matches(type)) return std::nullopt;
  const py::object& value = raised.value();
  return Error{value.attr("code").cast<std::string>(), value.attr("detail").cast<std::string>(),
               value.attr("peer").cast<std::string>()};
}

std::runtime_error as_runtime_error(const py::error_already_set& raised) {
  return std::runtime_error(raised.what());
}

}  // namespace sekisho::python
