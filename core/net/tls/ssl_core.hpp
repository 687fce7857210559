// The inside of a channel: one SSL, and the bytes between it and the caller. Private to this room.
#pragma once
#include "net/tls/openssl.hpp"
#include "net/tls/ssl_channel.hpp"

#include <cstdint>

namespace sekisho::tls {

/// The BIO's data points here. `sizes`: of the datagrams in `output`; a stream has none.
struct Wire {
  explicit Wire(BufferPool& buffers) : pool(buffers) {}
  BufferPool& pool;
  std::span<const std::byte> input;
  std::vector<std::byte> output;
  std::vector<std::uint16_t> sizes;
  std::size_t sent = 0, sent_count = 0;

  void put(std::span<const std::byte> bytes);
  /// The output is empty, its buffer goes back.
  void clear();
};

struct SslChannel::Core {
  Core(std::shared_ptr<ContextImpl> with, BufferPool& pool);
  virtual ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// After libssl had its turn, or the state was changed. `count`: datagrams that stood in the output before.
  virtual void note_progress(std::size_t count);
  [[nodiscard]] Error broken();

  std::shared_ptr<ContextImpl> context;
  Wire wire;
  Verification verification;
  SslPtr ssl;
  ChannelState state = ChannelState::handshaking;
  bool said_goodbye = false;
};

}  // namespace sekisho::tls
