#include "datagram_connection.hpp"

#include "datagram_hello.hpp"
#include "settings_xml.hpp"

#include <utility>

namespace sekisho::fortinet {

namespace {

constexpr Seconds kHello{15};
constexpr Seconds kGatekeeper{30};

}  // namespace

DatagramConnection::DatagramConnection(PathHost& host, const FortinetConfig& config, Arrival arrival, Instant now)
    : host_(host), config_(config), arrival_(std::move(arrival)), deadline_(now + kHello) {
  arrival_.language = config_.language;
}

void DatagramConnection::on_bytes(std::span<const std::byte> plaintext, Instant now) {
  if (closed_) return;
  if (is_hello(plaintext)) return on_hello(plaintext, now);
  if (tunnel_) return tunnel_->on_bytes(plaintext, now);
  // A frame ahead of the hello, or one that overtook it: lost, as any datagram may be.
}

void DatagramConnection::on_hello(std::span<const std::byte> record, Instant now) {
  const std::string_view cookie = hello_cookie(record);
  if (tunnel_) {
    if (cookie.empty() || cookie != cookie_.reveal()) return;  // FortiClient's heartbeats, or somebody else's cookie
    return host_.write(hello_answer(true));
  }
  if (asking_) return;
  if (cookie.empty()) return refuse("no session cookie");
  cookie_ = Secret(std::string(cookie));
  asking_ = true;
  deadline_ = now + kGatekeeper;
  asked_ = host_.ask(ResumeSession{Secret(std::string(cookie)), arrival_, true});
}

void DatagramConnection::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (closed_ || !asking_ || request != asked_) return;
  asking_ = false;
  auto* resumed = std::get_if<Resumed>(&reply);
  if (resumed == nullptr || !usable(resumed->view)) return refuse("the session was refused");
  const Tunnel::Settings settings{
      .mru = config_.mru, .open_limit = config_.tunnel_open_limit, .kind = Tunnel::Kind::datagrams};
  tunnel_ = std::make_unique<Tunnel>(host_, std::move(resumed->view), settings, now);
  tunnel_->start(now);
  host_.write(hello_answer(true));
}

void DatagramConnection::refuse(std::string_view why) {
  host_.write(hello_answer(false));
  close(why);
}

void DatagramConnection::close(std::string_view why) {
  if (std::exchange(closed_, true)) return;
  host_.close(why);
}

void DatagramConnection::on_push(const GatePush& push, Instant now) {
  if (tunnel_) tunnel_->on_push(push, now);
}

void DatagramConnection::on_replaced(Instant now) {
  if (tunnel_) tunnel_->on_replaced(now);
}

void DatagramConnection::on_gone(Instant) {
  if (tunnel_) tunnel_->on_gone();
}

std::size_t DatagramConnection::fill_record(PacketSource& source, std::span<std::byte> record, Instant now) {
  return tunnel_ ? tunnel_->fill_record(source, record, now) : 0;
}

std::optional<Instant> DatagramConnection::next_deadline() const {
  if (closed_) return std::nullopt;
  return tunnel_ ? tunnel_->next_deadline() : deadline_;
}

void DatagramConnection::on_deadline(Instant now) {
  if (closed_) return;
  if (tunnel_) return tunnel_->on_deadline(now);
  if (now < deadline_) return;
  asking_ ? refuse("the gatekeeper is silent") : close("no hello");
}

}  // namespace sekisho::fortinet
