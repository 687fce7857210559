#include "net/tls/tls_channel.hpp"

#include "net/tls/openssl.hpp"

#include <sekisho/sdk/memory.hpp>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

namespace sekisho::tls {

struct Wire {
  explicit Wire(BufferPool& buffers) : pool(buffers) {}
  BufferPool& pool;
  std::span<const std::byte> input;
  std::vector<std::byte> output;
  std::size_t sent = 0;
};

namespace {

int write_bytes(BIO* bio, const char* data, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  if (size <= 0) return 0;
  if (wire->output.capacity() == 0) wire->output = wire->pool.take();
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  wire->output.insert(wire->output.end(), bytes, bytes + size);
  return size;
}

int read_bytes(BIO* bio, char* out, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  if (wire->input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t take = std::min(wire->input.size(), static_cast<std::size_t>(size));
  std::memcpy(out, wire->input.data(), take);
  wire->input = wire->input.subspan(take);
  return static_cast<int>(take);
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace

BioMethodPtr make_bio_method() {
  BioMethodPtr method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "gathering buffers"));
  if (!method || BIO_meth_set_write(method.get(), write_bytes) != 1 ||
      BIO_meth_set_read(method.get(), read_bytes) != 1 || BIO_meth_set_ctrl(method.get(), control) != 1)
    return nullptr;
  return method;
}

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

struct TlsChannel::Impl {
  Impl(std::shared_ptr<ContextImpl> with, BufferPool& pool) : context(std::move(with)), wire(pool) {
    ERR_clear_error();
    ssl.reset(SSL_new(context->ctx.get()));
    BIO* bio = BIO_new(context->bio_method.get());
    need_memory(ssl != nullptr && bio != nullptr);
    BIO_set_data(bio, &wire);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl.get(), bio, bio);
    need_memory(SSL_set_ex_data(ssl.get(), verification_index(), &verification) == 1);
  }
  ~Impl() {
    ssl.reset();
    if (wire.output.capacity() != 0) wire.pool.give(std::move(wire.output));
  }

  std::shared_ptr<ContextImpl> context;
  Wire wire;
  Verification verification;
  SslPtr ssl;
  ChannelState state = ChannelState::handshaking;
  bool said_goodbye = false;

  Error broken() {
    const bool before = state == ChannelState::handshaking;
    state = ChannelState::failed;
    wire.input = {};
    return fail(before ? "tls.handshake" : "tls.failed", drain_errors());
  }
  void note_handshake() {
    if (state == ChannelState::handshaking && SSL_is_init_finished(ssl.get()) == 1) state = ChannelState::open;
  }
};

TlsChannel::TlsChannel(const TlsServerContext& context, BufferPool& pool)
    : impl_(std::make_unique<Impl>(context.impl(), pool)) {
  SSL_set_accept_state(impl_->ssl.get());
}

TlsChannel::TlsChannel(const TlsClientContext& context, BufferPool& pool)
    : impl_(std::make_unique<Impl>(context.impl(), pool)) {
  SSL* ssl = impl_->ssl.get();
  SSL_set_connect_state(ssl);
  const std::string& name = context.impl()->server_name;
  if (name.empty()) return;
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1) return;
  ERR_clear_error();
  SEKISHO_ASSERT(SSL_set1_host(ssl, name.c_str()) == 1);
  SSL_set_tlsext_host_name(ssl, name.c_str());
}

TlsChannel::~TlsChannel() = default;
TlsChannel::TlsChannel(TlsChannel&&) noexcept = default;

void TlsChannel::start() {
  ERR_clear_error();
  (void)SSL_do_handshake(impl_->ssl.get());
  ERR_clear_error();
}

void TlsChannel::feed(std::span<const std::byte> ciphertext) {
  SEKISHO_ASSERT(impl_->wire.input.empty());
  if (impl_->state == ChannelState::failed || impl_->state == ChannelState::closed) return;
  impl_->wire.input = ciphertext;
}

Result<std::size_t> TlsChannel::read_plain(std::span<std::byte> out) {
  Impl& self = *impl_;
  if (self.state == ChannelState::failed) return fail("tls.failed", "channel has failed before");
  if (self.state == ChannelState::closed) return std::size_t{0};
  // Asking libssl costs as much when nothing is there as when something is.
  if (self.state == ChannelState::open && self.wire.input.empty() && SSL_has_pending(self.ssl.get()) == 0) {
    return std::size_t{0};
  }
  forget_errors();
  std::size_t size = 0;
  const int done = SSL_read_ex(self.ssl.get(), out.data(), out.size(), &size);
  self.note_handshake();
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

Result<void> TlsChannel::write_record(std::span<const std::byte> plaintext) {
  Impl& self = *impl_;
  if (plaintext.empty() || plaintext.size() > kLargestRecord) return fail("tls.too_large");
  if (self.state != ChannelState::open || self.said_goodbye) return fail("tls.not_open");
  forget_errors();
  std::size_t size = 0;
  if (SSL_write_ex(self.ssl.get(), plaintext.data(), plaintext.size(), &size) == 1 && size == plaintext.size())
    return {};
  return self.broken();
}

void TlsChannel::close() {
  Impl& self = *impl_;
  if (self.said_goodbye || (self.state != ChannelState::open && self.state != ChannelState::closed)) return;
  self.said_goodbye = true;
  ERR_clear_error();
  (void)SSL_shutdown(self.ssl.get());
  ERR_clear_error();
}

std::span<const std::byte> TlsChannel::output() const {
  return std::span<const std::byte>(impl_->wire.output).subspan(impl_->wire.sent);
}

void TlsChannel::consume_output(std::size_t bytes) {
  Wire& wire = impl_->wire;
  SEKISHO_ASSERT(bytes <= wire.output.size() - wire.sent);
  wire.sent += bytes;
  if (wire.sent < wire.output.size() && wire.sent >= BufferPool::kBufferBytes) {
    // A peer that never takes the last byte must not make the buffer grow by what it has taken.
    wire.output.erase(wire.output.begin(), wire.output.begin() + static_cast<std::ptrdiff_t>(wire.sent));
    wire.sent = 0;
  }
  if (wire.sent < wire.output.size() || wire.output.capacity() == 0) return;
  wire.sent = 0;
  wire.pool.give(std::move(wire.output));
  wire.output = {};
}

ChannelState TlsChannel::state() const {
  return impl_->state;
}

std::string TlsChannel::version() const {
  return impl_->state == ChannelState::handshaking ? std::string() : SSL_get_version(impl_->ssl.get());
}

std::string TlsChannel::cipher() const {
  const char* name = SSL_get_cipher_name(impl_->ssl.get());
  return impl_->state == ChannelState::handshaking || name == nullptr ? std::string() : name;
}

PeerCertificate TlsChannel::peer_certificate() const {
  return judged(impl_->verification, impl_->state);
}

std::string TlsChannel::why_rejected() const {
  return impl_->verification.why;
}

CertificateFault TlsChannel::certificate_fault() const {
  return peer_certificate() == PeerCertificate::rejected ? fault_of(impl_->verification) : CertificateFault::none;
}

std::vector<std::string> TlsChannel::peer_chain() const {
  return peer_certificate() == PeerCertificate::verified ? chain_of(impl_->ssl.get()) : std::vector<std::string>{};
}

}  // namespace sekisho::tls
