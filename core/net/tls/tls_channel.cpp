#include "net/tls/tls_channel.hpp"

#include "net/tls/ssl_core.hpp"

#include <sekisho/sdk/memory.hpp>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

namespace sekisho::tls {

namespace {

int write_bytes(BIO* bio, const char* data, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  if (size <= 0) return 0;
  wire->put(std::span(reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size)));
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

TlsChannel::TlsChannel(const TlsServerContext& context, BufferPool& pool)
    : SslChannel(std::make_unique<Core>(context.impl(), pool)) {
  SSL_set_accept_state(core_->ssl.get());
}

TlsChannel::TlsChannel(const TlsClientContext& context, BufferPool& pool)
    : SslChannel(std::make_unique<Core>(context.impl(), pool)) {
  SSL* ssl = core_->ssl.get();
  SSL_set_connect_state(ssl);
  const std::string& name = context.impl()->server_name;
  if (name.empty()) return;
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1) return;
  ERR_clear_error();
  need_memory(SSL_set1_host(ssl, name.c_str()) == 1);
  SSL_set_tlsext_host_name(ssl, name.c_str());
}

void TlsChannel::consume_output(std::size_t bytes) {
  Wire& wire = core_->wire;
  SEKISHO_ASSERT(bytes <= wire.output.size() - wire.sent);
  wire.sent += bytes;
  if (wire.sent < wire.output.size() && wire.sent >= BufferPool::kBufferBytes) {
    // A peer that never takes the last byte must not make the buffer grow by what it has taken.
    wire.output.erase(wire.output.begin(), wire.output.begin() + static_cast<std::ptrdiff_t>(wire.sent));
    wire.sent = 0;
  }
  if (wire.sent == wire.output.size()) wire.clear();
}

std::string TlsChannel::why_rejected() const {
  return core_->verification.why;
}

}  // namespace sekisho::tls
