// BrowserSocket: a browser's connection that never waits: TLS over a TCP socket, or plain where the page has no
// certificate (loopback alone, site_config_parse.cpp). The handshake goes on inside read_some().
// Threads: the loop's. Ownership: its socket; shares the page's TLS. Memory: a buffer of the pool while ciphertext
// waits, none else. Errors: those of the socket; connection_aborted for what is no TLS (the alert is sent); eof.
// Source: threats.md §9; core/net/tls/README.md.
#pragma once
#include "net/tls/tls_channel.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace sekisho::relay {

/// Of one page: its certificate, and the buffers of its connections.
struct PageTls {
  explicit PageTls(tls::TlsServerContext made) : context(std::move(made)) {}
  tls::TlsServerContext context;
  tls::BufferPool buffers;
};

class BrowserSocket {
 public:
  using error_code = boost::system::error_code;
  /// read_some() needs that much room: what one read brings, and a record that was waiting for its end.
  static constexpr std::size_t kRoom = 40 * 1024;

  /// `tls` null: plain.
  BrowserSocket(boost::asio::ip::tcp::socket socket, std::shared_ptr<PageTls> tls);
  BrowserSocket(BrowserSocket&&) noexcept = default;
  BrowserSocket& operator=(BrowserSocket&&) = delete;

  /// To wait on, and to ask for addresses.
  [[nodiscard]] boost::asio::ip::tcp::socket& tcp() { return socket_; }
  /// The handshake is behind us.
  [[nodiscard]] bool secured() const;
  /// All that is there of one read; `at_most` binds a plain one. would_block: nothing yet.
  std::size_t read_some(std::span<std::byte> out, std::size_t at_most, error_code& error);
  /// Takes at most 64 KiB; would_block while older bytes have not left.
  std::size_t write_some(std::span<const std::byte> bytes, error_code& error);
  /// True: nothing waits for the socket.
  bool flush(error_code& error);
  /// Says goodbye where TLS has such a word, and closes.
  void close();

 private:
  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<PageTls> tls_;  // before the channel, whose buffers it holds
  std::unique_ptr<tls::TlsChannel> channel_;
};

}  // namespace sekisho::relay
