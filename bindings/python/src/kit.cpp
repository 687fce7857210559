// sekisho._kit: the conformance kit that every plugin has to pass, over plugins written in Python (and loaded ones).
// The kit is GoogleTest's; its findings are caught and given as text.
#include "kinds.hpp"
#include "plugin/conformance/contracts.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace sekisho::python {
namespace {

constexpr std::size_t kMostFindings = 50;

/// What the kit says while `run` runs; one text a finding.
template <class Run>
std::vector<std::string> findings(Run run) {
  testing::TestPartResultArray caught;
  {
    testing::ScopedFakeTestPartResultReporter catcher(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &caught);
    run();
  }
  std::vector<std::string> out;
  for (int i = 0; i < caught.size() && out.size() < kMostFindings; ++i) {
    out.emplace_back(caught.GetTestPartResult(i).message());
  }
  return out;
}

}  // namespace
}  // namespace sekisho::python

PYBIND11_MODULE(_kit, m) {
  using namespace sekisho::python;
  namespace py = pybind11;
  namespace conformance = sekisho::conformance;
  m.doc() = "The conformance kit: use sekisho.conformance.";
  const py::module_ core = py::module_::import("sekisho._core");  // whose classes the arguments are
  register_errors();
  m.def(
      "keep_authenticator_contract",
      [](const py::object& plugin, const std::vector<std::string>& secrets) {
        const auto object = authenticator_of(plugin);
        return findings([&] { conformance::keep_contract(*object, secrets, {}); });
      },
      py::arg("plugin"), py::kw_only(), py::arg("secrets") = std::vector<std::string>());
  m.def(
      "keep_posture_check_contract",
      [](const py::object& plugin) {
        const auto object = posture_check_of(plugin);
        return findings([&] { conformance::keep_contract(*object, std::string(object->name())); });
      },
      py::arg("plugin"));
  m.def(
      "keep_console_driver_contract",
      [](const py::object& plugin) {
        const auto object = console_driver_of(plugin);
        return findings([&] { conformance::keep_contract(*object); });
      },
      py::arg("plugin"));
  m.def(
      "keep_access_path_contract",
      [](const py::object& plugin, const std::vector<std::string>& words) {
        const auto object = access_path_of(plugin);
        return findings([&] { conformance::keep_contract(*object, words); });
      },
      py::arg("plugin"), py::kw_only(), py::arg("words") = std::vector<std::string>());
}
