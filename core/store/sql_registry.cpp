// A Row<T> is the bridge between one object and one table row: columns in the order of the description, each a text or
// a number with its NULL mark. Statements are prepared once per table and fed through the same Row, object by object.
#include "store/sql_registry.hpp"

#include "registry/fields.hpp"

#include <soci/soci.h>

#include <deque>
#include <string>
#include <vector>

namespace sekisho::store {
namespace {

using registry::Field;
using registry::Kind;
using registry::name_of;
using registry::Period;
using registry::Role;

long long micros(Instant at) {
  return at.time_since_epoch().count();
}
Instant instant(long long micros) {
  return Instant(std::chrono::microseconds(micros));
}

struct Column {
  std::string name;
  bool number = false;
  std::string text{};
  long long integer = 0;
  soci::indicator mark = soci::i_ok;
};

struct List {
  std::string table;
  std::vector<std::string> values{};
};

/// deque: statements keep references to the cells while more are added.
struct Row {
  std::deque<Column> columns;
  std::vector<List> lists;
};

/// Builds the cells of a table from a description.
class Layout {
 public:
  Layout(Row& row, Kind kind) : row_(row), kind_(kind) { row_.columns.push_back({.name = "id"}); }
  void id(const Field&, const std::string&) {}
  void text(const Field& f, const std::string&) { row_.columns.push_back({.name = std::string(f.name)}); }
  void json_text(const Field& f, const std::string& v) { text(f, v); }
  void ref(const Field& f, const std::string& v) { text(f, v); }
  template <class E>
  void choice(const Field& f, const E&) {
    row_.columns.push_back({.name = std::string(f.name)});
  }
  void flag(const Field& f, const bool&) { integer(std::string(f.name)); }
  template <class N>
  void number(const Field& f, const N&) {
    integer(std::string(f.name));
  }
  template <class M>
  void moment(const Field& f, const M&) {
    integer(std::string(f.name));
  }
  void period(const Field& f, const Period&) {
    integer(std::string(f.name) + "_from");
    integer(std::string(f.name) + "_until");
  }
  template <class L>
  void list(const Field& f, const L&) {
    row_.lists.push_back({.table = std::string(name_of(kind_).one) + "_" + std::string(f.name)});
  }
  void refs(const Field& f, const std::vector<std::string>& v) { list(f, v); }
  void texts(const Field& f, const std::vector<std::string>& v) { list(f, v); }
  void choices(const Field& f, const std::vector<Role>& v) { list(f, v); }

 private:
  void integer(std::string name) { row_.columns.push_back({.name = std::move(name), .number = true}); }
  Row& row_;
  Kind kind_;
};

/// Copies an object into the cells.
class Fill {
 public:
  Fill(Row& row, const std::string& key) : row_(row) { put(key); }
  void id(const Field&, const std::string&) {}
  void text(const Field&, const std::string& v) { put(v); }
  void json_text(const Field&, const std::string& v) { put(v); }
  void ref(const Field& f, const std::string& v) {
    put(v);
    // An absent reference is NULL, so that the foreign key holds.
    if (v.empty() && !f.filled) row_.columns[at_ - 1].mark = soci::i_null;
  }
  template <class E>
  void choice(const Field&, const E& v) {
    put(std::string(to_string(v)));
  }
  void flag(const Field&, const bool& v) { put(v ? 1LL : 0LL); }
  template <class N>
  void number(const Field&, const N& v) {
    put(static_cast<long long>(v));
  }
  void moment(const Field&, const Instant& v) { put(micros(v)); }
  void moment(const Field&, const std::optional<Instant>& v) {
    put(v ? micros(*v) : 0LL);
    if (!v) row_.columns[at_ - 1].mark = soci::i_null;
  }
  void period(const Field&, const Period& v) {
    put(micros(v.from));
    put(micros(v.until));
  }
  void refs(const Field&, const std::vector<std::string>& v) { row_.lists[list_++].values = v; }
  void texts(const Field&, const std::vector<std::string>& v) { row_.lists[list_++].values = v; }
  void choices(const Field&, const std::vector<Role>& v) {
    auto& values = row_.lists[list_++].values;
    values.clear();
    for (const Role role : v) values.emplace_back(to_string(role));
  }

 private:
  void put(std::string v) {
    row_.columns[at_].text = std::move(v);
    row_.columns[at_++].mark = soci::i_ok;
  }
  void put(long long v) {
    row_.columns[at_].integer = v;
    row_.columns[at_++].mark = soci::i_ok;
  }
  Row& row_;
  std::size_t at_ = 0, list_ = 0;
};

/// Copies the cells into an object.
class Take {
 public:
  explicit Take(Row& row) : row_(row) {}
  void id(const Field&, std::string& v) { v = row_.columns[0].text; }
  void text(const Field& f, std::string& v) {
    if (cell(f).mark != soci::i_ok) corrupt(f);
    v = row_.columns[at_ - 1].text;
  }
  void json_text(const Field& f, std::string& v) { text(f, v); }
  void ref(const Field& f, std::string& v) {
    const Column& c = cell(f);
    v = c.mark == soci::i_ok ? c.text : "";
  }
  template <class E>
  void choice(const Field& f, E& v) {
    const Column& c = cell(f);
    const auto parsed = registry::parse<E>(c.text);
    if (c.mark != soci::i_ok || !parsed) corrupt(f);
    v = *parsed;
  }
  void flag(const Field& f, bool& v) {
    const long long raw = integer(f);
    if (raw != 0 && raw != 1) corrupt(f);
    v = raw == 1;
  }
  template <class N>
  void number(const Field& f, N& v) {
    const long long raw = integer(f);
    if (raw < f.low || raw > f.high) corrupt(f);
    v = static_cast<N>(raw);
  }
  void moment(const Field& f, Instant& v) { v = instant(integer(f)); }
  void moment(const Field& f, std::optional<Instant>& v) {
    const Column& c = cell(f);
    v.reset();
    if (c.mark == soci::i_ok) v = instant(c.integer);
  }
  void period(const Field& f, Period& v) {
    v.from = instant(integer(f));
    v.until = instant(integer(f));
  }
  void refs(const Field&, std::vector<std::string>&) {}
  void texts(const Field&, std::vector<std::string>&) {}
  void choices(const Field&, std::vector<Role>&) {}

 private:
  const Column& cell(const Field&) { return row_.columns[at_++]; }
  long long integer(const Field& f) {
    const Column& c = cell(f);
    if (c.mark != soci::i_ok) corrupt(f);
    return c.integer;
  }
  [[noreturn]] static void corrupt(const Field& f) {
    throw CorruptRow("column " + std::string(f.name) + " holds a value that cannot be");
  }
  Row& row_;
  std::size_t at_ = 1;  // 0 is the key
};

/// Sets the list field number `which` of an object.
class TakeList {
 public:
  TakeList(std::size_t which, std::vector<std::string> values) : left_(which), values_(std::move(values)) {}
  void id(const Field&, std::string&) {}
  void text(const Field&, std::string&) {}
  void json_text(const Field&, std::string&) {}
  void ref(const Field&, std::string&) {}
  template <class E>
  void choice(const Field&, E&) {}
  void flag(const Field&, bool&) {}
  template <class N>
  void number(const Field&, N&) {}
  template <class M>
  void moment(const Field&, M&) {}
  void period(const Field&, Period&) {}
  void refs(const Field&, std::vector<std::string>& v) {
    if (mine()) v = std::move(values_);
  }
  void texts(const Field&, std::vector<std::string>& v) {
    if (mine()) v = std::move(values_);
  }
  void choices(const Field& f, std::vector<Role>& v) {
    if (!mine()) return;
    for (const std::string& name : values_) {
      const auto role = registry::parse<Role>(name);
      if (!role) throw CorruptRow("list " + std::string(f.name) + " holds a value that cannot be");
      v.push_back(*role);
    }
  }

 private:
  bool mine() { return left_-- == 0; }
  std::size_t left_;
  std::vector<std::string> values_;
};

std::string quoted(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

template <class T>
Row layout(Kind kind) {
  Row row;
  Layout visitor(row, kind);
  const T none{};
  describe(visitor, none);
  return row;
}

template <class T>
void read_table(soci::session& sql, Kind kind, std::map<std::string, T>& out) {
  Row row = layout<T>(kind);
  std::string columns;
  soci::statement select(sql);
  for (Column& c : row.columns) {
    columns += (columns.empty() ? "" : ", ") + quoted(c.name);
    if (c.number) {
      select.exchange(soci::into(c.integer, c.mark));
    } else {
      select.exchange(soci::into(c.text, c.mark));
    }
  }
  select.alloc();
  select.prepare("SELECT " + columns + " FROM " + quoted(name_of(kind).many) + " ORDER BY id");
  select.define_and_bind();
  select.execute();
  while (select.fetch()) {
    T object{};
    Take take(row);
    describe(take, object);
    out.emplace(row.columns[0].text, std::move(object));
  }
  for (std::size_t which = 0; which < row.lists.size(); ++which) {
    std::map<std::string, std::vector<std::string>> lists;
    std::string owner, value;
    soci::statement entries =
        (sql.prepare << "SELECT owner, value FROM " + quoted(row.lists[which].table) + " ORDER BY owner, position",
         soci::into(owner), soci::into(value));
    entries.execute();
    while (entries.fetch()) lists[owner].push_back(value);
    for (auto& [key, values] : lists) {
      const auto object = out.find(key);
      if (object == out.end()) throw CorruptRow("table " + row.lists[which].table + " has an entry without an owner");
      TakeList take(which, std::move(values));
      describe(take, object->second);
    }
  }
}

/// Inserts, updates and deletes the rows of one table.
template <class T>
class Table {
 public:
  Table(soci::session& sql, Kind kind) : sql_(sql), kind_(kind), row_(layout<T>(kind)) {}

  void put(const std::string& key, const T& object, bool is_new) {
    if (!upsert_) prepare_upsert();
    Fill fill(row_, key);
    describe(fill, object);
    upsert_->execute(true);
    for (const List& list : row_.lists) {
      if (!is_new) sql_ << "DELETE FROM " + quoted(list.table) + " WHERE owner = :owner", soci::use(key, "owner");
      if (list.values.empty()) continue;
      int position = 0;
      std::string value;
      soci::statement insert = (sql_.prepare << "INSERT INTO " + quoted(list.table) +
                                                    " (owner, position, value) VALUES (:owner, :position, :value)",
                                soci::use(key, "owner"), soci::use(position, "position"), soci::use(value, "value"));
      for (const std::string& entry : list.values) {
        value = entry;
        insert.execute(true);
        ++position;
      }
    }
  }
  void remove(const std::string& key) {
    sql_ << "DELETE FROM " + quoted(name_of(kind_).many) + " WHERE id = :id", soci::use(key, "id");
  }

 private:
  void prepare_upsert() {
    std::string columns, places, updates;
    upsert_ = std::make_unique<soci::statement>(sql_);
    for (Column& c : row_.columns) {
      const std::string place = "c_" + c.name;  // a prefix keeps keywords out of the placeholders
      columns += (columns.empty() ? "" : ", ") + quoted(c.name);
      places += (places.empty() ? ":" : ", :") + place;
      if (c.name != "id") updates += (updates.empty() ? "" : ", ") + quoted(c.name) + " = EXCLUDED." + quoted(c.name);
      if (c.number) {
        upsert_->exchange(soci::use(c.integer, c.mark, place));
      } else {
        upsert_->exchange(soci::use(c.text, c.mark, place));
      }
    }
    upsert_->alloc();
    upsert_->prepare("INSERT INTO " + quoted(name_of(kind_).many) + " (" + columns + ") VALUES (" + places +
                     ") ON CONFLICT (id) DO UPDATE SET " + updates);
    upsert_->define_and_bind();
  }

  soci::session& sql_;
  Kind kind_;
  Row row_;
  std::unique_ptr<soci::statement> upsert_;
};

}  // namespace

registry::Registry read_registry(soci::session& sql) {
  registry::Registry out;
  registry::for_each_kind(out, [&](Kind kind, auto& map) { read_table(sql, kind, map); });
  return out;
}

void write_changes(soci::session& sql, const registry::Registry& before, const registry::Registry& after) {
  const auto each = [&](const auto& old_map, const auto& new_map, Kind kind) {
    using T = typename std::remove_cvref_t<decltype(new_map)>::mapped_type;
    Table<T> table(sql, kind);
    for (const auto& [key, object] : old_map) {
      if (!new_map.contains(key)) table.remove(key);
    }
    for (const auto& [key, object] : new_map) {
      const auto old = old_map.find(key);
      if (old == old_map.end() || !(old->second == object)) table.put(key, object, old == old_map.end());
    }
  };
  registry::for_each_kind(after, [&](Kind kind, const auto& new_map) {
    registry::for_each_kind(before, [&](Kind same, const auto& old_map) {
      if constexpr (std::is_same_v<decltype(new_map), decltype(old_map)>) {
        if (same == kind) each(old_map, new_map, kind);
      }
    });
  });
}

}  // namespace sekisho::store
