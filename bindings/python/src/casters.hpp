// How the SDK's plain types look in Python: Instant is an aware datetime, a duration is seconds, JSON is dict and list,
// a Secret is str, an enumeration is one of its words, a variant is one of its alternatives.
// Threads: as pybind11, with the GIL. Ownership: everything is copied. Errors: ValueError for a word or a time that
// does not exist, TypeError for another type. Include it in every file that binds something, before anything is cast.
#pragma once
#include "clones.hpp"

#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sekisho::python {

namespace py = pybind11;

[[nodiscard]] nlohmann::json json_from(py::handle value, int depth = 0);
[[nodiscard]] py::object json_to(const nlohmann::json& value);
[[nodiscard]] Instant instant_from(py::handle value);
[[nodiscard]] py::object instant_to(Instant at);

[[nodiscard]] inline std::span<const std::byte> as_span(const py::bytes& bytes) {
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(bytes.ptr(), &data, &size) != 0) throw py::error_already_set();
  return {reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
}
[[nodiscard]] inline py::bytes to_bytes(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Specialised by SEKISHO_WORDS: the words of an enumeration, in the order of its values from 0 on.
template <class E>
struct Words;

template <class E>
struct WordCaster {
  PYBIND11_TYPE_CASTER(E, py::detail::const_name("str"));
  bool load(py::handle source, bool) {
    if (!PyUnicode_Check(source.ptr())) return false;
    const auto word = source.cast<std::string>();
    std::string known;
    std::size_t number = 0;
    for (const char* candidate : Words<E>::kAll) {
      if (word == candidate) {
        value = static_cast<E>(number);
        return true;
      }
      known += (known.empty() ? "" : ", ") + std::string(candidate);
      ++number;
    }
    throw py::value_error("'" + word + "' is none of: " + known);
  }
  static py::handle cast(E source, py::return_value_policy, py::handle) {
    return py::str(Words<E>::kAll[static_cast<std::size_t>(source)]).release();
  }
};

/// A variant of bound classes.
template <class V>
struct OneOfCaster;
template <class... T>
struct OneOfCaster<std::variant<T...>> {
  using Variant = std::variant<T...>;
  PYBIND11_TYPE_CASTER(Variant, py::detail::const_name("one of several"));
  bool load(py::handle source, bool) { return (take<T>(source) || ...); }
  static py::handle cast(const Variant& source, py::return_value_policy, py::handle) {
    return std::visit([](const auto& one) { return py::cast(clone(one), py::return_value_policy::move).release(); },
                      source);
  }

 private:
  template <class A>
  bool take(py::handle source) {
    if (!py::isinstance<A>(source)) return false;
    value = clone(source.cast<const A&>());
    return true;
  }
};

}  // namespace sekisho::python

#define SEKISHO_WORDS(E, ...)                                  \
  namespace sekisho::python {                                  \
  template <>                                                  \
  struct Words<E> {                                            \
    static constexpr const char* kAll[] = {__VA_ARGS__};       \
  };                                                           \
  }                                                            \
  namespace pybind11::detail {                                 \
  template <>                                                  \
  struct type_caster<E> : ::sekisho::python::WordCaster<E> {}; \
  }

#define SEKISHO_ONE_OF(V)                                       \
  namespace pybind11::detail {                                  \
  template <>                                                   \
  struct type_caster<V> : ::sekisho::python::OneOfCaster<V> {}; \
  }

SEKISHO_WORDS(::sekisho::CertificateFault, "none", "untrusted", "expired", "not_yet_valid", "wrong_usage", "weak_key")
SEKISHO_WORDS(::sekisho::LoginForm, "client", "page", "page_for_client")
SEKISHO_WORDS(::sekisho::Verdict, "no", "yes", "ask", "wait")
SEKISHO_WORDS(::sekisho::SessionState, "asking", "quarantine", "admitted", "ended")

SEKISHO_ONE_OF(::sekisho::Effect)
SEKISHO_ONE_OF(::sekisho::GateRequest)
SEKISHO_ONE_OF(::sekisho::GateReply)
SEKISHO_ONE_OF(::sekisho::GatePush)
SEKISHO_ONE_OF(::sekisho::FrontNotice)

namespace pybind11::detail {

// Their containers say that they can be copied, and cannot: what is inside holds a Secret.
template <>
struct is_copy_constructible<::sekisho::AuthStep> : std::false_type {};
template <>
struct is_copy_constructible<::sekisho::BeginLogin> : std::false_type {};
template <>
struct is_copy_constructible<::sekisho::AnswerLogin> : std::false_type {};

template <>
struct type_caster<nlohmann::json> {
  PYBIND11_TYPE_CASTER(nlohmann::json, const_name("object"));
  bool load(handle source, bool) {
    value = ::sekisho::python::json_from(source);
    return true;
  }
  static handle cast(const nlohmann::json& source, return_value_policy, handle) {
    return ::sekisho::python::json_to(source).release();
  }
};

template <>
struct type_caster<::sekisho::Instant> {
  PYBIND11_TYPE_CASTER(::sekisho::Instant, const_name("datetime.datetime"));
  bool load(handle source, bool) {
    value = ::sekisho::python::instant_from(source);
    return true;
  }
  static handle cast(::sekisho::Instant source, return_value_policy, handle) {
    return ::sekisho::python::instant_to(source).release();
  }
};

template <class Rep, class Period>
struct type_caster<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  PYBIND11_TYPE_CASTER(Duration, const_name("float"));
  bool load(handle source, bool) {
    if (!PyFloat_Check(source.ptr()) && !PyLong_Check(source.ptr())) return false;
    const double seconds = source.cast<double>();
    if (!std::isfinite(seconds) || std::abs(seconds) > 4e9)
      throw value_error("seconds: a finite number below a century");
    value = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    return true;
  }
  static handle cast(Duration source, return_value_policy, handle) {
    return float_(std::chrono::duration<double>(source).count()).release();
  }
};

template <>
struct type_caster<::sekisho::Secret> {
  PYBIND11_TYPE_CASTER(::sekisho::Secret, const_name("str"));
  bool load(handle source, bool) {
    if (!PyUnicode_Check(source.ptr())) return false;
    value = ::sekisho::Secret(source.cast<std::string>());
    return true;
  }
  static handle cast(const ::sekisho::Secret& source, return_value_policy, handle) {
    return str(source.reveal().data(), source.size()).release();
  }
};

template <>
struct type_caster<::sekisho::Evidence> {
  PYBIND11_TYPE_CASTER(::sekisho::Evidence, const_name("dict[str, str]"));
  bool load(handle source, bool) {
    if (!PyMapping_Check(source.ptr()) || PyUnicode_Check(source.ptr())) return false;
    value.clear();
    for (const auto& [name, text] : dict(reinterpret_borrow<object>(source))) {
      value.insert_or_assign(name.cast<std::string>(), ::sekisho::Secret(text.cast<std::string>()));
    }
    return true;
  }
  static handle cast(const ::sekisho::Evidence& source, return_value_policy, handle) {
    dict out;
    for (const auto& [name, secret] : source) out[name.c_str()] = str(secret.reveal().data(), secret.size());
    return out.release();
  }
};

}  // namespace pybind11::detail
