#include "front/connection_driver.hpp"

#include "front/tunnels.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::front {

ConnectionDriver::ConnectionDriver(DriverParts& parts, ConnectionHub& hub, Transport& transport, ConnectionId id,
                                   Peer peer, std::unique_ptr<tls::SecureChannel> channel)
    : parts_(parts),
      hub_(hub),
      transport_(transport),
      id_(id),
      peer_(std::move(peer)),
      channel_(channel ? std::move(channel) : std::make_unique<tls::TlsChannel>(parts.tls, parts.buffers)),
      until_(parts.clock.now() + parts.limits.handshake) {
  arm();
}

ConnectionDriver::~ConnectionDriver() {
  SEKISHO_ASSERT(!in_path_);
  finish("the front stops");
  parts_.timers.cancel(timer_);
  hub_.gone(*this);
}

bool ConnectionDriver::certificate_proved() const {
  return channel_->peer_certificate() == tls::PeerCertificate::verified;
}

// --- the transport
// ----------------------------------------------------------------------------------------------------------

void ConnectionDriver::on_ciphertext(std::span<const std::byte> bytes) {
  at_edge([&] {
    read(bytes, parts_.clock.now());
    after_path();
  });
}

void ConnectionDriver::on_datagram(std::span<const std::byte> datagram, Instant now) {
  at_edge([&] { read(datagram, now); });
}

void ConnectionDriver::settle() {
  at_edge([&] { after_path(); });
}

void ConnectionDriver::read(std::span<const std::byte> bytes, Instant now) {
  if (state_ != State::handshaking && state_ != State::open) return;  // closing: what still comes is not read
  channel_->note_time(now);
  channel_->feed(bytes);
  for (;;) {
    const auto size = channel_->read_plain(parts_.plain);
    if (!size) {
      // What is in the output is the alert that says why.
      why_ = size.error().code + ": " + size.error().detail;
      close(why_);
      break;
    }
    const bool secured = channel_->state() != tls::ChannelState::handshaking;  // enforces R02/tls.only
    if (state_ == State::handshaking && secured && !open_path(now)) break;
    if (*size == 0) break;
    if (state_ != State::open) break;
    in_path_ = true;
    path_->on_bytes(std::span(parts_.plain).first(*size), now);
    in_path_ = false;
    if (state_ != State::open) break;
  }
  if (state_ == State::open && channel_->state() == tls::ChannelState::closed) finish("the peer has closed");
}

bool ConnectionDriver::open_path(Instant now) {
  if (channel_->state() == tls::ChannelState::failed) return true;  // read_plain() tells
  state_ = State::open;
  if (!hub_.may_speak(*this)) {
    close("the source is penalised");
    return false;
  }
  Arrival arrival;
  arrival.path = parts_.path_name;
  arrival.peer_address = peer_.address;
  arrival.peer_port = peer_.port;
  arrival.tls_version = channel_->version();
  arrival.tls_cipher = channel_->cipher();
  arrival.certificate_chain = channel_->peer_chain();
  arrival.certificate_fault = channel_->certificate_fault();
  in_path_ = true;
  path_ = channel_->datagram() ? parts_.path.open_datagrams(*this, std::move(arrival), now)
                               : parts_.path.open(*this, std::move(arrival), now);
  in_path_ = false;
  if (!path_) close("the path takes no connection");
  return state_ == State::open;
}

void ConnectionDriver::on_transport_gone(std::string_view why) {
  at_edge([&] { finish(why); });
}

void ConnectionDriver::sent(std::size_t bytes) {
  channel_->consume_output(bytes);
  stalled_at_.reset();
  note_output();
  if (stalled_at_) arm();
}

bool ConnectionDriver::fill() {
  at_edge([&] { gather(); });
  return !output().empty();
}

void ConnectionDriver::gather() {
  if (state_ != State::open || tunnel == nullptr || in_path_) return;
  const Instant now = parts_.clock.now();
  while (state_ == State::open && tunnel != nullptr && channel_->output().size() < parts_.limits.gather) {
    PacketQueue& queue = hub_.waiting(*tunnel);
    queue.tend(now);
    if (queue.empty()) break;
    in_path_ = true;
    const auto record = std::span(parts_.record).first(channel_->largest_record());
    const std::size_t used = path_->fill_record(queue, record, now);
    in_path_ = false;
    if (used == 0) break;
    if (state_ == State::open && !channel_->write_record(std::span(parts_.record).first(used))) {
      finish("the TLS channel takes no record");
    }
  }
  note_output();
  after_path();
}

// --- the front
// --------------------------------------------------------------------------------------------------------------

void ConnectionDriver::on_reply(std::uint64_t number, GateReply reply) {
  if (asked > 0) --asked;
  if (state_ != State::open || !path_) return;
  at_edge([&] {
    in_path_ = true;
    path_->on_reply(number, std::move(reply), parts_.clock.now());
    in_path_ = false;
    after_path();
  });
}

void ConnectionDriver::on_push(const GatePush& push) {
  if (state_ != State::open || !path_) return;
  SEKISHO_ASSERT(!in_path_);
  at_edge([&] {
    in_path_ = true;
    path_->on_push(push, parts_.clock.now());
    in_path_ = false;
    after_path();
  });
}

void ConnectionDriver::on_replaced() {
  if (state_ != State::open || !path_) return;
  SEKISHO_ASSERT(!in_path_);
  at_edge([&] {
    in_path_ = true;
    path_->on_replaced(parts_.clock.now());
    in_path_ = false;
    after_path();
  });
}

void ConnectionDriver::end_by(Instant at) {
  if (!end_by_ || at < *end_by_) end_by_ = at;
  arm();
}

// --- PathHost
// ---------------------------------------------------------------------------------------------------------------

void ConnectionDriver::write(std::span<const std::byte> plaintext) {
  if (state_ != State::open || plaintext.empty()) return;
  const std::size_t most = tunnel != nullptr ? parts_.limits.output_tunnel : parts_.limits.output_unknown;
  if (channel_->output().size() + plaintext.size() > most) {
    overrun_ = true;
    return close("the peer does not read");
  }
  if (!channel_->write_record(plaintext)) return close("the TLS channel takes no record");
  note_output();
  transport_.wake();
}

void ConnectionDriver::note_output() {
  if (!stalled_at_ && !output().empty()) stalled_at_ = parts_.clock.now() + parts_.limits.stalled;
}

void ConnectionDriver::close(std::string_view why) {
  if (state_ == State::closing || state_ == State::finished) return;
  state_ = State::closing;
  if (why_.empty()) why_ = why;
  const Instant now = parts_.clock.now();
  until_ = overrun_ ? now : now + parts_.limits.close;
  if (tunnel != nullptr) hub_.detach(*this);
  channel_->close();
  transport_.wake();
  arm();
}

std::uint64_t ConnectionDriver::ask(GateRequest request) {
  ++asked;
  return hub_.ask(*this, std::move(request));
}

void ConnectionDriver::notice(FrontNotice notice) {
  hub_.notice(*this, std::move(notice));
}

void ConnectionDriver::attach_tunnel(const SessionView& view) {
  if (state_ != State::open) return;
  hub_.attach(*this, view);
  if (tunnel != nullptr) transport_.tunnel_opened();
}

void ConnectionDriver::detach_tunnel() {
  if (tunnel != nullptr) hub_.detach(*this);
}

void ConnectionDriver::large_packets(std::uint16_t bytes) {
  if (tunnel != nullptr) hub_.allow_large(*this, bytes);
}

void ConnectionDriver::large_uploads() {
  if (tunnel != nullptr) hub_.allow_large_uploads(*this);
}

void ConnectionDriver::limit_packets(std::uint16_t largest) {
  if (tunnel != nullptr) tunnel->largest_packet = largest;
}

void ConnectionDriver::deliver(std::span<const std::byte> packet) {
  if (tunnel != nullptr) hub_.deliver(*this, packet);
}

// --- ends and deadlines
// ----------------------------------------------------------------------------------------------------

/// The path was half way through something and is not asked again; what it would have said is said here.
void ConnectionDriver::broke(std::string_view what) {
  in_path_ = false;
  path_.reset();
  if (state_ == State::finished) return;
  try {
    hub_.broke(*this, what);
    if (tunnel != nullptr) {
      TunnelDown down;
      down.session = tunnel->view.session;
      down.why = "the connection broke in the gate";
      hub_.notice(*this, std::move(down));
    }
  } catch (const std::exception&) {
    // No memory for words; the end itself needs none.
  }
  finish("broke");
}

void ConnectionDriver::finish(std::string_view why) {
  if (state_ == State::finished) return;
  SEKISHO_ASSERT(!in_path_);
  if (why_.empty()) why_ = why;
  if (path_) {
    in_path_ = true;
    path_->on_gone(parts_.clock.now());
    in_path_ = false;
  }
  if (tunnel != nullptr) hub_.detach(*this);
  state_ = State::finished;
  parts_.timers.cancel(std::exchange(timer_, 0));
  transport_.wake();
}

void ConnectionDriver::after_path() {
  if (state_ == State::closing && overrun_) finish(why_);
  if (state_ != State::finished) arm();
}

std::optional<Instant> ConnectionDriver::next_deadline() const {
  std::optional<Instant> out;
  const auto consider = [&out](const std::optional<Instant>& at) {
    if (at && (!out || *at < *out)) out = at;
  };
  switch (state_) {
    case State::finished:
      return out;
    case State::handshaking:
      consider(channel_->next_deadline());
      consider(until_);
      break;
    case State::closing:
      consider(until_);
      break;
    case State::open:
      if (path_) consider(path_->next_deadline());
      if (!channel_->output().empty()) consider(stalled_at_);
      break;
  }
  consider(end_by_);
  return out;
}

void ConnectionDriver::arm() {
  if (in_path_) return;  // after_path() comes
  const auto due = next_deadline();
  // A timer that is too early costs less than one that is moved at every packet.
  if (!due || (timer_ != 0 && armed_for_ <= *due)) return;
  parts_.timers.cancel(timer_);
  armed_for_ = *due;
  timer_ = parts_.timers.at(*due, [this] {
    timer_ = 0;
    at_edge([this] { on_time(); });
  });
}

void ConnectionDriver::on_time() {
  const Instant now = parts_.clock.now();
  if (end_by_ && now >= *end_by_) return finish("the session has ended");
  if (state_ == State::handshaking && now >= until_) {
    handshake_was_late_ = abandoned_ = true;
    return finish("no TLS handshake in time");
  }
  if (state_ == State::handshaking) {
    channel_->note_time(now);
    channel_->on_deadline();
    if (!output().empty()) transport_.wake();
  }
  if (state_ == State::closing && now >= until_) return finish("what was written has not left in time");
  if (state_ == State::open) {
    if (stalled_at_ && !channel_->output().empty() && now >= *stalled_at_) return finish("the peer does not read");
    const auto due = path_ ? path_->next_deadline() : std::nullopt;
    if (due && now >= *due) {
      in_path_ = true;
      path_->on_deadline(now);
      in_path_ = false;
    }
  }
  after_path();
}

}  // namespace sekisho::front
