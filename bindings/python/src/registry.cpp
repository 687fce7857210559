// The registry: one immutable snapshot, the pure rules over it, and what staff may change: each change gives the next
// snapshot. Objects are dicts in their JSON form (core/registry/README.md).
#include "bind.hpp"
#include "errors.hpp"
#include "policy_words.hpp"
#include "registry/changes.hpp"
#include "registry/findings.hpp"
#include "registry/json.hpp"
#include "registry/refusals.hpp"
#include "registry/rules.hpp"
#include "registry/testing/cast.hpp"
#include "value.hpp"

SEKISHO_WORDS(::sekisho::registry::Day, "begin", "end", "exact")

namespace sekisho::python {
namespace {

using registry::Finding;
using registry::Kind;
using registry::Registry;
using registry::Rights;
using registry::RightsAnswer;

Kind kind(const std::string& name) {
  const auto known = registry::kind_of(name);
  if (!known) throw py::value_error("no kind of object is called '" + name + "'");
  return *known;
}

Registry load(const nlohmann::json& document) {
  auto imported = registry::import_registry(document);
  if (!imported.findings.empty()) throw Failure(registry::invalid(imported.findings));
  return std::move(imported.registry);
}

std::vector<std::string> keys(const Registry& self, const std::string& of) {
  std::vector<std::string> out;
  registry::for_each_kind(self, [&, wanted = kind(of)](Kind which, const auto& map) {
    if (which != wanted) return;
    for (const auto& entry : map) out.push_back(entry.first);
  });
  return out;
}

std::pair<Registry, std::string> put(Result<registry::Put> result) {
  registry::Put out = unwrap(std::move(result));
  return {std::move(out.registry), std::move(out.key)};
}

void bind_values(py::module_& m) {
  Value<Finding>(m, "Finding", "Something wrong with a document, with its JSON pointer.")
      .field("pointer", &Finding::pointer)
      .field("code", &Finding::code)
      .field("text", &Finding::text);
  Value<Rights>(m, "Rights", "What a person with a terminal may reach right now.")
      .field("person", &Rights::person)
      .field("terminal", &Rights::terminal)
      .field("contractor", &Rights::contractor)
      .field("contract", &Rights::contract)
      .field("application", &Rights::application)
      .field("zone", &Rights::zone)
      .field("systems", &Rights::systems)
      .field("desktop", &Rights::desktop)
      .field("until", &Rights::until)
      .field("purpose", &Rights::purpose);
  Value<RightsAnswer>(m, "RightsAnswer", "Rights, or why there are none.")
      .field("rights", &RightsAnswer::rights)
      .field("refusal", &RightsAnswer::refusal);
}

void bind_changes(py::class_<Registry>& type) {
  type.def(
      "replaced_by",
      [](const Registry& self, const Registry& next, std::optional<std::uint64_t> if_generation) {
        return unwrap(registry::replace_all(self, next, if_generation));
      },
      py::arg("next"), py::kw_only(), py::arg("if_generation") = py::none());
  type.def(
      "put",
      [](const Registry& self, const std::string& of, const nlohmann::json& object) {
        return put(registry::put_object(self, kind(of), object));
      },
      py::arg("kind"), py::arg("object"));
  type.def(
      "remove",
      [](const Registry& self, const std::string& of, const std::string& key) {
        return unwrap(registry::remove_object(self, kind(of), key));
      },
      py::arg("kind"), py::arg("key"));
  type.def(
      "end",
      [](const Registry& self, const std::string& of, const std::string& key, Instant now) {
        return unwrap(registry::end_object(self, kind(of), key, now));
      },
      py::arg("kind"), py::arg("key"), py::arg("now"));
  type.def(
      "submit_application",
      [](const Registry& self, const nlohmann::json& object) {
        return put(registry::submit_application(self, object));
      },
      py::arg("object"));
  type.def(
      "accept_application",
      [](const Registry& self, const std::string& id, const std::string& by, const std::string& note,
         bool build_up_exception, Instant now) {
        return unwrap(registry::accept_application(self, id, {by, note, build_up_exception}, now));
      },
      py::arg("id"), py::kw_only(), py::arg("by"), py::arg("note") = "", py::arg("build_up_exception") = false,
      py::arg("now"));
  type.def(
      "return_application",
      [](const Registry& self, const std::string& id, const std::string& by, const std::string& note, Instant now) {
        return unwrap(registry::return_application(self, id, {by, note}, now));
      },
      py::arg("id"), py::kw_only(), py::arg("by"), py::arg("note") = "", py::arg("now"));
  type.def(
      "set_password_hash",
      [](const Registry& self, const std::string& person, const std::string& phc) {
        return unwrap(registry::set_password_hash(self, person, phc));
      },
      py::arg("person"), py::arg("phc"));
  type.def(
      "register_certificate",
      [](const Registry& self, const nlohmann::json& object, bool replace, Instant now) {
        return put(registry::register_certificate(self, object, replace, now));
      },
      py::arg("object"), py::kw_only(), py::arg("replace") = false, py::arg("now"));
  type.def(
      "open_enrolment",
      [](const Registry& self, const std::string& terminal, const std::string& token_sha256_hex, Instant until,
         Instant now) { return unwrap(registry::open_enrolment(self, terminal, token_sha256_hex, until, now)); },
      py::arg("terminal"), py::kw_only(), py::arg("token_sha256_hex"), py::arg("until"), py::arg("now"));
  type.def(
      "grant_exception",
      [](const Registry& self, const nlohmann::json& object, Instant now) {
        return put(registry::grant_exception(self, object, now));
      },
      py::arg("object"), py::kw_only(), py::arg("now"));
}

void bind_functions(py::module_& m) {
  m.def(
      "registry_findings", [](const nlohmann::json& document) { return registry::import_registry(document).findings; },
      py::arg("document"));
  m.def("registry_finding_codes", &registry::all_finding_codes);
  m.def("registry_kinds", [] {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& name : registry::kind_names()) out.emplace_back(name.one, name.many);
    return out;
  });
  m.def("rights_refusals", &registry::all_refusals);
  m.def("change_refusals", &registry::change_refusals);
  m.def(
      "canonical_login", [](const std::string& typed) { return registry::canonical_login(typed); }, py::arg("typed"));
  m.def(
      "parse_moment", [](const std::string& text, registry::Day day) { return registry::parse_moment(text, day); },
      py::arg("text"), py::kw_only(), py::arg("day") = registry::Day::exact);
  m.def(
      "format_moment", [](Instant at, registry::Day day) { return registry::format_moment(at, day); }, py::arg("at"),
      py::kw_only(), py::arg("day") = registry::Day::exact);
  m.def("sample_registry", &registry::testing::cast);
  m.attr("SAMPLE_NOW") = instant_to(registry::testing::kNow);
}

}  // namespace

void bind_registry(py::module_& m) {
  bind_values(m);
  py::class_<Registry> type(m, "Registry",
                            "One consistent state of who may be let in, with what, to where, until when.");
  type.def(py::init<>());
  type.def_static("load", &load, py::arg("document"));
  type.def_readonly("generation", &Registry::generation);
  type.def("validate", [](const Registry& self) { return registry::validate(self); });
  type.def(
      "export", [](const Registry& self, bool secrets) { return registry::export_registry(self, {secrets}); },
      py::kw_only(), py::arg("secrets") = false);
  type.def("keys", &keys, py::arg("kind"));
  type.def(
      "get",
      [](const Registry& self, const std::string& of, const std::string& key, bool secrets) {
        return registry::export_object(self, kind(of), key, {secrets});
      },
      py::arg("kind"), py::arg("key"), py::kw_only(), py::arg("secrets") = false);
  type.def(
      "find_login",
      [](const Registry& self, const std::string& canonical) -> std::optional<std::string> {
        const registry::Person* found = registry::find_login(self, canonical);
        if (found == nullptr) return std::nullopt;
        return found->id;
      },
      py::arg("canonical"));
  type.def(
      "rights_of",
      [](const Registry& self, const std::string& person, const std::string& terminal, const std::string& path,
         const std::vector<registry::Zone>& path_zones, bool lent_only,
         Instant now) { return registry::rights_of(self, person, terminal, path, path_zones, lent_only, now); },
      py::arg("person"), py::arg("terminal"), py::kw_only(), py::arg("path"), py::arg("path_zones"),
      py::arg("lent_only") = false, py::arg("now"));
  bind_changes(type);
  bind_functions(m);
}

}  // namespace sekisho::python
