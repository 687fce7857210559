#include "programs/relay/page_server.hpp"

#include "programs/relay/acknowledged.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/socket_base.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
constexpr std::size_t kBuffer = 64 * 1024, kPlain = 8192;
constexpr std::chrono::milliseconds kHeardLimit{1000}, kHeardLook{5};
static_assert(kBuffer >= BrowserSocket::kRoom);

struct Connection {
  explicit Connection(BrowserSocket s) : socket(std::move(s)), secured(socket.secured()) {}
  BrowserSocket socket;
  bool secured, pushing = false;  // the handshake is behind us; its flight waits for the socket
  Instant since{};
  std::uint64_t number = 0;
  std::string peer;
  std::unique_ptr<HttpRequestParser> parser = std::make_unique<HttpRequestParser>();
  std::vector<std::byte> left;  // read behind the request that is being answered
  std::string out;
  std::size_t sent = 0;
  std::size_t requests = 0;
  run::Timers::Id limit = 0;
  std::optional<PageDesk::Peer> ends;  // who ends his session, until the desk knows that he was answered
  Instant ends_by{};
  bool in_request = false, in_body = false, closed = false, keep_alive = true, answering = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace

struct PageServer::State : std::enable_shared_from_this<PageServer::State> {
  State(asio::io_context& l, const run::Clock& c, run::Timers& t, const screens::Pages& p, PageDesk& d,
        std::shared_ptr<PageTls> s, PageLimits m)
      : loop(l), clock(c), timers(t), pages(p), desk(d), tls(std::move(s)), limits(m), buffer(kBuffer) {}
  asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
  const screens::Pages& pages;
  PageDesk& desk;
  const std::shared_ptr<PageTls> tls;
  const PageLimits limits;
  std::vector<std::byte> buffer;  // what is read is used up before the next read of anybody
  std::optional<tcp::acceptor> acceptor;
  run::Timers::Id accept_timer = 0;
  std::uint64_t next = 1;
  std::map<std::uint64_t, ConnectionPtr> connections;

  void accept() {
    acceptor->async_accept([weak = weak_from_this()](error_code error, tcp::socket socket) {
      const auto self = weak.lock();
      if (!self || error == asio::error::operation_aborted) return;
      if (error) {  // out of descriptors or the like: newcomers wait a moment, those inside go on
        self->accept_timer = self->timers.at(self->clock.now() + std::chrono::milliseconds{100}, [weak] {
          if (const auto again = weak.lock()) again->accept();
        });
        return;
      }
      self->arrived(std::move(socket));
      self->accept();
    });
  }

  void arrived(tcp::socket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;
    arrived(std::move(socket), peer.address().to_string());
  }
  void arrived(tcp::socket socket, const std::string& address) {
    const auto same =
        std::ranges::count_if(connections, [&](const auto& entry) { return entry.second->peer == address; });
    if (static_cast<std::size_t>(same) >= limits.of_one_address) return;
    if (tls && !place_for_handshake()) return;
    if (connections.size() >= limits.in_all) return;
    auto connection = std::make_shared<Connection>(BrowserSocket(std::move(socket), tls));
    connection->number = next++;
    connection->peer = address;
    connection->since = clock.now();
    connections.emplace(connection->number, connection);
    set_limit(connection, connection->secured ? limits.head : limits.handshake);
    read(connection);
  }

  /// The oldest handshake makes place for a newcomer's if it is slow.
  bool place_for_handshake() {
    const auto shaking = [](const auto& entry) { return !entry.second->secured; };
    const auto count = static_cast<std::size_t>(std::ranges::count_if(connections, shaking));
    if (count < limits.handshakes && connections.size() < limits.in_all) return true;
    const auto oldest = std::ranges::find_if(connections, shaking);  // numbers grow with time
    if (oldest == connections.end() || clock.now() < oldest->second->since + limits.yields) return false;
    close(ConnectionPtr(oldest->second));
    return true;
  }

  void set_limit(const ConnectionPtr& connection, Seconds after) {
    timers.cancel(connection->limit);
    connection->limit = timers.at(clock.now() + after, [weak = weak_from_this(), connection] {
      if (const auto self = weak.lock()) self->close(connection);
    });
  }

  void close(const ConnectionPtr& connection) {
    if (std::exchange(connection->closed, true)) return;
    timers.cancel(connection->limit);
    connection->socket.close();
    connections.erase(connection->number);
    end_answered(connection);
  }

  void end_answered(const ConnectionPtr& connection) {
    if (const auto who = std::exchange(connection->ends, std::nullopt)) desk.end_answered(*who);
  }
  void await_hearing(ConnectionPtr connection) {
    if (connection->closed) return;
    if (acknowledged(connection->socket.tcp().native_handle()) || clock.now() >= connection->ends_by) {
      end_answered(connection);
      return answered(connection);
    }
    timers.at(clock.now() + kHeardLook, [weak = weak_from_this(), connection = std::move(connection)] {
      if (const auto self = weak.lock()) self->await_hearing(connection);
    });
  }

  void wait(const ConnectionPtr& connection, asio::socket_base::wait_type what, void (State::*then)(ConnectionPtr)) {
    connection->socket.tcp().async_wait(what, [weak = weak_from_this(), connection, then](error_code error) {
      const auto self = weak.lock();
      if (!self || connection->closed) return;
      if (error) return self->close(connection);
      ((*self).*then)(connection);
    });
  }
  void read(const ConnectionPtr& connection) { wait(connection, asio::socket_base::wait_read, &State::got); }
  void got(ConnectionPtr connection) {
    error_code error;
    const std::size_t size = connection->socket.read_some(buffer, kPlain, error);
    if (error && error != asio::error::would_block) return close(connection);
    if (!connection->secured && connection->socket.secured()) {
      connection->secured = true;
      set_limit(connection, limits.head);
    }
    if (size != 0) return feed(connection, std::span(buffer).first(size));
    push(connection);
    if (!connection->closed) read(connection);
  }
  /// A handshake's flight that the socket did not take at once.
  void push(ConnectionPtr connection) {
    error_code error;
    if (connection->pushing || connection->socket.flush(error)) return;
    if (error) return close(connection);
    connection->pushing = true;
    wait(connection, asio::socket_base::wait_write, &State::pushed);
  }
  void pushed(ConnectionPtr connection) {
    connection->pushing = false;
    push(std::move(connection));
  }

  void feed(const ConnectionPtr& connection, std::span<const std::byte> bytes) {
    auto progress = connection->parser->feed(bytes);
    if (progress.refusal) {
      connection->keep_alive = false;
      return answer(connection, screens::Pages::refuse(*progress.refusal));
    }
    if (!progress.request) {
      // Total deadlines, from the first byte on: one that drips does not prolong them (T-07).
      if (!connection->in_request && connection->parser->in_request()) {
        connection->in_request = true;
        set_limit(connection, limits.head);
      }
      if (!connection->in_body && connection->parser->in_body()) {
        connection->in_body = true;
        set_limit(connection, limits.body);
      }
      return read(connection);
    }
    const auto rest = bytes.subspan(progress.consumed);
    connection->left.assign(rest.begin(), rest.end());
    request(connection, *progress.request);
  }

  void request(const ConnectionPtr& connection, const HttpRequest& request) {
    connection->keep_alive = request.keep_alive && ++connection->requests < limits.requests;
    connection->answering = true;
    set_limit(connection, limits.answer);
    auto judged = pages.judge(request);
    if (auto* response = std::get_if<HttpResponse>(&judged)) return answer(connection, std::move(*response));
    const PageDesk::Peer peer{pages.place(), connection->peer, std::string(printable_user_agent(request))};
    std::function<void(HttpResponse)> respond = [weak = weak_from_this(), connection](HttpResponse response) {
      const auto self = weak.lock();
      if (self && !connection->closed) self->answer(connection, std::move(response));
    };
    if (auto* question = std::get_if<screens::PageQuestion>(&judged)) {
      if (std::holds_alternative<seam::EndByPerson>(question->body)) {
        respond = [weak = weak_from_this(), connection, peer](HttpResponse response) {
          const auto self = weak.lock();
          if (!self) return;
          if (response.status == 200) connection->ends = peer;
          if (connection->closed) return self->end_answered(connection);
          connection->ends_by = self->clock.now() + kHeardLimit;
          self->answer(connection, std::move(response));
        };
      }
      return desk.ask(peer, std::move(question->body), std::move(respond));
    }
    connection->keep_alive = false;
    desk.open_screen(peer, std::move(std::get<screens::ScreenOpening>(judged).upgrade), std::move(respond),
                     [weak = weak_from_this(), connection]() -> std::unique_ptr<PageDesk::Handover> {
                       const auto self = weak.lock();
                       if (!self || connection->closed) return nullptr;
                       auto out = std::make_unique<PageDesk::Handover>(
                           PageDesk::Handover{std::move(connection->socket), std::move(connection->left)});
                       connection->closed = true;
                       self->timers.cancel(connection->limit);
                       self->connections.erase(connection->number);
                       return out;
                     });
  }

  void answer(const ConnectionPtr& connection, HttpResponse response) {
    response.close = response.close || !connection->keep_alive;
    connection->keep_alive = !response.close;
    connection->out = serialize(response);
    connection->sent = 0;
    set_limit(connection, limits.answer);
    write(connection);
  }
  void write(ConnectionPtr connection) {
    error_code error;
    while (connection->sent < connection->out.size()) {
      const auto left = std::as_bytes(std::span(connection->out)).subspan(connection->sent);
      connection->sent += connection->socket.write_some(left, error);
      if (error) break;
    }
    const bool all = !error && connection->socket.flush(error);
    if (error && error != asio::error::would_block) return close(connection);
    if (!all) return wait(connection, asio::socket_base::wait_write, &State::write);
    connection->out = {};
    if (connection->ends) return await_hearing(std::move(connection));
    answered(connection);
  }
  void answered(const ConnectionPtr& connection) {
    if (!connection->keep_alive) return close(connection);
    // Never inside the answer to the request before: a peer that sends hundreds at once must not pile up calls.
    timers.post([weak = weak_from_this(), connection] {
      const auto self = weak.lock();
      if (self && !connection->closed) self->next_request(connection);
    });
  }

  void next_request(const ConnectionPtr& connection) {
    connection->parser = std::make_unique<HttpRequestParser>();
    connection->in_request = connection->in_body = connection->answering = false;
    set_limit(connection, limits.idle);
    const auto left = std::exchange(connection->left, {});
    if (left.empty()) return read(connection);
    feed(connection, left);
  }
};

PageServer::PageServer(asio::io_context& loop, const run::Clock& clock, run::Timers& timers,
                       const screens::Pages& pages, PageDesk& desk, std::shared_ptr<PageTls> tls, PageLimits limits)
    : state_(std::make_shared<State>(loop, clock, timers, pages, desk, std::move(tls), limits)) {}

PageServer::~PageServer() {
  state_->timers.cancel(state_->accept_timer);
  error_code ignored;
  if (state_->acceptor) state_->acceptor->close(ignored);
  while (!state_->connections.empty()) state_->close(ConnectionPtr(state_->connections.begin()->second));
}

void PageServer::listen(run::Fd listener) {
  error_code error;
  state_->acceptor.emplace(state_->loop);
  state_->acceptor->assign(tcp::v4(), listener.release(), error);
  SEKISHO_ASSERT(!error);
  state_->acceptor->non_blocking(true, error);
  state_->accept();
}

void PageServer::arrived(run::Fd connection, const std::string& address) {
  error_code error;
  tcp::socket socket(state_->loop);
  socket.assign(tcp::v4(), connection.get(), error);
  if (error) return;
  static_cast<void>(connection.release());
  state_->arrived(std::move(socket), address);
}

std::size_t PageServer::connections() const {
  return state_->connections.size();
}

}  // namespace sekisho::relay
