// VICI client: who asks charon, without sockets or clocks. Requests go out one at a time, since answers carry no
// number; the others wait in line, urgent ones before the rest. Events that were registered for come in between.
//
//   closed ──opened()──▶ open ──closed(), a malformed byte, an answer that is late──▶ closed (everything under way
//   fails)
//
// A late answer could be taken for the next one's, so a deadline that passes ends the connection. A request that waits
// in line for longer than its `within` has failed by itself; one whose turn comes in time gives charon as long again.
// Threads: one owner. Units: bytes. Errors, in Done: vici.closed, vici.timed_out, vici.malformed, vici.too_long,
// vici.too_many, vici.refused (peer: charon's own words), vici.unknown_command, vici.unknown_event.
// Source: strongSwan, src/libcharon/plugins/vici/README.md; threats.md §9 (caps).
#pragma once
#include "vici/packet.hpp"

#include <sekisho/sdk/time.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::vici {

struct Request {
  std::string command;
  Section message{};
  std::string stream{};  ///< the event that carries the rows of a list command ("list-sa"); empty: none
  std::chrono::milliseconds within{5000};
  bool urgent = false;
};

/// The answer to one request. With a stream: its rows, in their order.
struct Done {
  std::uint64_t id = 0;
  Result<Section> answer;
  std::vector<Section> rows{};
};
/// An event that listen() asked for.
struct Heard {
  std::string event;
  Section message;
};
/// The connection is of no use any more: close it, and call opened() when there is a new one.
struct Lost {
  Error why;
};
using Happening = std::variant<Done, Heard, Lost>;

class Client {
 public:
  struct Limits {
    std::size_t waiting = 1024;          ///< requests in line
    std::size_t rows = 16'384;           ///< of one request
    std::size_t row_bytes = 8UL << 20U;  ///< of all rows of one request, as they came
  };
  Client() = default;
  explicit Client(Limits limits) : limits_(limits) {}

  /// There is a fresh connection: registers again for what was listened to.
  [[nodiscard]] std::vector<Happening> opened(Instant now);
  /// The connection is gone. Everything under way fails with vici.closed.
  [[nodiscard]] std::vector<Happening> closed(Instant now);
  [[nodiscard]] bool is_open() const { return open_; }

  /// Wants these events, now and on every connection to come. An event that charon does not know loses the connection
  /// (vici.unknown_event): who would miss it must not go on without.
  [[nodiscard]] std::vector<Happening> listen(const std::string& event, Instant now);
  /// The number that Done will carry. Without a connection Done comes at once, with vici.closed.
  struct Asked {
    std::uint64_t id = 0;
    std::vector<Happening> happened{};
  };
  [[nodiscard]] Asked ask(Request request, Instant now);

  [[nodiscard]] std::vector<Happening> feed(View bytes, Instant now);
  [[nodiscard]] std::vector<Happening> tick(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// What is to be sent; taken once.
  [[nodiscard]] Bytes take_output();
  [[nodiscard]] std::size_t waiting() const { return line_.size(); }

 private:
  /// register: of an event that listen() wants; begin, command, end: the steps of a request.
  enum class Step : std::uint8_t { listen, begin, command, end };
  struct Pending {
    std::uint64_t id = 0;
    Step step = Step::command;
    Request request;
    Instant until{};
    std::optional<Result<Section>> answer{};
    std::vector<Section> rows{};
    std::size_t row_bytes = 0;
    bool too_many = false;
  };

  void send_next(std::vector<Happening>& out, Instant now);
  void send(const Packet& packet);
  void take(Packet packet, std::vector<Happening>& out, Instant now);
  void finish(std::vector<Happening>& out);
  void lose(Error why, std::vector<Happening>& out, bool say_so);
  void put_in_line(Pending pending);

  const Limits limits_{};
  bool open_ = false;
  PacketReader reader_;
  Bytes output_;
  std::set<std::string> wanted_;
  std::deque<Pending> line_;  ///< without the one under way
  std::optional<Pending> busy_;
  std::uint64_t next_ = 1;
};

}  // namespace sekisho::vici
