#include "programs/relay/page_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Connection {
  explicit Connection(tcp::socket s) : socket(std::move(s)) {}
  tcp::socket socket;
  std::uint64_t number = 0;
  std::string peer;
  std::unique_ptr<HttpRequestParser> parser = std::make_unique<HttpRequestParser>();
  std::array<std::byte, 8192> buffer{};
  std::vector<std::byte> left;  // read behind the request that is being answered
  std::string out;
  std::size_t requests = 0;
  run::Timers::Id limit = 0;
  bool in_request = false, in_body = false, closed = false, keep_alive = true, answering = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace

struct PageServer::State : std::enable_shared_from_this<PageServer::State> {
  State(asio::io_context& l, const run::Clock& c, run::Timers& t, const screens::Pages& p, PageDesk& d, PageLimits m)
      : loop(l), clock(c), timers(t), pages(p), desk(d), limits(m) {}
  asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
  const screens::Pages& pages;
  PageDesk& desk;
  const PageLimits limits;
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
    const std::string address = peer.address().to_string();
    const auto same =
        std::ranges::count_if(connections, [&](const auto& entry) { return entry.second->peer == address; });
    if (connections.size() >= limits.in_all || static_cast<std::size_t>(same) >= limits.of_one_address) return;
    socket.set_option(tcp::no_delay(true), error);
    auto connection = std::make_shared<Connection>(std::move(socket));
    connection->number = next++;
    connection->peer = address;
    connections.emplace(connection->number, connection);
    set_limit(connection, limits.head);
    read(connection);
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
    error_code ignored;
    connection->socket.close(ignored);
    connections.erase(connection->number);
  }

  void read(const ConnectionPtr& connection) {
    connection->socket.async_read_some(asio::buffer(connection->buffer),
                                       [weak = weak_from_this(), connection](error_code error, std::size_t size) {
                                         const auto self = weak.lock();
                                         if (!self || connection->closed) return;
                                         if (error) return self->close(connection);
                                         self->feed(connection, std::span(connection->buffer).first(size));
                                       });
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
    auto respond = [weak = weak_from_this(), connection](HttpResponse response) {
      const auto self = weak.lock();
      if (self && !connection->closed) self->answer(connection, std::move(response));
    };
    if (auto* question = std::get_if<screens::PageQuestion>(&judged)) {
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
    set_limit(connection, limits.answer);
    asio::async_write(connection->socket, asio::buffer(connection->out),
                      [weak = weak_from_this(), connection](error_code error, std::size_t) {
                        const auto self = weak.lock();
                        if (!self || connection->closed) return;
                        connection->out = {};
                        if (error || !connection->keep_alive) return self->close(connection);
                        self->next_request(connection);
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
                       const screens::Pages& pages, PageDesk& desk, PageLimits limits)
    : state_(std::make_shared<State>(loop, clock, timers, pages, desk, limits)) {}

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

std::size_t PageServer::connections() const {
  return state_->connections.size();
}

}  // namespace sekisho::relay
