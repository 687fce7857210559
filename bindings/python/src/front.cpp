// The front's engine: TLS, newcomers, filter and data path, with sockets that Python carries.
#include "bind.hpp"
#include "front_house.hpp"
#include "kinds.hpp"

namespace sekisho::python {
namespace {

std::unique_ptr<FrontHouse> open_front(GateHouse& gate, const py::object& path, std::string name, std::string role,
                                       std::string certificate_pem, std::string key_pem, std::string client_ca_pem,
                                       bool filters, std::uint64_t seed) {
  FrontSettings settings;
  settings.role = std::move(role);
  settings.name = std::move(name);
  settings.tls = {.certificate_pem = std::move(certificate_pem),
                  .key_pem = Secret(std::move(key_pem)),
                  .client_ca_pem = std::move(client_ca_pem)};
  settings.filters = filters;
  settings.seed = seed;
  return std::make_unique<FrontHouse>(gate, access_path_of(path), settings);
}

}  // namespace

void bind_front(py::module_& m) {
  using S = FrontSocket;
  py::class_<S, std::shared_ptr<S>>(m, "FrontSocket", "One peer's socket at a front.")
      .def(
          "feed", [](S& self, const py::bytes& ciphertext) { self.feed(as_span(ciphertext)); }, py::arg("ciphertext"))
      .def("take", [](S& self) { return py::bytes(self.take()); })
      .def(
          "gone", [](S& self, const std::string& why) { self.gone(why); }, py::arg("why") = "the peer has closed")
      .def_property_readonly("open", &S::is_open)
      .def_property_readonly("at_end", &S::at_end)
      .def_property_readonly("why", &S::why);
  using H = FrontHouse;
  py::class_<H>(m, "FrontEngine", "The production's front without its sockets.")
      .def(py::init(&open_front), py::arg("gate"), py::arg("path"), py::kw_only(), py::arg("name"),
           py::arg("role") = "front", py::arg("certificate_pem"), py::arg("key_pem"), py::arg("client_ca_pem") = "",
           py::arg("filters") = true, py::arg("seed") = 2, py::keep_alive<1, 2>())
      .def("connect", &H::connect, py::arg("address"), py::arg("port"))
      .def(
          "inside", [](H& self, const py::bytes& packet) { self.inside(as_span(packet)); }, py::arg("packet"))
      .def("take_packets",
           [](H& self) {
             std::vector<py::bytes> out;
             for (const std::string& packet : self.take_packets()) out.emplace_back(packet);
             return out;
           })
      .def("close", &H::close)
      .def_property_readonly("log", [](const H& self) { return self.log(); })
      .def_property_readonly("connections", [](H& self) { return self.engine().connections(); })
      .def_property_readonly("unknown", [](H& self) { return self.engine().unknown(); })
      .def_property_readonly("tunnels", [](H& self) { return self.engine().tunnels(); });
}

}  // namespace sekisho::python
