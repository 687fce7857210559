// ViewerWire: a viewer's end of wss, ws or plain TCP, as a browser has it. Blocking until free_running().
// Threads: one. Ownership: its socket and TLS session; borrows the context. Errors: throws std::runtime_error with a
// sentence: a measurement that lost a viewer is none.
// Source: RFC 6455 §5; RFB 3.8.
#pragma once
#include "console/rfb/protocol.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sekisho::bench {

using rfb::Bytes;
using rfb::View;

/// A server's WebSocket frames taken apart: payloads of data, and what must be answered.
class FrameReader {
 public:
  struct Handler {
    virtual ~Handler() = default;
    virtual void on_data(View piece) = 0;
    virtual void on_ping(View payload) = 0;
    virtual void on_close(std::uint16_t code) = 0;
  };
  /// False: what no server may send to a browser.
  [[nodiscard]] bool feed(View in, Handler& handler);

 private:
  rfb::Gather<10> head_;
  Bytes control_;
  std::uint64_t left_ = 0;
  std::uint8_t opcode_ = 0;
  bool inside_ = false;
};

/// One final, masked frame as a browser writes it.
[[nodiscard]] Bytes masked_frame(View payload, std::uint8_t opcode, std::uint32_t mask);

struct SslCtxDelete {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslDelete {
  void operator()(SSL* session) const { SSL_free(session); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslCtxDelete>;
/// Trusts `ca_file` alone; every session is a new one, as from another browser.
[[nodiscard]] SslContext viewer_context(const std::string& ca_file);

class ViewerWire final : private FrameReader::Handler {
 public:
  struct Target {
    std::string address, origin, path, ticket;
    std::uint16_t port = 0;
    bool websocket = true;
    SSL_CTX* tls = nullptr;  ///< null: without
  };
  using OnData = std::function<void(View)>;

  /// Connected, through TLS and the WebSocket's opening.
  explicit ViewerWire(const Target& target);
  ~ViewerWire() override;
  ViewerWire(const ViewerWire&) = delete;
  ViewerWire& operator=(const ViewerWire&) = delete;

  /// A message of the viewer, whole.
  void say(View payload);
  /// Waits for exactly `size` bytes of the stream.
  [[nodiscard]] Bytes take(std::size_t size);
  /// From now on nothing waits; what the wire has read already goes to `on_data`.
  void free_running(OnData on_data);
  /// What is there; true: there is more, which poll() may not see.
  bool hear();
  [[nodiscard]] int fd() const { return fd_; }
  /// Bytes of the stream so far.
  [[nodiscard]] std::uint64_t heard() const { return heard_; }

 private:
  void connect(const Target& target);
  void open_websocket(const Target& target);
  void write(View bytes);
  /// 0: nothing is there now.
  std::size_t read(std::span<std::byte> into);
  void on_data(View piece) override;
  void on_ping(View payload) override;
  void on_close(std::uint16_t code) override;

  int fd_ = -1;
  std::unique_ptr<SSL, SslDelete> tls_;
  bool websocket_ = false;
  FrameReader frames_;
  Bytes stream_;  // while nobody takes it as it comes
  OnData on_data_;
  std::uint64_t heard_ = 0;
  std::uint32_t mask_ = 0x6b2d31c5;
};

}  // namespace sekisho::bench
