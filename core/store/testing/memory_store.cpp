#include "store/testing/memory_store.hpp"

#include <map>
#include <mutex>
#include <stdexcept>
#include <tuple>

namespace sekisho::store::testing {

/// Looked up by views: nothing is copied to find something.
template <class Value>
using ByName = std::map<std::string, Value, std::less<>>;
using FactorKey = std::tuple<std::string, std::string, std::string>;
using FactorKeyView = std::tuple<std::string_view, std::string_view, std::string_view>;

struct MemoryStore::State {
  std::mutex mutex;  // guards everything below
  std::shared_ptr<const registry::Registry> registry = std::make_shared<registry::Registry>();
  std::map<FactorKey, nlohmann::json, std::less<>> factors;
  ByName<LoginRow> logins;
  ByName<std::uint64_t> counts;
  ByName<SessionRow> sessions;
  ByName<PostureRow> postures;
  ByName<std::string> values;
  std::map<std::string, Instant> beats;
  std::uint64_t session_changes = 0;
  std::optional<Error> next_error, lost_answer;
};

struct Conflict : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class MemoryStore::MemoryTx final : public Tx {
 public:
  explicit MemoryTx(State& state) : s_(state) {}

  void roll_back() {
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) (*undo)();
  }

  registry::Registry registry() override { return *s_.registry; }
  std::uint64_t generation() override { return s_.registry->generation; }
  void replace_registry(const registry::Registry& next) override {
    auto after = std::make_shared<registry::Registry>(next);
    after->generation = s_.registry->generation + 1;
    undo_.emplace_back([this, before = s_.registry] { s_.registry = before; });
    s_.registry = std::move(after);
  }
  nlohmann::json factor_state(std::string_view scope, std::string_view key, std::string_view factor) override {
    const auto found = s_.factors.find(FactorKeyView(scope, key, factor));
    return found == s_.factors.end() ? nlohmann::json() : found->second;
  }
  void put_factor_state(std::string_view scope, std::string_view key, std::string_view factor,
                        const nlohmann::json& state, Instant) override {
    put(s_.factors, FactorKeyView(scope, key, factor), state);
  }
  std::optional<LoginRow> login(std::string_view handle_hash) override { return get(s_.logins, handle_hash); }
  void put_login(const LoginRow& row) override { put(s_.logins, row.handle_hash, row); }
  void drop_login(std::string_view handle_hash) override { drop(s_.logins, handle_hash); }
  void drop_logins_before(Instant now) override {
    std::vector<std::string> late;
    for (const auto& [hash, row] : s_.logins) {
      if (row.expires_at <= now) late.push_back(hash);
    }
    for (const std::string& hash : late) drop(s_.logins, hash);
  }
  std::uint64_t next_session_count(std::string_view day) override {
    const auto found = s_.counts.find(day);
    const std::uint64_t next = found == s_.counts.end() ? 1 : found->second + 1;
    put(s_.counts, day, next);
    return next;
  }
  void put_session(const SessionRow& row) override {
    for (const auto& [number, other] : s_.sessions) {
      const bool open = row.state != "ended" && other.state != "ended" && number != row.number;
      if (open && other.path == row.path && other.address == row.address) throw Conflict("the address is taken");
    }
    put(s_.sessions, row.number, row);
    ++s_.session_changes;  // not undone: a count that rose too often tells the same
  }
  std::optional<SessionRow> session_by_cookie(std::string_view cookie_hash) override {
    for (auto row = s_.sessions.rbegin(); row != s_.sessions.rend(); ++row) {
      if (row->second.cookie_hash == cookie_hash) return row->second;
    }
    return std::nullopt;
  }
  std::optional<SessionRow> session(std::string_view number) override { return get(s_.sessions, number); }
  std::vector<SessionRow> open_sessions() override {
    std::vector<SessionRow> out;
    for (const auto& [number, row] : s_.sessions) {
      if (row.state != "ended") out.push_back(row);
    }
    return out;
  }
  std::vector<SessionRow> open_sessions_of(std::string_view person) override {
    std::vector<SessionRow> out = open_sessions();
    std::erase_if(out, [&](const SessionRow& row) { return row.person != person; });
    return out;
  }
  std::uint64_t session_changes() override { return s_.session_changes; }
  void put_beat(std::string_view node, Instant now) override { put(s_.beats, std::string(node), now); }
  std::map<std::string, Instant> beats() override { return s_.beats; }
  std::optional<PostureRow> posture(std::string_view terminal) override { return get(s_.postures, terminal); }
  void put_posture(const PostureRow& row) override { put(s_.postures, row.terminal, row); }
  std::optional<std::string> value(std::string_view name) override { return get(s_.values, name); }
  void put_value(std::string_view name, std::string_view value) override { put(s_.values, name, std::string(value)); }

 private:
  template <class Map>
  static std::optional<typename Map::mapped_type> get(const Map& map, std::string_view key) {
    const auto found = map.find(key);
    if (found == map.end()) return std::nullopt;
    return found->second;
  }
  template <class Map, class Key>
  void put(Map& map, const Key& key, typename Map::mapped_type value) {
    const auto found = map.find(key);
    if (found == map.end()) {
      const auto& added = *map.emplace(key, std::move(value)).first;
      undo_.emplace_back([&map, name = added.first] { map.erase(name); });
      return;
    }
    std::swap(found->second, value);
    // The row keeps its place: even a drop in the same transaction puts this very one back before this is undone.
    undo_.emplace_back([place = &found->second, old = std::move(value)]() mutable { *place = std::move(old); });
  }
  template <class Map>
  void drop(Map& map, std::string_view key) {
    const auto found = map.find(key);
    if (found == map.end()) return;
    auto gone = std::make_shared<typename Map::node_type>(map.extract(found));
    undo_.emplace_back([&map, gone = std::move(gone)] { map.insert(std::move(*gone)); });
  }

  State& s_;
  std::vector<std::function<void()>> undo_;
};

MemoryStore::MemoryStore() : state_(std::make_unique<State>()) {}
MemoryStore::~MemoryStore() = default;

Result<void> MemoryStore::transact(const std::function<void(Tx&)>& job) {
  const std::lock_guard lock(state_->mutex);
  MemoryTx tx(*state_);
  std::optional<Error> error;
  std::swap(error, state_->next_error);
  try {
    job(tx);
  } catch (const Conflict& thrown) {
    error = fail("store.conflict", thrown.what());
  } catch (const std::exception& thrown) {
    error = fail("store.aborted", thrown.what());
  } catch (...) {
    error = fail("store.aborted", "the job threw");
  }
  if (!error) {
    std::swap(error, state_->lost_answer);
    return error ? Result<void>(*std::move(error)) : Result<void>();
  }
  tx.roll_back();
  return *std::move(error);
}

void MemoryStore::fail_next(Error error) {
  const std::lock_guard lock(state_->mutex);
  state_->next_error = std::move(error);
}

void MemoryStore::lose_next_answer(Error error) {
  const std::lock_guard lock(state_->mutex);
  state_->lost_answer = std::move(error);
}

}  // namespace sekisho::store::testing
