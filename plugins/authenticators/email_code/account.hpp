// What the mailed code remembers: of an account (all paths, logins, nodes, restarts), of a source network, of a login.
// Documents of the store in and out; whatever is unreadable in them counts as its strictest meaning or as nothing sent.
// Threads: plain values. Units: microseconds of gate time. Ranges: lists hold at most what the limits need.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::email_code {

/// Instants in ascending order; old ones are dropped as it is read.
class Times {
 public:
  Times() = default;
  /// Keeps those after `now - window` (and, should the clock have been set back, all that are later than `now`,
  /// at most by `window`).
  Times(const nlohmann::json& list, Instant now, std::chrono::seconds window, std::size_t most);
  void add(Instant at) { times_.push_back(at.time_since_epoch().count()); }
  [[nodiscard]] std::size_t since(Instant from) const;
  [[nodiscard]] std::optional<Instant> last() const;
  [[nodiscard]] nlohmann::json to_json() const { return times_; }

 private:
  std::vector<std::int64_t> times_;
};

/// The one open code of an account: a newer one replaces it, whatever login it was for (newest only).
struct OpenCode {
  std::string login;              ///< digest of the transaction that it was sent for
  std::string salt_hex, mac_hex;  ///< the MAC binds code, transaction, person, path and certificate
  Instant expires_at{};
  std::uint32_t tries = 0;
};

struct Account {
  Account(const nlohmann::json& document, Instant now);
  [[nodiscard]] nlohmann::json to_json() const;

  Times sent, wrong;
  Instant locked_until{};
  std::uint32_t consecutive = 0;
  std::string disabled_address;  ///< digest of the address that was ended; another address is a new binding
  std::optional<OpenCode> open;
};

struct Source {
  Source(const nlohmann::json& document, Instant now);
  [[nodiscard]] nlohmann::json to_json() const;
  Times sent;
};

struct Login {
  explicit Login(const nlohmann::json& document);
  [[nodiscard]] nlohmann::json to_json() const;
  std::uint32_t tries = 0;
  bool asked = false;
};

}  // namespace sekisho::email_code
