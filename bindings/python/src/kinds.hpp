// Plugins of every kind, whichever side of the border they come from: adapters let C++ call an object of Python,
// holders let Python call an object that the loader made. Threads: adapters take the GIL for each call and may be
// called from any thread. Ownership: adapters keep their Python object, holders their C++ object. Errors: what a Python
// plugin raises leaves its adapter as std::runtime_error, which every caller of a plugin counts as a no; a
// sekisho.Error raised by a console driver is its answer.
#pragma once
#include "callbacks.hpp"
#include "errors.hpp"
#include "machine_words.hpp"

#include <sekisho/sdk/console_driver.hpp>
#include <sekisho/sdk/path/access_path.hpp>
#include <sekisho/sdk/plugin.hpp>
#include <sekisho/sdk/posture_check.hpp>

#include <memory>
#include <string>

SEKISHO_WORDS(::sekisho::CheckVerdict, "pass", "warn", "fail", "unknown", "not_applicable")

namespace sekisho::python {

/// What step() is given, owned.
struct AuthRequestCopy {
  Arrival arrival;
  Evidence evidence;
  Subject subject;
  Instant now{};
  std::string transaction;
  nlohmann::json account_state, source_state, transaction_state;
  std::optional<EffectResult> effect;
  bool owner_certificate = false;
};
/// What judge() is given, owned.
struct CheckInputCopy {
  nlohmann::json facts;
  Instant now{};
  std::string terminal;
  std::vector<std::string> registered_macs;
  std::string signed_by_terminal;
  int binding = 0;
  std::string user_agent;
  nlohmann::json memory;
  std::string path;
};

struct LoadedAuthenticator {
  std::shared_ptr<Authenticator> object;
};
struct LoadedPostureCheck {
  std::shared_ptr<PostureCheck> object;
};
struct LoadedConsoleDriver {
  std::shared_ptr<ConsoleDriver> object;
};
struct LoadedAccessPath {
  std::shared_ptr<AccessPath> object;
};

/// The C++ object of a plugin that is given as a Python object, loaded or written in Python.
[[nodiscard]] std::shared_ptr<Authenticator> authenticator_of(const py::object& given);
[[nodiscard]] std::shared_ptr<PostureCheck> posture_check_of(const py::object& given);
[[nodiscard]] std::shared_ptr<ConsoleDriver> console_driver_of(const py::object& given);
[[nodiscard]] std::shared_ptr<AccessPath> access_path_of(const py::object& given);

/// Runs `call` with the GIL; what it raises becomes std::runtime_error.
template <class F>
auto with_gil(F&& call) {
  const py::gil_scoped_acquire gil;
  try {
    return call();
  } catch (const py::error_already_set& raised) {
    throw as_runtime_error(raised);
  } catch (const py::cast_error& wrong) {
    throw std::runtime_error(std::string("a plugin written in Python answered with another type: ") + wrong.what());
  }
}

}  // namespace sekisho::python

namespace pybind11::detail {
template <>
struct is_copy_constructible<::sekisho::python::AuthRequestCopy> : std::false_type {};
}  // namespace pybind11::detail
