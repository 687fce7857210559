#include "store/statements.hpp"

#include "store/sql_registry.hpp"

#include <soci/soci.h>

#include <deque>

namespace sekisho::store {
namespace {

struct Cell {
  std::string text;
  long long number = 0;
  soci::indicator mark = soci::i_ok;
};

}  // namespace

/// deque: the statement keeps references to the cells.
struct Statements::Prepared {
  explicit Prepared(soci::session& sql) : statement(sql) {}

  void take_out(std::initializer_list<Out> out) {
    auto cell = cells_out.begin();
    for (const Out& place : out) {
      const bool is_null = cell->mark != soci::i_ok;
      if (is_null && place.maybe_number_ == nullptr) throw CorruptRow("a column holds NULL where none belongs");
      if (place.text_ != nullptr) *place.text_ = cell->text;
      if (place.number_ != nullptr) *place.number_ = cell->number;
      if (place.maybe_number_ != nullptr) {
        *place.maybe_number_ = is_null ? std::nullopt : std::optional(cell->number);
      }
      ++cell;
    }
  }

  std::deque<Cell> cells_in, cells_out;
  soci::statement statement;  // before the cells it refers to
};

Statements::Statements(soci::session& sql) : sql_(sql) {}
Statements::~Statements() = default;

Statements::Prepared& Statements::ready(std::string_view sql, std::initializer_list<In> in,
                                        std::initializer_list<Out> out) {
  auto& slot = prepared_[sql];
  if (!slot) {
    auto fresh = std::make_unique<Prepared>(sql_);
    for (const In& value : in) {
      Cell& cell = fresh->cells_in.emplace_back();
      if (value.is_number_) {
        fresh->statement.exchange(soci::use(cell.number, cell.mark));
      } else {
        fresh->statement.exchange(soci::use(cell.text, cell.mark));
      }
    }
    for (const Out& place : out) {
      Cell& cell = fresh->cells_out.emplace_back();
      if (place.text_ != nullptr) {
        fresh->statement.exchange(soci::into(cell.text, cell.mark));
      } else {
        fresh->statement.exchange(soci::into(cell.number, cell.mark));
      }
    }
    fresh->statement.alloc();
    fresh->statement.prepare(std::string(sql), sql_.get_backend_name() == "postgresql"
                                                   ? soci::details::st_one_time_query
                                                   : soci::details::st_repeatable_query);
    fresh->statement.define_and_bind();
    slot = std::move(fresh);
  }
  auto cell = slot->cells_in.begin();
  for (const In& value : in) {
    cell->text = value.text_;
    cell->number = value.number_;
    cell->mark = value.is_null_ ? soci::i_null : soci::i_ok;
    ++cell;
  }
  return *slot;
}

bool Statements::run(std::string_view sql, std::initializer_list<In> in, std::initializer_list<Out> out) {
  Prepared& prepared = ready(sql, in, out);
  const bool found = prepared.statement.execute(true) && out.size() != 0;
  if (found) {
    prepared.take_out(out);
    // To its end: a statement that stands between two rows holds the transaction open.
    while (prepared.statement.fetch()) {
    }
  }
  return found;
}

void Statements::each(std::string_view sql, std::initializer_list<In> in, std::initializer_list<Out> out,
                      const std::function<void()>& row) {
  Prepared& prepared = ready(sql, in, out);
  for (bool more = prepared.statement.execute(true); more; more = prepared.statement.fetch()) {
    prepared.take_out(out);
    row();
  }
}

void Statements::clear() {
  prepared_.clear();
}

}  // namespace sekisho::store
