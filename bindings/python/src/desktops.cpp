// The desktop broker of a zone, driven by hand: sessions, hyperd's answers and now in, verbs for hyperd and notes out.
#include "bind.hpp"
#include "desktops/broker.hpp"
#include "errors.hpp"
#include "policy_words.hpp"
#include "run/testing/fake_services.hpp"
#include "seam_casters.hpp"
#include "value.hpp"

namespace sekisho::python {
namespace {

using namespace desktops;

struct NoteText {
  std::string event, session, desktop, machine, code, address;
};

py::list events_of(const Actions& actions) {
  py::list out;
  for (const seam::HyperAsk& ask : actions.asks) {
    out.append(py::cast(clone(ask), py::return_value_policy::move));
  }
  for (const Note& note : actions.notes) {
    out.append(NoteText{note.event->id, note.session, note.desktop, note.machine, note.code, note.address});
  }
  return out;
}

struct HeldBroker {
  HeldBroker(registry::Zone zone, std::vector<Pool> pools, std::uint64_t seed)
      : entropy(seed), broker(zone, std::move(pools), entropy) {}
  run::testing::FakeEntropy entropy;
  Broker broker;
};

void bind_values(py::module_& m) {
  Value<Seat>(m, "Seat", "A place in the segment of desktops.")
      .field("desktop", &Seat::desktop)
      .field("mac", &Seat::mac)
      .field("address", &Seat::address)
      .field("port", &Seat::port);
  Value<Pool>(m, "Pool", "Desktops of one kind.")
      .field("name", &Pool::name)
      .field("manager", &Pool::manager)
      .field("model", &Pool::model)
      .field("account", &Pool::account)
      .field("desktops", &Pool::desktops)
      .field("seats", &Pool::seats)
      .field("spare", &Pool::spare)
      .field("starts_at_once", &Pool::starts_at_once)
      .field("start", &Pool::start)
      .field("boot_limit", &Pool::boot_limit);
  Value<View>(m, "Desktop", "What person and relay are told of a session's desktop.")
      .field("state", &View::state)
      .field("progress", &View::progress)
      .field("expected_s", &View::expected_s)
      .field("account", &View::account)
      .field("password", &View::password)
      .field("machine", &View::machine)
      .field("manager", &View::manager)
      .field("address", &View::address)
      .field("port", &View::port);
  Value<NoteText>(m, "DesktopNote", "For log and journal.")
      .field("event", &NoteText::event)
      .field("session", &NoteText::session)
      .field("desktop", &NoteText::desktop)
      .field("machine", &NoteText::machine)
      .field("code", &NoteText::code)
      .field("address", &NoteText::address);
  Value<Broker::Count>(m, "SeatCount", "Seats of a zone by what they are.")
      .field("seats", &Broker::Count::seats)
      .field("spare", &Broker::Count::spare)
      .field("used", &Broker::Count::used)
      .field("waiting", &Broker::Count::waiting);
}

}  // namespace

void bind_desktops(py::module_& m) {
  using B = HeldBroker;
  bind_values(m);
  py::class_<B>(m, "Broker", "Desktops of one zone, from the order to the end.")
      .def(py::init<registry::Zone, std::vector<Pool>, std::uint64_t>(), py::arg("zone"), py::arg("pools"),
           py::kw_only(), py::arg("seed") = 1)
      .def(
          "knows", [](const B& self, const std::string& desktop) { return self.broker.knows(desktop); },
          py::arg("desktop"))
      .def(
          "want",
          [](B& self, const std::string& session, const std::string& desktop, Instant now) {
            Actions out;
            const bool known = self.broker.want(session, desktop, now, out);
            return std::pair(known, events_of(out));
          },
          py::arg("session"), py::arg("desktop"), py::kw_only(), py::arg("now"))
      .def(
          "left",
          [](B& self, const std::string& session, Instant now) { return events_of(self.broker.left(session, now)); },
          py::arg("session"), py::kw_only(), py::arg("now"))
      .def(
          "adopt",
          [](B& self, const std::string& session, const std::string& desktop, const std::string& machine,
             const std::string& address) { return self.broker.adopt(session, desktop, machine, address); },
          py::arg("session"), py::arg("desktop"), py::arg("machine"), py::arg("address"))
      .def(
          "hyperd_here", [](B& self, Instant now) { return events_of(self.broker.hyperd_here(now)); }, py::kw_only(),
          py::arg("now"))
      .def("hyperd_gone", [](B& self) { self.broker.hyperd_gone(); })
      .def(
          "answer",
          [](B& self, const seam::HyperAnswer& answer, Instant now) {
            return events_of(self.broker.answer(answer, now));
          },
          py::arg("answer"), py::kw_only(), py::arg("now"))
      .def(
          "saw", [](B& self, const seam::HyperSaw& saw, Instant now) { return events_of(self.broker.saw(saw, now)); },
          py::arg("saw"), py::kw_only(), py::arg("now"))
      .def(
          "tick", [](B& self, Instant now) { return events_of(self.broker.tick(now)); }, py::kw_only(), py::arg("now"))
      .def_property_readonly("next_deadline", [](const B& self) { return self.broker.next_deadline(); })
      .def(
          "view",
          [](const B& self, const std::string& session, Instant now) -> py::object {
            auto view = self.broker.view(session, now);
            if (!view) return py::none();
            return py::cast(std::move(*view));
          },
          py::arg("session"), py::kw_only(), py::arg("now"))
      .def_property_readonly("count", [](const B& self) { return self.broker.count(); });
  m.def("pause_after", &pause_after, py::arg("failures"));
}

}  // namespace sekisho::python
