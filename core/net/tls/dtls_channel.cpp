#include "net/tls/dtls_channel.hpp"

#include "net/tls/ssl_core.hpp"

#include <sekisho/sdk/memory.hpp>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace sekisho::tls {
namespace {

constexpr std::size_t kRecordHeader = 13, kHandshakeHeader = 12, kCookieBytes = 32;
constexpr Seconds kFirstResend{1}, kLongestResend{16};
/// Longer than any handshake may take: libssl's own timer never fires.
constexpr unsigned kNeverMicroseconds = 3'600'000'000U;

void put_datagram(Wire& wire, std::span<const std::byte> datagram) {
  wire.put(datagram);
  wire.sizes.push_back(static_cast<std::uint16_t>(datagram.size()));
}

int write_datagram(BIO* bio, const char* data, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  if (size <= 0 || size > std::numeric_limits<std::uint16_t>::max()) return size <= 0 ? 0 : -1;
  put_datagram(*wire, std::span(reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size)));
  return size;
}

/// One read is one datagram; what does not fit is cut off, as a socket does it.
int read_datagram(BIO* bio, char* out, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  if (wire->input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t take = std::min(wire->input.size(), static_cast<std::size_t>(size));
  std::memcpy(out, wire->input.data(), take);
  wire->input = {};
  return static_cast<int>(take);
}

long control_datagram(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

unsigned never(SSL*, unsigned) {
  return kNeverMicroseconds;
}

/// Whom a cookie is for; a channel of the server role carries its own.
struct Visitor {
  std::array<std::byte, 32> secret{};
  std::array<std::byte, 32> peer{};
  std::size_t peer_size = 0;
  std::uint64_t slot = 0;
};
using Cookie = std::array<unsigned char, kCookieBytes>;

int visitor_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool make_cookie(const Visitor& visitor, std::uint64_t slot, Cookie& out) {
  std::array<unsigned char, 8 + 32> text{};
  for (unsigned i = 0; i < 8; ++i) text[i] = static_cast<unsigned char>(slot >> (56 - 8 * i));
  std::memcpy(text.data() + 8, visitor.peer.data(), visitor.peer_size);
  unsigned size = 0;
  return HMAC(EVP_sha256(), visitor.secret.data(), static_cast<int>(visitor.secret.size()), text.data(),
              8 + visitor.peer_size, out.data(), &size) != nullptr &&
         size == out.size();
}

int generate_cookie(SSL* ssl, unsigned char* cookie, unsigned* size) {
  const auto* visitor = static_cast<const Visitor*>(SSL_get_ex_data(ssl, visitor_index()));
  Cookie made{};
  if (visitor == nullptr || !make_cookie(*visitor, visitor->slot, made)) return 0;
  std::memcpy(cookie, made.data(), made.size());
  *size = static_cast<unsigned>(made.size());
  return 1;
}

int verify_cookie(SSL* ssl, const unsigned char* cookie, unsigned size) {
  const auto* visitor = static_cast<const Visitor*>(SSL_get_ex_data(ssl, visitor_index()));
  if (visitor == nullptr || size != kCookieBytes) return 0;
  for (const std::uint64_t slot : {visitor->slot, visitor->slot - 1}) {
    Cookie wanted{};
    if (make_cookie(*visitor, slot, wanted) && CRYPTO_memcmp(wanted.data(), cookie, size) == 0) return 1;
  }
  return 0;
}

}  // namespace

BioMethodPtr make_datagram_bio_method() {
  BioMethodPtr method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams"));
  if (!method || BIO_meth_set_write(method.get(), write_datagram) != 1 ||
      BIO_meth_set_read(method.get(), read_datagram) != 1 || BIO_meth_set_ctrl(method.get(), control_datagram) != 1)
    return nullptr;
  return method;
}

void prepare_datagrams(SSL_CTX* ctx) {
  SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
  SSL_CTX_set_cookie_generate_cb(ctx, generate_cookie);
  SSL_CTX_set_cookie_verify_cb(ctx, verify_cookie);
}

std::optional<HelloMark> hello_mark(std::span<const std::byte> datagram) {
  const auto byte = [&](std::size_t at) { return std::to_integer<unsigned>(datagram[at]); };
  constexpr std::size_t kRandomAt = kRecordHeader + kHandshakeHeader + 2;
  if (datagram.size() < kRandomAt + 32) return std::nullopt;
  // Handshake, DTLS, epoch 0; ClientHello from its first byte on.
  if (byte(0) != 22 || byte(1) != 0xfe || byte(3) != 0 || byte(4) != 0 || byte(13) != 1) return std::nullopt;
  if (byte(19) != 0 || byte(20) != 0 || byte(21) != 0) return std::nullopt;
  HelloMark mark;
  mark.number = static_cast<std::uint16_t>(byte(17) << 8 | byte(18));
  std::copy_n(datagram.begin() + kRandomAt, mark.random.size(), mark.random.begin());
  return mark;
}

struct DtlsChannel::Flights final : Core {
  Flights(std::shared_ptr<ContextImpl> with, BufferPool& pool) : Core(std::move(with), pool) {
    DTLS_set_timer_cb(ssl.get(), never);
    SEKISHO_ASSERT(SSL_set_mtu(ssl.get(), kHandshakeDatagram) > 0);
    need_memory(SSL_set_ex_data(ssl.get(), visitor_index(), &visitor) == 1);
  }
  ~Flights() override { ssl.reset(); }

  /// What was written since is the flight that waits for an answer.
  void note_progress(std::size_t count) override {
    Core::note_progress(count);
    if (state != ChannelState::handshaking) return forget_flight();
    if (wire.sizes.size() == count) return;
    const auto written = std::span(wire.sizes).subspan(count);
    std::size_t bytes = 0;
    for (const std::uint16_t size : written) bytes += size;
    flight.assign(wire.output.end() - static_cast<std::ptrdiff_t>(bytes), wire.output.end());
    flight_sizes.assign(written.begin(), written.end());
    resend_after = kFirstResend;
    resend_at = now + resend_after;
  }
  void forget_flight() {
    resend_at.reset();
    flight = {};
    flight_sizes = {};
  }

  Visitor visitor;
  Instant now{};
  std::vector<std::byte> flight;
  std::vector<std::uint16_t> flight_sizes;
  std::optional<Instant> resend_at;
  Seconds resend_after{kFirstResend};
};

DtlsChannel::DtlsChannel(std::unique_ptr<Flights> core) : SslChannel(std::move(core)) {}

DtlsChannel::Flights& DtlsChannel::flights() const {
  return static_cast<Flights&>(*core_);
}

DtlsChannel::DtlsChannel(const DtlsClientContext& context, BufferPool& pool)
    : SslChannel(std::make_unique<Flights>(context.impl(), pool)) {
  SSL* ssl = core_->ssl.get();
  SSL_set_connect_state(ssl);
  const std::string& name = context.impl()->server_name;
  if (name.empty()) return;
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1) return;
  ERR_clear_error();
  need_memory(SSL_set1_host(ssl, name.c_str()) == 1);
}

std::span<const std::uint16_t> DtlsChannel::datagram_sizes() const {
  return std::span<const std::uint16_t>(core_->wire.sizes).subspan(core_->wire.sent_count);
}

void DtlsChannel::consume_output(std::size_t bytes) {
  Wire& wire = core_->wire;
  while (bytes > 0) {
    SEKISHO_ASSERT(wire.sent_count < wire.sizes.size() && wire.sizes[wire.sent_count] <= bytes);
    bytes -= wire.sizes[wire.sent_count];
    wire.sent += wire.sizes[wire.sent_count++];
  }
  if (wire.sent == wire.output.size()) wire.clear();
}

void DtlsChannel::note_time(Instant now) {
  flights().now = now;
}

std::optional<Instant> DtlsChannel::next_deadline() const {
  return flights().resend_at;
}

/// The same bytes under the same numbers: a peer that has them drops them, one that lost them takes them. The server's
/// last flight is libssl's business: it is repeated when the client's comes again under new numbers, as real clients
/// send it (the client role here does not).
void DtlsChannel::on_deadline() {
  Flights& self = flights();
  if (!self.resend_at || self.now < *self.resend_at) return;
  std::span<const std::byte> rest = self.flight;
  if (self.wire.sizes.empty()) {  // else it still waits for the socket
    for (const std::uint16_t size : self.flight_sizes) {
      put_datagram(self.wire, rest.first(size));
      rest = rest.subspan(size);
    }
  }
  self.resend_after = std::min(2 * self.resend_after, kLongestResend);
  self.resend_at = self.now + self.resend_after;
}

struct DtlsListener::Impl {
  std::shared_ptr<ContextImpl> context;
  BufferPool& pool;
  std::array<std::byte, 32> secret{};
  std::unique_ptr<DtlsChannel::Flights> next;  ///< for whoever shows a cookie
  std::vector<std::byte> answer;
};

DtlsListener::DtlsListener(const DtlsServerContext& context, BufferPool& pool, Entropy& entropy)
    : impl_(std::make_unique<Impl>(Impl{context.impl(), pool, {}, nullptr, {}})) {
  entropy.fill(impl_->secret);
}

DtlsListener::~DtlsListener() = default;

DtlsListener::Heard DtlsListener::on_datagram(std::span<const std::byte> datagram, std::span<const std::byte> peer,
                                              Instant now) {
  Impl& self = *impl_;
  Heard heard;
  self.answer.clear();
  if (!hello_mark(datagram) || peer.size() > Visitor{}.peer.size()) return heard;
  if (!self.next) self.next = std::make_unique<DtlsChannel::Flights>(self.context, self.pool);
  DtlsChannel::Flights& next = *self.next;
  next.now = now;
  next.visitor.secret = self.secret;
  next.visitor.peer_size = peer.size();
  std::copy(peer.begin(), peer.end(), next.visitor.peer.begin());
  next.visitor.slot = static_cast<std::uint64_t>(now.time_since_epoch() / kCookieLife);
  next.wire.input = datagram;
  ERR_clear_error();
  BIO_ADDR* unused = BIO_ADDR_new();
  const int shown = unused == nullptr ? -1 : DTLSv1_listen(next.ssl.get(), unused);
  BIO_ADDR_free(unused);
  ERR_clear_error();
  next.wire.input = {};
  if (shown == 1) {
    next.wire.clear();
    heard.channel.reset(new DtlsChannel(std::move(self.next)));
    return heard;
  }
  if (!next.wire.output.empty()) {
    // More than one datagram for one would make the gate a lever.
    self.answer.assign(next.wire.output.begin(), next.wire.output.begin() + next.wire.sizes.front());
    next.wire.clear();
    heard.answer = self.answer;
  }
  if (shown < 0) self.next.reset();
  return heard;
}

}  // namespace sekisho::tls
