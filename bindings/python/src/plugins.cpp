// The plugin loader: manifests, each refusal with its code, and living objects.
#include "base/testing/memory_log.hpp"
#include "bind.hpp"
#include "errors.hpp"
#include "held.hpp"
#include "kinds.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"
#include "policy_words.hpp"
#include "value.hpp"

#include <sekisho/sdk/config.hpp>

#include <sys/random.h>

#include <mutex>

namespace sekisho::python {
namespace {

using plugin::Manifest;

class KernelEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      const ssize_t got = ::getrandom(out.data(), out.size(), 0);
      SEKISHO_ASSERT(got > 0);
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }
};

/// What a plugin borrows for its whole life: kept by every object that a loader has made.
struct Host {
  KernelEntropy entropy;
  MemoryLog log;
  plugin::SystemPluginHost host{"python", entropy, log};
};

struct Loaded {
  Manifest manifest;
  Held object;
};

class Loader {
 public:
  Loader(std::string directory, bool allow_wip)
      : host_(std::make_shared<Host>()), loader_(std::move(directory), host_->host, allow_wip) {}

  Loaded load(const std::string& name, const nlohmann::json& config, std::optional<PluginKind> kind) {
    plugin::LoadedPlugin made = [&] {
      const py::gil_scoped_release released;
      return unwrap(loader_.load({.plugin = name, .critical = true, .config = config}, kind));
    }();
    return {std::move(made.manifest),
            Held{std::visit([this](auto& object) { return hold(std::move(object)); }, made.object)}};
  }
  [[nodiscard]] Manifest manifest(const std::string& name) const { return unwrap(loader_.manifest(name)); }
  [[nodiscard]] const std::vector<std::string>& log() const { return host_->log.lines; }

 private:
  template <class T>
  [[nodiscard]] std::shared_ptr<T> lend(std::unique_ptr<T> object) const {
    return {object.release(), [host = host_](T* last) { delete last; }};
  }
  py::object hold(std::unique_ptr<Authenticator> object) const {
    return py::cast(LoadedAuthenticator{lend(std::move(object))});
  }
  py::object hold(std::unique_ptr<PostureCheck> object) const {
    return py::cast(LoadedPostureCheck{lend(std::move(object))});
  }
  py::object hold(std::unique_ptr<ConsoleDriver> object) const {
    return py::cast(LoadedConsoleDriver{lend(std::move(object))});
  }
  py::object hold(std::shared_ptr<AccessPath> object) const {
    AccessPath* const raw = object.get();
    return py::cast(LoadedAccessPath{{raw, [host = host_, object = std::move(object)](AccessPath*) {}}});
  }

  std::shared_ptr<Host> host_;
  plugin::Loader loader_;
};

}  // namespace

void bind_plugins(py::module_& m) {
  Value<Manifest>(m, "Manifest", "What is known of a plugin before its library is opened.")
      .field("name", &Manifest::name)
      .field("version", &Manifest::version)
      .field("kind", &Manifest::kind)
      .field("status", &Manifest::status)
      .field("posture", &Manifest::posture)
      .field("api_major", &Manifest::api_major)
      .field("api_minor", &Manifest::api_minor)
      .field("fingerprint", &Manifest::fingerprint)
      .field("needs", &Manifest::needs)
      .field("schema", &Manifest::schema)
      .field("library_sha256", &Manifest::library_sha256);
  Value<Loaded>(m, "LoadedPlugin", "A plugin that lives.")
      .field("manifest", &Loaded::manifest)
      .field("object", &Loaded::object);
  py::class_<Loader>(m, "Loader", "From a name to a living object.")
      .def(py::init<std::string, bool>(), py::arg("directory"), py::kw_only(), py::arg("allow_wip") = false)
      .def("load", &Loader::load, py::arg("name"), py::arg("config") = nlohmann::json::object(), py::kw_only(),
           py::arg("kind") = py::none())
      .def("manifest", &Loader::manifest, py::arg("name"))
      .def_property_readonly("log", &Loader::log);
  m.def(
      "check_config",
      [](const nlohmann::json& schema, const nlohmann::json& config) {
        ConfigCheck check = sekisho::check_config(schema, config);
        if (!check.errors.empty()) throw Failure(join_config_errors(check.errors));
        return std::move(check.value);
      },
      py::arg("schema"), py::arg("config"));
}

}  // namespace sekisho::python
