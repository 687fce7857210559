// One-time tickets for screens: a page that has proved its session is given one, the browser's WebSocket shows it, and
// it opens one screen once. Kept as SHA-256 in memory only: a restart voids them.
// Threads: one. Units: gate time. Ranges: 256 random bits, 43 characters of base64url; life <= 30 s; at most
// kPerSession open for a session (the oldest goes) and kInAll over all (then newcomers are refused).
// Errors: tickets.full; tickets.unknown (never issued, used, expired or malformed: one answer for all); tickets.other
// (shown by another session; the ticket is burnt). What the machine is doing is checked by who connects to it.
// Source: threats.md T-60, laws 7 and 9.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sekisho::admission {

/// What a ticket is good for, and for whom.
struct ScreenRight {
  std::string session;  ///< "S20261122-1-000042"
  std::string machine;  ///< UUID
  std::string driver;   ///< name of the console driver that knows it
  friend bool operator==(const ScreenRight&, const ScreenRight&) = default;
};

class ConsoleTickets {
 public:
  static constexpr Seconds kLife{30};
  static constexpr std::size_t kPerSession = 8, kInAll = 4096;

  explicit ConsoleTickets(Entropy& entropy) : entropy_(entropy) {}
  ConsoleTickets(const ConsoleTickets&) = delete;
  ConsoleTickets& operator=(const ConsoleTickets&) = delete;

  [[nodiscard]] Result<Secret> issue(const ScreenRight& right, Instant now);
  /// `session`: the one that the asking peer belongs to. The ticket is gone afterwards, whatever the answer.
  [[nodiscard]] Result<ScreenRight> redeem(std::string_view ticket, std::string_view session, Instant now);
  /// The session ended: its tickets are void.
  void forget(std::string_view session);
  [[nodiscard]] std::size_t size() const { return open_.size(); }

 private:
  struct Open {
    ScreenRight right;
    Instant until{};
  };
  void drop(const std::string& hash);
  void drop_late(Instant now);

  Entropy& entropy_;
  std::unordered_map<std::string, Open> open_;                           // by SHA-256 of the ticket
  std::unordered_map<std::string, std::deque<std::string>> of_session_;  // hashes, oldest first
  std::deque<std::pair<Instant, std::string>> order_;                    // by end of life; may name used ones
};

}  // namespace sekisho::admission
