#include "programs/relay/browser_socket.hpp"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
constexpr std::size_t kCiphertext = 16 * 1024, kGather = 64 * 1024;
static_assert(BrowserSocket::kRoom >= kCiphertext + tls::TlsChannel::kLargestRecord + 1024);

}  // namespace

BrowserSocket::BrowserSocket(asio::ip::tcp::socket socket, std::shared_ptr<PageTls> tls)
    : socket_(std::move(socket)), tls_(std::move(tls)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (tls_) channel_ = std::make_unique<tls::TlsChannel>(tls_->context, tls_->buffers);
}

bool BrowserSocket::secured() const {
  return !channel_ || channel_->state() == tls::ChannelState::open || channel_->state() == tls::ChannelState::closed;
}

std::size_t BrowserSocket::read_some(std::span<std::byte> out, std::size_t at_most, error_code& error) {
  if (!channel_) return socket_.read_some(asio::buffer(out.data(), std::min(out.size(), at_most)), error);
  SEKISHO_ASSERT(out.size() >= kRoom);
  error.clear();
  if (channel_->state() == tls::ChannelState::closed) {
    error = asio::error::eof;
    return 0;
  }
  std::array<std::byte, kCiphertext> ciphertext;
  const std::size_t size = socket_.read_some(asio::buffer(ciphertext), error);
  if (error) return 0;
  channel_->feed(std::span(ciphertext).first(size));
  std::size_t have = 0;
  error_code ignored;
  for (;;) {
    const auto plain = channel_->read_plain(out.subspan(have));
    if (!plain) {
      flush(ignored);  // the alert
      error = asio::error::connection_aborted;
      return 0;
    }
    if (*plain == 0) break;
    have += *plain;
  }
  flush(ignored);  // the handshake's next flight; a socket that is gone is seen at its next read
  if (have == 0)
    error = channel_->state() == tls::ChannelState::closed ? error_code(asio::error::eof)
                                                           : error_code(asio::error::would_block);
  return have;
}

std::size_t BrowserSocket::write_some(std::span<const std::byte> bytes, error_code& error) {
  if (!channel_) return socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  error.clear();
  if (!flush(error)) {
    if (!error) error = asio::error::would_block;
    return 0;
  }
  std::size_t taken = 0;
  while (taken < bytes.size() && channel_->output().size() < kGather) {
    const auto record = bytes.subspan(taken, std::min(bytes.size() - taken, tls::TlsChannel::kLargestRecord));
    if (!channel_->write_record(record)) {
      error = asio::error::connection_aborted;
      return 0;
    }
    taken += record.size();
  }
  error_code seen_next_time;
  flush(seen_next_time);
  return taken;
}

bool BrowserSocket::flush(error_code& error) {
  error.clear();
  while (channel_ && !channel_->output().empty()) {
    const auto out = channel_->output();
    const std::size_t sent = socket_.write_some(asio::buffer(out.data(), out.size()), error);
    if (error == asio::error::would_block) {
      error.clear();
      return false;
    }
    if (error) return false;
    channel_->consume_output(sent);
  }
  return true;
}

void BrowserSocket::close() {
  error_code ignored;
  if (channel_ && socket_.is_open()) {
    channel_->close();
    flush(ignored);
  }
  socket_.close(ignored);
}

}  // namespace sekisho::relay
