// The whole gate: options, virtual time, store, and the house around it.
#include "bind.hpp"
#include "gate_house.hpp"
#include "kinds.hpp"
#include "policy_words.hpp"
#include "recordings.hpp"
#include "registry/rules.hpp"
#include "run/password_hash/password_hash.hpp"
#include "seam_casters.hpp"
#include "store/testing/memory_store.hpp"
#include "value.hpp"

#include <random>

namespace sekisho::python {
namespace {

using gate::GateOptions;
using gate::GatePath;
using gate::SessionInfo;
using Free = py::call_guard<py::gil_scoped_release>;

void bind_options(py::module_& m) {
  Value<GatePath>(m, "GatePath", "One access path as the gatekeeper sees it.")
      .field("policy", &GatePath::policy)
      .field("tun", &GatePath::tun)
      .field("gate_address", &GatePath::gate_address)
      .field("prefix", &GatePath::prefix)
      .field("mtu", &GatePath::mtu)
      .field("posture_page", &GatePath::posture_page)
      .field("entrance", &GatePath::entrance)
      .field("desktop_page", &GatePath::desktop_page)
      .field("closed", &GatePath::closed);
  using gate::ConsolePolicy;
  Value<ConsolePolicy>(m, "ConsolePolicy", "What pages and screens go by.")
      .field("watermark", &ConsolePolicy::watermark)
      .field("recorded", &ConsolePolicy::recorded)
      .field("keys", &ConsolePolicy::keys)
      .field("screens_per_session", &ConsolePolicy::screens_per_session);
  using Zone = gate::Hypervisors::ZoneOptions;
  Value<Zone>(m, "HyperZone", "A zone that has a hyperd.").field("zone", &Zone::zone).field("pools", &Zone::pools);
  Value<GateOptions>(m, "GateOptions", "What a gate is told at its start.")
      .field("node", &GateOptions::node)
      .field("gate_id", &GateOptions::gate_id)
      .field("paths", &GateOptions::paths)
      .field("posture", &GateOptions::posture)
      .field("shared_store", &GateOptions::shared_store)
      .field("generation_poll", &GateOptions::generation_poll)
      .field("authenticator_refresh", &GateOptions::authenticator_refresh)
      .field("store_limit", &GateOptions::store_limit)
      .field("hash_limit", &GateOptions::hash_limit)
      .field("kernel_right_ttl_s", &GateOptions::kernel_right_ttl_s)
      .field("bare_entrance", &GateOptions::bare_entrance)
      .field("consoles", &GateOptions::consoles)
      .field("hypervisors", &GateOptions::hypervisors);
  using S = SessionInfo;
  Value<S>(m, "SessionInfo", "A session as staff see it.")
      .field("number", &S::number)
      .field("person", &S::person)
      .field("terminal", &S::terminal)
      .field("contractor", &S::contractor)
      .field("contract", &S::contract)
      .field("application", &S::application)
      .field("path", &S::path)
      .field("zone", &S::zone)
      .field("desktop", &S::desktop)
      .field("address", &S::address)
      .field("peer", &S::peer)
      .field("node", &S::node)
      .field("state", &S::state)
      .field("tunnel_up", &S::tunnel_up)
      .field("granted_at", &S::granted_at)
      .field("until", &S::until)
      .field("bytes_in", &S::bytes_in)
      .field("bytes_out", &S::bytes_out)
      .field("refused_packets", &S::refused_packets);
}

// --- time and store
// ---------------------------------------------------------------------------------------------------

void bind_time(py::module_& m) {
  using T = VirtualTime;
  py::class_<T, std::shared_ptr<T>>(m, "VirtualTime", "The services around a gate.")
      .def(py::init<std::uint64_t, Instant>(), py::kw_only(), py::arg("seed") = 1, py::arg("start"))
      .def_property_readonly("now", [](const T& self) { return self.fake.timers.now(); })
      .def_property_readonly("next", [](const T& self) { return self.fake.timers.next(); })
      .def(
          "settle", [](T& self) { self.settle(); }, Free())
      .def(
          "step", [](T& self) { return self.step(); }, Free())
      .def(
          "advance", [](T& self, std::chrono::microseconds seconds) { self.advance(seconds); }, py::arg("seconds"),
          Free())
      .def(
          "at",
          [](T& self, Instant at, py::object call) {
            self.fake.timers.at(at, [kept = keep(std::move(call))] { python::call(*kept, "a timer"); });
          },
          py::arg("at"), py::arg("call"))
      .def_property_readonly("mails", [](const T& self) { return self.fake.mail.sent; })
      .def_readwrite("mail_works", &T::mail_works)
      .def_property(
          "blocking_held",
          [](const T& self) { return self.fake.blocking.mode == run::testing::FakeBlocking::Mode::held; },
          [](T& self, bool held) {
            using Mode = run::testing::FakeBlocking::Mode;
            self.fake.blocking.mode = held ? Mode::held : Mode::at_once;
          })
      .def(
          "finish_blocking", [](T& self) { return self.fake.blocking.finish(); }, Free())
      .def(
          "random",
          [](T& self, std::size_t size) {
            std::vector<std::byte> out(std::min<std::size_t>(size, 65536));
            self.fake.entropy.fill(out);
            return to_bytes(out);
          },
          py::arg("size"));
}

void in_store(store::Store& self, const std::function<void(store::Tx&)>& job) {
  unwrap(self.transact(job));
}

void bind_store(py::module_& m) {
  py::class_<store::Store, std::shared_ptr<store::Store>>(m, "Store", "What survives a process.")
      .def(
          "registry",
          [](store::Store& self) {
            registry::Registry out;
            in_store(self, [&](store::Tx& tx) { out = tx.registry(); });
            return out;
          },
          Free())
      .def(
          "replace_registry",
          [](store::Store& self, const registry::Registry& next) {
            const auto findings = registry::validate(next);
            if (!findings.empty()) throw Failure(fail("registry.invalid", findings.front().pointer));
            in_store(self, [&](store::Tx& tx) { tx.replace_registry(next); });
          },
          py::arg("next"), Free())
      .def(
          "open_sessions",
          [](store::Store& self) {
            std::map<std::string, std::string> out;
            in_store(self, [&](store::Tx& tx) {
              for (const auto& row : tx.open_sessions()) out[row.number] = row.state;
            });
            return out;
          },
          Free());
  using M = store::testing::MemoryStore;
  py::class_<M, store::Store, std::shared_ptr<M>>(m, "MemoryStore", "A store without a file.")
      .def(py::init<>())
      .def(
          "fail_next", [](M& self, std::string code) { self.fail_next(fail(std::move(code), "told to fail")); },
          py::arg("code"));
  m.def(
      "open_store", [](const std::string& url) { return std::shared_ptr<store::Store>(unwrap(store::open(url))); },
      py::arg("url"), Free());
}

// --- the house
// --------------------------------------------------------------------------------------------------------

std::function<bool(const VerifyPassword&)> verifier(py::object given) {
  if (given.is_none()) {
    return [](const VerifyPassword& work) {
      const auto matched = run::verify_password(work.encoded_hash, work.candidate);
      return matched && *matched;
    };
  }
  return [kept = keep(std::move(given))](const VerifyPassword& work) {
    return call_or<bool>(*kept, false, "verify_password", work.encoded_hash, std::string(work.candidate.reveal()));
  };
}

std::unique_ptr<GateHouse> open_house(const GateOptions& options, std::shared_ptr<VirtualTime> time,
                                      std::shared_ptr<store::Store> store, std::shared_ptr<MemoryJournal> journal,
                                      const std::vector<py::object>& authenticators,
                                      const std::vector<py::object>& checks, py::object verify_password) {
  if (!time || !store || !journal) throw py::type_error("time, store and journal are needed");
  HouseParts parts{options, std::move(time), std::move(store), std::move(journal), {}, {}, {}};
  for (const py::object& given : authenticators) parts.authenticators.push_back(authenticator_of(given));
  for (const py::object& given : checks) parts.checks.push_back(posture_check_of(given));
  parts.verify_password = verifier(std::move(verify_password));
  const py::gil_scoped_release released;
  return std::make_unique<GateHouse>(std::move(parts));
}

gate::Control::Change change_of(py::object given) {
  return [kept = keep(std::move(given))](registry::Registry current) -> Result<registry::Registry> {
    const py::gil_scoped_acquire gil;
    try {
      return (*kept)(std::move(current)).cast<registry::Registry>();
    } catch (const py::error_already_set& raised) {
      if (auto error = error_of(raised)) return *std::move(error);
      throw as_runtime_error(raised);
    }
  };
}

void bind_control(py::class_<GateHouse>& type) {
  type.def_property_readonly("registry", [](GateHouse& self) { return *self.running().registry(); })
      .def("sessions", [](GateHouse& self) { return self.running().sessions(); })
      .def("health", [](GateHouse& self) { return self.running().health(); })
      .def(
          "change_registry",
          [](GateHouse& self, py::object change, std::string by, std::string what) {
            auto apply = change_of(std::move(change));
            const py::gil_scoped_release released;
            return self.wait_for<std::uint64_t>([&](auto done) {
              self.running().change_registry(std::move(apply), std::move(by), std::move(what), std::move(done));
            });
          },
          py::arg("change"), py::kw_only(), py::arg("by"), py::arg("what"))
      .def(
          "end_session",
          [](GateHouse& self, std::string number, std::string by, std::string reason) {
            self.wait_for_end([&](auto done) {
              self.running().end_session(std::move(number), std::move(by), std::move(reason), std::move(done));
            });
          },
          py::arg("number"), py::kw_only(), py::arg("by"), py::arg("reason"), Free())
      .def(
          "stop",
          [](GateHouse& self, std::string scope, std::string target, std::string by, std::string reason) {
            registry::Stop stop{std::move(scope), std::move(target), self.time().fake.timers.now(), std::move(by),
                                std::move(reason)};
            return self.wait_for<std::size_t>(
                [&](auto done) { self.running().stop(std::move(stop), std::move(done)); });
          },
          py::arg("scope"), py::arg("target") = "", py::kw_only(), py::arg("by"), py::arg("reason"), Free())
      .def(
          "release",
          [](GateHouse& self, std::string scope, std::string target, std::string by) {
            self.wait_for_end([&](auto done) {
              self.running().release(std::move(scope), std::move(target), std::move(by), std::move(done));
            });
          },
          py::arg("scope"), py::arg("target") = "", py::kw_only(), py::arg("by"), Free())
      .def(
          "enrol_factor",
          [](GateHouse& self, std::string person, std::string factor, std::string by) {
            return self.wait_for<Secret>([&](auto done) {
              self.running().enrol_factor(std::move(person), std::move(factor), std::move(by), std::move(done));
            });
          },
          py::arg("person"), py::arg("factor"), py::kw_only(), py::arg("by"), Free())
      .def(
          "end_factor",
          [](GateHouse& self, std::string person, std::string factor, std::string by) {
            self.wait_for_end([&](auto done) {
              self.running().end_factor(std::move(person), std::move(factor), std::move(by), std::move(done));
            });
          },
          py::arg("person"), py::arg("factor"), py::kw_only(), py::arg("by"), Free());
}

}  // namespace

void bind_gate(py::module_& m) {
  bind_options(m);
  bind_time(m);
  bind_store(m);
  py::class_<Neighbour, std::shared_ptr<Neighbour>>(m, "Neighbour", "A process beside the gate, played by Python.")
      .def("send", &Neighbour::send, py::arg("message"))
      .def("close", &Neighbour::close)
      .def_property_readonly("open", &Neighbour::is_open);
  py::class_<GateHouse> type(m, "GateHouse", "The gatekeeper on virtual time.");
  type.def(py::init(&open_house), py::kw_only(), py::arg("options"), py::arg("time"), py::arg("store"),
           py::arg("journal"), py::arg("authenticators"), py::arg("checks") = std::vector<py::object>(),
           py::arg("verify_password") = py::none())
      .def(
          "attach",
          [](GateHouse& self, const std::string& role, const std::string& name, py::object hear) {
            return self.attach(role, name, [kept = keep(std::move(hear))](seam::Message message) {
              python::call(*kept, "a neighbour of the gate", message);
            });
          },
          py::arg("role"), py::arg("name"), py::arg("hear"))
      .def("close", &GateHouse::close, Free())
      .def_readwrite("netd_works", &GateHouse::netd_works)
      .def_property_readonly("kernel", [](const GateHouse& self) { return self.kernel; })
      .def_property_readonly("rdp", [](const GateHouse& self) { return self.kernel_rdp; })
      .def(
          "set_line",
          [](GateHouse& self, const std::string& path, const std::string& circuit, std::string_view line) {
            const auto known = line == "up" || line == "down" || line == "unknown";
            if (!known) throw py::value_error("a line is up, down or unknown");
            self.set_line(path, circuit,
                          line == "up"     ? registry::Line::up
                          : line == "down" ? registry::Line::down
                                           : registry::Line::unknown);
          },
          py::arg("path"), py::arg("circuit"), py::arg("line"))
      .def("circuits", [](GateHouse& self) { return self.running().circuits().dump(); })
      .def("refuse_rdp", &GateHouse::refuse_rdp, py::arg("source"), py::arg("destination"), py::arg("protocol") = 6);
  bind_control(type);
  m.def(
      "hash_password",
      [](const std::string& password, std::uint32_t memory_kib, std::uint32_t passes) {
        struct Chance final : Entropy {
          void fill(std::span<std::byte> out) override {
            for (std::byte& byte : out) byte = static_cast<std::byte>(source());
          }
          std::random_device source;
        } chance;
        return unwrap(run::hash_password(Secret(password), chance, {memory_kib, passes, 1}));
      },
      py::arg("password"), py::kw_only(), py::arg("memory_kib") = 64 * 1024, py::arg("passes") = 2, Free());
  m.def(
      "verify_password",
      [](const std::string& encoded, const std::string& candidate) {
        return unwrap(run::verify_password(encoded, Secret(candidate)));
      },
      py::arg("encoded"), py::arg("candidate"), Free());
}

}  // namespace sekisho::python
