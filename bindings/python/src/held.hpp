// Held: a field of a Value that is any Python object.
// Threads: with the GIL.
#pragma once
#include <pybind11/pybind11.h>

namespace sekisho::python {

struct Held {
  pybind11::object object = pybind11::none();
};

}  // namespace sekisho::python

namespace pybind11::detail {
template <>
struct type_caster<::sekisho::python::Held> {
  PYBIND11_TYPE_CASTER(::sekisho::python::Held, const_name("object"));
  bool load(handle source, bool) {
    value.object = reinterpret_borrow<pybind11::object>(source);
    return true;
  }
  static handle cast(const ::sekisho::python::Held& source, return_value_policy, handle) {
    return source.object.inc_ref();
  }
};
}  // namespace pybind11::detail
