#include "fortinet_path.hpp"

#include "datagram_connection.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sekisho::fortinet {

FortinetConnection::FortinetConnection(PathHost& host, const FortinetConfig& config, Arrival arrival, Instant now)
    : host_(host), config_(config), http_(std::make_unique<HttpPhase>(host, config, std::move(arrival), now)) {}

void FortinetConnection::on_bytes(std::span<const std::byte> plaintext, Instant now) {
  if (tunnel_) return tunnel_->on_bytes(plaintext, now);
  http_->on_bytes(plaintext, now);
}

void FortinetConnection::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (tunnel_) return;
  http_->on_reply(request, std::move(reply), now);
  if (http_->opened()) become_tunnel(now);
}

void FortinetConnection::become_tunnel(Instant now) {
  const std::vector<std::byte> rest = http_->take_rest();
  const std::uint16_t large = http_->from_openconnect() ? config_.large_mru : std::uint16_t{0};
  tunnel_ = std::make_unique<Tunnel>(
      host_, *http_->opened(),
      Tunnel::Settings{config_.mru, large, config_.tunnel_open_limit, Tunnel::Kind::stream, config_.large_uploads},
      now);
  http_.reset();
  tunnel_->start(now);
  if (!rest.empty()) tunnel_->on_bytes(rest, now);
}

void FortinetConnection::on_push(const GatePush& push, Instant now) {
  if (tunnel_) tunnel_->on_push(push, now);
}

void FortinetConnection::on_replaced(Instant now) {
  if (tunnel_) tunnel_->on_replaced(now);
}

void FortinetConnection::on_gone(Instant) {
  if (tunnel_) tunnel_->on_gone();
}

std::size_t FortinetConnection::fill_record(PacketSource& source, std::span<std::byte> record, Instant now) {
  return tunnel_ ? tunnel_->fill_record(source, record, now) : 0;
}

std::optional<Instant> FortinetConnection::next_deadline() const {
  return tunnel_ ? tunnel_->next_deadline() : http_->next_deadline();
}

void FortinetConnection::on_deadline(Instant now) {
  tunnel_ ? tunnel_->on_deadline(now) : http_->on_deadline(now);
}

Result<std::shared_ptr<AccessPath>> FortinetPath::make(FortinetConfig config) {
  const auto realm_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (!std::all_of(config.realm.begin(), config.realm.end(), realm_letter)) {
    return fail("config.not_allowed", "/realm: only lower-case letters, digits, - and _");
  }
  if (config.realm == "remote") return fail("config.not_allowed", "/realm: \"remote\" is taken by the protocol");
  const auto prompt_letter = [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '<' && c != '%'; };
  const bool prompt_fits = std::all_of(config.code_prompt.begin(), config.code_prompt.end(), prompt_letter) &&
                           config.code_prompt.find_first_not_of(' ') != std::string::npos;
  if (!prompt_fits) {
    return fail("config.not_allowed", "/code_prompt: printable ASCII without , < and %, not only blanks");
  }
  if (!config.origin.empty()) {
    constexpr std::string_view kScheme = "https://";
    const std::string_view rest =
        std::string_view(config.origin).substr(std::min(config.origin.size(), kScheme.size()));
    const auto origin_letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' || c == '[' ||
             c == ']';
    };
    if (!config.origin.starts_with(kScheme) || rest.empty() || !std::all_of(rest.begin(), rest.end(), origin_letter)) {
      return fail("config.not_allowed", "/origin: https://<name>[:<port>] in small letters, without a path");
    }
  }
  return std::shared_ptr<AccessPath>(new FortinetPath(std::move(config)));
}

std::unique_ptr<PathConnection> FortinetPath::open(PathHost& host, Arrival arrival, Instant now) {
  return std::make_unique<FortinetConnection>(host, config_, std::move(arrival), now);
}

std::unique_ptr<PathConnection> FortinetPath::open_datagrams(PathHost& host, Arrival arrival, Instant now) {
  return std::make_unique<DatagramConnection>(host, config_, std::move(arrival), now);
}

}  // namespace sekisho::fortinet
