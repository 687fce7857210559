#include "session.hpp"

#include <algorithm>
#include <array>

namespace sekisho::load {

struct Session::Line {
  std::unique_ptr<SocketIo> socket;
  tls::TlsChannel channel;
  Line(const tls::TlsClientContext& context, tls::BufferPool& buffers) : channel(context, buffers) {}
};

namespace {
fortinet::ClientOptions options_of(const Target& target, Login login) {
  fortinet::ClientOptions options;
  options.host = target.host;
  options.port = target.port;
  options.user = std::move(login.user);
  options.password = std::move(login.password);
  return options;
}
}  // namespace

Session::Session(Tools tools, Target target, const tls::TlsClientContext& context, Login login, Handler handler)
    : tools_(tools),
      target_(std::move(target)),
      context_(context),
      handler_(std::move(handler)),
      client_(*this, options_of(target_, std::move(login)), tools.entropy) {}

Session::~Session() {
  *alive_ = false;
  tools_.timers.cancel(timer_);
}

void Session::start() {
  client_.start(tools_.clock.now());
  after();
}
void Session::stop() {
  client_.stop(tools_.clock.now());
  after();
}

void Session::connect() {
  told_connected_ = false;
  line_ = std::make_unique<Line>(context_, tools_.buffers);
  line_->socket =
      std::make_unique<SocketIo>(tools_.loop, target_.address, target_.port, target_.source,
                                 SocketIo::Handler{[this] {
                                                     line_->channel.start();
                                                     flush();
                                                   },
                                                   [this](auto bytes) { received(bytes); }, [this] { gone(); }});
}

void Session::received(std::span<const std::byte> bytes) {
  const auto alive = alive_;
  const Line* const line = line_.get();  // a callback may end this line and begin another
  line_->channel.feed(bytes);
  std::array<std::byte, tls::TlsChannel::kLargestRecord> plain{};
  while (true) {
    const auto size = line_->channel.read_plain(plain);
    if (!size) return gone();
    if (!told_connected_ && line_->channel.state() == tls::ChannelState::open) {
      told_connected_ = true;
      client_.on_connected(tools_.clock.now());
      if (!*alive || line_.get() != line) return;
    }
    if (*size == 0) break;
    client_.on_bytes(std::span(plain).first(*size), tools_.clock.now());
    if (!*alive || line_.get() != line) return;
    if (!granted_ && !client_.cookie_for_test().empty()) {
      granted_ = true;
      if (handler_.on_granted) handler_.on_granted();
      if (!*alive || line_.get() != line) return;
    }
  }
  const bool over = line_->channel.state() == tls::ChannelState::closed;
  flush();
  if (over) return gone();
  after();
}

void Session::gone() {
  line_.reset();
  client_.on_gone(tools_.clock.now());
  after();
}

void Session::flush() {
  if (!line_ || !line_->socket) return;
  line_->socket->write(line_->channel.output());
  line_->channel.consume_output(line_->channel.output().size());
}

void Session::write(std::span<const std::byte> plaintext) {
  if (!line_) return;
  for (std::size_t at = 0; at < plaintext.size(); at += tls::TlsChannel::kLargestRecord) {
    const auto piece = plaintext.subspan(at, std::min(plaintext.size() - at, tls::TlsChannel::kLargestRecord));
    if (!line_->channel.write_record(piece)) return;
  }
  flush();
}

void Session::close() {
  if (!line_) return;
  line_->channel.close();
  flush();
  // The socket goes after the current callback: it may be the one that called us.
  auto old = std::shared_ptr<Line>(std::move(line_));
  tools_.timers.post([old] {});
}

void Session::on_question(std::string_view) {
  // Nobody reads this client's mail: a path that asks for a code ends it.
  tools_.timers.post([this, alive = alive_] {
    if (*alive) stop();
  });
}
void Session::on_password_wanted() {
  tools_.timers.post([this, alive = alive_] {
    if (*alive) stop();
  });
}
void Session::on_up(const fortinet::ClientTunnel& tunnel) {
  if (handler_.on_up) handler_.on_up(tunnel);
}
void Session::on_packet(std::span<const std::byte>) {}
void Session::on_down(std::string_view why) {
  if (handler_.on_down) handler_.on_down(why);
}
void Session::on_ended(const fortinet::ClientEnd& end) {
  // Posted: the owner destroys the session in it.
  tools_.timers.post([this, alive = alive_, end] {
    if (*alive && handler_.on_ended) handler_.on_ended(end);
  });
}

void Session::after() {
  tools_.timers.cancel(timer_);
  timer_ = 0;
  const auto next = client_.next_deadline();
  if (!next) return;
  timer_ = tools_.timers.at(*next, [this] {
    timer_ = 0;
    client_.on_deadline(tools_.clock.now());
    after();
  });
}

}  // namespace sekisho::load
