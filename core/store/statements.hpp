// Statements: SQL that a connection prepares once and runs again and again, with cells of their own for what goes in
// and comes out. SQLite keeps them compiled; a PostgreSQL server is told each one anew and keeps nothing, so that a
// pooler may stand before it and none is left behind there. Threads: one at a time, the connection's. Ownership: the
// session is borrowed; clear() before it is closed. Errors: as the session's (soci::soci_error), and CorruptRow for a
// NULL where none belongs; after one of them clear(), outside of the transaction that failed: a statement that met an
// error may be gone. Source: performance.md finding 5 (what a login costs); toolchain.md (SOCI traps).
#pragma once
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace soci {
class session;
}

namespace sekisho::store {

class Statements {
 public:
  /// A value that goes in, by position: text, or a number that may be NULL. Borrowed for the call.
  class In {
   public:
    In(std::string_view text) : text_(text) {}                   // NOLINT: a value
    In(const std::string& text) : text_(text) {}                 // NOLINT: a value
    In(long long number) : is_number_(true), number_(number) {}  // NOLINT: a value
    In(std::optional<long long> number)                          // NOLINT: a value
        : is_number_(true), is_null_(!number), number_(number.value_or(0)) {}

   private:
    friend class Statements;
    bool is_number_ = false, is_null_ = false;
    std::string_view text_;
    long long number_ = 0;
  };
  /// Where a column goes, by position. Only an optional takes a NULL.
  class Out {
   public:
    Out(std::string& text) : text_(&text) {}                           // NOLINT: a place
    Out(long long& number) : number_(&number) {}                       // NOLINT: a place
    Out(std::optional<long long>& number) : maybe_number_(&number) {}  // NOLINT: a place

   private:
    friend class Statements;
    std::string* text_ = nullptr;
    long long* number_ = nullptr;
    std::optional<long long>* maybe_number_ = nullptr;
  };

  explicit Statements(soci::session& sql);
  ~Statements();
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;

  /// True when a row came; it is in `out`, and further rows are left. `sql` lives as long as this: a literal.
  bool run(std::string_view sql, std::initializer_list<In> in = {}, std::initializer_list<Out> out = {});
  /// Calls `row` with each row in `out`.
  void each(std::string_view sql, std::initializer_list<In> in, std::initializer_list<Out> out,
            const std::function<void()>& row);
  void clear();
  [[nodiscard]] std::size_t size() const { return prepared_.size(); }

 private:
  struct Prepared;
  Prepared& ready(std::string_view sql, std::initializer_list<In> in, std::initializer_list<Out> out);

  soci::session& sql_;
  std::unordered_map<std::string_view, std::unique_ptr<Prepared>> prepared_;
};

}  // namespace sekisho::store
