// From Result to exception and back: every Error of C++ arrives in Python as a member of the one tree in
// sekisho/errors.py, and an Error that a Python plugin raises arrives in C++ as the Error it was.
// Threads: with the GIL, but for unwrap().
#pragma once
#include <sekisho/sdk/result.hpp>

#include <pybind11/pybind11.h>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace sekisho::python {

namespace py = pybind11;

/// An Error on its way to Python. May be thrown without the GIL.
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const { return error_; }
  [[nodiscard]] const char* what() const noexcept override { return error_.code.c_str(); }

 private:
  Error error_;
};

template <class T>
[[nodiscard]] T unwrap(Result<T> result) {
  if (!result) throw Failure(result.error());
  return std::move(result).value();
}
inline void unwrap(const Result<void>& result) {
  if (!result) throw Failure(result.error());
}

/// Failures of this extension module become sekisho.Error.
void register_errors();

/// The Error that a raised sekisho.Error stands for; nullopt: it is another exception, a bug of the plugin.
[[nodiscard]] std::optional<Error> error_of(const py::error_already_set& raised);
/// Another exception, as C++ may carry it without the GIL.
[[nodiscard]] std::runtime_error as_runtime_error(const py::error_already_set& raised);

}  // namespace sekisho::python
