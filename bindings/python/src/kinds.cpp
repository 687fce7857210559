// Authenticators, posture checks and console drivers: their values, adapters and holders. Access paths: paths.cpp.
#include "kinds.hpp"

#include "bind.hpp"
#include "value.hpp"

#include <chrono>

namespace sekisho::python {
namespace {

using std::chrono::milliseconds;

AuthRequestCopy copy_of(AuthRequest& request) {
  return {request.arrival,
          clone(request.evidence),
          request.subject,
          request.now,
          request.transaction,
          std::move(request.account_state),
          std::move(request.source_state),
          std::move(request.transaction_state),
          std::move(request.effect),
          request.owner_certificate};
}

class PythonAuthenticator final : public Authenticator {
 public:
  explicit PythonAuthenticator(const py::object& given)
      : object_(keep(given)),
        factor_(given.attr("factor").cast<std::string>()),
        weight_(given.attr("weight").cast<unsigned>()) {}
  std::string_view factor() const override { return factor_; }
  unsigned weight() const override { return weight_; }
  AuthStep step(AuthRequest request) override {
    return with_gil([&] {
      const py::object answer = object_->attr("step")(copy_of(request));
      return clone(answer.cast<const AuthStep&>());
    });
  }
  void refresh(Instant now) override {
    with_gil([&] { object_->attr("refresh")(now); });
  }

 private:
  std::shared_ptr<py::object> object_;
  std::string factor_;
  unsigned weight_;
};

class PythonPostureCheck final : public PostureCheck {
 public:
  explicit PythonPostureCheck(const py::object& given)
      : object_(keep(given)), name_(given.attr("name").cast<std::string>()) {}
  std::string_view name() const override { return name_; }
  CheckOutcome judge(const CheckInput& input) const override {
    return with_gil([&] {
      const py::object answer = object_->attr("judge")(
          CheckInputCopy{input.facts, input.now, input.terminal, input.registered_macs, input.signed_by_terminal,
                         input.binding, input.user_agent, input.memory, input.path});
      return answer.cast<CheckOutcome>();
    });
  }

 private:
  std::shared_ptr<py::object> object_;
  std::string name_;
};

class PythonConsoleDriver final : public ConsoleDriver {
 public:
  explicit PythonConsoleDriver(const py::object& given) : object_(keep(given)) {}
  Result<std::vector<Machine>> machines(milliseconds limit) override {
    return answer<std::vector<Machine>>("machines", limit);
  }
  Result<Machine> machine(std::string_view uuid, milliseconds limit) override {
    return answer<Machine>("machine", limit, std::string(uuid));
  }
  Result<int> screen(std::string_view uuid, milliseconds limit) override {
    return answer<int>("screen", limit, std::string(uuid));
  }

  Result<int> serial(std::string_view uuid, milliseconds limit) override {
    return may_answer<int>("serial", limit, std::string(uuid));
  }
  Result<Picture> picture(std::string_view uuid, milliseconds limit) override {
    auto given = may_answer<std::pair<std::string, std::string>>("picture", limit, std::string(uuid));
    if (!given) return given.error();
    return Picture{std::move(given->first), std::move(given->second)};
  }
  Result<void> power(std::string_view uuid, PowerAction action, milliseconds limit) override {
    return may_answer<void>("power", limit, std::string(uuid), action);
  }
  Result<void> take_snapshot(std::string_view uuid, std::string_view name, milliseconds limit) override {
    return may_answer<void>("take_snapshot", limit, std::string(uuid), std::string(name));
  }
  Result<void> revert(std::string_view uuid, std::string_view name, milliseconds limit) override {
    return may_answer<void>("revert", limit, std::string(uuid), std::string(name));
  }
  Result<Machine> create(const DesktopOrder& order, milliseconds limit) override {
    return may_answer<Machine>("create", limit, order);
  }
  Result<void> destroy(std::string_view uuid, milliseconds limit) override {
    return may_answer<void>("destroy", limit, std::string(uuid));
  }
  Result<void> set_login(std::string_view uuid, std::string_view account, const Secret& password,
                         milliseconds limit) override {
    return may_answer<void>("set_login", limit, std::string(uuid), std::string(account),
                            std::string(password.reveal()));
  }
  Result<std::vector<MachineEvent>> events(milliseconds limit) override {
    return may_answer<std::vector<MachineEvent>>("events", limit);
  }

 private:
  /// A verb that a driver need not have.
  template <class T, class... A>
  Result<T> may_answer(const char* method, milliseconds limit, const A&... arguments) {
    {
      const py::gil_scoped_acquire gil;
      if (!py::hasattr(*object_, method)) return fail("console.not_supported");
    }
    return answer<T>(method, limit, arguments...);
  }
  template <class T, class... A>
  Result<T> answer(const char* method, milliseconds limit, const A&... arguments) {
    const py::gil_scoped_acquire gil;
    try {
      py::object given = object_->attr(method)(arguments..., py::arg("within") = limit);
      if constexpr (std::is_void_v<T>) {
        return {};
      } else {
        if constexpr (std::is_same_v<T, int>) {
          if (py::hasattr(given, "detach")) given = given.attr("detach")();  // a socket
        }
        return given.cast<T>();
      }
    } catch (const py::error_already_set& raised) {
      if (auto error = error_of(raised)) return *std::move(error);
      throw as_runtime_error(raised);
    } catch (const py::cast_error& wrong) {
      throw std::runtime_error(std::string(method) + "() answered with another type: " + wrong.what());
    }
  }
  std::shared_ptr<py::object> object_;
};

void need_methods(const py::object& given, std::initializer_list<const char*> names, const char* kind) {
  for (const char* name : names) {
    if (!py::hasattr(given, name)) throw py::type_error(std::string("no ") + kind + ": it has no '" + name + "'");
  }
}

void bind_values(py::module_& m) {
  Value<KnownCertificate>(m, "KnownCertificate", "A client certificate that the registry knows.")
      .field("fingerprint_sha256", &KnownCertificate::fingerprint_sha256)
      .field("serial_hex", &KnownCertificate::serial_hex)
      .field("person", &KnownCertificate::person)
      .field("terminal", &KnownCertificate::terminal)
      .field("not_before", &KnownCertificate::not_before)
      .field("not_after", &KnownCertificate::not_after)
      .field("revoked", &KnownCertificate::revoked);
  Value<Subject>(m, "Subject", "Who a login is about.")
      .field("known", &Subject::known)
      .field("person", &Subject::person)
      .field("name", &Subject::name)
      .field("mail", &Subject::mail)
      .field("password_hash", &Subject::password_hash)
      .field("certificates", &Subject::certificates);
  Value<SendMail>(m, "SendMail", "An effect: one mail.")
      .field("to", &SendMail::to)
      .field("subject", &SendMail::subject)
      .field("body", &SendMail::body);
  Value<VerifyPassword>(m, "VerifyPassword", "An effect: the host compares a password with its hash.")
      .field("encoded_hash", &VerifyPassword::encoded_hash)
      .field("candidate", &VerifyPassword::candidate);
  Value<EffectResult>(m, "EffectResult", "How an effect ended.")
      .field("done", &EffectResult::done)
      .field("matched", &EffectResult::matched)
      .field("error_code", &EffectResult::error_code);
  Value<Ask>(m, "Ask", "A question to the person.")
      .field("factor", &Ask::factor)
      .field("field", &Ask::field)
      .field("prompt", &Ask::prompt)
      .field("resend_after_s", &Ask::resend_after_s);
  using R = AuthRequestCopy;
  Value<R>(m, "AuthRequest", "What a factor is asked.")
      .field("arrival", &R::arrival)
      .field("evidence", &R::evidence)
      .field("subject", &R::subject)
      .field("now", &R::now)
      .field("transaction", &R::transaction)
      .field("account_state", &R::account_state)
      .field("source_state", &R::source_state)
      .field("transaction_state", &R::transaction_state)
      .field("effect", &R::effect)
      .field("owner_certificate", &R::owner_certificate);
  Value<AuthStep>(m, "AuthStep", "What a factor answers.")
      .field("verdict", &AuthStep::verdict)
      .field("refusal", &AuthStep::refusal)
      .field("may_retry", &AuthStep::may_retry)
      .field("ask", &AuthStep::ask)
      .field("effects", &AuthStep::effects)
      .field("account_state", &AuthStep::account_state)
      .field("source_state", &AuthStep::source_state)
      .field("transaction_state", &AuthStep::transaction_state)
      .field("terminal", &AuthStep::terminal)
      .field("detail", &AuthStep::detail);
  using C = CheckInputCopy;
  Value<C>(m, "CheckInput", "What a posture check judges.")
      .field("facts", &C::facts)
      .field("now", &C::now)
      .field("terminal", &C::terminal)
      .field("registered_macs", &C::registered_macs)
      .field("signed_by_terminal", &C::signed_by_terminal)
      .field("binding", &C::binding)
      .field("user_agent", &C::user_agent)
      .field("memory", &C::memory)
      .field("path", &C::path);
  Value<CheckResult>(m, "CheckResult", "One row of a verdict.")
      .field("check", &CheckResult::check)
      .field("rule", &CheckResult::rule)
      .field("verdict", &CheckResult::verdict)
      .field("code", &CheckResult::code)
      .field("observed", &CheckResult::observed)
      .field("required", &CheckResult::required)
      .field("remedy", &CheckResult::remedy)
      .field("until", &CheckResult::until);
  Value<CheckOutcome>(m, "CheckOutcome", "What a check answers.")
      .field("results", &CheckOutcome::results)
      .field("memory", &CheckOutcome::memory);
  Value<Machine>(m, "Machine", "One machine of a virtualisation manager.")
      .field("uuid", &Machine::uuid)
      .field("name", &Machine::name)
      .field("state", &Machine::state)
      .field("answers", &Machine::answers);
  Value<DesktopOrder>(m, "DesktopOrder", "A desktop that does not exist yet.")
      .field("uuid", &DesktopOrder::uuid)
      .field("model", &DesktopOrder::model)
      .field("mac", &DesktopOrder::mac);
  Value<MachineEvent>(m, "MachineEvent", "What a console driver saw; without uuid: about the manager itself.")
      .field("uuid", &MachineEvent::uuid)
      .field("state", &MachineEvent::state)
      .field("manager_lost", &MachineEvent::manager_lost);
}

AuthStep step(const LoadedAuthenticator& self, const AuthRequestCopy& r) {
  return self.object->step({.arrival = r.arrival,
                            .evidence = r.evidence,
                            .subject = r.subject,
                            .now = r.now,
                            .transaction = r.transaction,
                            .account_state = r.account_state,
                            .source_state = r.source_state,
                            .transaction_state = r.transaction_state,
                            .effect = r.effect,
                            .owner_certificate = r.owner_certificate});
}

CheckOutcome judge(const LoadedPostureCheck& self, const CheckInputCopy& c) {
  return self.object->judge({.facts = c.facts,
                             .now = c.now,
                             .terminal = c.terminal,
                             .registered_macs = c.registered_macs,
                             .signed_by_terminal = c.signed_by_terminal,
                             .binding = c.binding,
                             .user_agent = c.user_agent,
                             .memory = c.memory,
                             .path = c.path});
}

void bind_loaded(py::module_& m) {
  using Free = py::call_guard<py::gil_scoped_release>;
  py::class_<LoadedAuthenticator>(m, "LoadedAuthenticator", "An authenticator that a library holds.")
      .def_property_readonly("factor", [](const LoadedAuthenticator& self) { return self.object->factor(); })
      .def_property_readonly("weight", [](const LoadedAuthenticator& self) { return self.object->weight(); })
      .def("step", &step, py::arg("request"), Free())
      .def(
          "refresh", [](const LoadedAuthenticator& self, Instant now) { self.object->refresh(now); }, py::arg("now"),
          Free());
  py::class_<LoadedPostureCheck>(m, "LoadedPostureCheck", "A posture check that a library holds.")
      .def_property_readonly("name", [](const LoadedPostureCheck& self) { return self.object->name(); })
      .def("judge", &judge, py::arg("input"), Free());
  py::class_<LoadedConsoleDriver>(m, "LoadedConsoleDriver", "A console driver that a library holds.")
      .def(
          "machines",
          [](const LoadedConsoleDriver& self, milliseconds within) { return unwrap(self.object->machines(within)); },
          py::kw_only(), py::arg("within"), Free())
      .def(
          "machine",
          [](const LoadedConsoleDriver& self, const std::string& uuid, milliseconds within) {
            return unwrap(self.object->machine(uuid, within));
          },
          py::arg("uuid"), py::kw_only(), py::arg("within"), Free())
      .def(
          "screen",
          [](const LoadedConsoleDriver& self, const std::string& uuid, milliseconds within) {
            return unwrap(self.object->screen(uuid, within));
          },
          py::arg("uuid"), py::kw_only(), py::arg("within"), Free())
      .def(
          "serial",
          [](const LoadedConsoleDriver& self, const std::string& uuid, milliseconds within) {
            return unwrap(self.object->serial(uuid, within));
          },
          py::arg("uuid"), py::kw_only(), py::arg("within"), Free())
      .def(
          "picture",
          [](const LoadedConsoleDriver& self, const std::string& uuid, milliseconds within) {
            const Picture picture = unwrap([&] {
              const py::gil_scoped_release free;
              return self.object->picture(uuid, within);
            }());
            return py::make_tuple(picture.media_type, py::bytes(picture.bytes));
          },
          py::arg("uuid"), py::kw_only(), py::arg("within"))
      .def(
          "power",
          [](const LoadedConsoleDriver& self, const std::string& uuid, PowerAction action, milliseconds within) {
            unwrap(self.object->power(uuid, action, within));
          },
          py::arg("uuid"), py::arg("action"), py::kw_only(), py::arg("within"), Free())
      .def(
          "take_snapshot",
          [](const LoadedConsoleDriver& self, const std::string& uuid, const std::string& name, milliseconds within) {
            unwrap(self.object->take_snapshot(uuid, name, within));
          },
          py::arg("uuid"), py::arg("name"), py::kw_only(), py::arg("within"), Free())
      .def(
          "revert",
          [](const LoadedConsoleDriver& self, const std::string& uuid, const std::string& name, milliseconds within) {
            unwrap(self.object->revert(uuid, name, within));
          },
          py::arg("uuid"), py::arg("name"), py::kw_only(), py::arg("within"), Free())
      .def(
          "create",
          [](const LoadedConsoleDriver& self, const DesktopOrder& order, milliseconds within) {
            return unwrap(self.object->create(order, within));
          },
          py::arg("order"), py::kw_only(), py::arg("within"), Free())
      .def(
          "destroy",
          [](const LoadedConsoleDriver& self, const std::string& uuid, milliseconds within) {
            unwrap(self.object->destroy(uuid, within));
          },
          py::arg("uuid"), py::kw_only(), py::arg("within"), Free())
      .def(
          "set_login",
          [](const LoadedConsoleDriver& self, const std::string& uuid, const std::string& account,
             const Secret& password,
             milliseconds within) { unwrap(self.object->set_login(uuid, account, password, within)); },
          py::arg("uuid"), py::arg("account"), py::arg("password"), py::kw_only(), py::arg("within"), Free())
      .def(
          "events",
          [](const LoadedConsoleDriver& self, milliseconds within) { return unwrap(self.object->events(within)); },
          py::kw_only(), py::arg("within"), Free());
  m.def(
      "console_driver_of", [](const py::object& driver) { return LoadedConsoleDriver{console_driver_of(driver)}; },
      py::arg("driver"));
}

}  // namespace

std::shared_ptr<Authenticator> authenticator_of(const py::object& given) {
  if (py::isinstance<LoadedAuthenticator>(given)) return given.cast<const LoadedAuthenticator&>().object;
  need_methods(given, {"factor", "weight", "step", "refresh"}, "authenticator");
  return std::make_shared<PythonAuthenticator>(given);
}
std::shared_ptr<PostureCheck> posture_check_of(const py::object& given) {
  if (py::isinstance<LoadedPostureCheck>(given)) return given.cast<const LoadedPostureCheck&>().object;
  need_methods(given, {"name", "judge"}, "posture check");
  return std::make_shared<PythonPostureCheck>(given);
}
std::shared_ptr<ConsoleDriver> console_driver_of(const py::object& given) {
  if (py::isinstance<LoadedConsoleDriver>(given)) return given.cast<const LoadedConsoleDriver&>().object;
  need_methods(given, {"machines", "machine", "screen"}, "console driver");
  return std::make_shared<PythonConsoleDriver>(given);
}

void bind_kinds(py::module_& m) {
  bind_values(m);
  bind_loaded(m);
}

}  // namespace sekisho::python
