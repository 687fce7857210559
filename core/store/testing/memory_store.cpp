#include "store/testing/memory_store.hpp"

#include <map>
#include <mutex>
#include <stdexcept>
#include <tuple>

namespace sekisho::store::testing {

struct MemoryStore::State {
  std::mutex mutex;  // guards everything below
  std::shared_ptr<const registry::Registry> registry = std::make_shared<registry::Registry>();
  std::map<std::tuple<std::string, std::string, std::string>, nlohmann::json> factors;
  std::map<std::string, LoginRow> logins;
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, SessionRow> sessions;
  std::map<std::string, PostureRow> postures;
  std::map<std::string, std::string> values;
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
    const auto found = s_.factors.find({std::string(scope), std::string(key), std::string(factor)});
    return found == s_.factors.end() ? nlohmann::json() : found->second;
  }
  void put_factor_state(std::string_view scope, std::string_view key, std::string_view factor,
                        const nlohmann::json& state, Instant) override {
    put(s_.factors, std::tuple(std::string(scope), std::string(key), std::string(factor)), state);
  }
  std::optional<LoginRow> login(std::string_view handle_hash) override { return get(s_.logins, handle_hash); }
  void put_login(const LoginRow& row) override { put(s_.logins, row.handle_hash, row); }
  void drop_login(std::string_view handle_hash) override { drop(s_.logins, std::string(handle_hash)); }
  void drop_logins_before(Instant now) override {
    std::vector<std::string> late;
    for (const auto& [hash, row] : s_.logins) {
      if (row.expires_at <= now) late.push_back(hash);
    }
    for (const std::string& hash : late) drop(s_.logins, hash);
  }
  std::uint64_t next_session_count(std::string_view day) override {
    const std::string d(day);
    const auto found = s_.counts.find(d);
    const std::uint64_t next = found == s_.counts.end() ? 1 : found->second + 1;
    put(s_.counts, d, next);
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
  void put_value(std::string_view name, std::string_view value) override {
    put(s_.values, std::string(name), std::string(value));
  }

 private:
  template <class Map>
  static std::optional<typename Map::mapped_type> get(const Map& map, std::string_view key) {
    const auto found = map.find(std::string(key));
    if (found == map.end()) return std::nullopt;
    return found->second;
  }
  template <class Map>
  void put(Map& map, const typename Map::key_type& key, typename Map::mapped_type value) {
    const auto [at, fresh] = map.try_emplace(key);
    std::swap(at->second, value);
    if (fresh) {
      undo_.emplace_back([&map, key] { map.erase(key); });
    } else {
      undo_.emplace_back([&map, key, old = std::move(value)] { map.insert_or_assign(key, old); });
    }
  }
  template <class Map>
  void drop(Map& map, const std::string& key) {
    auto gone = map.extract(key);
    if (gone.empty()) return;
    undo_.emplace_back([&map, key, old = std::move(gone.mapped())] { map.insert_or_assign(key, old); });
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
