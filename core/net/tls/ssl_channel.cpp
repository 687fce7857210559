#include "net/tls/ssl_channel.hpp"

#include "net/tls/ssl_core.hpp"

#include <sekisho/sdk/memory.hpp>

#include <openssl/err.h>

#include <utility>

namespace sekisho::tls {

int verification_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::vector<std::byte> BufferPool::take() {
  if (free_.empty()) {
    std::vector<std::byte> fresh;
    fresh.reserve(kBufferBytes);
    return fresh;
  }
  std::vector<std::byte> buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

void BufferPool::give(std::vector<std::byte> buffer) {
  // One that has grown large would keep its size for ever.
  if (free_.size() >= keep_ || buffer.capacity() > 2 * kBufferBytes || buffer.capacity() == 0) return;
  buffer.clear();
  free_.push_back(std::move(buffer));
}

void Wire::put(std::span<const std::byte> bytes) {
  if (output.capacity() == 0) output = pool.take();
  output.insert(output.end(), bytes.begin(), bytes.end());
}

void Wire::clear() {
  sent = sent_count = 0;
  sizes.clear();
  if (output.capacity() != 0) pool.give(std::move(output));
  output = {};
}

SslChannel::Core::Core(std::shared_ptr<ContextImpl> with, BufferPool& pool) : context(std::move(with)), wire(pool) {
  ERR_clear_error();
  ssl.reset(SSL_new(context->ctx.get()));
  BIO* bio = BIO_new(context->bio_method.get());
  need_memory(ssl != nullptr && bio != nullptr);
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  need_memory(SSL_set_ex_data(ssl.get(), verification_index(), &verification) == 1);
}

SslChannel::Core::~Core() {
  ssl.reset();
  if (wire.output.capacity() != 0) wire.pool.give(std::move(wire.output));
}

void SslChannel::Core::note_progress(std::size_t) {
  if (state == ChannelState::handshaking && SSL_is_init_finished(ssl.get()) == 1) state = ChannelState::open;
}

Error SslChannel::Core::broken() {
  const bool before = state == ChannelState::handshaking;
  state = ChannelState::failed;
  wire.input = {};
  note_progress(0);
  return fail(before ? "tls.handshake" : "tls.failed", drain_errors());
}

SslChannel::SslChannel(std::unique_ptr<Core> core) : core_(std::move(core)) {}
SslChannel::SslChannel(SslChannel&&) noexcept = default;
SslChannel::~SslChannel() = default;

void SslChannel::start() {
  ERR_clear_error();
  (void)SSL_do_handshake(core_->ssl.get());
  ERR_clear_error();
  core_->note_progress(0);
}

void SslChannel::feed(std::span<const std::byte> ciphertext) {
  SEKISHO_ASSERT(core_->wire.input.empty());
  if (core_->state == ChannelState::failed || core_->state == ChannelState::closed) return;
  core_->wire.input = ciphertext;
}

Result<std::size_t> SslChannel::read_plain(std::span<std::byte> out) {
  Core& self = *core_;
  if (self.state == ChannelState::failed) return fail("tls.failed", "channel has failed before");
  if (self.state == ChannelState::closed) return std::size_t{0};
  // Asking libssl costs as much when nothing is there as when something is.
  if (self.state == ChannelState::open && self.wire.input.empty() && SSL_has_pending(self.ssl.get()) == 0) {
    return std::size_t{0};
  }
  forget_errors();
  const std::size_t before = self.wire.sizes.size();
  std::size_t size = 0;
  const int done = SSL_read_ex(self.ssl.get(), out.data(), out.size(), &size);
  self.note_progress(before);
  if (done == 1) return size;
  switch (SSL_get_error(self.ssl.get(), done)) {
    case SSL_ERROR_WANT_READ:
      return std::size_t{0};
    case SSL_ERROR_ZERO_RETURN:
      self.state = ChannelState::closed;
      self.wire.input = {};
      return std::size_t{0};
    default:
      return self.broken();
  }
}

Result<void> SslChannel::write_record(std::span<const std::byte> plaintext) {
  Core& self = *core_;
  if (plaintext.empty() || plaintext.size() > largest_record()) return fail("tls.too_large");
  if (self.state != ChannelState::open || self.said_goodbye) return fail("tls.not_open");
  forget_errors();
  std::size_t size = 0;
  if (SSL_write_ex(self.ssl.get(), plaintext.data(), plaintext.size(), &size) == 1 && size == plaintext.size())
    return {};
  return self.broken();
}

void SslChannel::close() {
  Core& self = *core_;
  if (self.said_goodbye || (self.state != ChannelState::open && self.state != ChannelState::closed)) return;
  self.said_goodbye = true;
  ERR_clear_error();
  (void)SSL_shutdown(self.ssl.get());
  ERR_clear_error();
}

std::span<const std::byte> SslChannel::output() const {
  return std::span<const std::byte>(core_->wire.output).subspan(core_->wire.sent);
}

ChannelState SslChannel::state() const {
  return core_->state;
}

std::string SslChannel::version() const {
  return core_->state == ChannelState::handshaking ? std::string() : SSL_get_version(core_->ssl.get());
}

std::string SslChannel::cipher() const {
  const char* name = SSL_get_cipher_name(core_->ssl.get());
  return core_->state == ChannelState::handshaking || name == nullptr ? std::string() : name;
}

PeerCertificate SslChannel::peer_certificate() const {
  return judged(core_->verification, core_->state);
}

CertificateFault SslChannel::certificate_fault() const {
  return peer_certificate() == PeerCertificate::rejected ? fault_of(core_->verification) : CertificateFault::none;
}

std::vector<std::string> SslChannel::peer_chain() const {
  return peer_certificate() == PeerCertificate::verified ? chain_of(core_->ssl.get()) : std::vector<std::string>{};
}

}  // namespace sekisho::tls
