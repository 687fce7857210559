// A browser's side of TLS over a socket that does not wait; for tests. Threads: one.
#pragma once
#include "net/tls/tls_channel.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::relay::testing {

class TlsBrowser {
 public:
  TlsBrowser(boost::asio::io_context& loop, const boost::asio::ip::tcp::endpoint& at, const std::string& ca_pem,
             const std::string& name)
      : socket_(loop), context_(make(ca_pem, name)), channel_(context_, pool_) {
    socket_.connect(at);
    socket_.non_blocking(true);
    channel_.start();
    move();
  }
  /// Sends what is written as soon as the handshake is done.
  void say(std::string_view text) { say(std::as_bytes(std::span(text))); }
  void say(std::span<const std::byte> bytes) {
    unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    move();
  }
  /// Reads what is there; false when the peer has closed or broken TLS.
  bool hear(std::string& into) {
    move();
    std::vector<std::byte> wire(65536), plain(65536);
    boost::system::error_code error;
    const std::size_t size = socket_.read_some(boost::asio::buffer(wire), error);
    channel_.feed(std::span(wire).first(size));
    for (;;) {
      const auto got = channel_.read_plain(plain);
      if (!got) return false;
      if (*got == 0) break;
      into.append(reinterpret_cast<const char*>(plain.data()), *got);
    }
    move();
    return channel_.state() != tls::ChannelState::closed && (!error || error == boost::asio::error::would_block);
  }
  [[nodiscard]] tls::ChannelState state() const { return channel_.state(); }
  [[nodiscard]] std::string version() const { return channel_.version(); }

 private:
  static tls::TlsClientContext make(const std::string& ca_pem, const std::string& name) {
    tls::ClientSettings settings;
    settings.ca_pem = ca_pem;
    settings.server_name = name;
    return tls::TlsClientContext::make(settings).value();
  }
  void move() {
    if (channel_.state() == tls::ChannelState::open) {
      for (std::size_t at = 0; at < unsent_.size(); at += tls::TlsChannel::kLargestRecord) {
        const std::size_t size = std::min(unsent_.size() - at, tls::TlsChannel::kLargestRecord);
        EXPECT_TRUE(channel_.write_record(std::span(unsent_).subspan(at, size)));
      }
      unsent_.clear();
    }
    while (!channel_.output().empty()) {
      boost::system::error_code error;
      const auto out = channel_.output();
      const std::size_t sent = socket_.write_some(boost::asio::buffer(out.data(), out.size()), error);
      if (error) return;
      channel_.consume_output(sent);
    }
  }

  boost::asio::ip::tcp::socket socket_;
  tls::BufferPool pool_;
  tls::TlsClientContext context_;
  tls::TlsChannel channel_;
  std::vector<std::byte> unsent_;
};

}  // namespace sekisho::relay::testing
