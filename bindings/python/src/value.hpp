// Value<T>: a plain struct as a Python class: fields as attributes, all of them optional arguments of __init__ in their
// order or by name, equality where C++ has it, a __repr__ that hides secrets. Lists and dicts are copies: assign them.
//   Value<Text>(m, "Text", "A sentence in both languages.").field("ja", &Text::ja).field("en", &Text::en);
// A type that both extensions know stands in a named namespace: to libstdc++ an unnamed one's types differ per module.
// Threads: with the GIL.
#pragma once
#include "casters.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::python {

template <class T>
class Value {
 public:
  Value(py::handle scope, const char* name, const char* doc)
      : class_(scope, name, doc), fields_(std::make_shared<std::vector<Field>>()) {
    class_.def(py::init([fields = fields_](const py::args& args, const py::kwargs& named) {
      T out{};
      if (args.size() > fields->size()) throw py::type_error("too many arguments");
      std::size_t at = 0;
      for (const py::handle argument : args) (*fields)[at++].set(out, argument);
      for (const auto& [key, argument] : named) {
        const auto word = key.template cast<std::string>();
        for (at = 0; at < fields->size() && (*fields)[at].name != word; ++at) {
        }
        if (at == fields->size()) throw py::type_error("no field is called '" + word + "'");
        if (at < args.size()) throw py::type_error("'" + word + "' is given twice");
        (*fields)[at].set(out, argument);
      }
      return out;
    }));
    class_.def("__repr__", [fields = fields_, name = std::string(name)](py::handle self) {
      std::string out = name + "(";
      const char* before = "";
      for (const Field& field : *fields) {
        out += before + field.name + "=";
        out += field.secret ? "'…'" : py::repr(self.attr(field.name.c_str())).template cast<std::string>();
        before = ", ";
      }
      return out + ")";
    });
    if constexpr (std::equality_comparable<T>) {
      class_.def("__eq__", [](const T& self, const py::object& other) {
        return py::isinstance<T>(other) && self == other.cast<const T&>();
      });
      class_.attr("__hash__") = py::none();
    }
  }

  template <class M>
  Value& field(const char* name, M T::*member, const char* doc = "") {
    constexpr bool secret = std::is_same_v<M, Secret> || std::is_same_v<M, Evidence>;
    if constexpr (std::is_same_v<M, VerifyPassword>) {  // a bound class that cannot be copied
      return add(
          name, [member](const T& self) { return py::cast(clone(self.*member), py::return_value_policy::move); },
          [member](T& self, py::handle value) { self.*member = clone(value.cast<const M&>()); }, doc, secret);
    } else {
      return add(
          name, [member](const T& self) { return py::cast(self.*member); },
          [member](T& self, py::handle value) { self.*member = value.cast<M>(); }, doc, secret);
    }
  }
  /// A list of byte strings.
  Value& bytes_list(const char* name, std::vector<std::string> T::*member, const char* doc = "") {
    return add(
        name,
        [member](const T& self) {
          py::list out;
          for (const std::string& one : self.*member) out.append(py::bytes(one));
          return out;
        },
        [member](T& self, py::handle value) {
          (self.*member).clear();
          for (const py::handle one : value) (self.*member).push_back(std::string(one.cast<py::bytes>()));
        },
        doc, false);
  }
  /// A byte string.
  Value& bytes(const char* name, std::string T::*member, const char* doc = "") {
    return add(
        name, [member](const T& self) { return py::bytes(self.*member); },
        [member](T& self, py::handle value) { self.*member = std::string(value.cast<py::bytes>()); }, doc, false);
  }
  /// A byte string, or None.
  Value& bytes(const char* name, std::optional<std::string> T::*member, const char* doc = "") {
    return add(
        name,
        [member](const T& self) -> std::optional<py::bytes> {
          if (!(self.*member)) return std::nullopt;
          return py::bytes(*(self.*member));
        },
        [member](T& self, py::handle value) {
          (self.*member).reset();
          if (!value.is_none()) self.*member = std::string(value.cast<py::bytes>());
        },
        doc, false);
  }
  [[nodiscard]] py::class_<T>& type() { return class_; }

 private:
  struct Field {
    std::string name;
    std::function<void(T&, py::handle)> set;
    bool secret;
  };
  template <class Get, class Set>
  Value& add(const char* name, Get get, Set set, const char* doc, bool secret) {
    class_.def_property(
        name, get, [set](T& self, const py::object& value) { set(self, value); }, doc);
    fields_->push_back({name, set, secret});
    return *this;
  }

  py::class_<T> class_;
  std::shared_ptr<std::vector<Field>> fields_;
};

}  // namespace sekisho::python
