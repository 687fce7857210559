// Result<T>: a value or an Error. The SDK must build without Boost, so this is our own small type
// (core/decisions/0002-result.md).
// Threads: as safe as T. Errors: value() on an error aborts (a bug of the caller, never of a peer).
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sekisho {

/// What went wrong. `code` is stable, dotted, one family per room ("seam.malformed"). `detail` is our own text for
/// the operator and holds no secret. `peer` is the other side's words, quoted, never trusted.
struct Error {
  std::string code;
  std::string detail;
  std::string peer;
};

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "sekisho: assertion failed: %s (%s:%d)\n", what, file, line);
  std::abort();
}
/// Always fatal; for invariants of our own code, never for what a peer sends.
#define SEKISHO_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::sekisho::assertion_failed(#condition, __FILE__, __LINE__))

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return check(), std::get<0>(state_); }
  const T& value() const& { return check(), std::get<0>(state_); }
  T&& value() && { return check(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  [[nodiscard]] const Error& error() const { return SEKISHO_ASSERT(!has_value()), std::get<1>(state_); }

 private:
  void check() const { SEKISHO_ASSERT(has_value()); }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT
  [[nodiscard]] bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  void value() const { SEKISHO_ASSERT(ok_); }
  [[nodiscard]] const Error& error() const { return SEKISHO_ASSERT(!ok_), error_; }

 private:
  Error error_;
  bool ok_ = true;
};

[[nodiscard]] inline Error fail(std::string code, std::string detail = {}, std::string peer = {}) {
  return Error{std::move(code), std::move(detail), std::move(peer)};
}

}  // namespace sekisho
