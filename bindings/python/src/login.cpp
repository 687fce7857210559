// The login machine, moved by hand with the `now` that it is given; factor states live in memory beside it.
#include "admission/login.hpp"

#include "admission/assurance.hpp"
#include "admission/enforce.hpp"
#include "bind.hpp"
#include "errors.hpp"
#include "held.hpp"
#include "kinds.hpp"
#include "policy_words.hpp"
#include "run/testing/fake_services.hpp"
#include "value.hpp"

namespace sekisho::python {
namespace {

using admission::CheckPolicy;
using admission::LoginOutcome;
using admission::PathPolicy;
using nlohmann::json;

/// LoginOutcome as Python owns it; `end` is one of LoginQuestion, LoginRefused, LoginWaiting, LoginPassed.
struct Outcome {
  Held end;
  json document;
  Instant expires_at{};
  std::vector<SendMail> mails;
  std::string person;
  json journal;
};

class MemoryStates final : public admission::FactorStates {
 public:
  using Key = std::tuple<std::string, std::string, std::string>;
  json load(std::string_view scope, std::string_view key, std::string_view factor) override {
    const auto found = rows.find(Key(scope, key, factor));
    return found == rows.end() ? json() : found->second;
  }
  void save(std::string_view scope, std::string_view key, std::string_view factor, const json& state) override {
    rows[Key(scope, key, factor)] = state;
  }
  std::map<Key, json> rows;
};

class LoginMachine {
 public:
  LoginMachine(registry::Registry registry, PathPolicy policy, const std::vector<py::object>& authenticators,
               std::uint64_t seed)
      : registry_(std::move(registry)), policy_(std::move(policy)), entropy_(seed) {
    for (const py::object& given : authenticators) {
      kept_.push_back(authenticator_of(given));
      by_factor_[std::string(kept_.back()->factor())] = kept_.back().get();
    }
  }
  Outcome begin(const Arrival& arrival, const Evidence& evidence, Instant now) {
    return run([&] { return admission::begin_login(context(now), arrival, evidence); });
  }
  Outcome answer(const json& document, const Arrival& arrival, const Evidence& evidence, Instant now) {
    return run([&] { return admission::answer_login(context(now), document, arrival, evidence); });
  }
  Outcome resume(const json& document, const Arrival& arrival, const Evidence& evidence, const EffectResult& effect,
                 Instant now) {
    return run([&] { return admission::resume_login(context(now), document, arrival, evidence, effect); });
  }
  [[nodiscard]] std::optional<Text> assurance_fault() const {
    const auto fault = admission::assurance_fault(policy_.factors, by_factor_, policy_.least_factors);
    if (!fault) return std::nullopt;
    return fault->why;
  }
  registry::Registry registry_;
  PathPolicy policy_;
  MemoryStates states_;

 private:
  [[nodiscard]] admission::LoginContext context(Instant now) {
    return {registry_, policy_, by_factor_, states_, entropy_, now};
  }
  template <class Step>
  static Outcome run(Step step) {
    LoginOutcome given = [&] {
      const py::gil_scoped_release released;
      return step();
    }();
    Outcome out;
    out.end.object =
        std::visit([](auto& end) { return py::cast(std::move(end), py::return_value_policy::move); }, given.end);
    out.document = std::move(given.document);
    out.expires_at = given.expires_at;
    out.mails = std::move(given.mails);
    out.person = std::move(given.person);
    out.journal = std::move(given.journal);
    return out;
  }

  std::vector<std::shared_ptr<Authenticator>> kept_;
  std::map<std::string, Authenticator*> by_factor_;
  run::testing::FakeEntropy entropy_;
};

void bind_policy(py::module_& m) {
  Value<CheckPolicy>(m, "CheckPolicy", "A posture check of a path.")
      .field("check", &CheckPolicy::check)
      .field("mode", &CheckPolicy::mode);
  using P = PathPolicy;
  Value<P>(m, "PathPolicy", "What a path demands.")
      .field("path", &P::path)
      .field("zones", &P::zones)
      .field("lent_only", &P::lent_only)
      .field("factors", &P::factors)
      .field("least_factors", &P::least_factors)
      .field("checks", &P::checks)
      .field("login_life", &P::login_life)
      .field("prelogin_max_age", &P::prelogin_max_age)
      .field("first_report_limit", &P::first_report_limit)
      .field("report_interval", &P::report_interval)
      .field("heartbeat", &P::heartbeat)
      .field("silence_to_quarantine", &P::silence_to_quarantine)
      .field("silence_to_close", &P::silence_to_close)
      .field("mend_limit", &P::mend_limit)
      .field("reconnect_grace", &P::reconnect_grace)
      .field("idle_limit", &P::idle_limit)
      .field("absolute_limit", &P::absolute_limit)
      .field("first_tunnel_limit", &P::first_tunnel_limit);
}

void bind_outcome(py::module_& m) {
  using namespace admission;
  Value<LoginAskedOut>(m, "LoginQuestion", "A factor asks.")
      .field("ask", &LoginAskedOut::ask)
      .field("handle", &LoginAskedOut::handle);
  Value<LoginRefusedOut>(m, "LoginRefused", "A factor says no.")
      .field("refusal", &LoginRefusedOut::refusal)
      .field("may_retry", &LoginRefusedOut::may_retry);
  Value<LoginWaitingOut>(m, "LoginWaiting", "A hash is to be compared.").field("work", &LoginWaitingOut::work);
  Value<LoginPassedOut>(m, "LoginPassed", "Every factor said yes.")
      .field("person", &LoginPassedOut::person)
      .field("terminal", &LoginPassedOut::terminal)
      .field("certificate_fingerprint", &LoginPassedOut::certificate_fingerprint);
  Value<Outcome>(m, "LoginOutcome", "Where a login stands after a step.")
      .field("end", &Outcome::end)
      .field("document", &Outcome::document)
      .field("expires_at", &Outcome::expires_at)
      .field("mails", &Outcome::mails)
      .field("person", &Outcome::person)
      .field("journal", &Outcome::journal);
}

}  // namespace

void bind_login(py::module_& m) {
  bind_policy(m);
  bind_outcome(m);
  py::class_<LoginMachine>(m, "LoginMachine", "One path's logins, moved by hand.")
      .def(py::init<registry::Registry, PathPolicy, const std::vector<py::object>&, std::uint64_t>(), py::kw_only(),
           py::arg("registry"), py::arg("policy"), py::arg("authenticators"), py::arg("seed") = 1)
      .def("begin", &LoginMachine::begin, py::arg("arrival"), py::arg("evidence"), py::kw_only(), py::arg("now"))
      .def("answer", &LoginMachine::answer, py::arg("document"), py::arg("arrival"), py::arg("evidence"), py::kw_only(),
           py::arg("now"))
      .def("resume", &LoginMachine::resume, py::arg("document"), py::arg("arrival"), py::arg("evidence"),
           py::arg("effect"), py::kw_only(), py::arg("now"))
      .def("assurance_fault", &LoginMachine::assurance_fault)
      .def_readwrite("registry", &LoginMachine::registry_)
      .def_readwrite("policy", &LoginMachine::policy_)
      .def_property_readonly("states", [](const LoginMachine& self) { return self.states_.rows; });
  m.def("admission_refusals", &admission::all_refusals);
  m.def(
      "find_refusal", [](const std::string& code) { return admission::find_refusal(code); }, py::arg("code"));
  m.def(
      "source_network", [](const std::string& address) { return admission::source_network(address); },
      py::arg("address"));
  m.def("enforcement_points", [] {
    std::vector<std::tuple<std::string, std::string, std::string>> out;
    for (const auto& point : admission::enforcement_points()) out.emplace_back(point.rule, point.name, point.where);
    return out;
  });
}

}  // namespace sekisho::python
