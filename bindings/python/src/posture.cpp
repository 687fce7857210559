// Posture: device facts, keys and signed reports of terminals, the desk that judges them, the watch over a session.
#include "admission/posture.hpp"

#include "admission/device_facts.hpp"
#include "admission/posture_envelope.hpp"
#include "bind.hpp"
#include "errors.hpp"
#include "kinds.hpp"
#include "policy_words.hpp"
#include "registry/json.hpp"
#include "run/testing/fake_services.hpp"
#include "value.hpp"

SEKISHO_WORDS(::sekisho::admission::PostureWatch::Action, "none", "admit", "quarantine", "close")

namespace sekisho::python {
namespace {

using admission::DeviceKey;
using admission::PathPolicy;
using admission::PostureOptions;
using admission::PostureWatch;
using admission::ReportPayload;
using admission::ReportVerdict;
using admission::SessionRef;
using admission::TerminalPosture;
using nlohmann::json;

struct Enrolment {
  std::uint16_t http_status = 200;
  json answer;
  std::optional<json> terminal;
};

/// The desk and what the store would keep for it.
class Desk {
 public:
  Desk(const PostureOptions& options, const std::vector<py::object>& checks, std::uint64_t seed) : entropy_(seed) {
    std::map<std::string, const PostureCheck*> by_name;
    for (const py::object& given : checks) {
      kept_.push_back(posture_check_of(given));
      by_name[std::string(kept_.back()->name())] = kept_.back().get();
    }
    desk_ = std::make_unique<admission::PostureDesk>(options, std::move(by_name), entropy_);
  }
  json challenge(const std::optional<SessionRef>& session, Instant now) {
    return json::parse(desk_->challenge(session, now));
  }
  ReportVerdict report(const std::string& jws, const registry::Registry& registry, const PathPolicy& policy,
                       const std::optional<SessionRef>& session, const std::string& user_agent, Instant now) {
    const py::gil_scoped_release released;
    ReportVerdict verdict = desk_->report(
        jws, session, registry, policy, user_agent,
        [this](const std::string& terminal) {
          const auto found = stored.find(terminal);
          return found == stored.end() ? TerminalPosture{} : found->second;
        },
        now);
    if (verdict.counted) stored[verdict.terminal] = verdict.posture;
    return verdict;
  }
  ReportVerdict hostcheck(const std::string& form, const registry::Registry& registry, const PathPolicy& policy,
                          const SessionRef& session, Instant now) {
    const py::gil_scoped_release released;
    return desk_->hostcheck(form, session, registry, policy, now);
  }
  Enrolment enrol(const json& body, const registry::Registry& registry, Instant now) {
    const admission::EnrolVerdict given = desk_->enrol(body.dump(), registry, now);
    Enrolment out{given.http_status, json::parse(given.answer), std::nullopt};
    if (given.terminal) {
      registry::Registry one;
      one.terminals[given.terminal->id] = *given.terminal;
      out.terminal = registry::export_object(one, registry::Kind::terminal, given.terminal->id, {true});
    }
    return out;
  }
  std::map<std::string, TerminalPosture> stored;

 private:
  std::vector<std::shared_ptr<PostureCheck>> kept_;
  run::testing::FakeEntropy entropy_;
  std::unique_ptr<admission::PostureDesk> desk_;
};

void bind_values(py::module_& m) {
  Value<PostureOptions>(m, "PostureOptions", "What a gate demands of reports.")
      .field("gate_id", &PostureOptions::gate_id)
      .field("server_fingerprints", &PostureOptions::server_fingerprints)
      .field("allow_simulator", &PostureOptions::allow_simulator)
      .field("nonce_life", &PostureOptions::nonce_life)
      .field("clock_tolerance", &PostureOptions::clock_tolerance)
      .field("nonces", &PostureOptions::nonces);
  Value<SessionRef>(m, "SessionRef", "The session that a report belongs to.")
      .field("number", &SessionRef::number)
      .field("address", &SessionRef::address)
      .field("terminal", &SessionRef::terminal)
      .field("path", &SessionRef::path);
  Value<TerminalPosture>(m, "TerminalPosture", "What the store keeps of a terminal.")
      .field("last_seq", &TerminalPosture::last_seq)
      .field("memory", &TerminalPosture::memory);
  Value<ReportPayload>(m, "ReportPayload", "What an agent signs.")
      .field("aud", &ReportPayload::aud)
      .field("sid", &ReportPayload::sid)
      .field("nonce", &ReportPayload::nonce)
      .field("ip", &ReportPayload::ip)
      .field("srv", &ReportPayload::srv)
      .field("iat", &ReportPayload::iat)
      .field("seq", &ReportPayload::seq)
      .field("reason", &ReportPayload::reason)
      .field("facts", &ReportPayload::facts);
  Value<ReportVerdict>(m, "ReportVerdict", "What the desk says to a report.")
      .field("http_status", &ReportVerdict::http_status)
      .field("answer", &ReportVerdict::answer)
      .field("counted", &ReportVerdict::counted)
      .field("passed", &ReportVerdict::passed)
      .field("terminal", &ReportVerdict::terminal)
      .field("reason", &ReportVerdict::reason)
      .field("results", &ReportVerdict::results)
      .field("refusal", &ReportVerdict::refusal)
      .field("clone_suspected", &ReportVerdict::clone_suspected)
      .field("posture", &ReportVerdict::posture);
  Value<Enrolment>(m, "EnrolVerdict", "What the desk says to an enrolment.")
      .field("http_status", &Enrolment::http_status)
      .field("answer", &Enrolment::answer)
      .field("terminal", &Enrolment::terminal);
  Value<PostureWatch::Step>(m, "WatchStep", "What the watch wants.")
      .field("action", &PostureWatch::Step::action)
      .field("refusal", &PostureWatch::Step::refusal);
}

void bind_key(py::module_& m) {
  py::class_<DeviceKey>(m, "DeviceKey", "A terminal's P-256 key.")
      .def_static("generate", [] { return unwrap(DeviceKey::generate()); })
      .def_static(
          "from_pem", [](const std::string& pem) { return unwrap(DeviceKey::from_pem(pem)); }, py::arg("pem"))
      .def("to_pem", &DeviceKey::to_pem)
      .def_property_readonly("jwk", [](const DeviceKey& self) { return json::parse(self.public_key().jwk()); })
      .def_property_readonly("thumbprint", [](const DeviceKey& self) { return self.public_key().thumbprint(); })
      .def(
          "sign",
          [](const DeviceKey& self, const py::bytes& message) {
            return py::bytes(unwrap(self.sign(std::string(message))));
          },
          py::arg("message"));
  m.def(
      "seal_report",
      [](const ReportPayload& payload, const DeviceKey& key) { return unwrap(admission::seal_report(payload, key)); },
      py::arg("payload"), py::arg("key"));
}

}  // namespace

void bind_posture(py::module_& m) {
  bind_values(m);
  bind_key(m);
  py::class_<Desk>(m, "PostureDesk", "Judges reports.")
      .def(py::init<const PostureOptions&, const std::vector<py::object>&, std::uint64_t>(), py::kw_only(),
           py::arg("options"), py::arg("checks"), py::arg("seed") = 1)
      .def("challenge", &Desk::challenge, py::kw_only(), py::arg("session") = py::none(), py::arg("now"))
      .def("report", &Desk::report, py::arg("jws"), py::kw_only(), py::arg("registry"), py::arg("policy"),
           py::arg("session") = py::none(), py::arg("user_agent") = "", py::arg("now"))
      .def("hostcheck", &Desk::hostcheck, py::arg("form"), py::kw_only(), py::arg("registry"), py::arg("policy"),
           py::arg("session"), py::arg("now"))
      .def("enrol", &Desk::enrol, py::arg("body"), py::kw_only(), py::arg("registry"), py::arg("now"))
      .def_readwrite("stored", &Desk::stored);
  py::class_<PostureWatch>(m, "PostureWatch", "Watches one session's reports.")
      .def(py::init<const PathPolicy&, Instant>(), py::arg("policy"), py::kw_only(), py::arg("granted_at"),
           py::keep_alive<1, 2>())
      .def("begin_admitted", &PostureWatch::begin_admitted, py::arg("reported_at"))
      .def("on_report", &PostureWatch::on_report, py::arg("verdict"), py::kw_only(), py::arg("now"))
      .def("on_sign_of_life", &PostureWatch::on_sign_of_life, py::kw_only(), py::arg("now"))
      .def("on_unjudged_report", &PostureWatch::on_unjudged_report, py::kw_only(), py::arg("now"))
      .def("on_time", &PostureWatch::on_time, py::kw_only(), py::arg("now"))
      .def_property_readonly("next_deadline", &PostureWatch::next_deadline)
      .def_property_readonly("admitted", &PostureWatch::admitted);
  m.def(
      "check_facts", [](const json& facts) { unwrap(admission::check_facts(facts)); }, py::arg("facts"));
  m.def(
      "facts_of_hostcheck",
      [](const std::string& form, Instant now) { return unwrap(admission::facts_of_hostcheck(form, now)); },
      py::arg("form"), py::kw_only(), py::arg("now"));
}

}  // namespace sekisho::python
