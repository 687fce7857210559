// PageServer: the HTTP side of an entrance. Accepts inside, reads requests strictly, asks the gatekeeper through its
// desk, answers; hands a WebSocket's socket on and forgets it.
//
//   accepted ─TLS─▶ request ─▶ answered ─▶ … ─▶ closed   (keep-alive; idle 15 s, head 10 s, body 30 s, 100 requests)
//                      └─opening of a screen─▶ asked ─granted─▶ handed on
//                      └─end of the session──▶ asked ─answered─▶ acknowledged by his side ─▶ the desk is told
//
// Threads: the loop's. Ownership: loop, clock, timers, pages and desk are borrowed and outlive it. Limits: threats.md
// §9; 20 connections of one address, 256 in all, 76 of them in their handshake (10 s), beyond which newcomers are
// closed. Errors: every fault of a peer is
// answered once and closes. Source: threats.md T-01 to T-07, T-11.
#pragma once
#include "programs/relay/browser_socket.hpp"
#include "run/asio_fwd.hpp"
#include "run/link.hpp"
#include "run/services.hpp"
#include "screens/pages.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::relay {

struct PageLimits {
  std::size_t of_one_address = 20, in_all = 256, requests = 100;
  std::size_t handshakes = 76;  ///< unfinished ones of all (30 %)
  /// Where there is no place, a handshake that has taken longer than this gives its own to the newcomer.
  std::chrono::milliseconds yields{300};
  Seconds handshake{10}, head{10}, body{30}, idle{15}, answer{15};
};

/// Who answers a page's questions.
class PageDesk {
 public:
  struct Peer {
    seam::Place place{};
    std::string address, user_agent;
  };
  virtual ~PageDesk() = default;
  /// `done` once, on the loop, within PageLimits::answer.
  virtual void ask(const Peer& peer, seam::ConsoleQuestion question, std::function<void(HttpResponse)> done) = 0;
  /// Decides, and then either answers through `refuse` or takes the socket by calling `take`, which gives it and what
  /// was sent behind the request; the 101 answer is the taker's to write.
  struct Handover {
    BrowserSocket socket;
    std::vector<std::byte> first;
  };
  virtual void open_screen(const Peer& peer, websocket::Upgrade upgrade, std::function<void(HttpResponse)> refuse,
                           std::function<std::unique_ptr<Handover>()> take) = 0;
  /// Who ends his session has the answer to that, or never will: his connection is gone, or a second has passed. What
  /// ends his rights may take his way to the page along from here on.
  virtual void end_answered(const Peer& peer) = 0;
};

class PageServer {
 public:
  /// `tls` null: plain HTTP.
  PageServer(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, const screens::Pages& pages,
             PageDesk& desk, std::shared_ptr<PageTls> tls = {}, PageLimits limits = {});
  ~PageServer();
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;

  /// Accepts from `listener` (listening TCP socket, owned from here on).
  void listen(run::Fd listener);
  /// A connection that somebody else has accepted (a connected stream socket, owned from here on), of a peer with this
  /// address: labs, whose wires are in memory.
  void arrived(run::Fd connection, const std::string& address);
  [[nodiscard]] std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::relay
