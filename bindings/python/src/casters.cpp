#include "casters.hpp"

#include <datetime.h>

#include <algorithm>

namespace sekisho::python {
namespace {

constexpr int kMaxDepth = 64;

void need_datetime() {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
  if (PyDateTimeAPI == nullptr) throw py::error_already_set();
}

}  // namespace

nlohmann::json json_from(py::handle value, int depth) {
  PyObject* const raw = value.ptr();
  if (depth > kMaxDepth) throw py::value_error("JSON: nested too deeply");
  if (value.is_none()) return nullptr;
  if (PyBool_Check(raw)) return raw == Py_True;
  if (PyLong_Check(raw)) {
    int overflow = 0;
    const long long small = PyLong_AsLongLongAndOverflow(raw, &overflow);
    // As a parser would have it: what is not negative is unsigned.
    if (overflow == 0 && small >= 0) return static_cast<std::uint64_t>(small);
    if (overflow == 0) return static_cast<std::int64_t>(small);
    const unsigned long long large = PyLong_AsUnsignedLongLong(raw);
    if (PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      throw py::value_error("JSON: an integer of more than 64 bits");
    }
    return static_cast<std::uint64_t>(large);
  }
  if (PyFloat_Check(raw)) {
    const double number = value.cast<double>();
    if (!std::isfinite(number)) throw py::value_error("JSON has no NaN and no infinity");
    return number;
  }
  if (PyUnicode_Check(raw)) return value.cast<std::string>();
  if (PyDict_Check(raw)) {
    auto out = nlohmann::json::object();
    for (const auto& [key, member] : py::reinterpret_borrow<py::dict>(value)) {
      if (!PyUnicode_Check(key.ptr())) throw py::type_error("JSON: keys are str");
      out[key.cast<std::string>()] = json_from(member, depth + 1);
    }
    return out;
  }
  if (PyList_Check(raw) || PyTuple_Check(raw)) {
    auto out = nlohmann::json::array();
    for (const py::handle member : value) out.push_back(json_from(member, depth + 1));
    return out;
  }
  throw py::type_error("JSON: None, bool, int, float, str, list and dict, not " +
                       py::type::of(value).attr("__name__").cast<std::string>());
}

py::object json_to(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::null:
    case nlohmann::json::value_t::discarded:
    case nlohmann::json::value_t::binary:
      return py::none();
    case nlohmann::json::value_t::boolean:
      return py::bool_(value.get<bool>());
    case nlohmann::json::value_t::number_integer:
      return py::int_(value.get<std::int64_t>());
    case nlohmann::json::value_t::number_unsigned:
      return py::int_(value.get<std::uint64_t>());
    case nlohmann::json::value_t::number_float:
      return py::float_(value.get<double>());
    case nlohmann::json::value_t::string:
      return py::str(value.get_ref<const std::string&>());
    case nlohmann::json::value_t::array: {
      py::list out;
      for (const auto& member : value) out.append(json_to(member));
      return out;
    }
    case nlohmann::json::value_t::object: {
      py::dict out;
      for (const auto& [key, member] : value.items()) out[py::str(key)] = json_to(member);
      return out;
    }
  }
  return py::none();
}

Instant instant_from(py::handle value) {
  need_datetime();
  if (!PyDateTime_Check(value.ptr())) throw py::type_error("a datetime.datetime with a time zone is needed");
  py::object at = py::reinterpret_borrow<py::object>(value);
  const py::object utc = py::reinterpret_borrow<py::object>(PyDateTime_TimeZone_UTC);
  if (at.attr("tzinfo").is_none())
    throw py::value_error("a datetime without a time zone says nothing; use timezone.utc");
  const py::object zone = at.attr("tzinfo");
  if (!zone.is(utc)) at = at.attr("astimezone")(utc);
  PyObject* const raw = at.ptr();
  using namespace std::chrono;
  const sys_days day = year(PyDateTime_GET_YEAR(raw)) / PyDateTime_GET_MONTH(raw) / PyDateTime_GET_DAY(raw);
  return Instant(day) + hours(PyDateTime_DATE_GET_HOUR(raw)) + minutes(PyDateTime_DATE_GET_MINUTE(raw)) +
         seconds(PyDateTime_DATE_GET_SECOND(raw)) + microseconds(PyDateTime_DATE_GET_MICROSECOND(raw));
}

py::object instant_to(Instant at) {
  need_datetime();
  using namespace std::chrono;
  // What Python cannot say becomes the nearest it can.
  static constexpr Instant kFirst{sys_days(year(1) / 1 / 1)};
  static constexpr Instant kLast{sys_days(year(9999) / 12 / 31) + hours(24) - microseconds(1)};
  at = std::clamp(at, kFirst, kLast);
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss<microseconds> time(at - day);
  PyObject* const out = PyDateTimeAPI->DateTime_FromDateAndTime(
      static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
      static_cast<int>(static_cast<unsigned>(date.day())), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
      static_cast<int>(time.subseconds().count()), PyDateTime_TimeZone_UTC, PyDateTimeAPI->DateTimeType);
  if (out == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(out);
}

}  // namespace sekisho::python
