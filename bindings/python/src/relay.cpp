// The relay's and hyperd's houses: pages and screens with sockets that Python carries, machines that Python is.
#include "bind.hpp"
#include "hyper_house.hpp"
#include "kinds.hpp"
#include "policy_words.hpp"
#include "relay_house.hpp"
#include "seam_casters.hpp"
#include "value.hpp"

#include <utility>

SEKISHO_WORDS(::sekisho::hyper::ManagerRole, "consoles", "desktops")

namespace sekisho::python {
namespace {

/// What Python answers: a socket that it gives away, or None.
Dial dial_of(py::object given) {
  if (given.is_none()) return {};
  return [kept = keep(std::move(given))](const std::string& address, std::uint16_t port) -> std::optional<run::Fd> {
    const py::gil_scoped_acquire gil;
    try {
      const py::object socket = (*kept)(address, port);
      if (socket.is_none()) return std::nullopt;
      return run::Fd(socket.attr("detach")().cast<int>());
    } catch (py::error_already_set& raised) {
      raised.discard_as_unraisable("a desktop's screen");
      return std::nullopt;
    }
  };
}

std::unique_ptr<RelayHouse> open_relay(GateHouse& gate, std::string name, const std::vector<std::string>& zones,
                                       std::vector<RelayPage> pages, std::string certificate_pem, std::string key_pem,
                                       std::string recordings, py::object dial, py::object hear, std::uint64_t seed) {
  RelaySettings settings;
  settings.name = std::move(name);
  settings.zones = {zones.begin(), zones.end()};
  settings.pages = std::move(pages);
  settings.tls.certificate_pem = std::move(certificate_pem);
  settings.tls.key_pem = Secret(std::move(key_pem));
  settings.recordings = std::move(recordings);
  settings.dial = dial_of(std::move(dial));
  if (!hear.is_none()) {
    settings.hear = [kept = keep(std::move(hear))](seam::Message message) {
      python::call(*kept, "a relay's entrance", message);
    };
  }
  settings.seed = seed;
  return std::make_unique<RelayHouse>(gate, std::move(settings));
}

std::unique_ptr<HyperHouse> open_hyper(
    GateHouse& gate, registry::Zone zone,
    const std::vector<std::tuple<std::string, hyper::ManagerRole, py::object>>& managers) {
  std::vector<HyperManager> made;
  for (const auto& [name, role, driver] : managers) made.push_back({name, role, console_driver_of(driver)});
  return std::make_unique<HyperHouse>(gate, zone, std::move(made));
}

}  // namespace

void bind_relay(py::module_& m) {
  using S = RelaySocket;
  py::class_<S, std::shared_ptr<S>>(m, "RelaySocket", "One browser's socket at a page.")
      .def(
          "feed", [](S& self, const py::bytes& ciphertext) { self.feed(as_span(ciphertext)); }, py::arg("ciphertext"))
      .def("take", [](S& self) { return py::bytes(self.take()); })
      .def("gone", &S::gone)
      .def_property_readonly("open", &S::is_open)
      .def_property_readonly("at_end", &S::at_end);
  Value<RelayPage>(m, "RelayPage", "One page of a relay.")
      .field("place", &RelayPage::place)
      .field("origin", &RelayPage::origin)
      .field("files", &RelayPage::files);
  using R = RelayHouse;
  py::class_<R>(m, "RelayEngine", "The production's relay without its listeners.")
      .def(py::init(&open_relay), py::arg("gate"), py::kw_only(), py::arg("name"), py::arg("zones"), py::arg("pages"),
           py::arg("certificate_pem"), py::arg("key_pem"), py::arg("recordings") = "", py::arg("dial") = py::none(),
           py::arg("hear") = py::none(), py::arg("seed") = 3, py::keep_alive<1, 2>())
      .def("connect", &R::connect, py::arg("place"), py::arg("address"))
      .def("send", &R::send, py::arg("message"))
      .def("close", &R::close)
      .def("kill", &R::kill)
      .def_property("disk_has_room", &R::has_room, &R::set_room)
      .def_property_readonly("log", [](const R& self) { return self.log(); })
      .def_property_readonly("screens", &R::screens);
  using H = HyperHouse;
  py::class_<H>(m, "HyperEngine", "The production's hyperd without its process.")
      .def(py::init(&open_hyper), py::arg("gate"), py::kw_only(), py::arg("zone"), py::arg("managers"),
           py::keep_alive<1, 2>())
      .def("attach", &H::attach, py::arg("relay"), py::keep_alive<1, 2>())
      .def("saw", &H::saw, py::arg("manager"), py::arg("event"))
      .def("close", &H::close)
      .def_property_readonly("log", [](const H& self) { return self.log(); });
}

}  // namespace sekisho::python
