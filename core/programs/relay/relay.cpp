#include "programs/relay/relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::string_view kVersion = "RFB 003.008\n";

}  // namespace

std::string refusal_bytes(std::string_view reason) {
  const auto size = static_cast<std::uint32_t>(reason.size());
  std::string out(1, '\0');  // number of security types: none
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift & 255);
  out += reason;
  return out;
}

namespace {

/// One viewer and, once granted, its desktop.
struct Stream {
  Stream(tcp::socket the_viewer, asio::io_context& loop) : viewer(std::move(the_viewer)), desktop(loop) {}
  tcp::socket viewer, desktop;
  std::uint64_t number = 0;
  std::string peer, session;
  bool decided = false, closed = false;
  run::Timers::Id limit = 0;
  std::array<char, 65536> up{}, down{};  // viewer to desktop, desktop to viewer
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::string telling;
};
using StreamPtr = std::shared_ptr<Stream>;

}  // namespace

struct Relay::State : std::enable_shared_from_this<Relay::State> {
  State(asio::io_context& l, const run::Clock& c, run::Timers& t, Limits m) : loop(l), clock(c), timers(t), limits(m) {}
  asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
  Limits limits;
  std::optional<tcp::acceptor> acceptor;
  seam::Link* link = nullptr;
  run::Timers::Id gone_timer = 0, accept_timer = 0;
  std::uint64_t next = 1;
  std::map<std::uint64_t, StreamPtr> streams;

  void accept() {
    acceptor->async_accept([weak = weak_from_this()](error_code error, tcp::socket viewer) {
      const auto self = weak.lock();
      if (!self || error == asio::error::operation_aborted) return;
      if (error) {  // out of descriptors or the like: newcomers wait a moment, those inside go on
        self->accept_timer = self->timers.at(self->clock.now() + std::chrono::milliseconds{100}, [weak] {
          if (const auto again = weak.lock()) again->accept();
        });
        return;
      }
      self->arrived(std::move(viewer));
      self->accept();
    });
  }

  void arrived(tcp::socket viewer) {
    error_code error;
    const auto peer = viewer.remote_endpoint(error);
    if (error) return;
    const std::string address = peer.address().to_string();
    const auto undecided = std::count_if(streams.begin(), streams.end(), [&](const auto& entry) {
      return !entry.second->decided && entry.second->peer == address;
    });
    if (streams.size() >= limits.streams || static_cast<std::size_t>(undecided) >= limits.undecided_per_peer) return;
    viewer.set_option(tcp::no_delay(true), error);
    auto stream = std::make_shared<Stream>(std::move(viewer), loop);
    stream->number = next++;
    stream->peer = address;
    streams.emplace(stream->number, stream);
    set_limit(stream, limits.answer,
              "管理プロセスが応答しません。しばらくしてから再度接続してください。/ "
              "The gate does not answer. Please connect again later.");
    if (link != nullptr) link->send(seam::EntranceAsk{stream->number, stream->peer});
  }

  void set_limit(const StreamPtr& stream, Seconds after, std::string reason) {
    timers.cancel(stream->limit);
    stream->limit = timers.at(clock.now() + after, [weak = weak_from_this(), stream, reason = std::move(reason)] {
      if (const auto self = weak.lock()) self->tell(stream, reason);
    });
  }

  void granted(const StreamPtr& stream, const seam::EntranceGrant& grant) {
    if (stream->closed || stream->decided) return;
    stream->decided = true;
    if (!grant.ok) {
      return tell(stream, grant.refusal.code + ": " + grant.refusal.what.ja + " " + grant.refusal.remedy.ja + " / " +
                              grant.refusal.what.en + " " + grant.refusal.remedy.en);
    }
    const auto of_session = std::count_if(streams.begin(), streams.end(),
                                          [&](const auto& entry) { return entry.second->session == grant.session; });
    if (static_cast<std::size_t>(of_session) >= limits.streams_per_session) {
      return tell(stream,
                  "entrance.too_many: 画面の数が上限に達しています。開いている画面を閉じてください。 / "
                  "Too many screens are open. Close one of them.");
    }
    stream->session = grant.session;
    error_code error;
    const auto address = asio::ip::make_address(grant.address, error);
    if (error) return tell(stream, "desktop.unreachable");
    set_limit(stream, limits.connect, kUnreachable);
    stream->desktop.async_connect(tcp::endpoint(address, grant.port),
                                  [weak = weak_from_this(), stream](error_code failed) {
                                    const auto self = weak.lock();
                                    if (!self || stream->closed) return;
                                    if (failed) return self->tell(stream, kUnreachable);
                                    self->timers.cancel(std::exchange(stream->limit, 0));
                                    error_code ignored;
                                    stream->desktop.set_option(tcp::no_delay(true), ignored);
                                    self->pass(stream, true);
                                    self->pass(stream, false);
                                  });
  }

  /// One direction; one read is written whole before the next, so the slower side holds the faster one back.
  void pass(const StreamPtr& stream, bool upwards) {
    tcp::socket& from = upwards ? stream->viewer : stream->desktop;
    auto& buffer = upwards ? stream->up : stream->down;
    from.async_read_some(asio::buffer(buffer),
                         [weak = weak_from_this(), stream, upwards](error_code error, std::size_t size) {
                           const auto self = weak.lock();
                           if (!self || stream->closed) return;
                           if (error) return self->close(stream);
                           (upwards ? stream->bytes_in : stream->bytes_out) += size;
                           asio::async_write(upwards ? stream->desktop : stream->viewer,
                                             asio::buffer((upwards ? stream->up : stream->down).data(), size),
                                             [weak, stream, upwards](error_code failed, std::size_t) {
                                               const auto again = weak.lock();
                                               if (!again || stream->closed) return;
                                               if (failed) return again->close(stream);
                                               again->pass(stream, upwards);
                                             });
                         });
  }

  /// Says why in RFB's own words: version, the viewer's version, no security types, reason.
  void tell(const StreamPtr& stream, const std::string& reason) {
    if (stream->closed) return;
    stream->decided = true;
    error_code ignored;
    stream->desktop.close(ignored);
    timers.cancel(stream->limit);
    stream->limit = timers.at(clock.now() + limits.answer, [weak = weak_from_this(), stream] {
      if (const auto self = weak.lock()) self->close(stream);
    });
    stream->telling = refusal_bytes(reason);
    asio::async_write(stream->viewer, asio::buffer(kVersion),
                      [weak = weak_from_this(), stream](error_code error, std::size_t) {
                        const auto self = weak.lock();
                        if (!self || stream->closed) return;
                        if (error) return self->close(stream);
                        asio::async_read(stream->viewer, asio::buffer(stream->up.data(), kVersion.size()),
                                         [weak, stream](error_code failed, std::size_t) {
                                           const auto again = weak.lock();
                                           if (!again || stream->closed) return;
                                           if (failed) return again->close(stream);
                                           asio::async_write(stream->viewer, asio::buffer(stream->telling),
                                                             [weak, stream](error_code, std::size_t) {
                                                               if (const auto last = weak.lock()) last->close(stream);
                                                             });
                                         });
                      });
  }

  void close(const StreamPtr& stream) {
    if (std::exchange(stream->closed, true)) return;
    timers.cancel(stream->limit);
    error_code ignored;
    stream->viewer.close(ignored);
    stream->desktop.close(ignored);
    streams.erase(stream->number);
    if (!stream->session.empty() && link != nullptr) {
      link->send(seam::EntranceClosed{stream->session, stream->bytes_in, stream->bytes_out});
    }
  }

  void close_where(auto&& wanted) {
    std::vector<StreamPtr> ending;
    for (const auto& [number, stream] : streams) {
      if (wanted(*stream)) ending.push_back(stream);
    }
    for (const StreamPtr& stream : ending) close(stream);
  }

  static constexpr const char* kUnreachable =
      "desktop.unreachable: 仮想デスクトップに接続できません。管理担当へ連絡してください。 / "
      "The desktop cannot be reached. Please tell the operator.";
};

Relay::Relay(asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Limits limits)
    : state_(std::make_shared<State>(loop, clock, timers, limits)) {}

Relay::~Relay() {
  state_->timers.cancel(state_->gone_timer);
  state_->timers.cancel(state_->accept_timer);
  state_->link = nullptr;
  state_->close_where([](const Stream&) { return true; });
  if (state_->acceptor) {
    error_code ignored;
    state_->acceptor->close(ignored);
  }
}

void Relay::listen(run::Fd listener) {
  error_code error;
  state_->acceptor.emplace(state_->loop);
  state_->acceptor->assign(tcp::v4(), listener.release(), error);
  SEKISHO_ASSERT(!error);
  state_->acceptor->non_blocking(true, error);
  state_->accept();
}

void Relay::set_link(seam::Link* link) {
  state_->link = link;
  state_->timers.cancel(std::exchange(state_->gone_timer, 0));
  if (link == nullptr) {
    state_->gone_timer =
        state_->timers.at(state_->clock.now() + state_->limits.without_gate, [weak = std::weak_ptr(state_)] {
          if (const auto self = weak.lock()) self->close_where([](const Stream&) { return true; });
        });
    return;
  }
  for (const auto& [number, stream] : state_->streams) {
    if (!stream->decided) link->send(seam::EntranceAsk{number, stream->peer});
  }
}

void Relay::on_message(const seam::Message& message) {
  if (const auto* grant = std::get_if<seam::EntranceGrant>(&message)) {
    const auto found = state_->streams.find(grant->number);
    if (found != state_->streams.end()) state_->granted(StreamPtr(found->second), *grant);
  } else if (const auto* end = std::get_if<seam::EntranceEnd>(&message)) {
    state_->close_where([&](const Stream& stream) { return stream.session == end->session; });
  }
}

std::size_t Relay::streams() const {
  return state_->streams.size();
}

}  // namespace sekisho::relay
